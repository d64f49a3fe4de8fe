/**
 * What the facts and the cause that a model names allow: each bound only ever takes an action away.
 *
 * @module
 */
import type { Action, Cause, Diagnosis } from "../llm/diagnosis.ts";
import type { FaultFamily } from "../event/family.ts";
import type { Facts } from "../llm/facts/facts.ts";
import { isFirstCheck, isLooping, isVague } from "../llm/facts/signs.ts";
import type { Bound } from "./earlier.ts";

const UNSURE = 0.7;

const ALLOWED: Readonly<Record<Cause, readonly Action[]>> = {
  process: ["restart", "notify"],
  desired_state: ["redeploy", "notify"],
  data: ["notify"],
  version_or_config: ["notify"],
  host: ["notify"],
  hardware: ["notify"],
  network: ["notify"],
  access: ["notify"],
  outside: ["notify"],
  deliberate: ["ignore", "notify"],
  starting: ["ignore", "notify"],
  over: ["ignore", "notify"],
  unknown: ["notify"],
};

/** Families that neither a restart nor a redeploy mends. */
const NOT_MENDED: ReadonlyMap<FaultFamily, string> = new Map<FaultFamily, string>([
  ["disk", "it neither frees space nor mends a drive"],
  ["hardware", "no software mends hardware"],
  ["power", "no software mends the power"],
  ["data", "where data is concerned a person decides"],
  ["certificate", "a certificate is renewed by who issued it"],
  ["access", "where access is concerned a person looks"],
  ["update", "a failed change is not done again without knowing why"],
  ["node", "the machine itself is concerned"],
  ["network", "what is away or between is not mended here"],
]);

/** Why the action of `diagnosis` must not be proposed; nothing where it may be. */
export function factBounds(
  diagnosis: Diagnosis,
  { facts, quoted }: { readonly facts: Facts; readonly quoted: boolean },
): Bound[] {
  const { action, cause } = diagnosis;
  const bounds: Bound[] = [];
  const say = (rule: string, because: string | false | undefined) => {
    if (because) bounds.push({ rule, because });
  };
  if (cause && !ALLOWED[cause].includes(action)) {
    say("cause_allows_the_action", `the cause it names is ${cause.replaceAll("_", " ")}`);
  }
  if (action === "ignore") {
    say("too_serious_to_ignore", isSerious(facts) && "it is serious, and not over");
  }
  if (action !== "restart" && action !== "redeploy") return bounds;
  const { exit, past, failing, lasting } = facts;
  say("over_is_left_alone", facts.over && "the alert itself is resolved");
  say("planned_is_left_alone", facts.planned && "it is marked as planned");
  say("stopped_on_purpose", exit?.kind === "on_purpose" && exit.words);
  say("node_is_away", past.nodeAway && "the node is away");
  say("not_mended_by_it", NOT_MENDED.get(facts.family));
  say(
    "lasting_cause",
    lasting && isBoundBy(facts, action) && `the payload speaks of ${lasting.what}`,
  );
  say("still_starting", facts.starting && "it is still starting");
  if (action === "restart") {
    say("could_not_start", exit?.kind === "not_started" && exit.words);
    say("restarts_did_not_help", isLooping(facts) && "it was restarted already and failed again");
    say("first_failed_check", isFirstCheck(failing) && "one check failed so far");
    say("gone_or_different", facts.family === "drifted" && "there is nothing to restart");
  }
  const guesses = !isSure(diagnosis, quoted);
  say("no_guess_at_this_service", guesses && roleInWords(facts));
  say("no_guess_at_the_unknown", guesses && isVague(facts) && "nothing says that it is down");
  return bounds;
}

function isSerious(facts: Facts): boolean {
  const { rank, over, planned, family } = facts;
  return rank <= 1 && !over && !planned && (NOT_MENDED.has(family) || isLooping(facts));
}

/** A redeploy may well mend settings where what runs is known to differ from its description. */
function isBoundBy({ lasting, drifted }: Facts, action: Action): boolean {
  return !(action === "redeploy" && drifted && lasting?.cause === "version_or_config");
}

function isSure({ cause, confidence }: Diagnosis, quoted: boolean): boolean {
  return quoted && confidence >= UNSURE && (cause === "process" || cause === "desired_state");
}

function roleInWords({ role: { stateful, neededBy } }: Facts): string | undefined {
  if (stateful) return "it keeps data, and the cause is a guess";
  return neededBy.length > 0 ? "others depend on it, and the cause is a guess" : undefined;
}
