/**
 * Are the servers of the chain that speak OpenAI's API there, and do they have the models?
 *
 * @module
 */
import type { Clock } from "../../base/clock.ts";
import type { Dial } from "../../base/http/http.ts";
import { isObject } from "../../base/json.ts";
import { cleanName } from "../../base/text/names.ts";
import type { LinkSpec } from "../../llm/chain.ts";
import { type Finding, fine, problem, skipped } from "../../observe/health.ts";
import { type Answered, askFor, type Json, type ServerCheck } from "./server.ts";

export type OpenaiSpec = Extract<LinkSpec, { kind: "openai" }>;

interface OpenaiCheckOptions {
  readonly host: string;
  /** The links of this host. */
  readonly links: readonly OpenaiSpec[];
  readonly apiKey: string | undefined;
  /** What our prompts are kept within. */
  readonly contextTokens: number;
  readonly clock: Clock;
  readonly timeoutMs?: number;
  readonly dial?: Dial;
}

export async function checkOpenai(options: OpenaiCheckOptions): Promise<ServerCheck> {
  const { host, links, apiKey, clock, contextTokens } = options;
  const about = (detail: string) => ({ check: "model_server", subject: host, detail });
  const authorization = apiKey === undefined ? undefined : `Bearer ${apiKey}`;
  const question = {
    ...options,
    server: "a model server",
    kind: "one of OpenAI's API",
    authorization,
  };
  const models = await askFor("/v1/models", question);
  // Some servers list no models, and answer all the same.
  if ("failure" in models && models.status !== 404) {
    const key = models.status === 401 || models.status === 403;
    const code = key ? "model_server_refuses" : "model_server_unavailable";
    return { findings: [problem(code, about(models.failure))], usable: [] };
  }
  const listed = "failure" in models ? [] : entriesOf(models.body);
  const props = listed.some(({ owned_by }) => owned_by === "llamacpp")
    ? await askFor("/props", question)
    : undefined;
  const findings: Finding[] = [
    fine(about(
      listed.length === 0
        ? "reachable; it lists no models"
        : `reachable; ${listed.length === 1 ? "1 model" : `${listed.length} models`}`,
    )),
  ];
  const usable: OpenaiSpec[] = [];
  for (const link of links) {
    const entry = listed.find(({ id }) => id === link.model);
    const named = (detail: string) => ({ check: "model", subject: link.name, detail });
    if (listed.length > 0 && !entry && !props) {
      const others = listed.slice(0, 5).map(({ id }) => cleanName(String(id), 80)).join(", ");
      findings.push(problem("model_missing", {
        ...named(`${host} does not have it; it has ${others}`),
        remedy: "name a model that the server lists, or load this one there",
      }));
      continue;
    }
    usable.push(link);
    // llama.cpp's server answers with its one model whatever it is called.
    const other = listed.length > 0 && !entry
      ? `, which calls it ${cleanName(String(listed[0]?.id), 80)}`
      : "";
    findings.push(
      entry || other ? fine(named(`there${other}`)) : skipped(named("no list of models")),
    );
    const context = contextOf(
      entry ?? listed[0],
      props && !("failure" in props) ? props : undefined,
    );
    if (context !== undefined && context < contextTokens) {
      const detail = `the server reads ${context} tokens, LLM_CONTEXT_TOKENS is ${contextTokens}`;
      const about = { check: "context", subject: link.name, detail };
      findings.push(problem("context_too_small", about));
    }
  }
  const theirsMs = Date.parse("failure" in models ? "" : models.date ?? "");
  return {
    findings,
    usable,
    ...(Number.isFinite(theirsMs) && { clock: { host, theirsMs, oursMs: clock.now() } }),
  };
}

function entriesOf({ data }: Json): Json[] {
  return Array.isArray(data) ? data.filter(isObject).slice(0, 1000) : [];
}

/** The context that a server reports: vLLM and LM Studio with the model, llama.cpp in /props. */
function contextOf(entry: Json | undefined, props: Answered | undefined): number | undefined {
  const settings = props?.body.default_generation_settings;
  const reported = [
    isObject(settings) ? settings.n_ctx : undefined,
    isObject(entry?.meta) ? entry.meta.n_ctx : undefined,
    entry?.max_model_len,
    entry?.loaded_context_length,
  ];
  return reported.find((each): each is number => typeof each === "number" && each > 0);
}
