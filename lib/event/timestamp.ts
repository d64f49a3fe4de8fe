import { isObject } from "../base/json.ts";
import { partsOf, type TimeParts, withoutDecoration } from "./time_spellings.ts";

export type TimeReplacement = "not_a_time" | "impossible_date" | "out_of_range";

const YEAR_2020 = Date.UTC(2020, 0) / 1000;
const YEAR_2100 = Date.UTC(2100, 0) / 1000;
const DAY = 86_400;

/** Longer texts are no times; a fraction of several hundred digits still is one. */
const LONGEST_TEXT = 512;
const NUMBER = /^[+-]?(?:\d+[.,]?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * The time that `raw` stands for, or now.
 *
 * Takes ISO 8601 and other libraries' spellings (without a zone they are UTC), and epoch seconds,
 * milli-, micro- or nanoseconds, told apart by size, as a number or as text. A leap second counts as
 * the second after it. A missing time (undefined or null) is now, which is normal; everything else
 * that is not a time between 2020 and a day after `nowMs` is now, with the reason. While the own
 * clock is before 2020 (a Pi without a clock battery) times up to 2100 are believed.
 */
export function parseTimestamp(
  raw: unknown,
  nowMs: number,
): { readonly seconds: number; readonly replaced?: TimeReplacement } {
  const now = nowMs / 1000;
  if (raw === undefined || raw === null) return { seconds: now };
  const seconds = fromValue(raw);
  if (typeof seconds === "string") return { seconds: now, replaced: seconds };
  const latest = now < YEAR_2020 ? YEAR_2100 : now + DAY;
  if (seconds >= YEAR_2020 && seconds <= latest) return { seconds };
  return { seconds: now, replaced: "out_of_range" };
}

function fromValue(raw: unknown): number | TimeReplacement {
  if (typeof raw === "number") return fromEpoch(raw);
  if (typeof raw === "string") return fromText(raw);
  if (Array.isArray(raw)) return fromList(raw);
  return isObject(raw) ? fromFields(raw) : "not_a_time";
}

function fromText(raw: string): number | TimeReplacement {
  const usual = fromUsual(raw);
  if (usual !== undefined) return usual;
  const text = raw.trim();
  if (text.length > LONGEST_TEXT) return "not_a_time";
  const parts = partsOf(text);
  if (parts) return fromParts(parts);
  if (NUMBER.test(text)) return fromEpoch(Number(text.replace(",", ".")));
  const bare = withoutDecoration(text);
  return bare === text ? "not_a_time" : fromText(bare);
}

/** The days of the calendar but 29 February. */
const DATE =
  "(?:0[1-9]|1[0-2])-(?:0[1-9]|1\\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31";
/** What most senders write: UTC, with or without a fraction. */
const USUAL = new RegExp(
  `^\\d{4}-(?:${DATE})T(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?(?:Z|\\+00:00)?$`,
);

/** By the runtime's own fast way, which knows no more than milliseconds. */
function fromUsual(raw: string): number | undefined {
  if (!USUAL.test(raw)) return undefined;
  const seconds = Date.parse(`${raw.slice(0, 19)}Z`) / 1000;
  if (seconds < 0) return undefined;
  return raw[19] === "." ? Number.parseFloat(`${seconds}${raw.slice(19)}`) : seconds;
}

/** Libraries that write a time as an object: protobuf, MongoDB, Rust, PHP. */
function fromFields(fields: Readonly<Record<string, unknown>>): number | TimeReplacement {
  const mongo = fields["$date"];
  if (isObject(mongo)) return fromEpoch(Number(mongo["$numberLong"]));
  if (mongo !== undefined) return fromValue(mongo);
  const { date, timezone = "UTC" } = fields;
  if (typeof date === "string") return fromText(`${date} ${timezone}`);
  const seconds = Number(fields["seconds"] ?? fields["_seconds"] ?? fields["secs_since_epoch"]);
  const nanos = fields["nanos"] ?? fields["_nanoseconds"] ?? fields["nanos_since_epoch"] ?? 0;
  return Number.isFinite(seconds) ? fromEpoch(seconds + Number(nanos) / 1e9) : "not_a_time";
}

/** Java's date and time as a list: year, month, day, hour, minute, second, nanoseconds. */
function fromList(list: readonly unknown[]): number | TimeReplacement {
  if (list.length < 5 || list.length > 7 || !list.every((part) => Number.isInteger(part))) {
    return "not_a_time";
  }
  const [year, ...rest] = list.map((part, at) => String(part).padStart(at === 6 ? 9 : 2, "0"));
  const [month, day, hour, minute, second = "00", nanos = "0"] = rest;
  return fromText(`${year}-${month}-${day}T${hour}:${minute}:${second}.${nanos}Z`);
}

function fromEpoch(value: number): number | TimeReplacement {
  if (!Number.isFinite(value)) return "not_a_time";
  // Each unit's years 1973 to 5138 fall between its bounds, so plausible times never overlap.
  if (value < 1e11) return value;
  if (value < 1e14) return value / 1e3;
  if (value < 1e17) return value / 1e6;
  return value / 1e9;
}

const MONTHS = new Map(
  "jan feb mar apr may jun jul aug sep oct nov dec".split(" ").map((name, at) => [name, at + 1]),
);

/** Hours east of Greenwich; names that more than one country uses for its own are left out. */
const ZONES: ReadonlyMap<string, number> = new Map(Object.entries({
  ...{ z: 0, ut: 0, utc: 0, gmt: 0, wet: 0, west: 1, bst: 1, cet: 1, cest: 2, mez: 1, mesz: 2 },
  ...{ eet: 2, eest: 3, msk: 3, est: -5, edt: -4, cst: -6, cdt: -5, mst: -7, mdt: -6 },
  ...{ pst: -8, pdt: -7 },
}));

/** The time of a calendar's date and a clock's time; without a zone they are UTC. */
function fromParts(parts: TimeParts): number | TimeReplacement {
  const { year = "", month: monthText = "", fraction = parts.micros?.padStart(6, "0") } = parts;
  const month = /\d/.test(monthText) ? Number(monthText) : MONTHS.get(monthText.toLowerCase());
  const hour = hourOf(Number(parts.hour ?? 0), parts.half);
  const east = secondsEast(parts);
  if (month === undefined || hour === undefined || east === undefined) return "not_a_time";
  const fullYear = Number(year.length === 2 ? `20${year}` : year);
  const day = Number(parts.day);
  const minute = Number(parts.minute ?? 0);
  const second = Number(parts.second ?? 0);
  // The calendar repeats after 400 years, and Date.UTC reads years below 100 as 19xx.
  const date = new Date(Date.UTC(fullYear + 400, month - 1, day));
  const possible = date.getUTCMonth() === month - 1 && date.getUTCDate() === day &&
    hour <= 23 && minute <= 59 && second <= 60 && !Number.isNaN(east);
  if (!possible) return "impossible_date";
  if (fullYear < 1970) return "out_of_range";
  const whole = Date.UTC(fullYear, month - 1, day, hour, minute, second) / 1000 - east;
  if (second === 60 && whole % DAY !== 0) return "impossible_date"; // leap seconds end a UTC day
  // Reading the digits in one go rounds once; adding a fraction would round twice.
  return fraction === undefined || whole < 0 ? whole : Number(`${whole}.${fraction}`);
}

function hourOf(hour: number, half: string | undefined): number | undefined {
  if (half === undefined) return hour;
  if (hour < 1 || hour > 12) return undefined;
  return hour % 12 + (/^p/i.test(half) ? 12 : 0);
}

/** NaN for an impossible offset. It counts more than the name before it: `GMT+0100` is one hour. */
function secondsEast({ zone = "utc", offset }: TimeParts): number | undefined {
  if (offset === undefined) {
    const hours = ZONES.get(zone.toLowerCase());
    return hours === undefined ? undefined : hours * 3_600;
  }
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(3).replace(":", ""));
  if (hours > 23 || minutes > 59) return NaN;
  return (hours * 60 + minutes) * (offset.startsWith("-") ? -60 : 60);
}
