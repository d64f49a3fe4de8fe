import { Buffer, isUtf8 } from "node:buffer";
import { isObject } from "../base/json.ts";
import { redactText } from "../base/text/redact.ts";
import { visibleText } from "../base/text/visible.ts";
import type { Fields } from "./payload.ts";

/** Longest message that is looked at, in bytes. */
export const MAX_MESSAGE_BYTES = 1_048_576;

// Longest preview of a refused message, in characters, and what it is made from.
const PREVIEW_LENGTH = 120;
const PREVIEWED_BYTES = 4_096;

/** Why a message is no JSON object. */
export type RefusalKind = "too_large" | "invalid_utf8" | "invalid_json" | "not_object";

export interface Refusal {
  readonly kind: RefusalKind;
  /** How the message begins, in visible characters. */
  readonly preview: string;
}

type MessageResult =
  | { readonly ok: true; readonly value: Fields }
  | { readonly ok: false; readonly refusal: Refusal };

// Lossy on purpose: its fast path is several times as fast as a fatal decoder, and a replacement
// character in the text, which is rare, says when to look closer. It drops a byte order mark.
const decoder = new TextDecoder();
const BYTE_ORDER_MARK = 0xfeff;

const MOST_WRAPPERS = 2; // senders that write JSON twice put the message into a string

const MAX = Number.MAX_SAFE_INTEGER;
const MIN = Number.MIN_SAFE_INTEGER;
const DEPTH = 24; // levels of nesting that are shown to anybody
const INTEGER = /^-?\d+$/;

/**
 * Reads one message. It may stand in a JSON string, or before the NUL that ends a string in C; what
 * follows the NUL is nobody's. Integers that a number cannot hold exactly come as their digits, in a
 * string.
 *
 * Bare `NaN`, `Infinity` and `-Infinity`, which Python's `json.dumps` writes, count as null. A key
 * `__proto__` stays an ordinary own key, as `JSON.parse` makes it: read values by name, copy by
 * spread, never by assignment of unknown keys.
 */
export function readMessage(bytes: Uint8Array): MessageResult {
  const whole = bytes.length > MAX_MESSAGE_BYTES ? "too_large" : read(bytes);
  if (typeof whole !== "string") return { ok: true, value: whole };
  const end = whole === "too_large" ? -1 : bytes.indexOf(0);
  const beforeNul = end > 0 ? read(bytes.subarray(0, end)) : whole;
  return typeof beforeNul === "string"
    ? { ok: false, refusal: refusal(whole, bytes) }
    : { ok: true, value: beforeNul };
}

/** Redis gives Buffers, whose own way takes a third of the decoder's time where there is no JIT. */
function textOf(bytes: Uint8Array): string {
  if (!(bytes instanceof Buffer)) return decoder.decode(bytes);
  const text = bytes.toString();
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
}

function read(bytes: Uint8Array): Fields | RefusalKind {
  const text = textOf(bytes);
  if (text.includes("\ufffd") && !isUtf8(bytes)) return "invalid_utf8";
  let value = parseMessage(text);
  if (value === undefined) return "invalid_json";
  for (let i = 0; typeof value === "string" && i < MOST_WRAPPERS; i++) value = parseMessage(value);
  return isObject(value) ? value : "not_object";
}

/** The parsed text, or undefined (which no JSON text stands for). */
function parseMessage(text: string): unknown {
  let plain: unknown;
  try {
    plain = JSON.parse(text);
  } catch {
    const repaired = withoutBareNumbers(text);
    return repaired === text ? undefined : parseMessage(repaired);
  }
  if (typeof plain !== "object" || !hasInexact(plain as Fields, 0)) return plain;
  try {
    return withDigits(text);
  } catch {
    return plain; // nested too deep for the slower way
  }
}

/** Whether a number may have lost digits, as deep as anybody looks. Runs for every message. */
function hasInexact(fields: Fields, depth: number): boolean {
  for (const key in fields) {
    const value = fields[key];
    if (typeof value === "string") continue; // as most are
    if (typeof value === "number") {
      if (value > MAX || value < MIN) return true;
    } else if (
      typeof value === "object" && depth < DEPTH && hasInexact(value as Fields, depth + 1)
    ) {
      return true;
    }
  }
  return false;
}

/** Parses a text, with the digits in place of each integer that a number cannot hold. */
function withDigits(text: string): unknown {
  return JSON.parse(
    text,
    (_key, value: unknown, { source = "" }: { source?: string } = {}) =>
      typeof value === "number" && !Number.isSafeInteger(value) && INTEGER.test(source) &&
        String(value) !== source
        ? source
        : value,
  );
}

/** A string, closed or not, taken in runs: the time grows with the length alone. */
const STRING_OR_BARE = /"[^"\\]*(?:\\.[^"\\]*)*"?|-?Infinity|NaN/gs;

/** What stands next to a word needs no look: nothing but null itself becomes valid JSON by it. */
function withoutBareNumbers(text: string): string {
  if (!text.includes("NaN") && !text.includes("Infinity")) return text;
  return text.replace(STRING_OR_BARE, (found) => found.startsWith('"') ? found : "null");
}

export function refusal(kind: RefusalKind, bytes: Uint8Array): Refusal {
  // Redacted before it is cut: half a secret is not recognized any more.
  const head = decoder.decode(bytes.subarray(0, PREVIEWED_BYTES));
  const shown = redactText(visibleText(head)).replace(/\s+/g, " ").trim();
  return { kind, preview: shown.slice(0, PREVIEW_LENGTH).replace(/[\ud800-\udbff]$/, "") };
}
