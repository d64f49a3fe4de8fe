/**
 * What the facts and the cause that a model names allow: each bound only ever takes an action away.
 *
 * @module
 */
import type { Action, Cause, Diagnosis } from "../llm/diagnosis.ts";
import type { FaultFamily } from "../event/family.ts";
import { type Facts, isFirstCheck, isLooping, isVague } from "../llm/facts/facts.ts";
import type { Bound } from "./earlier.ts";

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

/** Why the action of `diagnosis` must not be proposed; nothing where it may be. */
export function factBounds(
  { action, cause, confidence }: Diagnosis,
  { facts, quoted }: { readonly facts: Facts; readonly quoted: boolean },
): Bound[] {
  const { rank, over, planned, family, exit, past, failing, lasting, drifted, role } = facts;
  const fits = !cause || action === "notify" || FITTING[cause] === action;
  const isSerious = rank <= 1 && !over && !planned && (NOT_MENDED[family] || isLooping(facts));
  // A redeploy may well mend settings where what runs is known to differ from its description.
  const mayMend = action === "redeploy" && drifted && lasting?.cause === "version_or_config";
  const shown = cause === "process" || cause === "desired_state";
  const guesses = !(quoted && confidence >= UNSURE && shown);
  const bounds: Readonly<Record<string, string | false | undefined>> = {
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
  return Object.entries(bounds).flatMap(([rule, because]) => because ? [{ rule, because }] : []);
}
