/**
 * A model on a server that speaks OpenAI's API, as a link of the chain that learns what the server
 * does not take.
 *
 * | server                | differs by                                                    | source |
 * | --------------------- | ------------------------------------------------------------- | ------ |
 * | OpenAI                | newer models: `max_completion_tokens` only, no `temperature`  | platform.openai.com, API reference, chat |
 * | llama.cpp             | `timings`; an `error` in a stream under 200; n_ctx in /props  | ggml-org/llama.cpp:tools/server/README.md |
 * | Ollama                | thinking in `reasoning`; no way to set the context            | ollama/ollama:openai/openai.go |
 * | vLLM                  | thinking in `reasoning`; `max_model_len` in /v1/models        | vllm-project/vllm:docs/features |
 * | LM Studio             | `json_schema` and `text` only, `json_object` is a 400         | lmstudio.ai/docs, structured output |
 * | DeepSeek              | `json_object` only; thinking in `reasoning_content`           | api-docs.deepseek.com, JSON output |
 * | Mistral               | content as a list of parts, some of them thinking             | docs.mistral.ai, reasoning |
 * | LocalAI, TabbyAPI     | unknown fields are ignored, a schema too where no grammar is  | localai.io/features/constrained_grammars |
 * | mlx_lm.server         | `response_format` is ignored                                  | ml-explore/mlx-lm:mlx_lm/SERVER.md |
 * | LiteLLM, OpenRouter   | comments between the events; what stands behind them decides  | openrouter.ai/docs, streaming |
 *
 * No server is told by its name: what it refuses is left out from then on.
 *
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import type { Link, Message, Spoken } from "../contract.ts";
import { ANSWER_SCHEMA } from "../diagnosis.ts";
import { LinkError } from "../failure.ts";
import { type Api, ask, type ModelServer, serverLink } from "../server.ts";
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

/** How the form of the answer is asked for, the next weaker way, and what to tell a person of it. */
const FORMS = {
  json_schema: {
    response_format: {
      type: "json_schema",
      json_schema: { name: "diagnosis", strict: true, schema: ANSWER_SCHEMA },
    },
    weaker: "json_object",
    remark: undefined,
  },
  json_object: {
    response_format: { type: "json_object" },
    weaker: "none",
    remark: "takes no schema: the form of the answer is only asked for (json_object)",
  },
  none: {
    response_format: undefined,
    weaker: "none",
    remark: "takes no response_format: the form of the answer is asked for in words only",
  },
} as const;

/** What a server is sent. */
interface Dialect {
  readonly form: keyof typeof FORMS;
  readonly limit: "max_tokens" | "max_completion_tokens";
  readonly temperature: boolean;
  /** Whether figures are asked for; some servers know no `stream_options`. */
  readonly usage: boolean;
}

/** It remembers what the server does not take, and leaves that out. */
export function openaiLink(server: OpenaiServer): Link {
  let dialect: Dialect = {
    form: "json_schema",
    limit: "max_tokens",
    temperature: true,
    usage: true,
  };
  return serverLink(server, {
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
    remark: () => FORMS[dialect.form].remark,
  });
}

function requestBody(
  messages: readonly Message[],
  { form, limit, temperature, usage }: Dialect,
  { model, answerTokens }: ModelServer,
): string {
  return JSON.stringify({
    model,
    messages,
    stream: true,
    ...(usage && { stream_options: { include_usage: true } }),
    ...(temperature && { temperature: 0 }),
    [limit]: answerTokens,
    response_format: FORMS[form].response_format,
  });
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

/** Statuses of a request that a server does not take as it is. */
const REFUSALS: readonly number[] = [400, 404, 415, 422, 500, 501];
/** What a refusal speaks of, and the dialect that does without. */
const WITHOUT: readonly (readonly [RegExp, Partial<Dialect>])[] = [
  [/stream_options|include_usage/i, { usage: false }],
  [/max_completion_tokens|max_tokens/i, { limit: "max_completion_tokens" }],
  [/temperature/i, { temperature: false }],
];
const ABOUT_FORM = /response.?format|json.?schema|json.?object|schema|grammar|guided|structured/i;
/** Words of a refusal that is not about the form of the request. */
const OF_ANOTHER_KIND =
  /context|too (?:long|large|many)|exceed|memory|loading|api.?key|not.?found/i;

/**
 * The dialect after a server answered `status` and `said`; undefined where that was about something
 * else, or where nothing is left to leave out.
 */
function afterRefusal(
  dialect: Dialect,
  { status = 0, said = "" }: LinkError["detail"],
): Dialect | undefined {
  if (!REFUSALS.includes(status)) return undefined;
  // A 400 that does not say why is most often about what is newest in the request.
  const isUnclear = (status === 400 || status === 422) && !OF_ANOTHER_KIND.test(said);
  const weaker = ABOUT_FORM.test(said) || isUnclear ? { form: FORMS[dialect.form].weaker } : {};
  const [, change = weaker] = WITHOUT.find(([words]) => words.test(said)) ?? [];
  const next = { ...dialect, ...change };
  return isDeepStrictEqual(next, dialect) ? undefined : next;
}
