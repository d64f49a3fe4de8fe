/**
 * Folds log lines that repeat: the first is logged at once, those like it are counted, and the
 * count is logged every few seconds. Of lines that never repeat only so many are logged in that
 * time. So a flood on Redis does not become a flood in the journal, whatever it consists of.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import type { Fields } from "./log.ts";

const WINDOW_MS = 5_000;
/** New lines of a kind within a window, and as many with counts: journald takes 333 a second. */
const MOST_LINES = 250;
/** Distinct lines remembered at once. */
const MOST_REMEMBERED = 10_000;

export interface FoldedLine {
  /**
   * Logs, or counts. Lines with the same `key` are alike; `fields` is called only for the first.
   * What is too much for one window is logged at its end as one line that has only their number,
   * `others`.
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
  let fresh = 0;
  let others = 0;
  let armed = false;

  function flush() {
    let counts = 0;
    for (const [key, line] of lines) {
      const { repeated, fields } = line;
      if (repeated > 0 && counts++ < MOST_LINES) write({ ...fields, repeated });
      else others += repeated;
      // One that goes on repeating is kept, so that the next one is counted and not logged.
      if (repeated > 0) line.repeated = 0;
      else lines.delete(key);
    }
    if (others > 0) write({ others });
    others = fresh = 0;
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
      if (fresh >= MOST_LINES || lines.size >= MOST_REMEMBERED) {
        others++;
        return;
      }
      fresh++;
      const first = fields();
      write(first);
      lines.set(key, { fields: first, repeated: 0 });
      if (!armed) arm();
    },
    flush,
  };
}
