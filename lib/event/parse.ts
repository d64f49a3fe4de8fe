import { isObject } from "../base/json.ts";
import { cleanName, plainName } from "../base/text/names.ts";
import { redactText } from "../base/text/redact.ts";
import { remembering } from "../base/text/remembering.ts";
import type { HealthEvent, Origin } from "./event.ts";
import { type Fields, hasKeys, isTruthy, payloadOf } from "./payload.ts";
import { gradeOf } from "./severity.ts";
import { parseTimestamp, type TimeReplacement } from "./timestamp.ts";

// Longest node, service and type, severity, and replaced time that is logged, in characters.
const NAME_LENGTH = 200;
const SEVERITY_LENGTH = 40;
const SENT_LENGTH = 60;
const LOOKED_AT = 1_000; // what of a text is searched for secrets before it is cut, in characters

/** What some senders write for a service where they mean the whole node. */
const THE_NODE = /^(?:all|node)$/i;

/** Why an object is no event: a name is missing, or is neither text nor a number. */
export type EventRefusal = "no_type" | "no_node" | "type_not_text" | "node_not_text";

type EventResult =
  | {
    readonly ok: true;
    readonly event: HealthEvent;
    /** A time that was not believed: `sent` is text or a number as sent, else what it was. */
    readonly replacedTime?: { readonly reason: TimeReplacement; readonly sent: string };
    readonly unknownSeverity?: string; // as sent, where nobody defined the word
  }
  | { readonly ok: false; readonly refusal: EventRefusal };

/** Other names of nodes, in small letters, and the names that count. */
export type NodeAliases = Pick<ReadonlyMap<string, string>, "get">;

const NO_ALIASES: NodeAliases = new Map();

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
  { aliases = NO_ALIASES, heardMs = nowMs }: {
    readonly aliases?: NodeAliases;
    /** When it was heard, milliseconds since 1970. @default nowMs, the time of an event without one */
    readonly heardMs?: number;
  } = {},
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
  const { severity, unknown } = gradeOf(severityIn(raw), type, payload);
  const time = parseTimestamp(raw.timestamp, nowMs);
  const origin = originOf(raw, sentNode === node ? undefined : sentNode);
  const event: HealthEvent = {
    node,
    service: service === undefined || service === sentNode ? node : service,
    type,
    severity,
    payload,
    timestamp: time.seconds,
    heardAt: heardMs,
    happenedAt: Math.min(heardMs, Math.round(time.seconds * 1000)),
    channel,
    ...origin && { origin },
  };
  return {
    ok: true,
    event,
    ...time.replaced && { replacedTime: { reason: time.replaced, sent: told(raw.timestamp) } },
    ...unknown !== undefined && { unknownSeverity: unknown },
  };
}

/** What a message says of its sender; `location_tag` may stand in its payload. */
function originOf(
  { source, correlation_id, location_tag, payload, details }: Fields,
  sentAs: string | undefined,
): Origin | undefined {
  const inner = isObject(payload) ? payload : details;
  const tag = location_tag ?? (isObject(inner) ? inner.location_tag : undefined);
  // Most messages say nothing of it, and are many.
  if ((source ?? correlation_id ?? tag ?? sentAs) === undefined) return undefined;
  const origin: Origin = {
    ...field("source", cleanedName(source)),
    ...field("correlation_id", cleanedName(correlation_id)),
    ...field("location_tag", cleanedName(tag)),
    ...field("sent_as", sentAs),
  };
  return hasKeys(origin) ? origin : undefined;
}

const field = (key: keyof Origin, name: string | undefined) => name ? { [key]: name } : undefined;

/** A service by name; undefined where an event is about its node. */
function serviceOf({ service, details, payload }: Fields): string | undefined {
  let name = service === undefined ? "" : cleanedName(service);
  if (!name) {
    const inner = isTruthy(details) ? details : payload;
    name = isObject(inner) ? cleanedName(inner.service) : undefined;
  }
  return !name || name.length <= 4 && THE_NODE.test(name) ? undefined : name;
}

/** A severity as sent, "" for none; some loggers send an object with its number and its name. */
function severityIn({ severity, level }: Fields): string {
  if (typeof severity === "string") return harmlessSeverity(severity);
  const sent = severity ?? level;
  const value = isObject(sent) ? sent.level ?? sent.name ?? sent.severity : sent;
  // Elsewhere 0 counts as missing, but syslog's severity 0 is an emergency.
  const text = value === 0 ? "0" : textOf(value);
  return text ? harmlessSeverity(text) : "";
}

function told(time: unknown): string {
  if (typeof time === "string") return withoutSecrets(time.slice(0, LOOKED_AT), SENT_LENGTH);
  if (typeof time === "number") return String(time);
  return Array.isArray(time) ? "a list" : `a value of type ${typeof time}`;
}

/** A clean name, "" for an empty value, undefined for what is neither text nor a number. */
export function cleanedName(value: unknown): string | undefined {
  if (typeof value === "string") return harmlessName(value);
  const text = textOf(value);
  return text ? harmlessName(text) : text;
}

const harmlessName = remembering((text) => harmless(text, NAME_LENGTH));
const harmlessSeverity = remembering((text) => harmless(text, SEVERITY_LENGTH));

/** Printable ASCII without a space at its ends, and without what a secret could follow. */
const PLAIN = /^[!-<>?A-~](?:[ -<>?A-~]*[!-<>?A-~])?$/;

/** Some senders name a service by its URL, with user and password. */
function harmless(text: string, limit: number): string {
  if (text.length <= limit && PLAIN.test(text)) return text;
  if (/[=@]/.test(text)) return withoutSecrets(text, limit);
  return cleanName(plainName(cleanName(text, limit)), limit);
}

/** Redacted before it is cut, and cut before it is redacted to what can matter. */
function withoutSecrets(text: string, limit: number): string {
  return cleanName(redactText(cleanName(text, LOOKED_AT)), limit);
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (value === undefined || !isTruthy(value)) return "";
  return typeof value === "number" && Number.isFinite(value) ? String(value) : undefined;
}
