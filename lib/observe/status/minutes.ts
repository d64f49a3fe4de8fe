/**
 * What became of the messages of the last hour, minute by minute.
 *
 * Nothing is counted here: the running totals are looked at now and then, and what was added since
 * belongs to the minute of the look. So a flood costs nothing.
 *
 * @module
 */

import { OUTCOMES } from "../outcome.ts";

/** Counts in which outcomes that did not occur may be left out. */
export interface SparseCounts {
  readonly received: number;
  readonly outcomes: Readonly<Record<string, number>>;
}

/** One minute in which something happened. */
interface MinuteCounts extends SparseCounts {
  /** Whole minutes of monotonic time at its start. */
  readonly minute: number;
}

interface Minutes {
  /** Books what was added to the totals since the last look. */
  look(totals: SparseCounts, monotonicMs: number): void;
  /** The minutes of the last hour in which something happened, the oldest first. */
  entries(): readonly MinuteCounts[];
}

export const MINUTE_MS = 60_000;
/** The present minute and the hour before it. */
const KEPT = 61;

export function createMinutes(): Minutes {
  let last: SparseCounts = { received: 0, outcomes: {} };
  let kept: MinuteCounts[] = [];
  return {
    look(totals, monotonicMs) {
      const minute = Math.floor(monotonicMs / MINUTE_MS);
      kept = kept.filter((entry) => entry.minute > minute - KEPT);
      const added = difference(totals, last);
      last = totals;
      if (added.received === 0 && Object.keys(added.outcomes).length === 0) return;
      const present = kept.at(-1)?.minute === minute ? kept.pop() : undefined;
      kept.push({ minute, ...(present ? sumOf([present, added]) : added) });
    },
    entries: () => kept,
  };
}

function difference(now: SparseCounts, before: SparseCounts): SparseCounts {
  const outcomes: Record<string, number> = {};
  for (const [name, count] of Object.entries(now.outcomes)) {
    const added = count - (before.outcomes[name] ?? 0);
    if (added !== 0) outcomes[name] = added;
  }
  return { received: now.received - before.received, outcomes };
}

/** Adds counts up; outcomes are in the order of {@linkcode OUTCOMES}, unknown ones come last. */
export function sumOf(all: Iterable<SparseCounts>): SparseCounts {
  const sums = new Map<string, number>(OUTCOMES.map((name) => [name, 0]));
  let received = 0;
  for (const counts of all) {
    received += counts.received;
    for (const [name, count] of Object.entries(counts.outcomes)) {
      sums.set(name, (sums.get(name) ?? 0) + count);
    }
  }
  const outcomes = Object.fromEntries([...sums].filter(([, count]) => count !== 0));
  return { received, outcomes };
}
