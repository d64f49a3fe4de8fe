/**
 * An Ollama as a queue: it works on one request at a time, which takes as long as reading the
 * prompt and writing the answer do.
 *
 * @module
 */
import type { Clock } from "../../lib/base/clock.ts";
import type { Message } from "../../lib/llm/contract.ts";
import { LinkError } from "../../lib/llm/failure.ts";
import type { Link } from "../../lib/llm/contract.ts";
import { type Speed, tokensOf, workMs } from "./profiles.ts";

export interface ServerOptions {
  readonly clock: Clock;
  readonly speed: Speed;
  /** Of every prompt; undefined: as many as the messages have. */
  readonly promptTokens: number | undefined;
  readonly answerTokens: number;
  /** Whether what two prompts in a row begin with is read once only. */
  readonly reusesPrefix: boolean;
}

interface Request {
  readonly readMs: number;
  readonly writeMs: number;
  readonly onFirstToken: () => void;
  readonly onAnswer: () => void;
  isAbandoned: boolean;
}

export interface SimulatedOllama {
  /** Queues a request; the returned function abandons it. */
  submit(
    messages: readonly Message[],
    told: Pick<Request, "onFirstToken" | "onAnswer">,
  ): () => void;
  /** Requests that were begun. */
  readonly calls: number;
  /** Time spent on them so far, milliseconds. */
  readonly busyMs: number;
  /** Prompt tokens of all of them that had to be read. */
  readonly promptTokens: number;
}

export function simulatedOllama(options: ServerOptions): SimulatedOllama {
  const { clock, speed, answerTokens } = options;
  const queue: { readonly messages: readonly Message[]; readonly request: Request }[] = [];
  let current: Request | undefined;
  let begunAt = 0;
  let prefix = "";
  const sum = { calls: 0, busyMs: 0, promptTokens: 0 };

  function toRead(messages: readonly Message[]): number {
    const system = messages[0]?.content ?? "";
    const isKnown = options.reusesPrefix && system === prefix;
    prefix = system;
    const tokens = options.promptTokens ??
      messages.reduce((total, { content }) => total + tokensOf(content), 0);
    return isKnown ? Math.max(0, tokens - tokensOf(system)) : tokens;
  }

  function begin() {
    if (current) return;
    const next = queue.shift();
    if (!next) return;
    const { messages, request } = next;
    if (request.isAbandoned) return begin();
    const promptTokens = toRead(messages);
    const { readMs, writeMs } = workMs({ promptTokens, answerTokens }, speed);
    current = request;
    begunAt = clock.monotonic();
    sum.calls++;
    sum.promptTokens += promptTokens;
    clock.after(readMs, () => {
      // An abandoned prompt is read to its end all the same (ollama/ollama#11889).
      if (request.isAbandoned) return end();
      request.onFirstToken();
      if (request.isAbandoned) return end();
      clock.after(writeMs, () => {
        end();
        request.onAnswer();
      });
    });
  }

  function end() {
    sum.busyMs += clock.monotonic() - begunAt;
    current = undefined;
    begin();
  }

  return {
    submit(messages, { onFirstToken, onAnswer }) {
      const request = { readMs: 0, writeMs: 0, onFirstToken, onAnswer, isAbandoned: false };
      queue.push({ messages, request });
      begin();
      return () => void (request.isAbandoned = true);
    },
    get calls() {
      return sum.calls;
    },
    get busyMs() {
      return sum.busyMs + (current ? clock.monotonic() - begunAt : 0);
    },
    get promptTokens() {
      return sum.promptTokens;
    },
  };
}

export interface SimulatedLinkOptions {
  readonly name: string;
  readonly server: SimulatedOllama;
  readonly clock: Clock;
  readonly random: () => number;
  readonly firstTokenSeconds: number;
  readonly timeoutSeconds: number;
  /** Share of requests that the server fails with status 500, 0 to 1. */
  readonly failing: number;
  /** Whether nothing listens there now. */
  readonly isDown: () => boolean;
}

/** One diagnosis in ten finds that nothing needs to be done. */
const IGNORED = 0.1;

/** The agent's link to it, with the agent's deadlines. */
export function simulatedLink(options: SimulatedLinkOptions): Link {
  const { name, server, clock, random, failing, isDown } = options;

  function answer(): string {
    return JSON.stringify({
      reason: "its container stopped answering; a restart is the smallest remedy",
      action: random() < IGNORED ? "ignore" : "restart",
      confidence: 0.8,
      requires_human: false,
    });
  }

  return {
    name,
    model: name,
    ask: (messages) =>
      new Promise((resolve, reject) => {
        const fail = (...why: ConstructorParameters<typeof LinkError>) => {
          cancelTimers();
          abandon();
          reject(new LinkError(...why));
        };
        const timers = [
          clock.after(options.firstTokenSeconds * 1000, () =>
            fail("first_token_timeout", `no token in ${options.firstTokenSeconds} s`)),
          clock.after(options.timeoutSeconds * 1000, () =>
            fail("total_timeout", `no answer in ${options.timeoutSeconds} s`)),
        ];
        const [cancelFirstToken] = timers;
        const cancelTimers = () =>
          timers.forEach((cancel) =>
            cancel()
          );
        let abandon = () => {};
        if (isDown()) return fail("refused", "nothing listens there");
        abandon = server.submit(messages, {
          onFirstToken() {
            cancelFirstToken?.();
            if (random() < failing) fail("server_error", "model runner has unexpectedly stopped");
          },
          onAnswer() {
            cancelTimers();
            resolve({ content: answer(), judged: () => {} });
          },
        });
      }),
  };
}
