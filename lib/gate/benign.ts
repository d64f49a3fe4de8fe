/**
 * Events that need no action.
 *
 * @module
 */
import { familyOf } from "../event/family.ts";
import type { Objected } from "./objection.ts";

export const BENIGN: Objected = { outcome: "benign", line: "benign_event_skipped" };

/** Whether the type is of good news, of what somebody planned, or of a change. */
export function isBenign(type: string): boolean {
  const family = familyOf(type);
  return family === "good_news" || family === "planned" || family === "change";
}
