/**
 * Time that jumps from one timer to the next: a day passes as fast as its work can be done.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { Clock } from "../../lib/base/clock.ts";

export interface SimulatedClock extends Clock {
  /** Runs every timer that is due up to `ms` (monotonic), in order, each with what follows it. */
  runUntil(ms: number): Promise<void>;
}

interface Timer {
  readonly at: number;
  /** Timers of one moment run in the order in which they were set. */
  readonly nth: number;
  /** Undefined once it is cancelled. */
  callback: (() => void) | undefined;
}

/** Resolves when every promise that can go on has done so. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

const isBefore = (one: Timer, other: Timer) =>
  one.at < other.at || (one.at === other.at && one.nth < other.nth);

/** A clock at 0 (monotonic); the wall clock stands at `startMs` then. */
export function simulatedClock(startMs = Date.UTC(2026, 0, 1)): SimulatedClock {
  // A binary heap: the soonest timer is the first.
  const heap: Timer[] = [];
  let now = 0;
  let serial = 0;

  const at = (index: number): Timer => {
    const timer = heap[index];
    if (!timer) throw new RangeError(`no timer ${index}`);
    return timer;
  };

  function push(timer: Timer) {
    let index = heap.push(timer) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(timer, at(parent))) break;
      heap[index] = at(parent);
      index = parent;
    }
    heap[index] = timer;
  }

  function pop(): Timer | undefined {
    const first = heap[0];
    const last = heap.pop();
    if (!last || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(at(child + 1), at(child))) child++;
      if (!isBefore(at(child), last)) break;
      heap[index] = at(child);
      index = child;
    }
    heap[index] = last;
    return first;
  }

  return {
    now: () => startMs + now,
    monotonic: () => now,
    after(ms, callback) {
      const timer: Timer = { at: now + Math.max(0, ms), nth: serial++, callback };
      push(timer);
      return () => void (timer.callback = undefined);
    },
    async runUntil(ms) {
      await settled();
      for (let next = heap[0]; next && next.at <= ms; next = heap[0]) {
        pop();
        if (!next.callback) continue;
        now = next.at;
        next.callback();
        await settled();
      }
      now = Math.max(now, ms);
    },
  };
}
