/**
 * `transition_history` of an action file: every program of the homelab that moves one appends from
 * where to where, when, and who it was.
 *
 * @module
 */
import { isObject } from "../../base/json.ts";
import { parseTimestamp } from "../../event/timestamp.ts";
import { type Fields, nameIn } from "./text.ts";

/** The newest entries that are read. */
const MOST_ENTRIES = 100;
const LONGEST_NAME = 100;

/** The transitions that a parsed file names, the newest last; other entries are left out. */
export function transitionsOf({ transition_history: entries }: Fields) {
  if (!Array.isArray(entries)) return [];
  return entries.slice(-MOST_ENTRIES).filter(isObject).map(({ from, to, timestamp, by }) => ({
    from: nameIn(from, LONGEST_NAME),
    to: nameIn(to, LONGEST_NAME),
    /** Milliseconds since 1970; undefined where the entry names no plausible time. */
    get atMs() {
      return momentOf(timestamp);
    },
    /** `operator-...`, `webui`, `system`; "" where nobody is named. */
    by: nameIn(by, LONGEST_NAME),
  }));
}

/** As nearly all programs write it: Date.parse reads it at once, and every month has these days. */
const ISO_SECONDS = /^20\d\d-\d\d-(?:[01]\d|2[0-8])T\d\d:\d\d:\d\dZ$/;
const EARLIEST = Date.UTC(2020, 0);

/** A time that a file names, in milliseconds; undefined for one before 2020 or after 2100. */
export function momentOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string" && ISO_SECONDS.test(value)) {
    const ms = Date.parse(value);
    if (ms >= EARLIEST) return ms;
  }
  const { seconds, replaced } = parseTimestamp(value, 0);
  return replaced ? undefined : seconds * 1000;
}
