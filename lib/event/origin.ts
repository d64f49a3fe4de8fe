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

/** The origin of a message, as far as it tells; `location_tag` may stand in its payload. */
export function originOf(
  raw: Fields,
  { sentNode, node }: { readonly sentNode: string; readonly node: string },
): { readonly origin?: Origin } {
  const inner = isObject(raw["payload"]) ? raw["payload"] : raw["details"];
  const tagInside = isObject(inner) ? inner["location_tag"] : undefined;
  // Most messages say nothing of it, and are many.
  if (sentNode === node && tagInside === undefined && KEYS.every((key) => raw[key] === undefined)) {
    return {};
  }
  const origin: { -readonly [K in keyof Origin]: Origin[K] } = {};
  for (const key of KEYS) {
    const told = cleanedName(raw[key] ?? (key === "location_tag" ? tagInside : undefined));
    if (told) origin[key] = told;
  }
  if (sentNode !== node) origin.sent_as = sentNode;
  return Object.keys(origin).length > 0 ? { origin } : {};
}
