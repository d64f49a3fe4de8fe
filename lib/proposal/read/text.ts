/**
 * Values of files that anybody may have edited, fit for a terminal and bounded.
 *
 * @module
 */
import { isObject } from "../../base/json.ts";
import { cleanName } from "../../base/text/names.ts";
import { plainLine } from "../../base/text/plain_line.ts";

/** A parsed file, or a part of one. */
export type Fields = Readonly<Record<string, unknown>>;

const LONGEST_NAME = 200;
const LONGEST_TEXT = 1_000;
/** Entries of a list that are looked at. */
const LONGEST_LIST = 100;

/** A text as a clean, bounded name; "" for any other value. */
export function nameIn(value: unknown, longest = LONGEST_NAME): string {
  return typeof value === "string" ? cleanName(value, longest) : "";
}

/** A value as one bounded line without secrets and terminal codes. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return plainLine(value, LONGEST_TEXT);
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

/** The objects among the first hundred entries of what may be a list. */
export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.slice(0, LONGEST_LIST).filter(isObject) : [];
}

/** The object under a key; an empty one where there is none. */
export function objectIn(fields: Fields, key: string): Fields {
  const value = fields[key];
  return isObject(value) ? value : {};
}
