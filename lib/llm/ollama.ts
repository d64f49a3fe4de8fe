/**
 * One streaming request to Ollama's /api/chat, with separate deadlines and a closed set of
 * failures.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { ANSWER_SCHEMA } from "./diagnosis.ts";
import { ConnectError } from "../base/connect.ts";
import { errorMessage } from "../base/error_message.ts";
import type { Message } from "./contract.ts";
import type { Think } from "./dialect.ts";
import { LinkFailure } from "./failure.ts";
import { type Dial, dial, post } from "./http.ts";
import { HttpFailure, type HttpReply } from "./http_reply.ts";
import { errorText, replyReader, type Spoken } from "./reply_stream.ts";

/** Deadlines of one request, in milliseconds. */
interface Deadlines {
  readonly connectMs: number;
  /** From the connection to the first token: loading the model and evaluating the prompt. */
  readonly firstTokenMs: number;
  /** Between two tokens. */
  readonly idleMs: number;
  readonly totalMs: number;
}

export interface ChatOptions {
  /** `http://host:port` or https. */
  readonly host: string;
  readonly model: string;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  /** The context length; one value for a model, since a different one makes Ollama reload it. */
  readonly contextTokens: number;
  /** Longest answer in tokens. */
  readonly answerTokens: number;
  /** As Ollama takes it; the server's own default when left out. */
  readonly keepAlive?: string | undefined;
  readonly dial?: Dial;
  /** Told when the connection stands and at each token. */
  readonly onProgress?: (what: "connected" | "token") => void;
}

/**
 * Asks once.
 *
 * @throws {LinkFailure} of any kind that is about the transport or an answer without content.
 */
export async function chat(
  { messages, think, signal }: {
    readonly messages: readonly Message[];
    readonly think?: Think;
    readonly signal: AbortSignal;
  },
  options: ChatOptions,
): Promise<Spoken> {
  const watch = startWatch(options, signal);
  try {
    const url = new URL("/api/chat", options.host);
    return await post(url, requestBody(messages, { ...options, think }), {
      signal: watch.signal,
      dial: (url, signal) =>
        (options.dial ?? dial)(url, signal).catch((error) => {
          throw connectFailure(error, options.host);
        }),
      onConnected() {
        watch.next("first_token_timeout");
        options.onProgress?.("connected");
      },
      read: (reply) =>
        readChat(reply, options.model, () => {
          watch.next("idle_timeout");
          options.onProgress?.("token");
        }),
    });
  } catch (error) {
    if (error instanceof HttpFailure) throw new LinkFailure(error.kind, error.message);
    throw error;
  } finally {
    watch.stop();
  }
}

function requestBody(
  messages: readonly Message[],
  options: ChatOptions & { readonly think: Think },
): string {
  return JSON.stringify({
    model: options.model,
    messages,
    stream: true,
    format: ANSWER_SCHEMA,
    options: {
      temperature: 0,
      num_ctx: options.contextTokens,
      num_predict: options.answerTokens,
    },
    // A duration in text; a bare number is seconds and must be a JSON number.
    keep_alive: options.keepAlive !== undefined && /^-?[\d.]+$/.test(options.keepAlive)
      ? Number(options.keepAlive)
      : options.keepAlive,
    think: options.think,
  });
}

type DeadlineKind = "connect_timeout" | "first_token_timeout" | "idle_timeout" | "total_timeout";

/** Aborts its signal when a deadline passes or the caller gives up. */
function startWatch({ clock, deadlines }: ChatOptions, caller: AbortSignal) {
  const controller = new AbortController();
  const expire = (kind: DeadlineKind) => () =>
    controller.abort(new LinkFailure(kind, deadlineText(kind, deadlines)));
  const giveUp = () => controller.abort(new LinkFailure("aborted", "the agent is stopping"));
  if (caller.aborted) giveUp();
  caller.addEventListener("abort", giveUp);
  const cancelTotal = clock.after(deadlines.totalMs, expire("total_timeout"));
  let cancelPhase = clock.after(deadlines.connectMs, expire("connect_timeout"));
  return {
    signal: controller.signal,
    /** A step was made: from now on the named deadline runs. */
    next(kind: "first_token_timeout" | "idle_timeout") {
      cancelPhase();
      const ms = kind === "idle_timeout" ? deadlines.idleMs : deadlines.firstTokenMs;
      cancelPhase = clock.after(ms, expire(kind));
    },
    stop() {
      cancelPhase();
      cancelTotal();
      caller.removeEventListener("abort", giveUp);
    },
  };
}

function deadlineText(kind: DeadlineKind, deadlines: Deadlines): string {
  const seconds = (ms: number) => `${ms / 1000} s`;
  switch (kind) {
    case "connect_timeout":
      return `no connection within ${seconds(deadlines.connectMs)}`;
    case "first_token_timeout":
      return `no token within ${seconds(deadlines.firstTokenMs)} (LLM_FIRST_TOKEN_SECONDS)`;
    case "idle_timeout":
      return `no further token within ${seconds(deadlines.idleMs)} (LLM_IDLE_SECONDS)`;
    case "total_timeout":
      return `no complete answer within ${seconds(deadlines.totalMs)} (LLM_TIMEOUT_SECONDS)`;
  }
}

async function readChat(reply: HttpReply, model: string, onToken: () => void): Promise<Spoken> {
  if (reply.status !== 200) throw statusFailure(reply, await beginning(reply), model);
  const reader = replyReader(onToken);
  const decoder = new TextDecoder();
  for await (const bytes of reply.body) {
    if (reader.push(decoder.decode(bytes, { stream: true }))) break;
  }
  const spoken = reader.finish();
  if (spoken.doneReason === "length") {
    throw new LinkFailure("truncated", "the answer was cut at the token limit", spoken);
  }
  if (spoken.content.trim() === "") throw new LinkFailure("empty", emptiness(spoken), spoken);
  return spoken;
}

function emptiness({ calledTools, thought }: Spoken): string {
  if (calledTools) return "no content: it called a tool instead, and none was offered";
  return thought ? "no content, only thinking" : "no content";
}

const LONGEST_ERROR_BODY = 64 * 1024;

/** The first part of a body; what is missing of it does not matter. */
async function beginning(reply: HttpReply): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const bytes of reply.body) {
      text += decoder.decode(bytes, { stream: true });
      if (text.length > LONGEST_ERROR_BODY) break;
    }
  } catch (error) {
    // The status says more than the break; a deadline's own error comes from post().
    if (!(error instanceof HttpFailure)) throw error;
  }
  return text;
}

/** Statuses as in Ollama's server/routes.go and docs/api/errors. */
function statusFailure({ status, headers }: HttpReply, body: string, model: string): LinkFailure {
  const said = errorText(body).trim();
  const text = `HTTP ${status}${said ? `: ${said}` : ""}`;
  if (status === 404 && /\bmodel\b/i.test(said)) {
    return new LinkFailure("model_missing", `model not found, try: ollama pull ${model} (${text})`);
  }
  if (status === 404) {
    return new LinkFailure("http_status", `${text} (is this Ollama's address?)`, { status });
  }
  if (status >= 300 && status < 400) {
    const location = headers.get("location") ?? "an unnamed place";
    return new LinkFailure("http_status", `${text} (redirects to ${location}; not followed)`, {
      status,
    });
  }
  const aboutThinking = status === 400 && /\bthink/i.test(said);
  return new LinkFailure("http_status", text, { status, aboutThinking });
}

/** Why no connection to `host` came about, in words. */
export function connectFailure(error: unknown, host: string, server = "Ollama"): LinkFailure {
  const refused = error instanceof Deno.errors.ConnectionRefused ||
    (error instanceof ConnectError && error.code === "ECONNREFUSED");
  if (refused) {
    const tried = error instanceof ConnectError ? ` (${error.tried.join(" and ")})` : "";
    return new LinkFailure(
      "refused",
      `nothing listens on ${host}${tried}; is ${server} running there?`,
    );
  }
  const text = errorMessage(error);
  const hint = /certificate/i.test(text)
    ? " (a certificate authority of your own: name its PEM file in DENO_CERT)"
    : "";
  return new LinkFailure("unreachable", `cannot reach ${host}: ${text}${hint}`);
}
