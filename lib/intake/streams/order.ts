/** Orders ids as Redis does: by milliseconds, then by the counter. */
export function compareIds(a: string, b: string): number {
  const [ms = "", count = ""] = a.split("-");
  const [otherMs = "", otherCount = ""] = b.split("-");
  return compareDigits(ms, otherMs) || compareDigits(count, otherCount);
}

function compareDigits(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/**
 * Entries of several streams in the order in which they were added: while one stream is behind,
 * what was read of the others waits for it. A recovery in one stream must not pass the fault that
 * another one still has.
 */
export function inOrder<Entry extends { readonly stream: string; readonly id: string }>() {
  const waiting = new Map<string, readonly Entry[]>();
  const behind = new Set<string>(); // streams whose last read did not reach their end

  function oldest(): Entry | undefined {
    let first: Entry | undefined;
    for (const [entry] of waiting.values()) {
      if (entry && (!first || compareIds(entry.id, first.id) < 0)) first = entry;
    }
    return first;
  }

  return {
    /** Those of `streams` that are to be read next: nothing of them waits. */
    wanted: (streams: readonly string[]) => streams.filter((stream) => !waiting.has(stream)),
    /** What one read of a stream brought; `isAll` when there was no more. */
    add(stream: string, entries: readonly Entry[], isAll: boolean): void {
      if (entries.length > 0) waiting.set(stream, entries);
      if (isAll) behind.delete(stream);
      else behind.add(stream);
    },
    /** Whether something waits for another stream. */
    get isWaiting() {
      return waiting.size > 0;
    },
    /** Takes out what can be handed on now, the oldest first. */
    *ready(streams: readonly string[]): Generator<Entry, void, undefined> {
      while (!streams.some((stream) => behind.has(stream) && !waiting.has(stream))) {
        const entry = oldest();
        if (!entry) return;
        const rest = waiting.get(entry.stream)?.slice(1) ?? [];
        if (rest.length > 0) waiting.set(entry.stream, rest);
        else waiting.delete(entry.stream);
        yield entry;
      }
    },
    /** Takes out all that waits, the oldest first. */
    clear(): readonly Entry[] {
      const all = [...waiting.values()].flat().sort((a, b) => compareIds(a.id, b.id));
      waiting.clear();
      behind.clear();
      return all;
    },
  };
}
