/**
 * One request to Ollama's /api/chat.
 *
 * @module
 */
import type { Message } from "../contract.ts";
import { ANSWER_SCHEMA } from "../diagnosis.ts";
import type { Spoken } from "../reply.ts";
import { type Api, ask, type ModelServer } from "../server.ts";
import type { Think } from "./dialect.ts";
import { OLLAMA_REPLY } from "./reply.ts";

export interface Ollama extends ModelServer {
  /** As Ollama takes it; the server's own default when left out. */
  readonly keepAlive?: string | undefined;
}

const OLLAMA: Api = {
  server: "Ollama",
  path: "/api/chat",
  form: OLLAMA_REPLY,
  missing: (model) => `model not found, try: ollama pull ${model}`,
  // Statuses as in Ollama's server/routes.go and docs/api/errors.
  meaning({ status, headers }, said) {
    if (status === 404) return { hint: "is this Ollama's address?" };
    if (status >= 300 && status < 400) {
      return {
        hint: `redirects to ${headers.get("location") ?? "an unnamed place"}; not followed`,
      };
    }
    return { aboutThinking: status === 400 && /\bthink/i.test(said) };
  },
};

/** Asks once. @throws {LinkError} */
export function chat(
  { messages, think, signal }: {
    readonly messages: readonly Message[];
    readonly think?: Think;
    readonly signal: AbortSignal;
  },
  server: Ollama,
): Promise<Spoken> {
  const { model, contextTokens, answerTokens, keepAlive } = server;
  // A duration in text; a bare number is seconds and must be a JSON number.
  const isNumber = keepAlive !== undefined && /^-?[\d.]+$/.test(keepAlive);
  const json = JSON.stringify({
    model,
    messages,
    stream: true,
    format: ANSWER_SCHEMA,
    options: { temperature: 0, num_ctx: contextTokens, num_predict: answerTokens },
    keep_alive: isNumber ? Number(keepAlive) : keepAlive,
    think,
  });
  return ask(OLLAMA, server, { json, signal });
}
