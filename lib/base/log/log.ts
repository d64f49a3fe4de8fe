import { cutAndCounted } from "../text/cut.ts";
import type { Clock } from "../clock.ts";
import { escapedUnit } from "../json.ts";

export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
export type LogLevel = typeof LOG_LEVELS[number];
export type Fields = Readonly<Record<string, unknown>>;

/** Where a part of the agent says what happened. */
export type Log = Readonly<Record<LogLevel, (event: string, fields?: Fields) => void>>;

/** Says nothing, for what runs beside the agent. */
export const SILENT_LOG: Log = { debug() {}, info() {}, warning() {}, error() {} };

/** Longest value from outside that is logged, in UTF-16 units. */
const LONGEST_VALUE = 500;

// C1 controls, bidi and zero-width characters, tags: JSON leaves them, terminals obey them.
const INVISIBLE =
  /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udfff]/g;

function bounded(_key: string, value: unknown): unknown {
  if (typeof value === "string") return cutAndCounted(value, LONGEST_VALUE);
  return typeof value === "bigint" ? String(value) : value;
}

/** One log line without its newline. Event names and fields are a contract with its readers. */
export function formatLine(
  level: LogLevel,
  event: string,
  timestampMs: number,
  fields: Fields,
): string {
  const timestamp = new Date(timestampMs).toISOString();
  const json = JSON.stringify({ event, level, timestamp, ...fields }, bounded);
  return json.replace(INVISIBLE, (found) => found.replace(/[^]/g, escapedUnit));
}

/** Sends logs from `level` up to `write`, a line each. */
export function createLog(
  { level, write, clock }: {
    readonly level: LogLevel;
    readonly write: LineSink;
    readonly clock: Pick<Clock, "now">;
  },
): Log {
  const lowest = LOG_LEVELS.indexOf(level);
  const at = (name: LogLevel) => (event: string, fields: Fields = {}) => {
    if (LOG_LEVELS.indexOf(name) < lowest) return;
    write(`${formatLine(name, event, clock.now(), fields)}\n`);
  };
  return { debug: at("debug"), info: at("info"), warning: at("warning"), error: at("error") };
}

const encoder = new TextEncoder();

/** Takes text that ends in a newline. */
export type LineSink = (line: string) => void;

/**
 * Writes lines to a stream at once, so that none is lost when the process ends.
 *
 * @param onLost hears of what the stream did not take, such as a full disk. That nobody reads any
 *   more is no reason to stop working, and nobody's to tell.
 */
export function lineSink(
  stream: { writeSync(bytes: Uint8Array): number },
  onLost: (error: unknown) => void = () => {},
): LineSink {
  return (line) => {
    let rest = encoder.encode(line);
    try {
      while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) onLost(error);
    }
  };
}
