/**
 * A person, and the executor behind them, who keep up, but for a few services: what waits in
 * actions/pending is decided, and old decisions are cleared away.
 *
 * @module
 */
import { type Clock, every } from "../../lib/base/clock.ts";

const ROUND_MS = 500;
/** Proposals about such a service are left lying for so many rounds. */
const NEGLECTED = "-hot-";
const NEGLECTED_ROUNDS = 40;
/** Decided proposals that are kept. */
const MOST_KEPT = 2_000;
const DECISIONS = ["completed", "rejected", "completed", "failed", "approved", "cancelled"];

export interface Operator {
  readonly decided: number;
  /** Resolves when the present round is over. */
  stop(): Promise<void>;
}

/** Decides twice a second on what waits. */
export function startOperator(root: string, clock: Clock): Operator {
  const kept: string[] = [];
  let decided = 0;
  let rounds = 0;
  let round: Promise<void> | undefined;

  async function decide(): Promise<void> {
    const decidesAll = ++rounds % NEGLECTED_ROUNDS === 0;
    for await (const { name } of Deno.readDir(`${root}/actions/pending`)) {
      if (!name.endsWith(".json") || name.startsWith(".")) continue;
      if (name.includes(NEGLECTED) && !decidesAll) continue;
      const path = `${root}/actions/${DECISIONS[decided++ % DECISIONS.length]}/${name}`;
      await Deno.rename(`${root}/actions/pending/${name}`, path);
      kept.push(path);
    }
    for (const path of kept.splice(0, kept.length - MOST_KEPT)) {
      await Deno.remove(path).catch(() => {});
    }
  }

  const stop = every(clock, ROUND_MS, () => {
    round ??= decide().catch(() => {}).finally(() => round = undefined);
  });
  return {
    get decided() {
      return decided;
    },
    async stop() {
      stop();
      await round;
    },
  };
}
