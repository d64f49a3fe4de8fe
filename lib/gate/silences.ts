/**
 * Silences: what an operator does not want to hear of until a certain time, and why; and the file
 * config/silences.json that they stand in.
 *
 * @module
 */
import type { HealthEvent } from "../event/event.ts";
import { globMatches } from "../base/glob.ts";
import { globsAt, type Place, readConfigText } from "../config/operator_file.ts";
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
  const list = { most: MOST_SILENCES, of: "silences, each an object" };
  return readConfigText(text, {
    empty: 'no silence is {"silences": []}',
    read(root) {
      const places = root.object(["silences"])?.("silences").list(list) ?? [];
      return places.flatMap((place) => silenceIn(place, writtenMs) ?? []);
    },
  });
}

function silenceIn(place: Place, writtenMs: number): Silence | undefined {
  const at = place.object(["node", "service", "type", "from", "until", "for", "reason"]);
  if (!at) return undefined;
  const matchers = globsAt(at);
  if (!at("node").given && !at("service").given && !at("type").given) {
    return place.reject('at least one of node, service and type, such as "node": "piha"');
  }
  const from = at("from").given;
  const fromMs = from && momentIn(from);
  const span = at("for").given;
  const untilMs = span
    ? endOf(span, at("until").given, fromMs ?? writtenMs)
    : momentIn(at("until"));
  const takes = `a reason of 1 to ${LONGEST_REASON} visible characters`;
  const reason = at("reason").text(LONGEST_REASON, { takes });
  if (untilMs === undefined || reason === undefined) return undefined;
  return { ...matchers, ...(fromMs !== undefined && { fromMs }), untilMs, reason };
}

/** The end by a span. */
function endOf(span: Place, until: Place | undefined, startMs: number): number | undefined {
  if (until) return until.reject('an end once: "until" or "for", not both');
  const spanMs = typeof span.value === "string" ? parseSpan(span.value) : undefined;
  return spanMs ? startMs + spanMs : span.reject('a span such as "90s", "30m", "2h", "7d" or "1w"');
}

/** A start or an end. A time long past is fine: the silence is inert then. */
function momentIn(place: Place): number | undefined {
  if (typeof place.value === "string") {
    // Seen from before 2020, every time from 2020 to 2100 is plausible.
    const { seconds, replaced } = parseTimestamp(place.value, NEVER_MS - 1);
    if (!replaced) return seconds * 1000;
  }
  return place.reject('an ISO 8601 time from 2020 on, such as "2026-01-02T06:00:00Z"');
}
