/**
 * What can end an event before it becomes a proposal: questions of one form, each with one place.
 *
 * @module
 */
import type { HealthEvent, WaitingEvent } from "../event/event.ts";
import { familyOf } from "../event/family.ts";

/** Why an event goes no further. Its log line, counter, history and status follow from this. */
export interface Objected {
  readonly outcome:
    | "benign"
    | "silenced"
    | "inhibited"
    | "cooldown"
    | "held"
    | "recovered";
  /** The log line that says so. */
  readonly line:
    | "benign_event_skipped"
    | "event_muted"
    | "cooldown_active"
    | "proposal_found"
    | "proposal_held"
    | "recovered_before_diagnosis";
  /** What that line says beside the target. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** One line for people, where there is more to say than the outcome. */
  readonly detail?: string;
}

/** It needs no action. */
export const BENIGN: Objected = { outcome: "benign", line: "benign_event_skipped" };

const BENIGN_FAMILIES = new Set<ReturnType<typeof familyOf>>(["good_news", "planned", "change"]);

/** Whether the type is of good news, of what somebody planned, or of a change. */
export function isBenign(type: string): boolean {
  return BENIGN_FAMILIES.has(familyOf(type));
}

/** It is over: its target is well again. */
export const RECOVERED: Objected = { outcome: "recovered", line: "recovered_before_diagnosis" };

/** Nobody wants to hear of it. */
export function mutedAs(outcome: "silenced" | "inhibited", detail: string): Objected {
  return { outcome, line: "event_muted", fields: { outcome, reason: detail }, detail };
}

/** Asks whether an event goes no further. Asking changes nothing. */
export type Objection = (event: HealthEvent | WaitingEvent, key: string) => Objected | undefined;

/** An {@linkcode Objection} that has to look at a disk or ask others. */
export type SlowObjection = (event: WaitingEvent, key: string) => Promise<Objected | undefined>;

/** What the first that objects says. */
export function firstOf(
  objections: readonly Objection[],
  event: HealthEvent | WaitingEvent,
  key: string,
): Objected | undefined {
  for (const objection of objections) {
    const objected = objection(event, key);
    if (objected) return objected;
  }
  return undefined;
}
