/**
 * `transition_history` of an action file: every program of the homelab that moves one appends from
 * where to where, when, and who it was.
 *
 * @module
 */
import { isObject } from "../../base/json.ts";
import { cleanName } from "../../base/text/names.ts";
import { parseTimestamp } from "../../event/timestamp.ts";

/** The newest entries that are read. */
const MOST_ENTRIES = 100;
const LONGEST_NAME = 100;

interface Transition {
  readonly from: string;
  readonly to: string;
  /** Milliseconds since 1970; undefined where the entry names no plausible time. */
  readonly atMs: number | undefined;
  /** `operator-...`, `webui`, `system`; "" where nobody is named. */
  readonly by: string;
}

/** The transitions that a parsed file names, the newest last; other entries are left out. */
export function transitionsOf(content: Readonly<Record<string, unknown>>): Transition[] {
  const entries = content.transition_history;
  if (!Array.isArray(entries)) return [];
  return entries.slice(-MOST_ENTRIES).filter(isObject).map(({ from, to, timestamp, by }) => ({
    from: nameOf(from),
    to: nameOf(to),
    atMs: momentOf(timestamp),
    by: nameOf(by),
  }));
}

function nameOf(value: unknown): string {
  return typeof value === "string" ? cleanName(value, LONGEST_NAME) : "";
}

/** As nearly all programs write it, which Date.parse reads at once. */
const ISO_SECONDS = /^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
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
