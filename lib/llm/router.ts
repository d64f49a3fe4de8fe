import type { Clock } from "../base/clock.ts";
import type { Diagnosis } from "./diagnosis.ts";
import type { Log } from "../base/log/log.ts";
import { plainLine } from "../base/text/plain_line.ts";
import { svcKey } from "../event/target.ts";
import { advance, allows, type Breaker, type BreakerEvent, CLOSED } from "./breaker.ts";
import { type Attempt, ChainExhaustedError, type Link, type Message } from "./contract.ts";
import type { RouteContext, RouteResult } from "./contract.ts";
import { canPassAtOnce, correction, isWrongAnswer, LinkError } from "./failure.ts";
import { fitted } from "./fit.ts";
import { judge } from "./judgement.ts";

/** With the mark of a cut, an error stays under 300 characters. */
const LONGEST_ERROR = 270;

/** A link's breaker, for people. */
export interface LinkState extends Pick<Breaker, "state" | "failures"> {
  readonly link: string;
  readonly model: string;
  /** Milliseconds until an open link is tried again, else 0. */
  readonly opensInMs: number;
}

/**
 * Walks the chain of links until one gives a valid diagnosis: first asked first, each
 * `attemptsPerLink` times for an event.
 */
export function createRouter({ links, attemptsPerLink, clock, log }: {
  readonly links: readonly Link[];
  readonly attemptsPerLink: number;
  readonly clock: Clock;
  readonly log: Log;
}) {
  const members = links.map((link, index) => ({ link, index, breaker: CLOSED }));
  type Member = typeof members[number];

  const isOpen = ({ breaker }: Member) => !allows(breaker, clock.monotonic());
  const waitMs = ({ breaker }: Member) => Math.max(0, breaker.until - clock.monotonic());
  const behind = ({ index }: Member) => members.slice(index + 1);
  /** An open link is skipped only when a later one can answer: else trying it costs nothing. */
  const isSkipped = (member: Member) =>
    isOpen(member) && behind(member).some((later) => !isOpen(later));
  const nextOf = (member: Member) => behind(member).find((later) => !isSkipped(later));

  function happened(member: Member, event: BreakerEvent) {
    const before = member.breaker;
    const { state, waitMs } = member.breaker = advance(before, event, clock.monotonic());
    if (state === "open" && before.state !== "open" && event === "failure") {
      log.warning("llm_link_open", { link: member.link.name, seconds: waitMs / 1000 });
    }
  }

  /** One request to one link. */
  async function ask(member: Member, messages: readonly Message[], context: RouteContext) {
    const { link, link: { name, promptTokens = Infinity } } = member;
    const { event } = context;
    const started = clock.monotonic();
    happened(member, "begin");
    let figures: Attempt["figures"];
    let result: Diagnosis | LinkError;
    try {
      const fitting = fitted(messages, promptTokens);
      if (fitting !== messages) {
        const fields = { link: name, svc_key: svcKey(event), prompt_tokens: promptTokens };
        log.warning("prompt_cut", fields);
      }
      const reply = await link.ask(fitting, context);
      const { content } = reply;
      figures = reply.figures;
      const judgement = judge(content, event);
      reply.judged?.(judgement.ok);
      result = judgement.ok
        ? judgement.diagnosis
        : new LinkError(judgement.kind, judgement.error, { content });
    } catch (error) {
      // Nothing that a link does may end the agent: the unforeseen is a failure with its text.
      result = error instanceof LinkError ? error : new LinkError("bad_response", `${error}`);
    }
    const failure = result instanceof LinkError ? result : undefined;
    if (!failure || isWrongAnswer(failure.kind)) happened(member, "success");
    else happened(member, failure.kind === "aborted" ? "abandoned" : "failure");
    const attempt: Attempt = {
      link: name,
      model: link.model,
      outcome: failure?.kind ?? "ok",
      ...(failure && { error: plainLine(failure.message, LONGEST_ERROR) }),
      milliseconds: Math.round(clock.monotonic() - started),
      ...(figures && { figures }),
    };
    return { attempt, result };
  }

  async function route(messages: readonly Message[], context: RouteContext): Promise<RouteResult> {
    const { label, event, signal } = context;
    const svc_key = svcKey(event);
    const attempts: Attempt[] = [];
    let member = members[0];
    let conversation = messages;
    let asked = 0;
    while (member && !signal.aborted) {
      const { link } = member;
      if (isSkipped(member)) {
        const next = nextOf(member);
        log.info("llm_link_skipped", {
          link: link.name,
          model: link.model,
          svc_key,
          retry_in_seconds: Math.ceil(waitMs(member) / 1000),
          next: next?.link.name,
        });
        member = next;
        continue;
      }
      const { attempt, result } = await ask(member, conversation, context);
      attempts.push(attempt);
      if (!(result instanceof LinkError)) {
        log.debug("llm_answered", { ...attempt, svc_key });
        return { content: result, modelUsed: link.model, attempts };
      }
      const again = ++asked < attemptsPerLink && canPassAtOnce(result) && !isSkipped(member);
      const stopped = result.kind === "aborted" || signal.aborted;
      const next: Member | undefined = stopped ? undefined : again ? member : nextOf(member);
      const { outcome: kind, figures: _figures, ...rest } = attempt;
      const fields = { ...rest, kind, svc_key, next: next?.link.name ?? "none" };
      if (kind === "aborted") log.info("llm_attempt_aborted", fields);
      else log.warning("llm_attempt_failed", fields);
      conversation = again ? [...messages, ...correction(result)] : messages;
      if (!again) asked = 0;
      member = next;
    }
    throw new ChainExhaustedError(label, attempts);
  }

  return {
    route,
    /** What was learned of the servers and is worth telling a person. */
    remarks: () => links.map((link) => link.remark?.()).filter((each) => each !== undefined),
    /** The links in their order. */
    snapshot: (): readonly LinkState[] =>
      members.map((member) => {
        const { link: { name, model }, breaker: { state, failures } } = member;
        return { link: name, model, state, failures, opensInMs: waitMs(member) };
      }),
  };
}
