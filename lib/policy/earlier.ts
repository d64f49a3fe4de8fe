/**
 * What became of earlier proposals makes the next one more careful: an action that was carried out
 * again and again and did not last, or that a person refused, is not proposed once more.
 *
 * @module
 */
import { spanInWords } from "../base/text/span.ts";
import type { Action, Diagnosis } from "../llm/diagnosis.ts";
import type { Bounded } from "./policy.ts";
import type { ACTION_FOLDERS } from "../base/disk/store.ts";

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
}

/**
 * The diagnosis of a fault that is there now, after the outcomes of earlier proposals for its
 * target. `restart` and `redeploy` can become `notify`; nothing else changes but the reason, which
 * then begins with why.
 */
export function applyOutcomes(
  diagnosis: Diagnosis,
  outcomes: readonly ProposalOutcome[],
  { repeats, windowSeconds, nowMs }: OutcomeRuleOptions,
): Bounded {
  const { action } = diagnosis;
  if (action !== "restart" && action !== "redeploy") return { diagnosis, changes: [] };
  const windowMs = windowSeconds * 1000;
  const recent = outcomes.filter((each) => each.action === action && nowMs - each.atMs < windowMs);
  const completed = recent.filter(({ became }) => became === "completed").length;
  const rejected = recent.find(({ became }) => became === "rejected");

  const bounds: Bound[] = [];
  if (rejected) {
    const because = `a person rejected a ${action} ${spanInWords(nowMs - rejected.atMs)} ago`;
    bounds.push({ rule: "rejected_by_a_person", because });
  }
  if (repeats > 0 && completed >= repeats) {
    const times = completed === 1 ? "once" : `${completed} times`;
    const within = `${times} within ${spanInWords(windowMs)}`;
    const because = `${action} was completed ${within} and the fault is back`;
    bounds.push({ rule: "repeated_without_lasting_effect", because });
  }
  return notifyInstead(diagnosis, bounds);
}

/** A bound that keeps an action from being proposed, and why, as the end of a sentence. */
export interface Bound {
  readonly rule: string;
  readonly because: string;
}

/** The diagnosis with a person in place of its action, where there are bounds. */
export function notifyInstead(diagnosis: Diagnosis, bounds: readonly Bound[]): Bounded {
  if (bounds.length === 0) return { diagnosis, changes: [] };
  const { action: from } = diagnosis;
  const why = bounds.map(({ because }) => because).join("; ");
  const reason = `not proposed as ${from}: ${why}. The diagnosis: ${diagnosis.reason}`;
  return {
    diagnosis: { ...diagnosis, action: "notify", reason },
    changes: bounds.map(({ rule, because }) =>
      ({ rule, field: "action", from, to: "notify", because }) as const
    ),
  };
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
