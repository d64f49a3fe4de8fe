/**
 * A trace of each diagnosis: how long an event waited, and how long each model was asked about it.
 * Only diagnosed events have one, and it is built when all is over, so that the many events that
 * need none cost nothing. Its attributes are names and numbers, cut and without secrets; payloads,
 * prompts and answers stay out.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Diagnosed, Ending } from "./ending.ts";
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
  /** {@linkcode ERROR_TYPE} among them where it failed. */
  readonly attributes: Attributes;
}

/** OpenTelemetry's name for the kind of a failure. */
export const ERROR_TYPE = "error.type";

/** Takes a span without a parent, with those it is the parent of in their order. Returns at once. */
export type Tracer = (root: Span & { readonly children: readonly Span[] }) => void;

/** An observer that hands a trace of each diagnosis to `tracer`. */
export function createTraces({ tracer, clock, log }: {
  readonly tracer: Tracer;
  readonly clock: Clock;
  readonly log: Log;
}) {
  let broken = false;

  /** A trace that fails must not make its diagnosis fail. */
  function tell(diagnosed: Diagnosed, ended: MaybeAttributes) {
    if (broken) return;
    try {
      const endMs = clock.now();
      const overMs = endMs - (clock.monotonic() - diagnosed.overAt);
      tracer(trace(diagnosed, { endMs, overMs, ended }));
    } catch (error) {
      broken = true;
      log.warning("traces_off", { reason: plainLine(`${error}`, LONGEST_TEXT) });
    }
  }

  return {
    onDiagnosed(diagnosed: Diagnosed): void {
      if (diagnosed.error === undefined) return;
      tell(diagnosed, { "planner.outcome": "chain_exhausted", [ERROR_TYPE]: "chain_exhausted" });
    },
    onEnding({ outcome, diagnosed, proposal }: Ending): void {
      if (!diagnosed) return;
      tell(diagnosed, {
        "planner.outcome": outcome,
        "planner.action": proposal?.payload.action,
        "planner.action_id": proposal?.action_id,
      });
    },
  };
}

/** The spans of a diagnosis that was over at `overMs`, and what came of it at `endMs`. */
function trace(
  { event, failures, waitedMs, milliseconds, attempts }: Diagnosed,
  { endMs, overMs, ended }: {
    readonly endMs: number;
    readonly overMs: number;
    readonly ended: MaybeAttributes;
  },
): Parameters<Tracer>[0] {
  const begunMs = overMs - milliseconds;
  // A retry has its own trace, without a queue span: the time since arrival includes earlier tries.
  const startMs = failures === 0 ? begunMs - waitedMs : begunMs;
  const children = failures === 0 ? [span("queue", startMs, begunMs, {})] : [];
  let fromMs = begunMs;
  for (const attempt of attempts.slice(0, MOST_ATTEMPTS)) {
    const toMs = fromMs + attempt.milliseconds;
    children.push(span("llm_attempt", fromMs, toMs, attemptAttributes(attempt)));
    fromMs = toMs;
  }
  const root = span("health_event", startMs, endMs, {
    "planner.node": event.node,
    "planner.service": event.service,
    "planner.event_type": event.type,
    "planner.severity": event.severity,
    "planner.channel": event.channel,
    "planner.failures_before": failures,
    ...ended,
  });
  return { ...root, children };
}

/** Attributes of which some may not be known; those are left out. */
type MaybeAttributes = Readonly<Record<string, Attributes[string] | undefined>>;

function span(name: string, startMs: number, endMs: number, attributes: MaybeAttributes): Span {
  const known: Record<string, Attributes[string]> = {};
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "string") known[key] = plainLine(value, LONGEST_TEXT);
    else if (value !== undefined) known[key] = value;
  }
  return { name, startMs, endMs, attributes: known };
}

/** Names from OpenTelemetry's conventions for generative models where it has them. */
const attemptAttributes = ({ link, model, outcome, figures }: Attempt): MaybeAttributes => ({
  "planner.link": link,
  "planner.attempt_outcome": outcome,
  "gen_ai.request.model": model,
  "gen_ai.usage.input_tokens": figures?.promptTokens,
  "gen_ai.usage.cache_read.input_tokens": figures?.cachedTokens,
  "gen_ai.usage.output_tokens": figures?.answerTokens,
  [ERROR_TYPE]: outcome === "ok" ? undefined : outcome,
});
