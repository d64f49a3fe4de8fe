/**
 * Entries of several streams in the order in which they were added: while one stream is behind,
 * what was read of the others waits for it. A recovery in one stream must not pass the fault that
 * another one still holds.
 *
 * @module
 */

/** Orders ids as Redis does: by milliseconds, then by the counter. */
export function compareIds(a: string, b: string): number {
  const [ms = "", count = ""] = a.split("-");
  const [otherMs = "", otherCount = ""] = b.split("-");
  return compareDigits(ms, otherMs) || compareDigits(count, otherCount);
}

function compareDigits(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

interface Ordered {
  readonly stream: string;
  readonly id: string;
}

interface InOrder<Entry extends Ordered> {
  /** Those of `streams` that are to be read next: nothing of them waits. */
  wanted(streams: readonly string[]): readonly string[];
  /** What one read of a stream brought; `isAll` when there was no more. */
  add(stream: string, entries: readonly Entry[], isAll: boolean): void;
  /** Whether something waits for another stream. */
  readonly isHolding: boolean;
  /** Takes out what can be handed on now, the oldest first. */
  ready(streams: readonly string[]): Generator<Entry, void, undefined>;
  /** Takes out all that waits, the oldest first. */
  clear(): readonly Entry[];
}

export function inOrder<Entry extends Ordered>(): InOrder<Entry> {
  const held = new Map<string, Entry[]>();
  /** Streams whose last read did not reach their end. */
  const behind = new Set<string>();

  function oldest(): Entry | undefined {
    let first: Entry | undefined;
    for (const [entry] of held.values()) {
      if (entry && (!first || compareIds(entry.id, first.id) < 0)) first = entry;
    }
    return first;
  }

  return {
    wanted: (streams) => streams.filter((stream) => !held.has(stream)),
    add(stream, entries, isAll) {
      if (entries.length > 0) held.set(stream, [...entries]);
      if (isAll) behind.delete(stream);
      else behind.add(stream);
    },
    get isHolding() {
      return held.size > 0;
    },
    *ready(streams) {
      while (!streams.some((stream) => behind.has(stream) && !held.has(stream))) {
        const entry = oldest();
        if (!entry) return;
        const rest = held.get(entry.stream) ?? [];
        rest.shift();
        if (rest.length === 0) held.delete(entry.stream);
        yield entry;
      }
    },
    clear() {
      const all = [...held.values()].flat().sort((a, b) => compareIds(a.id, b.id));
      held.clear();
      behind.clear();
      return all;
    },
  };
}
