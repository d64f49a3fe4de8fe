/**
 * One streaming request to the /v1/chat/completions of a server that speaks OpenAI's API.
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
import type { Dialect } from "./dialect.ts";
import { completionReader } from "./reply_stream.ts";

export interface CompletionOptions extends ServerOptions {
  /** What the prompt and its answer are kept within; the server is not told. */
  readonly contextTokens: number;
  /** Longest answer in tokens. */
  readonly answerTokens: number;
  /** Sent to the host as a bearer token, and shown nowhere. */
  readonly apiKey?: string | undefined;
}

/**
 * Asks once.
 *
 * @throws {LinkError} of any kind that is about the transport or an answer without content.
 */
export async function complete(
  { messages, dialect, signal }: {
    readonly messages: readonly Message[];
    readonly dialect: Dialect;
    readonly signal: AbortSignal;
  },
  options: CompletionOptions,
): Promise<Spoken> {
  const { apiKey, host, model } = options;
  try {
    return await ask(new URL("/v1/chat/completions", host), {
      ...options,
      signal,
      json: requestBody(messages, dialect, options),
      server: "a model server",
      authorization: apiKey === undefined ? undefined : `Bearer ${apiKey}`,
      read: (reply, onToken) => readCompletion(reply, model, onToken),
    });
  } catch (error) {
    if (!(error instanceof LinkError) || apiKey === undefined) throw error;
    // Servers quote the key that they do not take.
    const said = error.message.replaceAll(apiKey, "[redacted]");
    throw new LinkError(error.kind, said, error.detail);
  }
}

function requestBody(
  messages: readonly Message[],
  dialect: Dialect,
  { model, answerTokens }: CompletionOptions,
): string {
  return JSON.stringify({
    model,
    messages,
    stream: true,
    ...(dialect.usage && { stream_options: { include_usage: true } }),
    ...(dialect.temperature && { temperature: 0 }),
    [dialect.limit]: answerTokens,
    response_format: responseFormat(dialect),
  });
}

function responseFormat({ form }: Dialect) {
  switch (form) {
    case "json_schema":
      return {
        type: "json_schema",
        json_schema: { name: "diagnosis", strict: true, schema: ANSWER_SCHEMA },
      };
    case "json_object":
      return { type: "json_object" };
    case "none":
      return undefined;
  }
}

async function readCompletion(
  reply: HttpReply,
  model: string,
  onToken: () => void,
): Promise<Spoken> {
  if (reply.status !== 200) throw statusFailure(reply.status, await beginning(reply), model);
  return readSpoken(reply, completionReader(onToken));
}

function statusFailure(status: number, body: string, model: string): LinkError {
  const said = errorText(body).trim();
  const text = `HTTP ${status}${said ? `: ${said}` : ""}`;
  if (status === 404 && /\bmodel\b/i.test(said)) {
    return new LinkError("model_missing", `the server has no model ${model} (${text})`, {
      status,
    });
  }
  const hint = status === 404
    ? " (does this server speak OpenAI's API?)"
    : status === 401 || status === 403
    ? " (a key goes into LLM_API_KEY)"
    : "";
  return new LinkError("http_status", `${text}${hint}`, { status, said });
}
