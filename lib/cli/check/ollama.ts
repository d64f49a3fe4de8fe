/**
 * Are the Ollamas of the chain there, and do they have the models?
 *
 * @module
 */
import { isObject } from "../../base/json.ts";
import type { Clock } from "../../base/clock.ts";
import { type Finding, fine, problem, skipped } from "../../observe/health.ts";
import type { LinkSpec } from "../../llm/chain.ts";
import type { Dial } from "../../base/http/http.ts";
import { cleanName } from "../../base/text/names.ts";
import { plainLine } from "../../base/text/plain_line.ts";
import { type Answered, askFor, type Json, type ServerCheck, type Unanswered } from "./server.ts";

export type OllamaSpec = Extract<LinkSpec, { kind: "ollama" }>;

interface OllamaCheckOptions {
  readonly host: string;
  /** The links of this host. */
  readonly links: readonly OllamaSpec[];
  /** num_ctx of our requests. */
  readonly contextTokens: number;
  readonly clock: Clock;
  readonly timeoutMs?: number;
  readonly dial?: Dial;
}

/** The first with answers by a schema. */
const FIRST_WITH_SCHEMAS = [0, 5];

export async function checkOllama(options: OllamaCheckOptions): Promise<ServerCheck> {
  const { host, links, clock } = options;
  const about = (detail: string) => ({ check: "ollama", subject: host, detail });
  const question = { ...options, server: "Ollama", kind: "an Ollama" };
  const [version, tags, loaded] = await Promise.all(
    ["/api/version", "/api/tags", "/api/ps"].map((path) => askFor(path, question)),
  );
  if (!version || "failure" in version) {
    const detail = version?.failure ?? "";
    return { findings: [problem("ollama_unavailable", about(detail))], usable: [] };
  }
  const theirsMs = Date.parse(version.date ?? "");
  const findings = [versionFinding(version.body, about)];
  const usable: OllamaSpec[] = [];
  for (const link of links) {
    const { found, finding } = modelFinding(link, tags);
    findings.push(finding);
    if (!found) continue;
    usable.push(link);
    findings.push(loadedFinding(link, { loaded, contextTokens: options.contextTokens }));
    const json = JSON.stringify({ model: link.model });
    const context = contextOf(await askFor("/api/show", { ...question, json }));
    if (context !== undefined && context < options.contextTokens) {
      const detail = `the model reads ${context} tokens, LLM_CONTEXT_TOKENS is ` +
        options.contextTokens;
      findings.push(problem("context_too_small", { check: "context", subject: link.name, detail }));
    }
  }
  return {
    findings,
    usable,
    ...(Number.isFinite(theirsMs) && { clock: { host, theirsMs, oursMs: clock.now() } }),
  };
}

function versionFinding(
  body: Json,
  about: (detail: string) => { check: string; subject: string; detail: string },
): Finding {
  const version = typeof body.version === "string" ? cleanName(body.version, 40) : "";
  const [, major, minor] = /^(\d{1,6})\.(\d{1,6})\./.exec(version) ?? [];
  const [leastMajor = 0, leastMinor = 0] = FIRST_WITH_SCHEMAS;
  const old = major !== undefined && Number(major) <= leastMajor && Number(minor) < leastMinor;
  // Ollama built from source calls itself 0.0.0.
  if (old && version !== "0.0.0") return problem("ollama_old", about(`Ollama ${version}`));
  return fine(about(`Ollama ${version || "of an unknown version"}`));
}

/** The entry of a model in a reply of /api/tags or /api/ps. */
function entryOf(model: string, reply: Answered | Unanswered | undefined) {
  if (!reply || "failure" in reply || !Array.isArray(reply.body.models)) return undefined;
  const wanted = new Set([model, model.includes(":") ? model : `${model}:latest`]);
  return reply.body.models.filter(isObject).find(({ name, model }) =>
    [name, model].some((each) => typeof each === "string" && wanted.has(each))
  );
}

function modelFinding(
  { name, model, host }: OllamaSpec,
  tags: Answered | Unanswered | undefined,
): { found: boolean; finding: Finding } {
  const about = (detail: string) => ({ check: "model", subject: name, detail });
  if (!tags || "failure" in tags) {
    return { found: true, finding: skipped(about(tags?.failure ?? "no list of models")) };
  }
  const entry = entryOf(model, tags);
  if (!entry) {
    const detail = `${host} does not have it`;
    const remedy = `ollama pull ${model}`;
    return { found: false, finding: problem("model_missing", { ...about(detail), remedy }) };
  }
  if (typeof entry.remote_host === "string" && entry.remote_host !== "") {
    const detail = `runs on ${plainLine(entry.remote_host, 100)}`;
    return { found: true, finding: problem("model_elsewhere", about(detail)) };
  }
  return { found: true, finding: fine(about("the model is there")) };
}

function loadedFinding(
  { name, model }: OllamaSpec,
  { loaded, contextTokens }: {
    loaded: Answered | Unanswered | undefined;
    contextTokens: number;
  },
): Finding {
  const about = (detail: string) => ({ check: "model_loaded", subject: name, detail });
  if (!loaded || "failure" in loaded) {
    return skipped(about(loaded?.failure ?? "no list of loaded models"));
  }
  const entry = entryOf(model, loaded);
  if (!entry) return fine(about("the model is not loaded: the first answer waits for that"));
  const theirs = entry.context_length;
  if (typeof theirs === "number" && theirs > 0 && theirs !== contextTokens) {
    return problem(
      "model_reloads",
      about(`loaded with a context of ${theirs}, not ${contextTokens}`),
    );
  }
  return fine(about("the model is loaded"));
}

/** What a model was made to read, as /api/show says it: `qwen2.context_length` and so on. */
function contextOf(shown: Answered | Unanswered): number | undefined {
  const info = "failure" in shown ? undefined : shown.body.model_info;
  const [, context] = Object.entries(isObject(info) ? info : {})
    .find(([key]) => key.endsWith(".context_length")) ?? [];
  return typeof context === "number" && context > 0 ? context : undefined;
}
