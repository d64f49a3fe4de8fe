/**
 * One chat with an Ollama, on a hand-moved clock.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Think } from "../../lib/llm/ollama/dialect.ts";
import { LinkError } from "../../lib/llm/failure.ts";
import { chat, type Ollama } from "../../lib/llm/ollama/chat.ts";
import { fakeClock } from "./clock.ts";

export const MESSAGES = [{ role: "user", content: "what now?" }] as const;
/** The defaults of the agent. */
export const DEADLINES = {
  connectMs: 5_000,
  firstTokenMs: 300_000,
  idleMs: 60_000,
  totalMs: 600_000,
};

/** Asks the server at `host`. */
export function asking(host: string, changes: Partial<Ollama> & { think?: Think } = {}) {
  const clock = fakeClock();
  const stop = new AbortController();
  const steps = new Set<() => void>();
  let tokens = 0;
  const { think, ...options } = changes;
  const reply = chat({ messages: MESSAGES, think, signal: stop.signal }, {
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
    ...options,
  });
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
