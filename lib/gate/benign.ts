/**
 * Events that need no action, and those that say that a target is well again.
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

/** Whether an event of this type says that its target is well again. */
export function isRecovery(type: string): boolean {
  return familyOf(type) === "good_news";
}
