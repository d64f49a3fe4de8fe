/**
 * Are the Ollamas of the chain there, and do they have the models?
 *
 * @module
 */
import { isObject } from "../../base/json.ts";
import { cleanName } from "../../base/text/names.ts";
import { plainLine } from "../../base/text/plain_line.ts";
import { about, type Finding } from "../../observe/health.ts";
import { askFor, type Reply, type ServerCheck, type ServerOf } from "./server.ts";

type OllamaLink = ServerOf<"ollama">["links"][number];

export async function checkOllama(
  { host, links, contextTokens, clock }: ServerOf<"ollama">,
): Promise<ServerCheck> {
  const question = { host, server: "Ollama", kind: "an Ollama", clock };
  const [version, tags, loaded] = await Promise.all([
    askFor("/api/version", question),
    askFor("/api/tags", question),
    askFor("/api/ps", question),
  ]);
  const server = about("ollama", host);
  if (!version.body) {
    return { findings: [server.problem("ollama_unavailable", version.failure)], usable: [] };
  }
  const name = typeof version.body.version === "string" ? cleanName(version.body.version, 40) : "";
  // Answers by a schema came with 0.5. Ollama built from source calls itself 0.0.0.
  const isOld = /^0\.0*[0-4]\./.test(name) && name !== "0.0.0";
  const findings = [
    isOld
      ? server.problem("ollama_old", `Ollama ${name}`)
      : server.fine(`Ollama ${name || "of an unknown version"}`),
  ];
  const usable: OllamaLink[] = [];
  for (const link of links) {
    const model = modelFinding(link, tags);
    findings.push(model);
    if (model.code === "model_missing") continue;
    usable.push(link);
    findings.push(loadedFinding(link, loaded, contextTokens));
    const json = JSON.stringify({ model: link.model });
    const context = contextOf(await askFor("/api/show", { ...question, json }));
    if (context === undefined || context >= contextTokens) continue;
    const detail = `the model reads ${context} tokens, LLM_CONTEXT_TOKENS is ${contextTokens}`;
    findings.push(about("context", link.name).problem("context_too_small", detail));
  }
  return { findings, usable, clock: version.clock };
}

/** The entry of a model in a reply of /api/tags or /api/ps. */
function entryOf(model: string, { body }: Reply) {
  if (!Array.isArray(body?.models)) return undefined;
  const wanted = new Set<unknown>([model, model.includes(":") ? model : `${model}:latest`]);
  return body.models.filter(isObject).find(({ name, model }) =>
    wanted.has(name) || wanted.has(model)
  );
}

function modelFinding({ name, model, host }: OllamaLink, tags: Reply): Finding {
  const the = about("model", name);
  if (!tags.body) return the.skipped(tags.failure);
  const entry = entryOf(model, tags);
  if (!entry) {
    return the.problem("model_missing", `${host} does not have it`, `ollama pull ${model}`);
  }
  const { remote_host: elsewhere } = entry;
  return typeof elsewhere === "string" && elsewhere !== ""
    ? the.problem("model_elsewhere", `runs on ${plainLine(elsewhere, 100)}`)
    : the.fine("the model is there");
}

function loadedFinding(
  { name, model }: OllamaLink,
  loaded: Reply,
  contextTokens: number,
): Finding {
  const the = about("model_loaded", name);
  if (!loaded.body) return the.skipped(loaded.failure);
  const entry = entryOf(model, loaded);
  if (!entry) return the.fine("the model is not loaded: the first answer waits for that");
  const theirs = entry.context_length;
  return typeof theirs === "number" && theirs > 0 && theirs !== contextTokens
    ? the.problem("model_reloads", `loaded with a context of ${theirs}, not ${contextTokens}`)
    : the.fine("the model is loaded");
}

/** What a model was made to read, as /api/show says it: `qwen2.context_length` and so on. */
function contextOf({ body }: Reply): number | undefined {
  const [, context] = Object.entries(isObject(body?.model_info) ? body.model_info : {})
    .find(([key]) => key.endsWith(".context_length")) ?? [];
  return typeof context === "number" && context > 0 ? context : undefined;
}
