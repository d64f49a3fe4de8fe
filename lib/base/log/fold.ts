/**
 * Folds log lines that repeat: the first is logged at once, those like it are counted, and the
 * count is logged every few seconds. Of lines that never repeat only so many are logged in that
 * time. So a flood on Redis does not become a flood in the journal, whatever it consists of.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Fields, Log, LogLevel } from "./log.ts";

const WINDOW_MS = 5_000;
/** New lines within a window: those of a homelab in which everything fails at once. */
const MOST_NEW = 1_000;
/** The most lines with counts at the end of a window. */
const MOST_COUNTED = 250;
/** Distinct lines remembered at once. */
const MOST_REMEMBERED = 10_000;

export interface FoldedLine {
  /**
   * Logs, or counts. Lines with the same `key` are alike; `fields` is called only for the first.
   * Lines past a window's bound become one line at its end, `log_lines_left_out`, with their number.
   */
  log(key: string, fields: () => Fields): void;
  /** Logs the counts now. */
  flush(): void;
}

/** Lines that nobody wants to see: not even counted. */
export const SILENT: FoldedLine = { log() {}, flush() {} };

interface Folded {
  readonly fields: Fields;
  repeated: number;
}

/** Makes the folded lines of a log, one for each kind of line. */
export function foldedLines(
  log: Log,
  clock: Clock,
): (level: LogLevel, event: string) => FoldedLine {
  return (level, event) => foldedLine({ log, clock, level, event });
}

function foldedLine(
  { log, clock, level, event }: {
    readonly log: Log;
    readonly clock: Clock;
    readonly level: LogLevel;
    readonly event: string;
  },
): FoldedLine {
  const write = (fields: Fields) => log[level](event, fields);
  const lines = new Map<string, Folded>();
  let fresh = 0;
  let leftOut = 0;
  let armed = false;

  function flush() {
    let counts = 0;
    for (const [key, line] of lines) {
      const { repeated, fields } = line;
      if (repeated > 0 && counts++ < MOST_COUNTED) write({ ...fields, repeated });
      else leftOut += repeated;
      // One that goes on repeating is kept, so that the next one is counted and not logged.
      if (repeated > 0) line.repeated = 0;
      else lines.delete(key);
    }
    if (leftOut > 0) log.info("log_lines_left_out", { of: event, lines: leftOut });
    leftOut = fresh = 0;
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
      if (fresh >= MOST_NEW || lines.size >= MOST_REMEMBERED) {
        leftOut++;
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
