/**
 * A router over links that do as a test says, on a hand-moved clock.
 *
 * @module
 */
import assert from "node:assert/strict";
import { ChainExhaustedError, type Message, type RouteContext } from "../../lib/llm/contract.ts";
import { LinkError } from "../../lib/llm/failure.ts";
import { type Link } from "../../lib/llm/contract.ts";
import { createRouter } from "../../lib/llm/router.ts";
import { fakeClock } from "./clock.ts";
import { recordingLog } from "./log.ts";
import { waitingEvent } from "./waiting_event.ts";

export const MESSAGES: readonly Message[] = [{ role: "user", content: "what now?" }];
export const ANSWER = {
  reason: "the broker was killed",
  action: "restart",
  confidence: 0.9,
  requires_human: false,
};
export const GOOD = JSON.stringify(ANSWER);
export const DOWN = new LinkError("refused", "nothing listens");
export const BROKEN = new LinkError("disconnected", "cut");

type Outcome = string | LinkError | Error | Promise<string>;

/** A link that does as it is told, its last outcome for ever. */
export function scripted(name: string, outcomes: readonly Outcome[]) {
  const asked: (readonly Message[])[] = [];
  const verdicts: boolean[] = [];
  const link: Link = {
    name: `${name}@host`,
    model: name,
    async ask(messages, { signal }) {
      const outcome = await outcomes[Math.min(asked.push(messages), outcomes.length) - 1];
      if (signal.aborted) throw new LinkError("aborted", "the agent is stopping");
      if (typeof outcome !== "string") throw outcome;
      return { content: outcome, judged: (accepted) => void verdicts.push(accepted) };
    },
  };
  return { link, asked, verdicts };
}

/** The chain of these links, for one event about `piha/mosquitto`. */
export function routing(links: readonly { link: Link }[], attemptsPerLink = 2) {
  const clock = fakeClock();
  const log = recordingLog();
  const router = createRouter({
    links: links.map(({ link }) => link),
    attemptsPerLink,
    clock,
    log,
  });
  const context = (signal: AbortSignal): RouteContext => ({
    label: "planner.piha/mosquitto",
    event: waitingEvent(),
    signal,
  });
  const route = (signal = new AbortController().signal) => router.route(MESSAGES, context(signal));
  return {
    clock,
    log,
    router,
    route,
    /** The attempts of a route that must fail. */
    async exhausted(signal?: AbortSignal) {
      const error = await route(signal).then(() => undefined, (error) => error);
      assert.ok(error instanceof ChainExhaustedError, String(error));
      return error.attempts.map(({ link, outcome }) => `${link} ${outcome}`);
    },
    /** Outcomes of the attempts of a route that must succeed. */
    async outcomes() {
      return (await route()).attempts.map(({ link, outcome }) => `${link} ${outcome}`);
    },
  };
}
