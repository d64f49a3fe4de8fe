import { endPastDeadline } from "./deadlines.ts";
import type { Clock } from "../../lib/base/clock.ts";

/** A clock that a test moves by hand. */
export interface FakeClock extends Clock {
  /** Moves both clocks; timers that come due run in order, each followed by pending promises. */
  advance(ms: number): Promise<void>;
  /** Moves the wall clock alone, as NTP does. */
  jump(ms: number): void;
  /** Timers that wait, for assertions. */
  readonly waiting: number;
}

/** Lets everything that is ready to run, run: promises, and I/O callbacks already queued. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 0));
}

export function fakeClock(startMs = Date.UTC(2026, 0, 2, 3, 4, 5)): FakeClock {
  let wall = startMs;
  let monotonic = 1_000;
  const timers = new Set<{ at: number; callback: () => void }>();
  return {
    now: () => wall,
    monotonic() {
      endPastDeadline();
      return monotonic;
    },
    after(ms, callback) {
      const timer = { at: monotonic + Math.max(0, ms), callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(ms) {
      const end = monotonic + ms;
      await settle();
      for (;;) {
        let next: { at: number; callback: () => void } | undefined;
        for (const timer of timers) {
          if (timer.at <= end && (!next || timer.at < next.at)) next = timer;
        }
        if (!next) break;
        timers.delete(next);
        wall += next.at - monotonic;
        monotonic = next.at;
        next.callback();
        await settle();
      }
      wall += end - monotonic;
      monotonic = end;
      await settle();
    },
    jump: (ms) => void (wall += ms),
    get waiting() {
      return timers.size;
    },
  };
}
