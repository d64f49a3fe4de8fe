/**
 * Sees proposals the moment they are there, by inotify.
 *
 * @module
 */
import { type Clock, sleep } from "../../lib/base/clock.ts";

export interface PendingFiles {
  /**
   * When (by the monotonic clock) a proposal appeared whose name holds `fragment`.
   * @throws {TimedOutError} when there is none within `ms` milliseconds of this call.
   */
  seen(fragment: string, ms: number): Promise<number>;
  close(): void;
}

/** Something did not happen in time. */
export class TimedOutError extends Error {
  override readonly name = "TimedOutError";
}

/** Watches a folder that is still empty; temporary names do not count. */
export function watchPending(folder: string, clock: Clock): PendingFiles {
  const times = new Map<string, number>();
  const waiters = new Set<{ fragment: string; resolve: (at: number) => void }>();
  const watcher = Deno.watchFs(folder, { recursive: false });
  (async () => {
    for await (const event of watcher) {
      const at = clock.monotonic();
      for (const path of event.paths) {
        const name = path.slice(path.lastIndexOf("/") + 1);
        if (!name.endsWith(".json") || name.startsWith(".") || times.has(name)) continue;
        times.set(name, at);
        for (const waiter of waiters) {
          if (name.includes(waiter.fragment)) waiter.resolve(at);
        }
      }
    }
  })();
  return {
    async seen(fragment, ms) {
      for (const [name, at] of times) if (name.includes(fragment)) return at;
      const done = new AbortController();
      const { promise, resolve } = Promise.withResolvers<number>();
      const waiter = { fragment, resolve };
      waiters.add(waiter);
      const late = sleep(clock, ms, done.signal);
      const at = await Promise.race([promise, late]);
      waiters.delete(waiter);
      done.abort();
      if (at === undefined) {
        throw new TimedOutError(`no proposal "*${fragment}*.json" in ${ms / 1000} s`);
      }
      return at;
    },
    close: () => watcher.close(),
  };
}
