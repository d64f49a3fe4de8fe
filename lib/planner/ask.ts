/**
 * A diagnosis by the router, with what is told and kept about it: how long it waited and took,
 * what was asked and which model answered.
 *
 * @module
 */
import { promptSha256, type Provenance } from "../proposal/audit.ts";
import type { Clock } from "../base/clock.ts";
import { DIAGNOSIS_SCHEMA } from "../llm/diagnosis.ts";
import type { Diagnosed, Observer } from "../observe/ending.ts";
import {
  ChainExhausted,
  type Message,
  type RouteContext,
  type Router,
  type RouteResult,
} from "../llm/contract.ts";
import type { ModelDigests } from "../llm/model_digests.ts";
import type { QueueEntry } from "../queue/queue.ts";
import { svcKey } from "../event/target.ts";

export interface ObservedRouteOptions extends Pick<Observer, "onDiagnosed"> {
  readonly router: Router;
  readonly clock: Clock;
  /** Which exact models answer, where that is known. */
  readonly modelDigests?: Pick<ModelDigests, "lookUp" | "of"> | undefined;
  /** Aborted when the agent stops. */
  readonly signal: AbortSignal;
}

/** The answer, and where it comes from. */
export interface ObservedAnswer {
  readonly content: RouteResult["content"];
  readonly provenance: Provenance;
  /** Absent when nothing was asked. */
  readonly diagnosed?: Diagnosed;
}

/**
 * Has an entry's event diagnosed.
 *
 * @throws {ChainExhausted} as the router; that is observed, too, unless the agent is stopping.
 */
export async function observedRoute(
  { event, arrivedAt }: QueueEntry,
  options: ObservedRouteOptions & Pick<RouteContext, "onAttempt"> & {
    readonly messages: readonly Message[];
  },
): Promise<ObservedAnswer> {
  const { router, clock, modelDigests, messages, signal, onDiagnosed, onAttempt } = options;
  const begun = clock.monotonic();
  const waitedMs = Math.max(0, begun - arrivedAt);
  const over = (rest: Pick<Diagnosed, "attempts" | "modelUsed" | "error">): Diagnosed => ({
    event,
    waitedMs,
    milliseconds: clock.monotonic() - begun,
    ...rest,
  });

  modelDigests?.lookUp();
  let result: RouteResult;
  try {
    const context = { label: `planner.${svcKey(event)}`, event, signal, onAttempt };
    result = await router.route(messages, DIAGNOSIS_SCHEMA, context);
  } catch (error) {
    if (error instanceof ChainExhausted && !signal.aborted) {
      onDiagnosed?.(over({ attempts: error.attempts, error: error.message }));
    }
    throw error;
  }
  const { content, modelUsed, attempts } = result;
  const diagnosed = over({ attempts, modelUsed });
  onDiagnosed?.(diagnosed);
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
}

/** An answer that needs no asking. */
export function knownAnswer(
  content: RouteResult["content"],
  { event, arrivedAt }: QueueEntry,
  { clock }: { readonly clock: Clock },
): ObservedAnswer {
  const waitedMs = Math.max(0, clock.monotonic() - arrivedAt);
  return { content, provenance: { event, modelUsed: "rules", attempts: [], waitedMs } };
}
