/**
 * What is left of a model's answer after everything that makes a proposal more careful.
 *
 * @module
 */
import type { Diagnosis } from "../llm/diagnosis.ts";
import type { WaitingEvent } from "../event/event.ts";
import { applyOutcomes, type OutcomeRuleOptions, type ProposalOutcome } from "./earlier.ts";
import { applyPolicy, type PolicyChange, type PolicyRule } from "./policy.ts";

interface CautionOptions extends OutcomeRuleOptions {
  readonly event: WaitingEvent;
  readonly policy: readonly PolicyRule[];
  /** What became of earlier proposals for the event's target. */
  readonly outcomes: readonly ProposalOutcome[];
}

/** The diagnosis after the risk rules and the outcomes of earlier ones, and what they changed. */
export function withCaution(
  content: Diagnosis,
  options: CautionOptions,
): { diagnosis: Diagnosis; changes: PolicyChange[] } {
  const { event, policy, outcomes } = options;
  const judged = applyPolicy(policy, event, content);
  const learned = applyOutcomes(judged.diagnosis, outcomes, options);
  // A rule about `notify` gets its turn.
  const last = applyPolicy(policy, event, learned.diagnosis);
  return {
    diagnosis: last.diagnosis,
    changes: [...judged.changes, ...learned.changes, ...last.changes],
  };
}
