/**
 * From a message's JSON object to a health event.
 *
 * @module
 */
import { isObject } from "../base/json.ts";
import type { HealthEvent } from "./event.ts";
import { cleanedName, harmlessName, LOOKED_AT, textOf, withoutSecrets } from "./name.ts";
import { originOf } from "./origin.ts";
import { type Fields, isTruthy, payloadOf } from "./payload.ts";
import { gradeOf } from "./graded.ts";
import { parseTimestamp, type TimeReplacement } from "./timestamp.ts";

const SEVERITY_LENGTH = 40;
/** Longest replaced time that is logged, in characters. */
const SENT_LENGTH = 60;

/** What some senders write for a service where they mean the whole node. */
const THE_NODE = /^(?:all|node)$/i;

/** Why an object is no event: a name is missing, or is neither text nor a number. */
export type EventRefusal = "no_type" | "no_node" | "type_not_text" | "node_not_text";

/** A time that was sent, and why it was not believed. */
interface ReplacedTime {
  readonly reason: TimeReplacement;
  /** As sent when it was text or a number, else what it was. Clean and short. */
  readonly sent: string;
}

type EventResult =
  | {
    readonly ok: true;
    readonly event: HealthEvent;
    readonly replacedTime?: ReplacedTime;
    /** As sent, where nobody defined the word. */
    readonly unknownSeverity?: string;
  }
  | { readonly ok: false; readonly refusal: EventRefusal };

/** Other names of nodes, in small letters, and the names that count. */
export type NodeAliases = Pick<ReadonlyMap<string, string>, "get">;

const NO_ALIASES: NodeAliases = new Map();

interface HeardAs {
  readonly aliases?: NodeAliases;
  /** When it was heard, milliseconds since 1970. @default now, as for an event without a time */
  readonly heardMs?: number;
}

/**
 * Normalizes a message of either shape: `type` and `payload` (node agents), or `event_type` and
 * `details` (control plane).
 *
 * What is empty counts as missing. A missing service is looked for in `details`, or in `payload`
 * when details is empty, and is the node's name in the end; for the payload see
 * {@linkcode payloadOf}. Numbers count as names, a service or severity of another kind counts as
 * missing, and a service `all` or `node` is the node. A node's alias becomes its name; what was sent
 * is kept in the origin.
 */
export function parseEvent(
  raw: Fields,
  channel: string,
  nowMs: number,
  { aliases = NO_ALIASES, heardMs = nowMs }: HeardAs = {},
): EventResult {
  let type = cleanedName(raw.type);
  if (type === "") type = cleanedName(raw.event_type);
  if (type === undefined) return { ok: false, refusal: "type_not_text" };
  if (type === "") return { ok: false, refusal: "no_type" };
  const sentNode = cleanedName(raw.node);
  if (sentNode === undefined) return { ok: false, refusal: "node_not_text" };
  if (sentNode === "") return { ok: false, refusal: "no_node" };
  const node = aliases.get(sentNode.toLowerCase()) ?? sentNode;
  const service = serviceOf(raw);

  const payload = payloadOf(raw);
  const { severity, unknown } = gradeOf(severityIn(raw), { type, payload });
  const time = parseTimestamp(raw.timestamp, nowMs);
  const origin = originOf(raw, sentNode === node ? undefined : sentNode);
  const bare: HealthEvent = {
    node,
    service: service === undefined || service === sentNode ? node : service,
    type,
    severity,
    payload,
    timestamp: time.seconds,
    heardAt: heardMs,
    happenedAt: Math.min(heardMs, Math.round(time.seconds * 1000)),
    channel,
  };
  const event = origin ? { ...bare, origin } : bare;
  if (time.replaced === undefined && unknown === undefined) return { ok: true, event };
  return {
    ok: true,
    event,
    ...time.replaced && { replacedTime: { reason: time.replaced, sent: told(raw.timestamp) } },
    ...unknown !== undefined && { unknownSeverity: unknown },
  };
}

/** A service by name; undefined where an event is about its node. */
function serviceOf(raw: Fields): string | undefined {
  const name = cleanedName(raw.service) || serviceInside(raw);
  return !name || name.length <= 4 && THE_NODE.test(name) ? undefined : name;
}

function serviceInside(raw: Fields): string | undefined {
  const details = isTruthy(raw.details) ? raw.details : raw.payload;
  return isObject(details) ? cleanedName(details.service) : undefined;
}

/** A severity as sent, "" for none; some loggers send an object with its number and its name. */
function severityIn({ severity, level }: Fields): string {
  if (typeof severity === "string") return harmlessName(severity, SEVERITY_LENGTH);
  const sent = severity ?? level;
  const value = isObject(sent) ? sent.level ?? sent.name ?? sent.severity : sent;
  // Elsewhere 0 counts as missing, but syslog's severity 0 is an emergency.
  const text = value === 0 ? "0" : textOf(value);
  return text ? harmlessName(text, SEVERITY_LENGTH) : "";
}

function told(time: unknown): string {
  if (typeof time === "string") {
    return withoutSecrets(time.slice(0, LOOKED_AT), SENT_LENGTH);
  }
  if (typeof time === "number") return String(time);
  return Array.isArray(time) ? "a list" : `a value of type ${typeof time}`;
}
