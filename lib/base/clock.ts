/** Time as the agent sees it; tests hand in one that they move by hand. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970. It may jump in either direction. */
  now(): number;
  /** Milliseconds that only ever grow; not comparable between two runs. */
  monotonic(): number;
  /** Calls back once after `ms` milliseconds; the returned function cancels that. */
  after(ms: number, callback: () => void): () => void;
}

/** The longest that setTimeout can hold; past it a timer would run at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's own clocks; nothing else reads them or sets timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    let timer = arm(ms);
    function arm(leftMs: number): number {
      return leftMs <= LONGEST_TIMER_MS
        ? setTimeout(callback, leftMs)
        : setTimeout(() => timer = arm(leftMs - LONGEST_TIMER_MS), LONGEST_TIMER_MS);
    }
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms` milliseconds, or at once when `signal` is or becomes aborted. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal?.addEventListener("abort", done);
  });
}

/** Calls back every `ms` milliseconds until the returned function is called. */
export function every(clock: Clock, ms: number, callback: () => void): () => void {
  let cancel = clock.after(ms, tick);
  function tick() {
    cancel = clock.after(ms, tick);
    callback();
  }
  return () => cancel();
}
