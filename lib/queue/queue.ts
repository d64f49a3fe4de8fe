/**
 * Events that wait for a diagnosis: the newest one per target, the most severe first, then the
 * one that waits longest. A parked event waits here too, until its next try is due.
 *
 * @module
 */
import type { WaitingEvent } from "../event/event.ts";
import { severityRank } from "../event/severity.ts";

/** One target's place in the queue. Times are monotonic milliseconds. */
export interface QueueEntry {
  readonly key: string;
  readonly event: WaitingEvent;
  /** Tells this event from others of its target. */
  readonly serial: number;
  readonly arrivedAt: number;
  /** Diagnoses of this event that failed; above 0 it is parked. */
  readonly failures: number;
  /** Not taken before. */
  readonly notBefore: number;
}

interface Queue {
  /**
   * Lets an event wait. It replaces what waited for its target; when that makes one target too
   * many, the least severe, oldest entry is dropped, which can be the new one.
   */
  offer(entry: QueueEntry): { replaced?: QueueEntry; dropped?: QueueEntry };
  /** Lets an entry wait again that had a place before: it needs no room, nothing is dropped. */
  putBack(entry: QueueEntry): void;
  /** Removes and returns the entry to diagnose next; targets in `busy` are passed over. */
  take(now: number, busy: { has(key: string): boolean }): QueueEntry | undefined;
  /** Removes a target's entry. */
  remove(key: string): QueueEntry | undefined;
  get(key: string): QueueEntry | undefined;
  /** Entries that have failed at least once. */
  parked(): QueueEntry[];
  /** In the order of serving, parked ones included. */
  entries(): Generator<QueueEntry>;
  readonly size: number;
}

export function createQueue(limit: number): Queue {
  // One map per severity: a map keeps insertion order and replaces a value in place, which is
  // "oldest first" and "the newest event keeps the target's turn" at constant cost.
  const ranks = [0, 1, 2, 3].map(() => new Map<string, QueueEntry>());
  const rankOf = new Map<string, Map<string, QueueEntry>>();

  function remove(key: string): QueueEntry | undefined {
    const rank = rankOf.get(key);
    const entry = rank?.get(key);
    rank?.delete(key);
    rankOf.delete(key);
    return entry;
  }

  function leastSevereOldest(): QueueEntry | undefined {
    for (const rank of ranks.toReversed()) {
      for (const entry of rank.values()) return entry;
    }
    return undefined;
  }

  /** Puts an entry in its place; returns what it replaced. */
  function place(entry: QueueEntry): QueueEntry | undefined {
    const rank = ranks[severityRank(entry.event.severity)] ?? new Map();
    const replaced = rankOf.get(entry.key)?.get(entry.key);
    // A target whose severity changes queues up behind those that were so before it.
    if (replaced && rankOf.get(entry.key) !== rank) remove(entry.key);
    rank.set(entry.key, entry);
    rankOf.set(entry.key, rank);
    return replaced;
  }

  function* entries() {
    for (const rank of ranks) yield* rank.values();
  }

  return {
    offer(entry) {
      const replaced = place(entry);
      // What was put back takes no room from others: one new target, at most one dropped.
      const surplus = !replaced && rankOf.size > limit ? leastSevereOldest() : undefined;
      if (surplus) remove(surplus.key);
      return { ...(replaced && { replaced }), ...(surplus && { dropped: surplus }) };
    },
    putBack: (entry) => void place(entry),
    take(now, busy) {
      for (const entry of entries()) {
        if (entry.notBefore <= now && !busy.has(entry.key)) return remove(entry.key);
      }
      return undefined;
    },
    remove,
    get: (key) => rankOf.get(key)?.get(key),
    parked: () => [...entries()].filter((entry) => entry.failures > 0),
    entries,
    get size() {
      return rankOf.size;
    },
  };
}
