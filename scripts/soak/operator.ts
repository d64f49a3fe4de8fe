/**
 * A person, and the executor behind them, who keep up: what waits in actions/pending is decided,
 * and old decisions are cleared away.
 *
 * @module
 */
import { type Clock, every } from "../../lib/clock.ts";

const ROUND_MS = 500;
/** Decided proposals that are kept. */
const MOST_KEPT = 2_000;
const DECISIONS = ["completed", "rejected", "completed", "failed", "approved", "cancelled"];

export interface Operator {
  readonly decided: number;
  /** Resolves when the present round is over. */
  stop(): Promise<void>;
}

/** Decides twice a second on all that waits. */
export function startOperator(root: string, clock: Clock): Operator {
  const kept: string[] = [];
  let decided = 0;
  let round: Promise<void> | undefined;

  async function decide(): Promise<void> {
    for await (const { name } of Deno.readDir(`${root}/actions/pending`)) {
      if (!name.endsWith(".json") || name.startsWith(".")) continue;
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
