/**
 * Lets somebody wait until a condition holds, without polling.
 *
 * @module
 */

interface Watchers {
  /** Resolves once `holds` does: at once, or when a later {@linkcode Watchers.check} sees it. */
  once(holds: () => boolean): Promise<void>;
  /** Call after every change that may matter to a condition. */
  check(): void;
}

export function createWatchers(): Watchers {
  let waiting: { holds: () => boolean; resolve: () => void }[] = [];
  return {
    once(holds) {
      if (holds()) return Promise.resolve();
      return new Promise((resolve) => waiting.push({ holds, resolve }));
    },
    check() {
      if (waiting.length === 0) return;
      const met = waiting.filter((watcher) => watcher.holds());
      waiting = waiting.filter((watcher) => !met.includes(watcher));
      for (const { resolve } of met) resolve();
    },
  };
}
