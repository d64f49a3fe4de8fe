import { isObject } from "../base/json.ts";
import { isoOf } from "./time_spellings.ts";

/** Why a sent time was replaced by now. */
export type TimeReplacement = "not_a_time" | "impossible_date" | "out_of_range";

const YEAR_2020 = Date.UTC(2020, 0) / 1000;
const YEAR_2100 = Date.UTC(2100, 0) / 1000;
const DAY = 86_400;

/** Longer texts are no times; a fraction of several hundred digits still is one. */
const LONGEST_TEXT = 512;

// Date, then optionally time, fraction, zone. Extended and basic form of ISO 8601, with the
// liberties of Python's fromisoformat (blank for T, comma) and of Go and Ruby (blank before zone,
// the zone's name behind its offset).
const ISO =
  /^(\d{4})(-?)(\d\d)\2(\d\d)(?:[Tt ](\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?(?: ?(?:Z|z|UTC|([+-])(\d\d)(?::?(\d\d))?(?: [A-Z]{1,5})?))?)?$/;

const NUMBER = /^[+-]?(?:\d+[.,]?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

const DIGITS_OF_A_DATE = /^20\d{12}$/;

/**
 * The time that `raw` stands for, or now.
 *
 * Takes ISO 8601 (without a zone it is UTC), the spellings of {@linkcode isoOf}, and epoch seconds,
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
  if (typeof raw === "string") return fromText(raw);
  if (typeof raw === "number") return fromEpoch(raw);
  if (Array.isArray(raw)) return fromList(raw);
  return isObject(raw) ? fromFields(raw) : "not_a_time";
}

function fromText(raw: string): number | TimeReplacement {
  const usual = fromUsual(raw);
  if (usual !== undefined) return usual;
  const text = raw.trim();
  if (text.length > LONGEST_TEXT) return "not_a_time";
  const iso = ISO.exec(text);
  if (iso) return fromIso(iso);
  if (NUMBER.test(text) && !DIGITS_OF_A_DATE.test(text)) {
    return fromEpoch(Number(text.replace(",", ".")));
  }
  const rewritten = isoOf(text);
  return rewritten === undefined || rewritten === text ? "not_a_time" : fromText(rewritten);
}

/** `2026-01-02T03:04:05Z`, which most senders write, by the runtime's own fast way. */
function fromUsual(raw: string): number | undefined {
  if (raw.length !== 20 || raw[10] !== "T" || raw[19] !== "Z" || raw[4] !== "-") return undefined;
  // It lets days run over into the next month, and takes 24 o'clock.
  if (raw.slice(8, 10) > "28" || raw.slice(11, 13) > "23") return undefined;
  const ms = Date.parse(raw);
  return ms >= 0 ? ms / 1000 : undefined;
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

function fromIso(found: RegExpExecArray): number | TimeReplacement {
  // Plain statements: taking arrays apart is slow where there is no JIT.
  const year = Number(found[1]);
  const month = Number(found[3]);
  const day = Number(found[4]);
  const hour = Number(found[5] ?? 0);
  const minute = Number(found[6] ?? 0);
  const second = Number(found[7] ?? 0);
  const zoneHours = Number(found[10] ?? 0);
  const zoneMinutes = Number(found[11] ?? 0);
  const possible = month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month) &&
    hour <= 23 && minute <= 59 && second <= 60 && zoneHours <= 23 && zoneMinutes <= 59;
  if (!possible) return "impossible_date";
  if (year < 1970) return "out_of_range"; // and Date.UTC reads years below 100 as 19xx
  const zone = (zoneHours * 60 + zoneMinutes) * (found[9] === "-" ? -60 : 60);
  const whole = Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - zone;
  if (second === 60 && whole % DAY !== 0) return "impossible_date"; // leap seconds end a UTC day
  // Reading the digits in one go rounds once; adding a fraction would round twice.
  return found[8] === undefined || whole < 0 ? whole : Number(`${whole}.${found[8]}`);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
