/**
 * A budget: at most so many in a sliding window, whatever happens. Limits for one target do not
 * bound a fault that walks through all of them.
 *
 * @module
 */

/** Times are monotonic milliseconds. */
export interface Budget {
  readonly limit: number;
  /** Takes one. Call only when {@linkcode Budget.freeAt} is 0. */
  spend(now: number): void;
  /** When the next one may be taken, 0 when it may now. */
  freeAt(now: number): number;
}

/** At most `limit` in any `windowMs`; a limit of 0 stands for no limit. */
export function createBudget({ limit, windowMs }: { limit: number; windowMs: number }): Budget {
  // A ring of the last `limit` times: the window is full when the oldest of them is inside it.
  const times = new Array<number>(limit).fill(-Infinity);
  let next = 0;
  return {
    limit,
    spend(now) {
      if (limit === 0) return;
      times[next] = now;
      next = (next + 1) % limit;
    },
    freeAt(now) {
      const oldest = times[next] ?? -Infinity;
      return oldest + windowMs > now ? oldest + windowMs : 0;
    },
  };
}
