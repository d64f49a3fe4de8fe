import type { Clock } from "../clock.ts";
import { createRepeats } from "../repeats.ts";
import type { Fields, Log, LogLevel } from "./log.ts";

/** Lines of one kind. */
export type FoldedLine = ReturnType<ReturnType<typeof foldedLines>>;

/** Lines that nobody wants to see: not even counted. */
export const SILENT: FoldedLine = { log() {}, flush() {} };

/**
 * Makes the folded lines of a log, one for each kind of line: the first is logged at once, those
 * like it are counted, and the count is logged every few seconds. Of lines that never repeat only so
 * many are logged in that time. So no flood on Redis becomes a flood in the journal.
 */
export function foldedLines(log: Log, clock: Clock) {
  return (level: LogLevel, event: string) => {
    const write = (fields: Fields) => log[level](event, fields);
    const repeats = createRepeats<Fields, string>({
      clock,
      windowMs: 5_000,
      // Those of a homelab in which everything fails at once.
      mostLines: 1_000,
      mostRuns: 10_000,
      mostCounts: 250,
      groupOf: () => event,
      tellRepeated: (fields, repeated) => write({ ...fields, repeated }),
      tellLeftOut: (of, lines) => log.info("log_lines_left_out", { of, lines }),
    });
    return {
      /**
       * Lines with the same `key` are alike; `fields` is called only for the first. Those past a
       * window's bound become one at its end, `log_lines_left_out`, with their number.
       */
      log(key: string, fields: () => Fields): void {
        const run = repeats.find(key);
        if (run) return void run.repeated++;
        if (repeats.isFull) return repeats.leaveOut(event);
        const first = fields();
        write(first);
        repeats.begin(key, first);
      },
      flush: repeats.flush,
    };
  };
}
