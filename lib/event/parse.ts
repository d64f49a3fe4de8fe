/**
 * From a message's JSON object to a health event.
 *
 * @module
 */
import { isObject } from "../base/json.ts";
import type { HealthEvent } from "./event.ts";
import { cleanName, plainName } from "../base/text/names.ts";
import { redactText } from "../base/text/redact.ts";
import { parseTimestamp, type TimeReplacement } from "./timestamp.ts";

/** Longest node, service and type, in characters. */
const NAME_LENGTH = 200;
const SEVERITY_LENGTH = 40;
/** Longest replaced time that is told, in characters. */
const SENT_LENGTH = 60;
/** What of a text is searched for secrets before it is cut, in characters. */
const LOOKED_AT = 1_000;

/** Why an object is no event: a name is missing, or is neither text nor a number. */
export type EventRefusal = "no_type" | "no_node" | "type_not_text" | "node_not_text";

/** A time that was sent, and why it was not believed. */
interface ReplacedTime {
  readonly reason: TimeReplacement;
  /** As sent when it was text or a number, else what it was. Clean and short. */
  readonly sent: string;
}

type EventResult =
  | { readonly ok: true; readonly event: HealthEvent; readonly replacedTime?: ReplacedTime }
  | { readonly ok: false; readonly refusal: EventRefusal };

type Fields = Readonly<Record<string, unknown>>;

const NOTHING: Fields = Object.freeze({});

/**
 * Normalizes a message of either shape: `type` and `payload` (node agents), or `event_type` and
 * `details` (control plane).
 *
 * The fallbacks are the seed's, by Python's idea of an empty value: a service that is missing is
 * looked for in `details`, or in `payload` when details is empty, and is the node's name in the
 * end; the payload is `payload`, or `details` when payload is empty. Beyond the seed, numbers
 * count as names, and a service or severity of another kind counts as missing.
 */
export function parseEvent(raw: Fields, channel: string, nowMs: number): EventResult {
  let type = nameOf(raw.type);
  if (type === "") type = nameOf(raw.event_type);
  if (type === undefined) return { ok: false, refusal: "type_not_text" };
  if (type === "") return { ok: false, refusal: "no_type" };
  const node = nameOf(raw.node);
  if (node === undefined) return { ok: false, refusal: "node_not_text" };
  if (node === "") return { ok: false, refusal: "no_node" };

  const payload = isTruthy(raw.payload) ? raw.payload : raw.details;
  const time = parseTimestamp(raw.timestamp, nowMs);
  const event: HealthEvent = {
    node,
    service: nameOf(raw.service) || serviceInside(raw) || node,
    type,
    severity: severityOf(raw.severity),
    payload: isObject(payload) ? payload : NOTHING,
    timestamp: time.seconds,
    channel,
  };
  if (time.replaced === undefined) return { ok: true, event };
  return { ok: true, event, replacedTime: { reason: time.replaced, sent: told(raw.timestamp) } };
}

function serviceInside(raw: Fields): string | undefined {
  const details = isTruthy(raw.details) ? raw.details : raw.payload;
  return isObject(details) ? nameOf(details.service) : undefined;
}

function severityOf(value: unknown): string {
  // To the seed 0 is a missing severity, but syslog's 0 is an emergency.
  const text = value === 0 ? "0" : textOf(value);
  return text ? harmlessName(text, SEVERITY_LENGTH) || "info" : "info";
}

/** A clean name, "" for an empty value, undefined for what is neither text nor a number. */
function nameOf(value: unknown): string | undefined {
  const text = textOf(value);
  return text ? harmlessName(text, NAME_LENGTH) : text;
}

/** Printable ASCII without a space at its ends, and without what a secret could follow. */
const PLAIN_NAME = /^[!-<>?A-~](?:[ -<>?A-~]*[!-<>?A-~])?$/;

/** Some senders name a service by its URL, with user and password. */
function harmlessName(text: string, limit: number): string {
  // Most names are read in one pass.
  if (text.length <= limit && PLAIN_NAME.test(text)) return text;
  const name = plainName(cleanName(text, limit));
  return /[=@]/.test(text) ? withoutSecrets(text, limit) : cleanName(name, limit);
}

/** Redacted before it is cut, and cut before it is redacted to what can matter. */
function withoutSecrets(text: string, limit: number): string {
  return cleanName(redactText(cleanName(text, LOOKED_AT)), limit);
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!isTruthy(value)) return "";
  return typeof value === "number" && Number.isFinite(value) ? String(value) : undefined;
}

function told(time: unknown): string {
  if (typeof time === "string") {
    return withoutSecrets(time.slice(0, LOOKED_AT), SENT_LENGTH);
  }
  if (typeof time === "number") return String(time);
  return Array.isArray(time) ? "a list" : `a value of type ${typeof time}`;
}

/** Python's truth of a JSON value. */
function isTruthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return isObject(value) ? hasKeys(value) : Boolean(value);
}

function hasKeys(value: Fields): boolean {
  for (const key in value) if (Object.hasOwn(value, key)) return true;
  return false;
}
