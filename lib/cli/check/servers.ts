import type { Clock } from "../../base/clock.ts";
import { dial, get, post } from "../../base/http/http.ts";
import { HttpError, textOf } from "../../base/http/reply.ts";
import { isObject, parseObject } from "../../base/json.ts";
import { cleanName } from "../../base/text/names.ts";
import { plainLine } from "../../base/text/plain_line.ts";
import type { Config } from "../../config/config.ts";
import { connectFailure } from "../../llm/server.ts";
import type { LinkSpec } from "../../llm/chain.ts";
import { LinkError } from "../../llm/failure.ts";
import { about, type Finding } from "../../observe/health.ts";
import type { ClockReading } from "./clock.ts";

type ServerLink = Exclude<LinkSpec, { kind: "rules" }>;
type Links = readonly [ServerLink, ...ServerLink[]];
type Json = Readonly<Record<string, unknown>>;
type ServerOptions = Pick<Config, "contextTokens" | "apiKeys"> & { readonly clock: Clock };

/**
 * Is a model server of the chain there, and does it have the models of its links, all of one API?
 * The links that can be asked are `usable`.
 */
export async function checkServer(links: Links, options: ServerOptions) {
  return await (links[0].kind === "ollama" ? checkOllama : checkOpenai)(links, options);
}

async function checkOllama(links: Links, { contextTokens, clock }: ServerOptions) {
  const [{ host }] = links;
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
  const usable: LinkSpec[] = [];
  for (const link of links) {
    const model = modelFinding(link, tags);
    findings.push(model);
    if (model.code === "model_missing") continue;
    usable.push(link);
    findings.push(loadedFinding(link, loaded, contextTokens));
    const json = JSON.stringify({ model: link.model });
    const { body: { model_info: info } = {} } = await askFor("/api/show", { ...question, json });
    // What a model was made to read: `qwen2.context_length` and so on.
    const [, made] = Object.entries(isObject(info) ? info : {})
      .find(([key]) => key.endsWith(".context_length")) ?? [];
    findings.push(...contextFindings(link, "the model", [made], contextTokens));
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

function modelFinding({ name, model, host }: ServerLink, tags: Reply): Finding {
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

function loadedFinding({ name, model }: ServerLink, loaded: Reply, contextTokens: number): Finding {
  const the = about("model_loaded", name);
  if (!loaded.body) return the.skipped(loaded.failure);
  const entry = entryOf(model, loaded);
  if (!entry) return the.fine("the model is not loaded: the first answer waits for that");
  const theirs = entry.context_length;
  return typeof theirs === "number" && theirs > 0 && theirs !== contextTokens
    ? the.problem("model_reloads", `loaded with a context of ${theirs}, not ${contextTokens}`)
    : the.fine("the model is loaded");
}

async function checkOpenai(links: Links, { contextTokens, apiKeys, clock }: ServerOptions) {
  const [{ host }] = links;
  const key = apiKeys.get(host);
  const authorization = key === undefined ? undefined : `Bearer ${key}`;
  const kind = "one of OpenAI's API";
  const question = { host, server: "a model server", kind, authorization, clock };
  const server = about("model_server", host);
  const models = await askFor("/v1/models", question);
  // Some servers list no models, and answer all the same.
  if (!models.body && models.status !== 404) {
    const refuses = models.status === 401 || models.status === 403;
    const code = refuses ? "model_server_refuses" : "model_server_unavailable";
    return { findings: [server.problem(code, models.failure)], usable: [] };
  }
  const data = models.body?.data;
  const listed = Array.isArray(data) ? data.filter(isObject).slice(0, 1000) : [];
  const [first] = listed;
  const nameOf = ({ id }: Json) => cleanName(String(id), 80);
  const props = listed.some(({ owned_by }) => owned_by === "llamacpp")
    ? await askFor("/props", question)
    : undefined;
  const settings = props?.body?.default_generation_settings;
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
    // vLLM and LM Studio report it with the model, llama.cpp in /props.
    const { meta, max_model_len, loaded_context_length }: Json = entry ?? first ?? {};
    const reported = [
      isObject(settings) ? settings.n_ctx : undefined,
      isObject(meta) ? meta.n_ctx : undefined,
      max_model_len,
      loaded_context_length,
    ];
    findings.push(...contextFindings(link, "the server", reported, contextTokens));
  }
  return { findings, usable, clock: models.clock };
}

/** A warning where the context that is reported is smaller than our prompts may be. */
function contextFindings(
  { name }: ServerLink,
  reader: "the model" | "the server",
  reported: readonly unknown[],
  contextTokens: number,
): Finding[] {
  const tokens = reported.find((each): each is number => typeof each === "number" && each > 0);
  if (tokens === undefined || tokens >= contextTokens) return [];
  const detail = `${reader} reads ${tokens} tokens, LLM_CONTEXT_TOKENS is ${contextTokens}`;
  return [about("context", name).problem("context_too_small", detail)];
}

interface Reply {
  /** The JSON object that was served; `failure` says why there is none. */
  readonly body?: Json;
  readonly failure: string;
  /** The HTTP status, where it is another than 200. */
  readonly status?: number;
  readonly clock?: ClockReading | undefined;
}

const TIMEOUT_MS = 5_000;
const LARGEST_REPLY_BYTES = 4 * 1024 * 1024;

/** What the host serves at `path`; the reply to a GET, or where there is `json` to its POST. */
async function askFor(
  path: string,
  { host, server, kind, authorization, json, clock }: {
    readonly host: string;
    readonly server: string; // in messages: "Ollama"
    readonly kind: string; // "an Ollama"
    readonly authorization?: string | undefined;
    readonly json?: string;
    readonly clock: Clock;
  },
): Promise<Reply> {
  const deadline = new AbortController();
  const late = new HttpError("disconnected", `no answer within ${TIMEOUT_MS / 1000} s`);
  const cancel = clock.after(TIMEOUT_MS, () => deadline.abort(late));
  try {
    const url = new URL(path, host);
    const options: Parameters<typeof get<Reply>>[1] = {
      signal: deadline.signal,
      authorization,
      dial: (url, signal) =>
        dial(url, signal).catch((error) => {
          throw signal.aborted ? signal.reason : connectFailure(error, host, server);
        }),
      async read({ status, headers, body: bytes }) {
        if (status !== 200) return { failure: `${path}: HTTP ${status}; is this ${kind}?`, status };
        const body = parseObject(await textOf(bytes, LARGEST_REPLY_BYTES));
        if (!body) return { failure: `${path}: not a reply of ${server}` };
        const theirsMs = Date.parse(headers.get("date") ?? "");
        const reading = { host, theirsMs, oursMs: clock.now() };
        return { body, failure: "", clock: Number.isNaN(theirsMs) ? undefined : reading };
      },
    };
    return json === undefined ? await get(url, options) : await post(url, json, options);
  } catch (error) {
    if (!(error instanceof HttpError || error instanceof LinkError)) throw error;
    return { failure: plainLine(error.message, 300) };
  } finally {
    cancel();
  }
}
