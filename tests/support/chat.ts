/**
 * One chat with an Ollama, on a hand-moved clock.
 *
 * @module
 */
import assert from "node:assert/strict";
import { LinkError } from "../../lib/llm/failure.ts";
import { ollamaLink } from "../../lib/llm/ollama/link.ts";
import { fakeClock } from "./clock.ts";
import { waitingEvent } from "./waiting_event.ts";

export const MESSAGES = [{ role: "user", content: "what now?" }] as const;
/** The defaults of the agent. */
export const DEADLINES = {
  connectMs: 5_000,
  firstTokenMs: 300_000,
  idleMs: 60_000,
  totalMs: 600_000,
};

/** Asks the server at `host`, as a link does that was never asked before. */
export function asking(
  host: string,
  changes: Partial<Parameters<typeof ollamaLink>[0]> = {},
  stop: AbortController = new AbortController(),
) {
  const clock = fakeClock();
  const steps = new Set<() => void>();
  let tokens = 0;
  const link = ollamaLink({
    name: "qwen2.5:7b",
    host,
    model: "qwen2.5:7b",
    clock,
    deadlines: DEADLINES,
    contextTokens: 4096,
    answerTokens: 512,
    onToken() {
      tokens++;
      for (const step of steps) step();
    },
    ...changes,
  });
  const context = { label: "planner.piha/mosquitto", event: waitingEvent(), signal: stop.signal };
  const reply = link.ask(MESSAGES, context);
  // Awaited later; not a rejection that nobody handles meanwhile.
  reply.catch(() => {});
  return {
    clock,
    reply,
    stop,
    /** Resolves once so many tokens have come. */
    tokens: (count: number) =>
      new Promise<void>((resolve) => {
        const step = () => {
          if (tokens >= count) resolve();
        };
        steps.add(step);
        step();
      }),
  };
}

/** The failure of a chat that must fail. */
export async function failure(reply: Promise<unknown>): Promise<LinkError> {
  const error = await reply.then((value) => value, (error) => error);
  assert.ok(error instanceof LinkError, `not a failure: ${JSON.stringify(error)}`);
  return error;
}
