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

/** How the form of the answer is asked for, the strictest first. */
const FORMS = ["json_schema", "json_object", "none"] as const;
type Form = typeof FORMS[number];

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
  if (/stream_options|include_usage/i.test(said)) {
    return dialect.usage ? { ...dialect, usage: false } : undefined;
  }
  if (/max_completion_tokens|max_tokens/i.test(said)) {
    const limit = "max_completion_tokens";
    return dialect.limit === limit ? undefined : { ...dialect, limit };
  }
  if (/temperature/i.test(said)) {
    return dialect.temperature ? { ...dialect, temperature: false } : undefined;
  }
  const aboutForm = /response.?format|json.?schema|json.?object|schema|grammar|guided|structured/i
    .test(said);
  // A 400 that does not say why is most often about what is newest in the request.
  const unclear = (status === 400 || status === 422) && !OF_ANOTHER_KIND.test(said);
  const weaker = FORMS[FORMS.indexOf(dialect.form) + 1];
  return (aboutForm || unclear) && weaker ? { ...dialect, form: weaker } : undefined;
}

/** What is worth telling a person of a dialect. */
export function dialectInWords({ form }: Dialect): string | undefined {
  switch (form) {
    case "json_schema":
      return undefined;
    case "json_object":
      return "takes no schema: the form of the answer is only asked for (json_object)";
    case "none":
      return "takes no response_format: the form of the answer is asked for in words only";
  }
}
