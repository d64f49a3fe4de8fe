import type { FaultFamily } from "../event/family.ts";
import type { WaitingEvent } from "../event/event.ts";
import type { Action, Cause, Diagnosis } from "../llm/diagnosis.ts";
import { type Facts, isFirstCheck, isLooping, isVague } from "../llm/facts/facts.ts";
import {
  applyOutcomes,
  type Bounds,
  notifyInstead,
  type OutcomeRuleOptions,
  type ProposalOutcome,
} from "./earlier.ts";
import { applyPolicy, type Bounded, type PolicyRule } from "./policy.ts";

export interface Situation extends OutcomeRuleOptions {
  readonly event: WaitingEvent;
  readonly facts: Facts;
  readonly policy: readonly PolicyRule[];
  /** What became of earlier proposals for the event's target. */
  readonly outcomes: readonly ProposalOutcome[];
}

/**
 * What is left of a model's valid answer after its evidence, the risk rules, the facts and the
 * outcomes, and what they changed: one pure function, so that every answer there can be is tried
 * against it (scripts/eval/worst.ts).
 */
export function bound(answer: Diagnosis, situation: Situation): Bounded {
  const { event, facts, policy, outcomes } = situation;
  const quoted = isQuoted(answer.evidence, event);
  const byRules = (diagnosis: Diagnosis) => applyPolicy(policy, event, diagnosis);
  const steps: readonly ((diagnosis: Diagnosis) => Bounded)[] = [
    (diagnosis) => quoted === false ? withDoubt(diagnosis) : { diagnosis, changes: [] },
    byRules,
    (diagnosis) => notifyInstead(diagnosis, factBounds(diagnosis, facts, quoted === true)),
    (diagnosis) => applyOutcomes(diagnosis, outcomes, situation),
    // Again: an action that became `notify` may meet a rule about `notify`.
    byRules,
  ];
  return steps.reduce<Bounded>((before, step) => {
    const { diagnosis, changes } = step(before.diagnosis);
    return { diagnosis, changes: [...before.changes, ...changes] };
  }, { diagnosis: answer, changes: [] });
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

/** The confidence given to an answer whose quotation is invented: too low to do without a person. */
const DOUBTED = 0.5;

function withDoubt(diagnosis: Diagnosis): Bounded {
  const { confidence: from } = diagnosis;
  if (from <= DOUBTED) return { diagnosis, changes: [] };
  return {
    diagnosis: { ...diagnosis, confidence: DOUBTED },
    changes: [{ rule: "evidence_is_in_the_payload", field: "confidence", from, to: DOUBTED }],
  };
}

/** A confidence below this makes an answer a guess. */
const UNSURE = 0.7;

/** What a cause allows beside `notify`. */
const FITTING: Readonly<Partial<Record<Cause, Action>>> = {
  process: "restart",
  desired_state: "redeploy",
  deliberate: "ignore",
  starting: "ignore",
  over: "ignore",
};

/** Families that neither a restart nor a redeploy mends. */
const NOT_MENDED: Readonly<Partial<Record<FaultFamily, string>>> = {
  disk: "it neither frees space nor mends a drive",
  hardware: "no software mends hardware",
  power: "no software mends the power",
  data: "where data is concerned a person decides",
  certificate: "a certificate is renewed by who issued it",
  access: "where access is concerned a person looks",
  update: "a failed change is not done again without knowing why",
  node: "the machine itself is concerned",
  network: "what is away or between is not mended here",
};

/** What the facts and the cause that a model names do not allow. */
function factBounds(
  { action, cause, confidence }: Diagnosis,
  facts: Facts,
  quoted: boolean,
): Bounds {
  const { rank, over, planned, family, exit, past, failing, lasting, drifted, role } = facts;
  const fits = !cause || action === "notify" || FITTING[cause] === action;
  const isSerious = rank <= 1 && !over && !planned && (NOT_MENDED[family] || isLooping(facts));
  // A redeploy may well mend settings where what runs is known to differ from its description.
  const mayMend = action === "redeploy" && drifted && lasting?.cause === "version_or_config";
  const shown = cause === "process" || cause === "desired_state";
  const guesses = !(quoted && confidence >= UNSURE && shown);
  return {
    cause_allows_the_action: !fits && `the cause it names is ${cause.replaceAll("_", " ")}`,
    ...(action === "ignore" && {
      too_serious_to_ignore: isSerious && "it is serious, and not over",
    }),
    ...((action === "restart" || action === "redeploy") && {
      over_is_left_alone: over && "the alert itself is resolved",
      planned_is_left_alone: planned && "it is marked as planned",
      stopped_on_purpose: exit?.kind === "on_purpose" && exit.words,
      node_is_away: past.nodeAway && "the node is away",
      not_mended_by_it: NOT_MENDED[family],
      lasting_cause: lasting && !mayMend && `the payload speaks of ${lasting.what}`,
      still_starting: facts.starting && "it is still starting",
      ...(action === "restart" && {
        could_not_start: exit?.kind === "not_started" && exit.words,
        restarts_did_not_help: isLooping(facts) && "it was restarted already and failed again",
        first_failed_check: isFirstCheck(failing) && "one check failed so far",
        gone_or_different: family === "drifted" && "there is nothing to restart",
      }),
      no_guess_at_this_service: guesses &&
        (role.stateful
          ? "it keeps data, and the cause is a guess"
          : role.neededBy.length > 0 && "others depend on it, and the cause is a guess"),
      no_guess_at_the_unknown: guesses && isVague(facts) && "nothing says that it is down",
    }),
  };
}
