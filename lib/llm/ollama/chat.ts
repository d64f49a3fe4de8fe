/**
 * One streaming request to Ollama's /api/chat.
 *
 * @module
 */
import type { HttpReply } from "../../base/http/reply.ts";
import { ask, beginning, type ServerOptions } from "../ask.ts";
import type { Message } from "../contract.ts";
import { ANSWER_SCHEMA } from "../diagnosis.ts";
import { errorText } from "../error_text.ts";
import { LinkError } from "../failure.ts";
import { readSpoken, type Spoken } from "../spoken.ts";
import type { Think } from "./dialect.ts";
import { replyReader } from "./reply_stream.ts";

export interface ChatOptions extends ServerOptions {
  /** The context length; one value for a model, since a different one makes Ollama reload it. */
  readonly contextTokens: number;
  /** Longest answer in tokens. */
  readonly answerTokens: number;
  /** As Ollama takes it; the server's own default when left out. */
  readonly keepAlive?: string | undefined;
}

/**
 * Asks once.
 *
 * @throws {LinkError} of any kind that is about the transport or an answer without content.
 */
export function chat(
  { messages, think, signal }: {
    readonly messages: readonly Message[];
    readonly think?: Think;
    readonly signal: AbortSignal;
  },
  options: ChatOptions,
): Promise<Spoken> {
  return ask(new URL("/api/chat", options.host), {
    ...options,
    signal,
    json: requestBody(messages, { ...options, think }),
    server: "Ollama",
    read: (reply, onToken) => readChat(reply, options.model, onToken),
  });
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

async function readChat(reply: HttpReply, model: string, onToken: () => void): Promise<Spoken> {
  if (reply.status !== 200) throw statusFailure(reply, await beginning(reply), model);
  return readSpoken(reply, replyReader(onToken));
}

/** Statuses as in Ollama's server/routes.go and docs/api/errors. */
function statusFailure({ status, headers }: HttpReply, body: string, model: string): LinkError {
  const said = errorText(body).trim();
  const text = `HTTP ${status}${said ? `: ${said}` : ""}`;
  if (status === 404 && /\bmodel\b/i.test(said)) {
    return new LinkError("model_missing", `model not found, try: ollama pull ${model} (${text})`);
  }
  if (status === 404) {
    return new LinkError("http_status", `${text} (is this Ollama's address?)`, { status });
  }
  if (status >= 300 && status < 400) {
    const location = headers.get("location") ?? "an unnamed place";
    return new LinkError("http_status", `${text} (redirects to ${location}; not followed)`, {
      status,
    });
  }
  const aboutThinking = status === 400 && /\bthink/i.test(said);
  return new LinkError("http_status", text, { status, aboutThinking });
}
