/**
 * What servers that speak OpenAI's API do differently, and what is learned of the one at hand.
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

/** How the form of the answer is asked for, the strictest first; what to tell a person of the others. */
const FORMS = {
  json_schema: undefined,
  json_object: "takes no schema: the form of the answer is only asked for (json_object)",
  none: "takes no response_format: the form of the answer is asked for in words only",
} as const;
type Form = keyof typeof FORMS;

/** What a server is sent. */
export interface Dialect {
  readonly form: Form;
  readonly limit: "max_tokens" | "max_completion_tokens";
  readonly temperature: boolean;
  /** Whether figures are asked for; some servers know no `stream_options`. */
  readonly usage: boolean;
}

export const FIRST_DIALECT: Dialect = {
  form: "json_schema",
  limit: "max_tokens",
  temperature: true,
  usage: true,
};

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
export function afterRefusal(
  dialect: Dialect,
  { status = 0, said = "" }: { readonly status?: number; readonly said?: string },
): Dialect | undefined {
  if (!REFUSALS.includes(status)) return undefined;
  // A 400 that does not say why is most often about what is newest in the request.
  const isUnclear = (status === 400 || status === 422) && !OF_ANOTHER_KIND.test(said);
  const isAboutForm = ABOUT_FORM.test(said) || isUnclear;
  const weaker = { json_schema: "json_object", json_object: "none", none: "none" } as const;
  const [, change = isAboutForm ? { form: weaker[dialect.form] } : {}] =
    WITHOUT.find(([words]) => words.test(said)) ?? [];
  const next = { ...dialect, ...change };
  return isDeepStrictEqual(next, dialect) ? undefined : next;
}

/** What is worth telling a person of a dialect. */
export function dialectInWords({ form }: Dialect): string | undefined {
  return FORMS[form];
}
