/**
 * A model on a server that speaks OpenAI's API, as a link of the chain.
 *
 * @module
 */
import type { Message } from "../contract.ts";
import { ANSWER_SCHEMA } from "../diagnosis.ts";
import { LinkError } from "../failure.ts";
import type { Link } from "../link.ts";
import type { Spoken } from "../reply.ts";
import { type Api, ask, type ModelServer } from "../server.ts";
import { afterRefusal, type Dialect, dialectInWords, FIRST_DIALECT } from "./dialect.ts";
import { OPENAI_REPLY } from "./reply.ts";

interface OpenaiServer extends ModelServer {
  /** Sent to the host as a bearer token, and shown nowhere. */
  readonly apiKey?: string | undefined;
}

const OPENAI: Api = {
  server: "a model server",
  path: "/v1/chat/completions",
  form: OPENAI_REPLY,
  missing: (model) => `the server has no model ${model}`,
  meaning({ status }) {
    if (status === 404) return { hint: "does this server speak OpenAI's API?" };
    return { hint: status === 401 || status === 403 ? "a key goes into LLM_API_KEY" : undefined };
  },
};

/** It remembers what the server does not take, and leaves that out. */
export function openaiLink(name: string, server: OpenaiServer): Link {
  let dialect: Dialect = FIRST_DIALECT;
  return {
    name,
    model: server.model,
    builtIn: false,
    promptTokens: server.contextTokens - server.answerTokens,
    async ask(messages, { signal }) {
      for (;;) {
        const used = dialect;
        try {
          return await complete(requestBody(messages, used, server), signal, server);
        } catch (error) {
          // A refusal costs nothing, so that asking again is no attempt of its own; each leaves
          // something out, which comes to an end.
          const next = error instanceof LinkError ? afterRefusal(used, error.detail) : undefined;
          if (!next) throw error;
          dialect = next;
        }
      }
    },
    remark: () => dialectInWords(dialect),
  };
}

function requestBody(
  messages: readonly Message[],
  dialect: Dialect,
  { model, answerTokens }: ModelServer,
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

async function complete(json: string, signal: AbortSignal, server: OpenaiServer): Promise<Spoken> {
  const { apiKey } = server;
  const authorization = apiKey === undefined ? undefined : `Bearer ${apiKey}`;
  try {
    return await ask(OPENAI, server, { json, signal, authorization });
  } catch (error) {
    if (!(error instanceof LinkError) || apiKey === undefined) throw error;
    // Servers quote the key that they do not take.
    const said = error.message.replaceAll(apiKey, "[redacted]");
    throw new LinkError(error.kind, said, error.detail);
  }
}
