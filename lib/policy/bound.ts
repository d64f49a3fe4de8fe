/**
 * What is left of a model's valid answer after everything that makes a proposal more careful: one
 * pure function, so that every answer there can be is tried against it (scripts/eval/worst.ts).
 *
 * @module
 */
import type { Diagnosis } from "../llm/diagnosis.ts";
import type { WaitingEvent } from "../event/event.ts";
import type { Facts } from "../llm/facts/facts.ts";
import {
  applyOutcomes,
  notifyInstead,
  type OutcomeRuleOptions,
  type ProposalOutcome,
} from "./earlier.ts";
import { isQuoted } from "./evidence.ts";
import { factBounds } from "./fact_bounds.ts";
import { applyPolicy, type PolicyChange, type PolicyRule } from "./policy.ts";

export interface Situation extends OutcomeRuleOptions {
  readonly event: WaitingEvent;
  readonly facts: Facts;
  readonly policy: readonly PolicyRule[];
  /** What became of earlier proposals for the event's target. */
  readonly outcomes: readonly ProposalOutcome[];
}

/** The name under which an invented quotation is recorded. */
const EVIDENCE_RULE = "evidence_is_in_the_payload";
/** The confidence given to an answer whose quotation is invented: too low to do without a person. */
const DOUBTED = 0.5;

/** The diagnosis after its evidence, the risk rules, the facts and the outcomes; what they changed. */
export function bound(
  answer: Diagnosis,
  situation: Situation,
): { diagnosis: Diagnosis; changes: PolicyChange[] } {
  const { event, facts, policy, outcomes } = situation;
  const quoted = isQuoted(answer.evidence, event);
  const doubted = withDoubt(answer, quoted);
  const judged = applyPolicy(policy, event, doubted.diagnosis);
  const { diagnosis: current } = judged;
  const bounded = notifyInstead(current, factBounds(current, { facts, quoted: quoted === true }));
  const learned = applyOutcomes(bounded.diagnosis, outcomes, situation);
  // Applied again: an action that became `notify` may meet a rule about `notify`.
  const last = applyPolicy(policy, event, learned.diagnosis);
  return {
    diagnosis: last.diagnosis,
    changes: [doubted, judged, bounded, learned, last].flatMap(({ changes }) => changes),
  };
}

function withDoubt(diagnosis: Diagnosis, quoted: boolean | undefined) {
  const changes: PolicyChange[] = [];
  const { confidence: from } = diagnosis;
  if (quoted !== false || from <= DOUBTED) return { diagnosis, changes };
  changes.push({ rule: EVIDENCE_RULE, field: "confidence", from, to: DOUBTED });
  return { diagnosis: { ...diagnosis, confidence: DOUBTED }, changes };
}
