/**
 * Names as senders write them, made fit to be compared and kept.
 *
 * @module
 */
import { cleanName, plainName } from "../base/text/names.ts";
import { isTruthy } from "./payload.ts";
import { redactText } from "../base/text/redact.ts";

/** Longest node, service and type, in characters. */
const NAME_LENGTH = 200;
/** What of a text is searched for secrets before it is cut, in characters. */
export const LOOKED_AT = 1_000;

/** A clean name, "" for an empty value, undefined for what is neither text nor a number. */
export function cleanedName(value: unknown): string | undefined {
  const text = textOf(value);
  return text ? harmlessName(text, NAME_LENGTH) : text;
}

/** Printable ASCII without a space at its ends, and without what a secret could follow. */
const PLAIN_NAME = /^[!-<>?A-~](?:[ -<>?A-~]*[!-<>?A-~])?$/;

/** Some senders name a service by its URL, with user and password. */
export function harmlessName(text: string, limit: number): string {
  // Most names are read in one pass.
  if (text.length <= limit && PLAIN_NAME.test(text)) return text;
  const name = plainName(cleanName(text, limit));
  return /[=@]/.test(text) ? withoutSecrets(text, limit) : cleanName(name, limit);
}

/** Redacted before it is cut, and cut before it is redacted to what can matter. */
export function withoutSecrets(text: string, limit: number): string {
  return cleanName(redactText(cleanName(text, LOOKED_AT)), limit);
}

export function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!isTruthy(value)) return "";
  return typeof value === "number" && Number.isFinite(value) ? String(value) : undefined;
}
