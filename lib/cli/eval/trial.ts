import type { Diagnosis } from "../../llm/diagnosis.ts";
import { type Attempt, ChainExhaustedError, type Router } from "../../llm/contract.ts";
import { bound, type Situation } from "../../policy/bound.ts";
import { factLines } from "../../llm/facts/words.ts";
import { createMemory, type Memory } from "../../gate/memory.ts";
import { newsOf } from "../../event/news.ts";
import { outcomesInWords } from "../../policy/earlier.ts";
import { svcKey, targetKey } from "../../event/target.ts";
import { buildMessages } from "../../llm/prompt.ts";
import { roleOf, type Topology } from "../../config/topology.ts";
import type { Label } from "./label.ts";
import { violations } from "./violations.ts";

/** What the chain and the rules made of a labelled event. */
export interface Trial {
  readonly label: Label;
  readonly attempts: readonly Attempt[];
  /** What would be proposed; absent when no link gave a valid answer. */
  readonly decision?: Pick<Diagnosis, "action" | "requires_human">;
  /** The model's own word; absent where none was asked. */
  readonly confidence?: number;
  /** Rules that the proposal breaks, and those that changed the answer. */
  readonly violations: readonly string[];
  readonly corrected: readonly string[];
}

interface TrialOptions extends Pick<Situation, "policy" | "repeats" | "windowSeconds"> {
  readonly router: Router;
  readonly systemPrompt: string;
  /** What topology.json says of services. */
  readonly services?: Topology["services"] | undefined;
  readonly signal: AbortSignal;
}

/** Asks the chain as the agent does; undefined when `signal` came before an answer. */
export async function tryEvent(label: Label, options: TrialOptions): Promise<Trial | undefined> {
  const { router, systemPrompt, policy, signal } = options;
  const { event, context: { outcomes } } = label;
  const nowMs = event.timestamp * 1000;
  const facts = remembering(label, options.services).factsOf(event, outcomes);
  const unasked = { label, attempts: [], violations: [], corrected: [] };
  if (label.benign) return { ...unasked, decision: { action: "ignore", requires_human: false } };
  try {
    const { content, attempts } = await router.route(
      buildMessages(systemPrompt, event, {
        earlier: outcomesInWords(outcomes, nowMs),
        facts: factLines(facts),
      }),
      { label: `eval.${svcKey(event)}`, event, facts, signal },
    );
    const { diagnosis, changes } = bound(content, { ...options, event, facts, outcomes, nowMs });
    return {
      label,
      attempts,
      decision: diagnosis,
      confidence: content.confidence,
      violations: violations(diagnosis, { event, policy }),
      corrected: [...new Set(changes.map(({ rule }) => rule))],
    };
  } catch (error) {
    if (!(error instanceof ChainExhaustedError)) throw error;
    return signal.aborted ? undefined : { ...unasked, attempts: error.attempts };
  }
}

/** The memory of an agent that has heard what the label says came before. */
export function remembering(
  { event, context }: Pick<Label, "event" | "context">,
  services: Topology["services"] = [],
): Memory {
  const memory = createMemory({
    clock: { now: () => event.timestamp * 1000 },
    roleOf: (target) => roleOf({ services }, target),
  });
  for (const earlier of context.events) memory.heard(earlier, targetKey(earlier), newsOf(earlier));
  return memory;
}
