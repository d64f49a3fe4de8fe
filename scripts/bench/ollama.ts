/**
 * A stand-in for Ollama: answers every chat with a valid proposal, after a set time.
 *
 * @module
 */
import { isObject } from "../../lib/base/json.ts";
import { sleep, systemClock } from "../../lib/base/clock.ts";

const MODEL = "qwen2.5:7b";

export interface FakeOllama {
  readonly port: number;
  /** How long each answer takes, in milliseconds; may be changed at any time. */
  latencyMs: number;
  /** Chats asked for so far. */
  readonly calls: number;
  close(): Promise<void>;
}

type Json = Readonly<Record<string, unknown>>;

/** The value of the first line `name: value` of a prompt. */
function named(prompt: string, name: string): string {
  for (const line of prompt.split("\n")) {
    const text = line.trim();
    if (text.startsWith(`${name}: `)) {
      return text.slice(name.length + 2).trim().replace(/^"|"$/g, "");
    }
  }
  return "unknown";
}

/**
 * What the model says to a chat request: the keys that its `format` asks for, in that order, as
 * Ollama's grammar makes a model do; all six keys of a proposal without one.
 */
export function answerTo(request: unknown): string {
  const asked = isObject(request) ? request : {};
  const messages = Array.isArray(asked["messages"]) ? asked["messages"] : [];
  const last: unknown = messages.at(-1);
  const prompt = isObject(last) ? String(last["content"]) : "";
  const answer: Json = {
    action: "restart",
    service: named(prompt, "service"),
    node: named(prompt, "node"),
    reason: "container unhealthy, restart it",
    confidence: 0.9,
    requires_human: false,
  };
  const format = asked["format"];
  const properties = isObject(format) ? format["properties"] : undefined;
  if (!isObject(properties)) return JSON.stringify(answer);
  return JSON.stringify(
    Object.fromEntries(
      Object.keys(properties).filter((key) => key in answer).map((key) => [key, answer[key]]),
    ),
  );
}

/** The body of a chat's answer: one object, or as Ollama streams it, one JSON line a piece. */
export function chatBody(
  request: unknown,
  content = answerTo(request),
): { contentType: string; text: string } {
  const line = (content: string, end: Json) =>
    JSON.stringify({ model: MODEL, message: { role: "assistant", content }, ...end });
  const end = { done: true, done_reason: "stop", total_duration: 1, prompt_eval_count: 400 };
  if (isObject(request) && request["stream"] === false) {
    return { contentType: "application/json", text: line(content, end) };
  }
  const text = `${line(content, { done: false })}\n${line("", end)}\n`;
  return { contentType: "application/x-ndjson", text };
}

const LISTED = { models: [{ name: MODEL, model: MODEL, digest: "845dbda0ea48", size: 1 }] };
const KNOWN: Readonly<Record<string, unknown>> = {
  "/api/tags": LISTED,
  "/api/ps": LISTED,
  "/api/version": { version: "0.12.0" },
  "/api/show": { capabilities: ["completion"], details: { family: "qwen2" } },
};

/** What becomes of a chat request; `nth` counts from 1. */
export type ChatReply = (request: unknown, nth: number) => {
  readonly status?: number;
  readonly contentType: string;
  readonly text: string;
  /** How long this answer takes beyond the time that is set, in milliseconds. */
  readonly latencyMs?: number;
};

/** Listens on 127.0.0.1; port 0 is any free one. */
export function startOllama(
  port: number,
  reply: ChatReply = (request) => chatBody(request),
): FakeOllama {
  const closing = new AbortController();
  const state = { latencyMs: 0, calls: 0 };
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port,
    signal: closing.signal,
    onListen: () => {},
  }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/api/chat") {
      const nth = ++state.calls;
      const asked: unknown = await request.json().catch(() => undefined);
      const { status = 200, contentType, text, latencyMs = 0 } = reply(asked, nth);
      const waitMs = state.latencyMs + latencyMs;
      if (waitMs > 0) await sleep(systemClock, waitMs, closing.signal);
      return new Response(text, { status, headers: { "content-type": contentType } });
    }
    await request.body?.cancel();
    if (pathname === "/") return new Response("Ollama is running");
    const known = KNOWN[pathname];
    return known ? Response.json(known) : Response.json({ error: "not found" }, { status: 404 });
  });
  return {
    port: server.addr.port,
    get latencyMs() {
      return state.latencyMs;
    },
    set latencyMs(ms) {
      state.latencyMs = ms;
    },
    get calls() {
      return state.calls;
    },
    async close() {
      closing.abort();
      await server.finished;
    },
  };
}
