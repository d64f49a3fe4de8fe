/**
 * A trace of each diagnosis: how long an event took to be read, waited, was asked about, was judged
 * and was written down. Only diagnosed events have one, and it is built when the diagnosis is over,
 * so that the many events that need none cost nothing. Its attributes are names and numbers, cut
 * and without secrets; payloads, prompts and answers stay out.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { WaitingEvent } from "../event/event.ts";
import { type Attempt, ChainExhausted } from "../llm/contract.ts";
import type { Log } from "../base/log/log.ts";
import { plainLine } from "../base/text/plain_line.ts";
import type { QueueEntry } from "../queue/queue.ts";

/** Longest text of an attribute in UTF-16 units, but for the mark of a cut. */
const LONGEST_TEXT = 200;
/** Spans of one trace; a chain of many links has no more of them. */
const MOST_SPANS = 64;

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
export interface RootSpan extends Span {
  readonly children: readonly Span[];
}

/** Takes a trace to wherever traces go. It returns at once. */
export type Tracer = (root: RootSpan) => void;

/** Notes of one diagnosis. */
export interface Trace {
  /** Does `work` as a stage of its own; `describe` tells what came of it. */
  stage<T>(
    name: "policy" | "write",
    work: () => Promise<T>,
    describe?: (result: T) => Attributes,
  ): Promise<T>;
  /** One request to a link is over; it began at `startedAt` on the monotonic clock. */
  readonly onAttempt?: (attempt: Attempt, startedAt: number) => void;
  /** What became of the event. */
  ended(outcome: "proposed" | "ignored", attributes?: Attributes): void;
}

export interface Traces {
  /** `receive`, which notes when a message came. */
  hearing<Message extends unknown[]>(
    receive: (...message: Message) => void,
  ): (...message: Message) => void;
  /** Notes that the message that came last is this event, and that it waits for a diagnosis. */
  admitted(event: WaitingEvent): WaitingEvent;
  /** Does a diagnosis, and tells of it when it is over. */
  diagnosis<T>(entry: QueueEntry, work: (trace: Trace) => Promise<T>): Promise<T>;
}

const NO_TRACE: Trace = { stage: (_name, work) => work(), ended: () => {} };

/** No traces: everything runs as if this was not there. */
export const NO_TRACES: Traces = {
  hearing: (receive) => receive,
  admitted: (event) => event,
  diagnosis: (_entry, work) => work(NO_TRACE),
};

interface TracesOptions {
  readonly tracer?: Tracer | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** Traces that go to `tracer`; none without one. */
export function createTraces({ tracer, clock, log }: TracesOptions): Traces {
  if (!tracer) return NO_TRACES;
  let heardAt = 0;
  let broken = false;
  /** When an event that waits was heard and read, until its first diagnosis. */
  const readings = new WeakMap<WaitingEvent, { heardAt: number; readAt: number }>();

  /** Nothing that becomes of a trace may become of the diagnosis. */
  function tell(build: () => RootSpan) {
    if (broken) return;
    try {
      tracer?.(build());
    } catch (error) {
      broken = true;
      log.warning("traces_off", { reason: plainLine(`${error}`, LONGEST_TEXT) });
    }
  }

  return {
    hearing: (receive) => (...message) => {
      heardAt = clock.monotonic();
      receive(...message);
    },
    admitted(event) {
      readings.set(event, { heardAt, readAt: clock.monotonic() });
      return event;
    },
    async diagnosis(entry, work) {
      const reading = readings.get(entry.event);
      readings.delete(entry.event);
      const notes = createNotes(entry, { clock, reading });
      try {
        const result = await work(notes.trace);
        tell(notes.root);
        return result;
      } catch (error) {
        notes.failed(failureOf(error));
        tell(notes.root);
        throw error;
      }
    },
  };
}

function failureOf(error: unknown): string {
  if (error instanceof ChainExhausted) {
    return error.attempts.at(-1)?.outcome === "aborted" ? "aborted" : "chain_exhausted";
  }
  return error instanceof Error ? error.name : "unknown";
}

function createNotes(
  { event, arrivedAt, failures }: QueueEntry,
  { clock, reading }: { clock: Clock; reading: { heardAt: number; readAt: number } | undefined },
) {
  // One offset for the whole trace: a clock that jumps meanwhile does not tear it apart.
  const epoch = clock.now() - clock.monotonic();
  const begunAt = clock.monotonic();
  // A retry is a trace of its own: the time since the event arrived is not the queue's.
  const first = failures === 0;
  const startedAt = first ? Math.min(reading?.heardAt ?? arrivedAt, begunAt) : begunAt;
  const children: Span[] = [];
  let error: string | undefined;
  let ending: Attributes = {};

  const span = (
    name: string,
    { from, to, attributes = {}, failure }: {
      from: number;
      to: number;
      attributes?: Attributes;
      failure?: string | undefined;
    },
  ): Span => ({
    name,
    startMs: epoch + from,
    endMs: epoch + Math.max(from, to),
    attributes: bounded({ ...attributes, ...(failure && { "error.type": failure }) }),
    ...(failure && { error: failure }),
  });
  const add = (...made: Parameters<typeof span>) => {
    if (children.length < MOST_SPANS) children.push(span(...made));
  };

  if (first && reading) add("parse", { from: reading.heardAt, to: reading.readAt });
  if (first) add("queue", { from: Math.min(arrivedAt, begunAt), to: begunAt });

  const trace: Trace = {
    async stage(name, work, describe = () => ({})) {
      const from = clock.monotonic();
      try {
        const result = await work();
        add(name, { from, to: clock.monotonic(), attributes: describe(result) });
        return result;
      } catch (thrown) {
        add(name, { from, to: clock.monotonic(), failure: failureOf(thrown) });
        throw thrown;
      }
    },
    onAttempt(attempt, from) {
      const { outcome } = attempt;
      add("llm_attempt", {
        from,
        to: clock.monotonic(),
        attributes: attemptAttributes(attempt),
        failure: outcome === "ok" ? undefined : outcome,
      });
    },
    ended(outcome, attributes = {}) {
      ending = { "planner.outcome": outcome, ...attributes };
    },
  };

  return {
    trace,
    failed: (failure: string) => void (error = failure),
    root: (): RootSpan => ({
      ...span("health_event", {
        from: startedAt,
        to: clock.monotonic(),
        attributes: {
          "planner.node": event.node,
          "planner.service": event.service,
          "planner.event_type": event.type,
          "planner.severity": event.severity,
          "planner.channel": event.channel,
          "planner.failures_before": failures,
          "planner.outcome": error ?? "left",
          ...ending,
        },
        failure: error,
      }),
      children,
    }),
  };
}

/** Names from OpenTelemetry's conventions for generative models where it has them. */
function attemptAttributes({ link, model, outcome, figures }: Attempt): Attributes {
  const { promptTokens, answerTokens } = figures ?? {};
  return {
    "planner.link": link,
    "planner.attempt_outcome": outcome,
    "gen_ai.request.model": model,
    ...(promptTokens !== undefined && { "gen_ai.usage.input_tokens": promptTokens }),
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
