/**
 * Whether every message that was published is accounted for.
 *
 * @module
 */
import { type Fate, FATES } from "./mix.ts";

/** What the agent says at its end. */
export interface Stopped {
  readonly received: number;
  readonly outcomes: Readonly<Record<string, number>>;
}

export interface TallyOptions {
  readonly published: Readonly<Record<Fate, number>>;
  readonly stopped: Stopped;
  /** Events that wait for the agent's next run. */
  readonly waiting: number;
}

/** The outcomes that the report sums up, by the name that it gives them. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  diagnosed: ["ignored", "proposed"],
  rejected: ["malformed", "unparseable"],
};

/** The counts of the last `planner_stopped` in the agent's log; undefined when there is none. */
export function parseStopped(log: string): Stopped | undefined {
  for (const line of log.split("\n").toReversed()) {
    if (!line.includes('"planner_stopped"')) continue;
    let fields: unknown;
    try {
      fields = JSON.parse(line);
    } catch {
      continue; // Cut off where the reading began.
    }
    if (typeof fields !== "object" || fields === null) continue;
    if (!("event" in fields) || fields.event !== "planner_stopped") continue;
    const { received, ...outcomes } = Object.fromEntries(
      Object.entries(fields).filter((field): field is [string, number] =>
        typeof field[1] === "number"
      ),
    );
    if (received !== undefined) return { received, outcomes };
  }
  return undefined;
}

/** Counts as the report shows them: outcomes, grouped, and what waits. */
export function grouped({ stopped, waiting }: Omit<TallyOptions, "published">): [string, number][] {
  const groupOf = new Map(
    Object.entries(GROUPS).flatMap(([group, names]) => names.map((name) => [name, group])),
  );
  const rows = new Map<string, number>();
  for (const [name, count] of Object.entries(stopped.outcomes)) {
    const row = groupOf.get(name) ?? name;
    rows.set(row, (rows.get(row) ?? 0) + count);
  }
  return [...rows, ["waiting", waiting]];
}

const inWords = (count: number) => count.toLocaleString("en-US");

/** Everything that does not add up, a sentence each. */
export function discrepancies({ published, stopped, waiting }: TallyOptions): string[] {
  const problems: string[] = [];
  const compare = (what: string, found: number, expected: number) => {
    if (found !== expected) problems.push(`${what}: ${inWords(found)}, not ${inWords(expected)}`);
  };
  compare("received", stopped.received, FATES.reduce((sum, fate) => sum + published[fate], 0));
  const ended = Object.values(stopped.outcomes).reduce((sum, count) => sum + count, 0);
  compare("outcomes and what waits together", ended + waiting, stopped.received);
  for (const fate of FATES) {
    if (fate !== "open") compare(fate, stopped.outcomes[fate] ?? 0, published[fate]);
  }
  return problems;
}
