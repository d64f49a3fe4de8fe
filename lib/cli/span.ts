/**
 * Spans of time, for people.
 *
 * @module
 */

const UNITS = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]] as const;

/** A span in its largest unit, whole: `42 s`, `5 min`, `3 h`, `12 d`. Below zero is `0 s`. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? ["s", 1];
  return `${Math.floor(seconds / size)} ${unit}`;
}

/** A moment in seconds since 1970 as `2025-11-02 03:12:09 UTC`. */
export function momentText(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** The milliseconds of `90s`, `30m`, `24h`, `7d` or `2w`; undefined for anything else. */
export function parseSpan(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  const seconds = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 }[unit];
  return count === undefined || seconds === undefined ? undefined : Number(count) * seconds * 1000;
}
