/**
 * One labelled event through the chain and the risk rules.
 *
 * @module
 */
import { type Action, type Diagnosis, DIAGNOSIS_SCHEMA } from "../../llm/diagnosis.ts";
import { type Attempt, ChainExhausted, type Router } from "../../llm/contract.ts";
import { applyPolicy, type PolicyRule } from "../../policy/policy.ts";
import { buildMessages } from "../../llm/prompt.ts";
import { svcKey } from "../../event/target.ts";
import type { Label } from "./label.ts";
import { violations } from "./violations.ts";

export interface Trial {
  readonly label: Label;
  readonly attempts: readonly Attempt[];
  /** What would be proposed; absent when no link gave a valid answer. */
  readonly decision?: Pick<Diagnosis, "action" | "requires_human">;
  /** Rules that the proposal breaks. */
  readonly violations: readonly string[];
  /** Rules that changed the answer. */
  readonly corrected: readonly string[];
}

export interface TrialOptions {
  readonly router: Router;
  readonly systemPrompt: string;
  readonly policy: readonly PolicyRule[];
  readonly signal: AbortSignal;
}

/** Asks the chain as the agent does; undefined when `signal` came before an answer. */
export async function tryEvent(label: Label, options: TrialOptions): Promise<Trial | undefined> {
  const { router, systemPrompt, policy, signal } = options;
  const { event } = label;
  try {
    const { content, attempts } = await router.route(
      buildMessages(systemPrompt, event),
      DIAGNOSIS_SCHEMA,
      { label: `eval.${svcKey(event)}`, event, signal },
    );
    const { diagnosis, changes } = applyPolicy(policy, event, content);
    return {
      label,
      attempts,
      decision: { action: diagnosis.action, requires_human: diagnosis.requires_human },
      violations: violations(diagnosis, { event, policy }),
      corrected: [...new Set(changes.map(({ rule }) => rule))],
    };
  } catch (error) {
    if (!(error instanceof ChainExhausted)) throw error;
    if (signal.aborted) return undefined;
    return { label, attempts: error.attempts, violations: [], corrected: [] };
  }
}

/** What a trial came to, `none` without a valid answer. */
export type Verdict = Action | "none";

export function verdictOf({ decision }: Trial): Verdict {
  return decision?.action ?? "none";
}

/** Whether a person would accept what is proposed. */
export function isRight({ label, decision }: Trial): boolean {
  return decision !== undefined && label.acceptable.includes(decision.action);
}
