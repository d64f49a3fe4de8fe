const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds in the one unit that says enough, rounded down: `40 s`, `25 min`, `24 h`, `3 days`. */
export function spanInWords(ms: number): string {
  const span = Math.max(0, ms);
  if (span < MINUTE) return `${Math.floor(span / SECOND)} s`;
  if (span < HOUR) return `${Math.floor(span / MINUTE)} min`;
  if (span < 2 * DAY) return `${Math.floor(span / HOUR)} h`;
  return `${Math.floor(span / DAY)} days`;
}

/** Milliseconds since 1970 as `2025-11-02T03:12:09Z`, in UTC and whole seconds. */
export function isoSecond(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/**
 * A moment in seconds since 1970 as `2025-11-02 03:12:09 UTC`, and where the clock on the wall (of
 * this machine, or in `timeZone`) shows another time, as `2025-11-02 04:12:09 CET (03:12:09 UTC)`.
 */
export function momentText(seconds: number, timeZone?: string): string {
  const ms = seconds * 1000;
  const utc = isoSecond(ms).replace("T", " ").replace("Z", " UTC");
  const local = wallClock(ms, timeZone);
  return utc.startsWith(local.time) ? utc : `${local.time} ${local.zone} (${utc.slice(11)})`;
}

/** `04:12:09 CET` where the clock on the wall shows another time than UTC, else undefined. */
export function localTime(ms: number, timeZone?: string): string | undefined {
  const { time, zone } = wallClock(ms, timeZone);
  return isoSecond(ms).startsWith(time.replace(" ", "T")) ? undefined : `${time.slice(11)} ${zone}`;
}

/** A time in ISO 8601 with the local one beside it: `2025-11-02T03:12:09Z (04:12:09 CET)`. */
export function withLocalTime(iso: string, timeZone?: string): string {
  const ms = Date.parse(iso);
  const local = Number.isNaN(ms) ? undefined : localTime(ms, timeZone);
  return local === undefined ? iso : `${iso} (${local})`;
}

/** A format takes a millisecond and 30 KB to make, and a list has thousands of times. */
const formats = new Map<string | undefined, Intl.DateTimeFormat>();

function formatFor(timeZone: string | undefined): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    // Sweden writes dates as ISO 8601 does.
    const styles = { dateStyle: "short", timeStyle: "long" } as const;
    format = new Intl.DateTimeFormat("sv-SE", { timeZone, ...styles });
    formats.set(timeZone, format);
  }
  return format;
}

function wallClock(ms: number, timeZone: string | undefined): { time: string; zone: string } {
  const [date = "", time = "", zone = ""] = formatFor(timeZone).format(ms).split(/\s/);
  return { time: `${date} ${time}`, zone: zone.replace("\u2212", "-") };
}

/** The milliseconds of `90s`, `30m`, `24h`, `7d` or `2w`; undefined for anything else. */
export function parseSpan(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  const seconds = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 }[unit];
  return count === undefined || seconds === undefined ? undefined : Number(count) * seconds * 1000;
}
