/**
 * The stage `policy`: what of a model's answer is put before a person. Risk rules and the outcomes
 * of earlier proposals only ever make it more careful.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Config } from "../config/config.ts";
import type { Diagnosis } from "../llm/diagnosis.ts";
import type { WaitingEvent } from "../event/event.ts";
import { bound } from "../policy/bound.ts";
import type { Memory } from "../gate/memory.ts";
import type { PolicyChange, PolicyRule } from "../policy/policy.ts";
import type { DecidedFor } from "../proposal/read/action_index.ts";

interface DecisionOptions {
  readonly settings: Pick<Config, "outcomeRepeats" | "outcomeWindowSeconds">;
  readonly clock: Clock;
  /** As it is now: its file may be read anew. */
  readonly policy: () => readonly PolicyRule[];
  readonly memory: Pick<Memory, "factsOf">;
  /** What became of earlier proposals for an event's target. */
  readonly decidedFor: DecidedFor;
}

export interface Decision {
  readonly diagnosis: Diagnosis;
  /** What the rules changed. */
  readonly changes: readonly PolicyChange[];
}

export type Decide = (event: WaitingEvent, content: Diagnosis) => Promise<Decision>;

export function createDecision(
  { settings, clock, policy, memory, decidedFor }: DecisionOptions,
): Decide {
  return async (event, content) => {
    // Asked again: the model took minutes, and a person may have decided meanwhile.
    const { outcomes, isCut } = await decidedFor(event);
    return bound(content, {
      event,
      facts: memory.factsOf(event, outcomes),
      policy: policy(),
      outcomes,
      isCut,
      repeats: settings.outcomeRepeats,
      windowSeconds: settings.outcomeWindowSeconds,
      nowMs: clock.now(),
    });
  };
}
