/**
 * The stage `diagnose`: what is wrong with an event's target, by the chain of models, with what is
 * kept about it: how long it waited and took, what was asked and which model answered.
 *
 * @module
 */
import type { Allowance } from "../gate/budgets.ts";
import type { Clock } from "../base/clock.ts";
import { ChainExhaustedError, type Router, type RouteResult } from "../llm/contract.ts";
import type { ModelDigests } from "../llm/ollama/model_digests.ts";
import { factLines } from "../llm/facts/words.ts";
import type { Memory } from "../gate/memory.ts";
import { buildMessages } from "../llm/prompt.ts";
import type { Diagnosed, Observer } from "../observe/ending.ts";
import { outcomesInWords } from "../policy/earlier.ts";
import { promptSha256, type Provenance } from "../proposal/audit.ts";
import type { OutcomesFor } from "../proposal/read/action_index.ts";
import type { QueueEntry } from "../queue/entry.ts";
import type { Suppression } from "../gate/suppression.ts";
import { svcKey } from "../event/target.ts";

interface DiagnosisOptions extends Required<Pick<Observer, "onDiagnosed">> {
  readonly clock: Clock;
  readonly router: Pick<Router, "route">;
  /** Which exact models answer, where that is known. */
  readonly modelDigests?: Pick<ModelDigests, "lookUp" | "of"> | undefined;
  /** As it is now: the homelab's files may be read anew. */
  readonly systemPrompt: () => string;
  readonly memory: Pick<Memory, "factsOf">;
  /** What became of earlier proposals for an event's target. */
  readonly outcomesFor: OutcomesFor;
  readonly suppression: Pick<Suppression, "verdict">;
}

/** The answer, and where it comes from. */
export interface Answer {
  readonly content: RouteResult["content"];
  readonly provenance: Provenance;
  /** Absent when nothing was asked. */
  readonly diagnosed?: Diagnosed;
}

/**
 * Diagnoses an entry's event until `signal` aborts.
 *
 * @throws {ChainExhaustedError} when no link answered; observers are told, unless `signal` aborted.
 */
export type Diagnose = (
  entry: QueueEntry,
  options: { readonly signal: AbortSignal; readonly allowance: Pick<Allowance, "asking"> },
) => Promise<Answer>;

export function createDiagnosis(options: DiagnosisOptions): Diagnose {
  const { clock, router, modelDigests, suppression, onDiagnosed } = options;

  return async (entry, { signal, allowance }) => {
    const { event, arrivedAt, failures } = entry;
    const known = suppression.verdict(event);
    const waited = () => Math.max(0, clock.monotonic() - arrivedAt);
    if (known) {
      const provenance = { event, modelUsed: "rules", attempts: [], waitedMs: waited() };
      return { content: known, provenance };
    }
    allowance.asking();
    const outcomes = await options.outcomesFor(event);
    const facts = options.memory.factsOf(event, outcomes);
    const messages = buildMessages(options.systemPrompt(), event, {
      earlier: outcomesInWords(outcomes, clock.now()),
      facts: factLines(facts),
      alsoHeard: entry.merged ?? [],
    });
    const begun = clock.monotonic();
    const waitedMs = waited();
    const over = (rest: Pick<Diagnosed, "attempts" | "modelUsed" | "error">): Diagnosed => ({
      event,
      failures,
      waitedMs,
      milliseconds: clock.monotonic() - begun,
      overAt: clock.monotonic(),
      ...rest,
    });

    modelDigests?.lookUp();
    let result: RouteResult;
    try {
      const context = { label: `planner.${svcKey(event)}`, event, facts, signal };
      result = await router.route(messages, context);
    } catch (error) {
      if (error instanceof ChainExhaustedError && !signal.aborted) {
        onDiagnosed(over({ attempts: error.attempts, error: error.message }));
      }
      throw error;
    }
    const { content, modelUsed, attempts } = result;
    const diagnosed = over({ attempts, modelUsed });
    onDiagnosed(diagnosed);
    const answering = attempts.findLast(({ outcome }) => outcome === "ok");
    return {
      content,
      diagnosed,
      provenance: {
        event,
        modelUsed,
        attempts,
        waitedMs,
        promptSha256: promptSha256(messages),
        modelDigest: answering && modelDigests?.of(answering.link),
      },
    };
  };
}
