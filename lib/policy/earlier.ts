import type { ACTION_FOLDERS } from "../base/disk/store.ts";
import { spanInWords } from "../base/text/span.ts";
import type { Action, Diagnosis } from "../llm/diagnosis.ts";
import type { Bounded } from "./policy.ts";

export interface ProposalOutcome {
  readonly actionId: string;
  readonly action: Action;
  /** The folder it lies in. */
  readonly became: Exclude<typeof ACTION_FOLDERS[number], "pending">;
  /** When it came there, wall-clock milliseconds since 1970; never later than it was read. */
  readonly atMs: number;
  /** Who moved it there, where the file says so. */
  readonly by?: string;
}

export interface OutcomeRuleOptions {
  /** OUTCOME_REPEATS: so many completed ones are enough; 0 is never. */
  readonly repeats: number;
  /** OUTCOME_WINDOW_SECONDS: how far back outcomes count; 0 turns the whole rule off. */
  readonly windowSeconds: number;
  /** Wall-clock milliseconds since 1970. */
  readonly nowMs: number;
  /** Some of the outcomes within the window may be missing. @default false */
  readonly isCut?: boolean;
}

/** Why an action must not be proposed, as the end of a sentence, by the name of the rule. */
export type Bounds = Readonly<Record<string, string | false | undefined>>;

/** The diagnosis with a person in place of its action, where there are bounds. */
export function notifyInstead(diagnosis: Diagnosis, bounds: Bounds): Bounded {
  const { action: from } = diagnosis;
  const changes = Object.entries(bounds).flatMap(([rule, because]) =>
    because ? [{ rule, field: "action", from, to: "notify", because } as const] : []
  );
  if (changes.length === 0) return { diagnosis, changes };
  const why = changes.map(({ because }) => because).join("; ");
  const reason = `not proposed as ${from}: ${why}. The diagnosis: ${diagnosis.reason}`;
  return { diagnosis: { ...diagnosis, action: "notify", reason }, changes };
}

/**
 * The diagnosis of a fault that is there now, after the outcomes of earlier proposals for its
 * target: an action that was carried out again and again and did not last, or that a person refused,
 * is not proposed once more. `restart` and `redeploy` can become `notify`; nothing else changes but
 * the reason, which then begins with why.
 */
export function applyOutcomes(
  diagnosis: Diagnosis,
  outcomes: readonly ProposalOutcome[],
  { repeats, windowSeconds, nowMs, isCut = false }: OutcomeRuleOptions,
): Bounded {
  const { action } = diagnosis;
  if (action !== "restart" && action !== "redeploy") return { diagnosis, changes: [] };
  const windowMs = windowSeconds * 1000;
  const recent = outcomes.filter((each) => each.action === action && nowMs - each.atMs < windowMs);
  const completed = recent.filter(({ became }) => became === "completed").length;
  const times = completed === 1 ? "once" : `${completed} times`;
  const rejected = recent.find(({ became }) => became === "rejected");
  return notifyInstead(diagnosis, {
    rejected_by_a_person: rejected &&
      `a person rejected a ${action} ${spanInWords(nowMs - rejected.atMs)} ago`,
    repeated_without_lasting_effect: repeats > 0 && completed >= repeats &&
      `${action} was completed ${times} within ${spanInWords(windowMs)} and the fault is back`,
    too_many_to_know: isCut && windowMs > 0 &&
      "more was decided for it lately than can be looked at",
  });
}

/** The most outcomes that a prompt lists: each word costs time in every diagnosis. */
const MOST_TOLD = 3;

/**
 * What became of the latest proposals, as one line for the prompt; "" when there were none. Only
 * words of this program are in it, whatever the files hold.
 */
export function outcomesInWords(outcomes: readonly ProposalOutcome[], nowMs: number): string {
  const told = outcomes.slice(0, MOST_TOLD);
  const words = told.map(({ action, became, atMs }) => {
    const age = spanInWords(nowMs - atMs);
    return `${action} ${became === "running" ? `running for ${age}` : `${became} ${age} ago`}`;
  });
  const isBack = told.some(({ became }) => became === "completed");
  return words.join(", ") + (isBack ? "; the fault is back" : "");
}
