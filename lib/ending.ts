/**
 * What became of one message, told to whoever counts, displays or records it.
 *
 * @module
 */
import type { HealthEvent, WaitingEvent } from "./event.ts";
import type { Outcome } from "./outcome.ts";
import type { ActionFile } from "./proposal.ts";

export interface Ending {
  readonly outcome: Outcome;
  readonly channel: string;
  /** Absent when the message was no event. */
  readonly event?: HealthEvent | WaitingEvent;
  /** Present when the outcome is "proposed". */
  readonly proposal?: ActionFile;
  /** One line for people, where there is more to say than the outcome. */
  readonly detail?: string;
}

export type OnEnding = (ending: Ending) => void;
