/**
 * Who says so: what a sender tells of itself.
 *
 * @module
 */
import { isObject } from "../base/json.ts";
import type { Origin } from "./event.ts";
import { cleanedName } from "./name.ts";
import type { Fields } from "./payload.ts";

const KEYS = ["source", "correlation_id", "location_tag"] as const;

/**
 * What a message says of its sender; `location_tag` may stand in its payload.
 *
 * @param sentAs the node's name as sent, where that is an alias
 */
export function originOf(raw: Fields, sentAs?: string): Origin | undefined {
  const inner = isObject(raw["payload"]) ? raw["payload"] : raw["details"];
  const tagInside = isObject(inner) ? inner["location_tag"] : undefined;
  // Most messages say nothing of it, and are many.
  const saysNothing = raw["source"] === undefined && raw["correlation_id"] === undefined &&
    raw["location_tag"] === undefined && tagInside === undefined;
  if (saysNothing && sentAs === undefined) return undefined;
  const origin: { -readonly [K in keyof Origin]: Origin[K] } = {};
  for (const key of KEYS) {
    const told = cleanedName(raw[key] ?? (key === "location_tag" ? tagInside : undefined));
    if (told) origin[key] = told;
  }
  if (sentAs !== undefined) origin.sent_as = sentAs;
  return Object.keys(origin).length > 0 ? origin : undefined;
}
