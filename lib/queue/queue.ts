/**
 * Events that wait for a diagnosis: one per target, the most severe first, then the one that waits
 * longest. What is not to be taken before a time sleeps until then, in its place.
 *
 * A flood while a thousand targets wait must not walk through them: every step costs a logarithm.
 *
 * @module
 */
import { createHeap, type Heap } from "../base/heap.ts";
import { severityRank } from "../event/severity.ts";
import type { QueueEntry } from "./entry.ts";

/** How many more outdated marks than live ones a heap may hold. */
const MOST_OUTDATED = 64;

/** One turn in so many goes to the target that waits longest, if that is longer than LONG_MS. */
const TURN_OF_THE_LONGEST = 8;
const LONG_MS = 600_000;

/** A target's place; it stays the same for as long as the target waits. */
interface Place {
  entry: QueueEntry;
  rank: number;
  /** Earlier places of the same rank are served first. */
  turn: number;
  /** Since when the target waits, monotonic milliseconds. */
  readonly since: number;
  /** Sleeps until then, 0 when awake. */
  until: number;
  /** What a heap holds of a place counts only while this is the same. */
  stamp: number;
}

interface Mark {
  readonly place: Place;
  readonly stamp: number;
  readonly at: number;
}

/** Times are monotonic milliseconds. */
export function createQueue(limit: number) {
  const places = new Map<string, Place>();
  // A map keeps insertion order and replaces a value in place: "oldest first" at constant cost.
  const ranks = [0, 1, 2, 3].map(() => new Map<string, Place>());
  const awake = ranks.map(() => createHeap<Mark>(({ at }) => at));
  const sleepers = createHeap<Mark>(({ at }) => at);
  const asleep = new Map<string, Set<string>>();
  /** When the sleepers of a node, or of all, are to be woken. */
  const releases = createHeap<{ readonly node: string | undefined; readonly at: number }>(
    ({ at }) => at,
  );
  const released = new Map<string | undefined, number>();
  let sleeping = 0;
  let turns = 0;
  let taken = 0;

  const isCurrent = ({ place, stamp }: Mark) => place.stamp === stamp;

  function mark(heap: Heap<Mark> | undefined, place: Place, at: number) {
    heap?.push({ place, stamp: ++place.stamp, at });
    if (heap && heap.size > 2 * places.size + MOST_OUTDATED) heap.retain(isCurrent);
  }

  function noLongerAsleep(place: Place) {
    if (place.until === 0) return;
    const { key, event: { node } } = place.entry;
    const neighbours = asleep.get(node);
    if (neighbours?.delete(key) && neighbours.size === 0) asleep.delete(node);
    place.until = 0;
    sleeping--;
  }

  function wakeUp(place: Place) {
    noLongerAsleep(place);
    mark(awake[place.rank], place, place.turn);
  }

  /** One that sleeps already is woken as planned, and looked at then. */
  function fallAsleep(place: Place, until: number) {
    if (place.until > 0 && place.until <= until) return;
    const { key, event: { node } } = place.entry;
    if (place.until === 0) {
      asleep.set(node, (asleep.get(node) ?? new Set()).add(key));
      sleeping++;
    }
    place.until = until;
    mark(sleepers, place, until);
  }

  function wakeDue(now: number) {
    for (let next = sleepers.peek(); next && next.at <= now; next = sleepers.peek()) {
      sleepers.pop();
      if (isCurrent(next)) wakeUp(next.place);
    }
    for (let next = releases.peek(); next && next.at <= now; next = releases.peek()) {
      releases.pop();
      released.delete(next.node);
      const nodes = next.node === undefined ? [...asleep.values()] : [asleep.get(next.node) ?? []];
      for (const key of nodes.flatMap((keys) => [...keys])) wake(key);
    }
  }

  function wake(key: string) {
    const place = places.get(key);
    if (place) wakeUp(place);
  }

  function drop(place: Place) {
    const { key } = place.entry;
    places.delete(key);
    ranks[place.rank]?.delete(key);
    noLongerAsleep(place);
    place.stamp++;
    return place.entry;
  }

  /** Lets an entry wait again that had a place before: it needs no room, nothing is dropped. */
  function putBack(entry: QueueEntry, until: number, before = places.get(entry.key)) {
    const rank = severityRank(entry.event.severity);
    if (before?.rank === rank) {
      before.entry = entry;
      if (until > 0) fallAsleep(before, until);
      else if (before.until > 0) wakeUp(before);
      return;
    }
    // A target whose severity changes queues up behind those that were so before it.
    if (before) drop(before);
    const since = before?.since ?? entry.arrivedAt;
    const place = { entry, rank, turn: ++turns, since, until: 0, stamp: 0 };
    places.set(entry.key, place);
    ranks[rank]?.set(entry.key, place);
    if (until > 0) fallAsleep(place, until);
    else wakeUp(place);
  }

  function leastSevereOldest(): Place | undefined {
    return ranks.findLast(({ size }) => size > 0)?.values().next().value;
  }

  /** The first of a heap that counts. */
  function firstOf(heap: Heap<Mark> | undefined): Mark | undefined {
    let first = heap?.peek();
    while (first && !isCurrent(first)) {
      heap?.pop();
      first = heap?.peek();
    }
    return first;
  }

  function next(now: number, mayTake: (rank: number) => boolean): Place | undefined {
    const isTurnOfTheLongest = taken % TURN_OF_THE_LONGEST === TURN_OF_THE_LONGEST - 1;
    let first: Place | undefined;
    let longest: Place | undefined;
    for (let rank = 0; rank < awake.length; rank++) {
      const place = firstOf(awake[rank])?.place;
      if (!place || !mayTake(rank)) continue;
      first ??= place;
      if (!isTurnOfTheLongest) break;
      if (!longest || place.since < longest.since) longest = place;
    }
    return longest && now - longest.since >= LONG_MS ? longest : first;
  }

  return {
    /**
     * Puts an entry in its target's place; it sleeps until `until`, 0 for not at all. When that
     * makes one target too many, the least severe, oldest entry is dropped and returned, which can
     * be this one.
     */
    put(entry: QueueEntry, until: number): QueueEntry | undefined {
      const before = places.get(entry.key);
      putBack(entry, until, before);
      // What was put back takes no room from others: one new target, at most one dropped.
      const surplus = !before && places.size > limit ? leastSevereOldest() : undefined;
      return surplus && drop(surplus);
    },
    putBack: (entry: QueueEntry, until: number) => putBack(entry, until),
    /**
     * Removes and returns the entry to diagnose next, of those that `mayTake` by the rank of their
     * severity; one that is not to be taken before a time, by `heldUntil`, sleeps until then.
     */
    take(
      now: number,
      { heldUntil, mayTake }: {
        readonly heldUntil: (entry: QueueEntry) => number;
        readonly mayTake: (rank: number) => boolean;
      },
    ): QueueEntry | undefined {
      wakeDue(now);
      for (let found = next(now, mayTake); found; found = next(now, mayTake)) {
        const until = heldUntil(found.entry);
        if (until <= now) {
          taken++;
          return drop(found);
        }
        fallAsleep(found, until);
      }
      return undefined;
    },
    wake,
    /** Wakes the targets of a node, at `at`; of all nodes without one. */
    wakeNode(node: string | undefined, at: number) {
      if ((released.get(node) ?? Infinity) <= at) return;
      released.set(node, at);
      releases.push({ node, at });
    },
    /** When the next sleeper wakes; Infinity without one. */
    nextDue: () => Math.min(firstOf(sleepers)?.at ?? Infinity, releases.peek()?.at ?? Infinity),
    remove(key: string): QueueEntry | undefined {
      const place = places.get(key);
      return place && drop(place);
    },
    get: (key: string) => places.get(key)?.entry,
    /** In the order of serving, sleepers included. */
    entries: () => ranks.flatMap((rank) => [...rank.values()].map(({ entry }) => entry)),
    get size() {
      return places.size;
    },
    /** How many wait for nothing but their turn. */
    get awake() {
      return places.size - sleeping;
    },
  };
}
