/**
 * What became of one message, told to whoever counts, displays or records it.
 *
 * @module
 */
import type { HealthEvent, WaitingEvent } from "../event/event.ts";
import type { Target } from "../event/target.ts";
import type { DecidedFolder } from "../proposal/read/decided.ts";
import type { Attempt } from "../llm/contract.ts";
import type { Outcome } from "./outcome.ts";
import type { ActionFile } from "../proposal/action_file.ts";

/** A diagnosis that is over, with an answer or without. */
export interface Diagnosed {
  readonly event: WaitingEvent;
  /** How many diagnoses of the event failed before. */
  readonly failures: number;
  /** From the event's arrival to the beginning of this diagnosis, in milliseconds. */
  readonly waitedMs: number;
  readonly milliseconds: number;
  /** When it was over, monotonic milliseconds. */
  readonly overAt: number;
  readonly attempts: readonly Attempt[];
  /** The model's name, or `rules`; absent when no link answered. */
  readonly modelUsed?: string;
  /** Why no link answered; absent when one did. */
  readonly error?: string;
}

export interface Ending {
  readonly outcome: Outcome;
  readonly channel: string;
  /** Absent when the message was no event. */
  readonly event?: HealthEvent | WaitingEvent;
  readonly proposal?: ActionFile;
  readonly diagnosed?: Diagnosed;
  /** One line for people, where there is more to say than the outcome. */
  readonly detail?: string;
  /** To be called once this is durable, where the message was no event; else see the event's. */
  readonly settled?: (() => void) | undefined;
}

/** A proposal came to another folder: a person decided on it, or an executor went on with it. */
export interface Decided extends Target {
  readonly actionId: string;
  readonly action: string;
  readonly became: DecidedFolder;
  /** When, in milliseconds since 1970, as its file tells, else the file's times. */
  readonly atMs: number;
  /** Who moved it; "" where the file does not say. */
  readonly by: string;
  /** Why it failed or was cancelled; "" where the file does not say. */
  readonly why: string;
}

interface Happenings {
  readonly onEnding: Ending;
  /** Comes before the ending that follows from the diagnosis, if one does. */
  readonly onDiagnosed: Diagnosed;
  /** Each event that waits for a further try now, in the journal. */
  readonly onParked: WaitingEvent;
  /** Each proposal that is safe, also those that the agent makes of itself. */
  readonly onProposed: ActionFile;
  /** A proposal was decided, or went on from there; some seconds later. */
  readonly onDecided: Decided;
}

/** Is called as soon as something happens. Its methods return at once and never throw. */
export type Observer = {
  readonly [Name in keyof Happenings]?: (happened: Happenings[Name]) => void;
};
export type OnEnding = Required<Observer>["onEnding"];

export function observers(all: readonly Observer[]): Required<Observer> {
  function each<Name extends keyof Happenings>(name: Name) {
    const told: ((happened: Happenings[Name]) => void)[] = all.flatMap((one) => one[name] ?? []);
    return (happened: Happenings[Name]) => {
      for (const tell of told) tell(happened);
    };
  }
  return {
    onEnding: each("onEnding"),
    onDiagnosed: each("onDiagnosed"),
    onParked: each("onParked"),
    onProposed: each("onProposed"),
    onDecided: each("onDecided"),
  };
}
