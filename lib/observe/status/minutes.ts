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

export const MINUTE_MS = 60_000;
/** The present minute and the hour before it. */
const KEPT = 61;

export function createMinutes() {
  let last: SparseCounts = { received: 0, outcomes: {} };
  /** Of whole minutes of monotonic time. */
  let kept: (SparseCounts & { readonly minute: number })[] = [];
  return {
    /** Books what was added to the totals since the last look. */
    look(totals: SparseCounts, monotonicMs: number): void {
      const minute = Math.floor(monotonicMs / MINUTE_MS);
      kept = kept.filter((entry) => entry.minute > minute - KEPT);
      const added = difference(totals, last);
      last = totals;
      if (added.received === 0 && Object.keys(added.outcomes).length === 0) return;
      const present = kept.at(-1)?.minute === minute ? kept.splice(-1) : [];
      kept.push({ minute, ...sumOf([...present, added]) });
    },
    /** The minutes of the last hour in which something happened, the oldest first. */
    entries: () => kept,
  };
}

function difference(now: SparseCounts, before: SparseCounts): SparseCounts {
  const added = Object.entries(now.outcomes)
    .map(([name, count]) => [name, count - (before.outcomes[name] ?? 0)] as const);
  return {
    received: now.received - before.received,
    outcomes: Object.fromEntries(added.filter(([, count]) => count !== 0)),
  };
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
