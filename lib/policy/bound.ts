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
import { factBounds } from "./fact_bounds.ts";
import { applyPolicy, type Bounded, type PolicyRule } from "./policy.ts";

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
export function bound(answer: Diagnosis, situation: Situation): Bounded {
  const { event, facts, policy, outcomes } = situation;
  const quoted = isQuoted(answer.evidence, event);
  const byRules = (diagnosis: Diagnosis) => applyPolicy(policy, event, diagnosis);
  const steps: readonly ((diagnosis: Diagnosis) => Bounded)[] = [
    (diagnosis) => quoted === false ? withDoubt(diagnosis) : { diagnosis, changes: [] },
    byRules,
    (diagnosis) =>
      notifyInstead(diagnosis, factBounds(diagnosis, { facts, quoted: quoted === true })),
    (diagnosis) => applyOutcomes(diagnosis, outcomes, situation),
    // Again: an action that became `notify` may meet a rule about `notify`.
    byRules,
  ];
  return steps.reduce<Bounded>((before, step) => {
    const { diagnosis, changes } = step(before.diagnosis);
    return { diagnosis, changes: [...before.changes, ...changes] };
  }, { diagnosis: answer, changes: [] });
}

function withDoubt(diagnosis: Diagnosis): Bounded {
  const { confidence: from } = diagnosis;
  if (from <= DOUBTED) return { diagnosis, changes: [] };
  return {
    diagnosis: { ...diagnosis, confidence: DOUBTED },
    changes: [{ rule: EVIDENCE_RULE, field: "confidence", from, to: DOUBTED }],
  };
}

/** Shorter quotations could be found in any text. */
const SHORTEST_QUOTATION = 4;
/** Keys of an answer in a quotation show that the payload gave the model instructions. */
const ANSWER_KEYS = /requires_?human|"?confidence"?\s*:|"?action"?\s*:/i;

/**
 * Whether `evidence` stands in the event's payload, or is its type or service; undefined where
 * nothing is quoted. Letter case, blanks and JSON's own quoting do not count.
 */
function isQuoted(evidence = "", event: WaitingEvent): boolean | undefined {
  const plain = (text: string) =>
    text.replace(/\\[nrt]/g, " ").replace(/[\s\\"'`]+/g, "").toLowerCase();
  const quote = plain(evidence);
  if (quote === "") return undefined;
  if (quote.length < SHORTEST_QUOTATION || ANSWER_KEYS.test(evidence)) return false;
  const { excerpt, type, service, severity } = event;
  return [excerpt, `type: ${type} severity: ${severity}`, service]
    .some((text) => plain(text).includes(quote));
}
