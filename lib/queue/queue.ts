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
  let turns = 0;
  let taken = 0;

  const isCurrent = ({ place, stamp }: Mark) => place.stamp === stamp;

  function mark(heap: Heap<Mark> | undefined, place: Place, at: number) {
    heap?.push({ place, stamp: ++place.stamp, at });
    if (heap && heap.size > 2 * places.size + MOST_OUTDATED) heap.retain(isCurrent);
  }

  function noLongerAsleep({ key, event: { node } }: QueueEntry) {
    const neighbours = asleep.get(node);
    if (neighbours?.delete(key) && neighbours.size === 0) asleep.delete(node);
  }

  function wakeUp(place: Place) {
    noLongerAsleep(place.entry);
    place.until = 0;
    mark(awake[place.rank], place, place.turn);
  }

  /** One that sleeps already is woken as planned, and looked at then. */
  function fallAsleep(place: Place, until: number) {
    if (place.until > 0 && place.until <= until) return;
    const { key, event: { node } } = place.entry;
    asleep.set(node, (asleep.get(node) ?? new Set()).add(key));
    place.until = until;
    if (until < Infinity) mark(sleepers, place, until);
    else place.stamp++;
  }

  function wakeDue(now: number) {
    for (let next = sleepers.peek(); next && next.at <= now; next = sleepers.peek()) {
      sleepers.pop();
      if (isCurrent(next)) wakeUp(next.place);
    }
    for (let next = releases.peek(); next && next.at <= now; next = releases.peek()) {
      releases.pop();
      if (released.get(next.node) === next.at) released.delete(next.node);
      const nodes = next.node === undefined ? [...asleep.values()] : [asleep.get(next.node) ?? []];
      for (const key of nodes.flatMap((keys) => [...keys])) wake(key);
    }
  }

  function wake(key: string) {
    const place = places.get(key);
    if (place && place.until > 0) wakeUp(place);
  }

  function drop(place: Place) {
    const { key } = place.entry;
    places.delete(key);
    ranks[place.rank]?.delete(key);
    noLongerAsleep(place.entry);
    place.stamp++;
    return place.entry;
  }

  /** Lets an entry wait again that had a place before: it needs no room, nothing is dropped. */
  function putBack(entry: QueueEntry, until: number) {
    const rank = severityRank(entry.event.severity);
    const before = places.get(entry.key);
    // A target whose severity changes queues up behind those that were so before it.
    const stays = before?.rank === rank;
    if (before && !stays) drop(before);
    const now = stays ? before : {
      entry,
      rank,
      turn: ++turns,
      since: before?.since ?? entry.arrivedAt,
      until: 0,
      stamp: 0,
    };
    now.entry = entry;
    places.set(entry.key, now);
    ranks[rank]?.set(entry.key, now);
    if (until > 0) fallAsleep(now, until);
    else if (!stays || now.until > 0) wakeUp(now);
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
    const firsts = awake.flatMap((heap, rank) => {
      const first = firstOf(heap);
      return first && mayTake(rank) ? [first.place] : [];
    });
    if (taken % TURN_OF_THE_LONGEST < TURN_OF_THE_LONGEST - 1) return firsts[0];
    const [longest] = firsts.toSorted((one, other) => one.since - other.since);
    return longest && now - longest.since >= LONG_MS ? longest : firsts[0];
  }

  return {
    /**
     * Puts an entry in its target's place; it sleeps until `until`, 0 for not at all. When that
     * makes one target too many, the least severe, oldest entry is dropped and returned, which can
     * be this one.
     */
    put(entry: QueueEntry, until: number): QueueEntry | undefined {
      const isNew = !places.has(entry.key);
      putBack(entry, until);
      // What was put back takes no room from others: one new target, at most one dropped.
      const surplus = isNew && places.size > limit ? leastSevereOldest() : undefined;
      return surplus && drop(surplus);
    },
    putBack,
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
    /** Wakes a target, so that it is looked at again. */
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
      let sleeping = 0;
      for (const { size } of asleep.values()) sleeping += size;
      return places.size - sleeping;
    },
  };
}
