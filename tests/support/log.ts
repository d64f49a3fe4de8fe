import "./deadlines.ts";
import { type Fields, type Log, LOG_LEVELS, type LogLevel } from "../../lib/base/log/log.ts";

export interface LogLine {
  readonly level: LogLevel;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** A log that remembers its lines, and lets a test wait for one. */
export function recordingLog() {
  const lines: LogLine[] = [];
  const waiters = new Set<{ event: string; count: number; resolve: (line: LogLine) => void }>();
  const record = (level: LogLevel) => (event: string, fields: Fields = {}) => {
    const line = { level, event, ...fields };
    lines.push(line);
    for (const waiter of waiters) {
      if (waiter.event === event && --waiter.count <= 0) {
        waiters.delete(waiter);
        waiter.resolve(line);
      }
    }
  };
  const log = Object.fromEntries(LOG_LEVELS.map((l) => [l, record(l)])) as unknown as Log;
  return {
    ...log,
    lines,
    /** The lines of one event. */
    of: (event: string) => lines.filter((line) => line.event === event),
    /** Resolves with the `nth` line of `event` (1 is the first), past or future. */
    seen(event: string, nth = 1): Promise<LogLine> {
      const past = lines.filter((line) => line.event === event);
      const found = past[nth - 1];
      if (found) return Promise.resolve(found);
      return new Promise((resolve) => {
        waiters.add({ event, count: nth - past.length, resolve });
      });
    },
  };
}
