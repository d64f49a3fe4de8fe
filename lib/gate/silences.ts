/**
 * Silences: what an operator does not want to hear of until a certain time, and why; and the file
 * config/silences.json that they stand in.
 *
 * @module
 */
import type { HealthEvent } from "../event/event.ts";
import { globMatches } from "../base/glob.ts";
import {
  isPlain,
  missing,
  parseGlobs,
  type Place,
  placesIn,
  readConfigText,
  type Reject,
  soleList,
} from "../config/operator_file.ts";
import { parseSpan } from "../base/text/span.ts";
import { parseTimestamp } from "../event/timestamp.ts";

const MOST_SILENCES = 200;
const LONGEST_REASON = 200;
/** Stands for a time out of range; no time in range is this early. */
const NEVER_MS = Date.UTC(2020, 0, 1);

/** One silence. Patterns are for {@linkcode globMatches}; what is left out holds for every event. */
export interface Silence {
  readonly node?: string;
  readonly service?: string;
  readonly type?: string;
  /** When it begins, wall-clock milliseconds; without it, it has begun. */
  readonly fromMs?: number;
  /** When it ends, wall-clock milliseconds. From then on it is inert. */
  readonly untilMs: number;
  /** Why, for the log and the history. */
  readonly reason: string;
}

/**
 * The first silence in force that an event falls under; none while the clock stands before 2020, as
 * that of a machine without a battery does at its start: it cannot tell which have ended.
 */
export function silenceFor(
  silences: readonly Silence[],
  event: Pick<HealthEvent, "node" | "service" | "type">,
  nowMs: number,
): Silence | undefined {
  if (nowMs < NEVER_MS) return undefined;
  return silences.find((silence) =>
    silenceState(silence, nowMs) === "in force" && isSilenced(silence, event)
  );
}

/** Whether a silence counts now. */
export function silenceState(
  { fromMs = -Infinity, untilMs }: Silence,
  nowMs: number,
): "in force" | "to come" | "over" {
  if (nowMs >= untilMs) return "over";
  return nowMs < fromMs ? "to come" : "in force";
}

/** Whether an event is one of those that a silence is about, whenever it came. */
export function isSilenced(
  { node, service, type }: Silence,
  event: Pick<HealthEvent, "node" | "service" | "type">,
): boolean {
  return (node === undefined || globMatches(node, event.node)) &&
    (service === undefined || globMatches(service, event.service)) &&
    (type === undefined || globMatches(type, event.type));
}

/**
 * The silences of a file: `{"silences": [{"node": "piha", "service": "graf*", "until":
 * "2026-01-02T06:00:00Z", "reason": "upgrade"}]}`, with at least one of node, service and type.
 * In place of `until` there can be `for`, a span such as `2h`. It counts from `from`, and without
 * that from `writtenMs`, when the file was last written.
 *
 * @throws {ConfigFileError} naming each wrong value by its path, with what is allowed there.
 */
export function parseSilences(text: string, writtenMs = 0): Silence[] {
  const read = (root: Place, reject: Reject) => {
    const list = { key: "silences", most: MOST_SILENCES, of: "silences, each an object", reject };
    return soleList(root, list).flatMap((place) => parseSilence(place, writtenMs, reject) ?? []);
  };
  return readConfigText(text, { empty: 'no silence is {"silences": []}', read });
}

function parseSilence(place: Place, writtenMs: number, reject: Reject): Silence | undefined {
  const known = ["node", "service", "type", "from", "until", "for", "reason"] as const;
  const places = placesIn(place, { known, reject });
  if (!places) return undefined;
  const matchers = parseGlobs(places, reject);
  if (!places.node && !places.service && !places.type) {
    return reject(place, 'at least one of node, service and type, such as "node": "piha"');
  }
  const fromMs = places.from && parseMoment(places.from, reject);
  const untilMs = places.for
    ? parseFor(places.for, places.until, reject, fromMs ?? writtenMs)
    : parseMoment(places.until ?? missing(`${place.path}.until`), reject);
  const reason = parseReason(places.reason ?? missing(`${place.path}.reason`), reject);
  if (untilMs === undefined || reason === undefined) return undefined;
  return { ...matchers, ...(fromMs !== undefined && { fromMs }), untilMs, reason };
}

/** The end by a span. */
function parseFor(
  place: Place,
  until: Place | undefined,
  reject: Reject,
  startMs: number,
): number | undefined {
  if (until) return reject(until, 'an end once: "until" or "for", not both');
  const spanMs = typeof place.value === "string" ? parseSpan(place.value) : undefined;
  return spanMs
    ? startMs + spanMs
    : reject(place, 'a span such as "90s", "30m", "2h", "7d" or "1w"');
}

/** A start or an end. A time long past is fine: the silence is inert then. */
function parseMoment(place: Place, reject: Reject): number | undefined {
  const { value } = place;
  if (typeof value === "string") {
    // Seen from before 2020, every time from 2020 to 2100 is plausible.
    const { seconds, replaced } = parseTimestamp(value, NEVER_MS - 1);
    if (!replaced) return seconds * 1000;
  }
  return reject(place, 'an ISO 8601 time from 2020 on, such as "2026-01-02T06:00:00Z"');
}

function parseReason(place: Place, reject: Reject): string | undefined {
  const { value } = place;
  if (isPlain(value) && value.length <= LONGEST_REASON) return value;
  return reject(place, `a reason of 1 to ${LONGEST_REASON} visible characters`);
}
