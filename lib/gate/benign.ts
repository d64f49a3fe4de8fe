/**
 * Events that need no action.
 *
 * @module
 */
import { familyOf } from "../event/family.ts";
import type { Objected } from "./objection.ts";

/** What is objected to good news, to what was meant, and to changes. */
export const BENIGN: Objected = { outcome: "benign", line: "benign_event_skipped" };

/** Whether events of this type need no action: good news, what was meant, and changes. */
export function isBenign(type: string): boolean {
  const family = familyOf(type);
  return family === "good_news" || family === "planned" || family === "change";
}
