/**
 * The stage `policy`: what of a model's answer is put before a person. Risk rules and the outcomes
 * of earlier proposals only ever make it more careful.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Diagnosis } from "../llm/diagnosis.ts";
import type { WaitingEvent } from "../event/event.ts";
import { bound } from "../policy/bound.ts";
import { factsOf } from "../llm/facts/facts.ts";
import type { PolicyChange, PolicyRule } from "../policy/policy.ts";
import type { OutcomesFor } from "../proposal/read/action_index.ts";

interface DecisionOptions {
  readonly clock: Clock;
  readonly policy: readonly PolicyRule[];
  /** What became of earlier proposals for an event's target. */
  readonly outcomesFor: OutcomesFor;
  readonly outcomeRepeats: number;
  readonly outcomeWindowSeconds: number;
}

export interface Decision {
  readonly diagnosis: Diagnosis;
  /** What the rules changed. */
  readonly changes: readonly PolicyChange[];
}

export type Decide = (event: WaitingEvent, content: Diagnosis) => Promise<Decision>;

export function createDecision(
  { clock, policy, outcomesFor, outcomeRepeats, outcomeWindowSeconds }: DecisionOptions,
): Decide {
  return async (event, content) =>
    bound(content, {
      facts: factsOf(event),
      event,
      policy,
      // Asked again: the model took minutes, and a person may have decided meanwhile.
      outcomes: await outcomesFor(event),
      repeats: outcomeRepeats,
      windowSeconds: outcomeWindowSeconds,
      nowMs: clock.now(),
    });
}
