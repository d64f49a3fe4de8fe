/**
 * Are the servers of the chain that speak OpenAI's API there, and do they have the models?
 *
 * @module
 */
import { isObject } from "../../base/json.ts";
import { cleanName } from "../../base/text/names.ts";
import type { LinkSpec } from "../../llm/chain.ts";
import { about } from "../../observe/health.ts";
import { askFor, type Json, type ServerCheck, type ServerOf } from "./server.ts";

export async function checkOpenai(
  { host, links, apiKey, contextTokens, clock }: ServerOf<"openai"> & {
    readonly apiKey: string | undefined;
  },
): Promise<ServerCheck> {
  const question = {
    host,
    server: "a model server",
    kind: "one of OpenAI's API",
    authorization: apiKey === undefined ? undefined : `Bearer ${apiKey}`,
    clock,
  };
  const server = about("model_server", host);
  const models = await askFor("/v1/models", question);
  // Some servers list no models, and answer all the same.
  if (!models.body && models.status !== 404) {
    const refuses = models.status === 401 || models.status === 403;
    const code = refuses ? "model_server_refuses" : "model_server_unavailable";
    return { findings: [server.problem(code, models.failure)], usable: [] };
  }
  const listed = entriesOf(models.body);
  const [first] = listed;
  const props = listed.some(({ owned_by }) => owned_by === "llamacpp")
    ? await askFor("/props", question)
    : undefined;
  const count = listed.length === 1 ? "1 model" : `${listed.length} models`;
  const findings = [server.fine(`reachable; ${first ? count : "it lists no models"}`)];
  const usable: LinkSpec[] = [];
  for (const link of links) {
    const entry = listed.find(({ id }) => id === link.model);
    const model = about("model", link.name);
    if (first && !entry && !props) {
      const others = listed.slice(0, 5).map(nameOf).join(", ");
      const remedy = "name a model that the server lists, or load this one there";
      const detail = `${host} does not have it; it has ${others}`;
      findings.push(model.problem("model_missing", detail, remedy));
      continue;
    }
    usable.push(link);
    // llama.cpp's server answers with its one model whatever it is called.
    const other = first && !entry ? `, which calls it ${nameOf(first)}` : "";
    findings.push(first ? model.fine(`there${other}`) : model.skipped("no list of models"));
    const context = contextOf(entry ?? first, props?.body);
    if (context !== undefined && context < contextTokens) {
      const detail = `the server reads ${context} tokens, LLM_CONTEXT_TOKENS is ${contextTokens}`;
      findings.push(about("context", link.name).problem("context_too_small", detail));
    }
  }
  return { findings, usable, clock: models.clock };
}

function entriesOf({ data }: Json = {}): Json[] {
  return Array.isArray(data) ? data.filter(isObject).slice(0, 1000) : [];
}

const nameOf = ({ id }: Json) => cleanName(String(id), 80);

/** The context that a server reports: vLLM and LM Studio with the model, llama.cpp in /props. */
function contextOf(entry: Json | undefined, props: Json | undefined): number | undefined {
  const settings = props?.default_generation_settings;
  const reported = [
    isObject(settings) ? settings.n_ctx : undefined,
    isObject(entry?.meta) ? entry.meta.n_ctx : undefined,
    entry?.max_model_len,
    entry?.loaded_context_length,
  ];
  return reported.find((each): each is number => typeof each === "number" && each > 0);
}
