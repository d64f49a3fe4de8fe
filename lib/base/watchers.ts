/** Lets somebody wait until a condition holds, without polling. */
export function createWatchers() {
  let waiting: { holds: () => boolean; resolve: () => void }[] = [];
  return {
    /** Resolves once `holds` does: at once, or when a later `check` sees it. */
    once(holds: () => boolean): Promise<void> {
      if (holds()) return Promise.resolve();
      return new Promise((resolve) => waiting.push({ holds, resolve }));
    },
    /** Call after every change that may matter to a condition. */
    check(): void {
      if (waiting.length === 0) return;
      const met = waiting.filter(({ holds }) => holds());
      waiting = waiting.filter((watcher) => !met.includes(watcher));
      for (const { resolve } of met) resolve();
    },
  };
}
