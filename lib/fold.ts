/**
 * Folds log lines that repeat: the first is logged at once, those like it are counted, and the
 * count is logged every few seconds. So a flood on Redis does not become a flood in the journal.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import type { Fields } from "./log.ts";

const WINDOW_MS = 5_000;
/** Distinct lines remembered at once. */
const MOST_LINES = 10_000;

export interface FoldedLine {
  /**
   * Logs, or counts. Lines with the same `key` are alike; `fields` is called only for the first.
   */
  log(key: string, fields: () => Fields): void;
  /** Logs the counts now. */
  flush(): void;
}

interface Folded {
  readonly fields: Fields;
  repeated: number;
}

/** One kind of line, written with `write`, for example `(fields) => log.info("x", fields)`. */
export function foldedLine(clock: Clock, write: (fields: Fields) => void): FoldedLine {
  const lines = new Map<string, Folded>();
  let armed = false;

  function flush() {
    for (const [key, line] of lines) {
      if (line.repeated > 0) write({ ...line.fields, repeated: line.repeated });
      // One that goes on repeating is kept, so that the next one is counted and not logged.
      if (line.repeated > 0 && lines.size <= MOST_LINES) line.repeated = 0;
      else lines.delete(key);
    }
  }

  function arm() {
    armed = true;
    clock.after(WINDOW_MS, () => {
      flush();
      armed = false;
      if (lines.size > 0) arm();
    });
  }

  return {
    log(key, fields) {
      const line = lines.get(key);
      if (line) {
        line.repeated++;
        return;
      }
      if (lines.size >= MOST_LINES) flush();
      const first = fields();
      write(first);
      lines.set(key, { fields: first, repeated: 0 });
      if (!armed) arm();
    },
    flush,
  };
}
