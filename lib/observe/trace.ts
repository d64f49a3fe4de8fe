/**
 * A trace of each diagnosis: how long an event waited, and how long each model was asked about it.
 * Only diagnosed events have one, and it is built when all is over, so that the many events that
 * need none cost nothing. Its attributes are names and numbers, cut and without secrets; payloads,
 * prompts and answers stay out.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Diagnosed, Observer } from "./ending.ts";
import type { Attempt } from "../llm/contract.ts";
import type { Log } from "../base/log/log.ts";
import { plainLine } from "../base/text/plain_line.ts";

/** Longest text of an attribute in UTF-16 units, but for the mark of a cut. */
const LONGEST_TEXT = 200;
/** Of one trace; a chain of many links has no more of them. */
const MOST_ATTEMPTS = 63;

export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A stage that is over. Times are milliseconds since 1970, with a fraction. */
export interface Span {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** The kind of failure, where it failed; OpenTelemetry's `error.type`. */
  readonly error?: string;
}

/** A span that has no parent, and the spans that it is the parent of, in their order. */
interface RootSpan extends Span {
  readonly children: readonly Span[];
}

/** Takes a trace to wherever traces go. It returns at once. */
export type Tracer = (root: RootSpan) => void;

interface TracesOptions {
  readonly tracer: Tracer;
  readonly clock: Clock;
  readonly log: Log;
}

/** An observer that hands a trace of each diagnosis to `tracer`. */
export function createTraces(
  { tracer, clock, log }: TracesOptions,
): Required<Pick<Observer, "onDiagnosed" | "onEnding">> {
  let broken = false;

  /** A trace that fails must not make its diagnosis fail. */
  function tell(diagnosed: Diagnosed, ended: Attributes, error?: string) {
    if (broken) return;
    try {
      const sinceMs = clock.monotonic() - diagnosed.overAt;
      tracer(trace(diagnosed, { ended, error, endedMs: clock.now(), sinceMs }));
    } catch (error) {
      broken = true;
      log.warning("traces_off", { reason: plainLine(`${error}`, LONGEST_TEXT) });
    }
  }

  return {
    onDiagnosed(diagnosed) {
      if (diagnosed.error !== undefined) tell(diagnosed, {}, "chain_exhausted");
    },
    onEnding({ outcome, diagnosed, proposal }) {
      if (!diagnosed) return;
      tell(diagnosed, {
        "planner.outcome": outcome,
        ...(proposal && {
          "planner.action": proposal.payload.action,
          "planner.action_id": proposal.action_id,
        }),
      });
    },
  };
}

/** The spans of a diagnosis that was over `sinceMs` milliseconds before `endedMs`. */
function trace(
  { event, failures, waitedMs, milliseconds, attempts }: Diagnosed,
  { ended, error, endedMs, sinceMs }: {
    readonly ended: Attributes;
    readonly error: string | undefined;
    readonly endedMs: number;
    readonly sinceMs: number;
  },
): RootSpan {
  const begunMs = endedMs - sinceMs - milliseconds;
  // A retry has its own trace, without a queue span: the time since arrival includes earlier tries.
  const first = failures === 0;
  const startMs = first ? begunMs - waitedMs : begunMs;
  const children: Span[] = [];
  if (first) children.push(span({ name: "queue", startMs, endMs: begunMs }));
  let fromMs = begunMs;
  for (const attempt of attempts.slice(0, MOST_ATTEMPTS)) {
    const { outcome } = attempt;
    const toMs = fromMs + attempt.milliseconds;
    children.push(span({
      name: "llm_attempt",
      startMs: fromMs,
      endMs: toMs,
      attributes: attemptAttributes(attempt),
      ...(outcome !== "ok" && { error: outcome }),
    }));
    fromMs = toMs;
  }
  return {
    ...span({
      name: "health_event",
      startMs,
      endMs: endedMs,
      attributes: {
        "planner.node": event.node,
        "planner.service": event.service,
        "planner.event_type": event.type,
        "planner.severity": event.severity,
        "planner.channel": event.channel,
        "planner.failures_before": failures,
        "planner.outcome": error ?? "left",
        ...ended,
      },
      ...(error !== undefined && { error }),
    }),
    children,
  };
}

function span({ attributes = {}, ...made }: Omit<Span, "attributes"> & Partial<Span>): Span {
  const failure = made.error;
  return {
    ...made,
    attributes: bounded({ ...attributes, ...(failure && { "error.type": failure }) }),
  };
}

/** Names from OpenTelemetry's conventions for generative models where it has them. */
function attemptAttributes({ link, model, outcome, figures }: Attempt): Attributes {
  const { promptTokens, cachedTokens, answerTokens } = figures ?? {};
  return {
    "planner.link": link,
    "planner.attempt_outcome": outcome,
    "gen_ai.request.model": model,
    ...(promptTokens !== undefined && { "gen_ai.usage.input_tokens": promptTokens }),
    ...(cachedTokens !== undefined && { "gen_ai.usage.cache_read.input_tokens": cachedTokens }),
    ...(answerTokens !== undefined && { "gen_ai.usage.output_tokens": answerTokens }),
  };
}

function bounded(attributes: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      typeof value === "string" ? plainLine(value, LONGEST_TEXT) : value,
    ]),
  );
}
