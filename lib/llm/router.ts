/**
 * Walks the chain of links until one gives a valid diagnosis.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Diagnosis } from "./diagnosis.ts";
import type { Log } from "../base/log/log.ts";
import { plainLine } from "../base/text/plain_line.ts";
import { svcKey } from "../event/target.ts";
import { advance, allows, type Breaker, type BreakerEvent, CLOSED } from "./breaker.ts";
import {
  type Attempt,
  ChainExhaustedError,
  type Message,
  type RouteContext,
  type Router,
  type RouteResult,
} from "./contract.ts";
import { correction } from "./correction.ts";
import { canPassAtOnce, isWrongAnswer, LinkError } from "./failure.ts";
import { fitted } from "./fit.ts";
import { judge } from "./judgement.ts";
import type { Link } from "./link.ts";

/** With the mark of a cut, an error stays under 300 characters. */
const LONGEST_ERROR = 270;

/** A link's breaker, for people. */
export interface LinkState {
  readonly link: string;
  readonly model: string;
  readonly state: Breaker["state"];
  readonly failures: number;
  /** Milliseconds until an open link is tried again, else 0. */
  readonly opensInMs: number;
}

export interface ChainRouter extends Router {
  /** The links in their order. */
  snapshot(): readonly LinkState[];
  /** What was learned of the servers and is worth telling a person. */
  remarks(): readonly string[];
}

interface RouterOptions {
  readonly links: readonly Link[];
  /** Requests to one link for one event. */
  readonly attemptsPerLink: number;
  readonly clock: Clock;
  readonly log: Log;
}

interface Asked {
  readonly attempt: Attempt;
  readonly result: Diagnosis | LinkError;
}

/** A router over `links`, first asked first. */
export function createRouter(options: RouterOptions): ChainRouter {
  const { links, attemptsPerLink, clock, log } = options;
  const breakers = links.map(() => CLOSED);
  const closing = new AbortController();

  const breaker = (index: number) => breakers[index] ?? CLOSED;
  const isOpen = (index: number) => !allows(breaker(index), clock.monotonic());
  /** An open link is skipped only when a later one can answer: else trying it costs nothing. */
  const isSkipped = (index: number) =>
    isOpen(index) && links.some((link, later) => later > index && (link.builtIn || !isOpen(later)));
  const nextIndex = (index: number) => {
    const next = links.findIndex((_, later) => later > index && !isSkipped(later));
    return next < 0 ? links.length : next;
  };

  function happened(index: number, event: BreakerEvent) {
    const before = breaker(index);
    const after = advance(before, event, clock.monotonic());
    breakers[index] = after;
    if (after.state === "open" && before.state !== "open" && event === "failure") {
      log.warning("llm_link_open", { link: links[index]?.name, seconds: after.waitMs / 1000 });
    }
  }

  function withinContext(link: Link, messages: readonly Message[], { event }: RouteContext) {
    const most = link.promptTokens ?? Infinity;
    const fitting = fitted(messages, most);
    if (fitting !== messages) {
      const fields = { link: link.name, svc_key: svcKey(event), prompt_tokens: most };
      log.warning("prompt_cut", fields);
    }
    return fitting;
  }

  /** One request to one link. */
  async function ask(
    index: number,
    { link, messages, context }: {
      link: Link;
      messages: readonly Message[];
      context: RouteContext;
    },
  ): Promise<Asked> {
    const started = clock.monotonic();
    happened(index, "begin");
    let figures: Attempt["figures"];
    let result: Diagnosis | LinkError;
    try {
      const reply = await link.ask(withinContext(link, messages, context), context);
      figures = reply.figures;
      const judgement = judge(reply.content, context.event);
      reply.judged?.(judgement.ok);
      const { content } = reply;
      result = judgement.ok
        ? judgement.diagnosis
        : new LinkError(judgement.kind, judgement.error, { content });
    } catch (error) {
      // Nothing that a link does may end the agent: the unforeseen is a failure with its text.
      result = error instanceof LinkError ? error : new LinkError("bad_response", `${error}`);
    }
    const failure = result instanceof LinkError ? result : undefined;
    if (!failure || isWrongAnswer(failure.kind)) happened(index, "success");
    else happened(index, failure.kind === "aborted" ? "abandoned" : "failure");
    const attempt: Attempt = {
      link: link.name,
      model: link.model,
      outcome: failure?.kind ?? "ok",
      ...(failure && { error: plainLine(failure.message, LONGEST_ERROR) }),
      milliseconds: Math.round(clock.monotonic() - started),
      ...(figures && { figures }),
    };
    return { attempt, result };
  }

  function report(attempt: Attempt, { event }: RouteContext, next: string) {
    const { outcome: kind, figures: _figures, ...rest } = attempt;
    const fields = { ...rest, kind, svc_key: svcKey(event), next };
    if (kind === "aborted") log.info("llm_attempt_aborted", fields);
    else log.warning("llm_attempt_failed", fields);
  }

  async function route(
    messages: readonly Message[],
    outer: RouteContext,
  ): Promise<RouteResult> {
    const context = { ...outer, signal: AbortSignal.any([outer.signal, closing.signal]) };
    const attempts: Attempt[] = [];
    let index = 0;
    let conversation = messages;
    let asked = 0;
    while (index < links.length && !context.signal.aborted) {
      const link = links[index];
      if (!link) break;
      const next = nextIndex(index);
      if (isSkipped(index)) {
        const waitMs = Math.max(0, breaker(index).until - clock.monotonic());
        log.info("llm_link_skipped", {
          link: link.name,
          model: link.model,
          svc_key: svcKey(context.event),
          retry_in_seconds: Math.ceil(waitMs / 1000),
          next: links[next]?.name,
        });
        index = next;
        continue;
      }
      const { attempt, result } = await ask(index, {
        link,
        messages: conversation,
        context,
      });
      attempts.push(attempt);
      if (!(result instanceof LinkError)) {
        log.debug("llm_answered", { ...attempt, svc_key: svcKey(context.event) });
        return { content: result, modelUsed: link.model, attempts };
      }
      asked++;
      const again = asked < attemptsPerLink && canPassAtOnce(result) && !isSkipped(index);
      const after = again ? index : nextIndex(index);
      const stopped = result.kind === "aborted" || context.signal.aborted;
      report(attempt, context, stopped ? "none" : links[after]?.name ?? "none");
      if (stopped) break;
      conversation = again ? [...messages, ...correction(result)] : messages;
      if (!again) asked = 0;
      index = after;
    }
    throw new ChainExhaustedError(context.label, attempts);
  }

  return {
    route,
    close: () => closing.abort(),
    remarks: () => links.map((link) => link.remark?.()).filter((each) => each !== undefined),
    snapshot: () =>
      links.map(({ name, model }, index) => {
        const { state, failures, until } = breaker(index);
        const opensInMs = Math.max(0, state === "open" ? until - clock.monotonic() : 0);
        return { link: name, model, state, failures, opensInMs };
      }),
  };
}
