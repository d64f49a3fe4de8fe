import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log/log.ts";
import { redactText } from "../base/text/redact.ts";
import type { Link } from "./contract.ts";
import type { Dial } from "../base/http/http.ts";
import { ollamaLink } from "./ollama/link.ts";
import { openaiLink } from "./openai/link.ts";
import { createRouter } from "./router.ts";
import { diagnoseByRules } from "./rules.ts";

type OnServer = Readonly<Record<"name" | "model" | "host", string>>;

/** One link of LLM_CHAIN: its name is as written, a server's host `http://host:port` or https. */
export type LinkSpec =
  | OnServer & { readonly kind: "ollama" }
  | OnServer & { readonly kind: "openai" }
  | { readonly kind: "rules"; readonly name: "rules" };

/** A chain or a host is not written as it must be; the text says what is expected. */
export class ChainSyntaxError extends Error {
  override readonly name = "ChainSyntaxError";
  /** The wrong part, without a password. */
  readonly piece: string;
  constructor(problem: string, piece: string) {
    const shown = redactText(piece);
    super(`${problem}, got ${JSON.stringify(shown)}`);
    this.piece = shown;
  }
}

/**
 * Reads a chain: links separated by commas, each `model`, `model@host` with any host that
 * {@linkcode parseOllamaHost} takes, `openai/model@http://host:port` for a server that speaks
 * OpenAI's API, or `rules`.
 *
 * `rules` always answers, so nothing can follow it; a link given twice would be asked again right
 * after its own failure, which is what a chain is there to avoid. Both are errors.
 *
 * @param defaultHost the host of a link that names none.
 * @throws {ChainSyntaxError}
 */
export function parseChain(text: string, defaultHost: string): LinkSpec[] {
  const host = parseOllamaHost(defaultHost);
  const specs = text.split(",").map((piece) => parseLink(piece.trim(), host));
  const seen = new Set<string>();
  for (const [index, spec] of specs.entries()) {
    const behind = specs[index + 1];
    if (spec.kind === "rules" && behind) {
      const problem = "a link behind rules is never asked: put rules last";
      throw new ChainSyntaxError(problem, behind.name);
    }
    const identity = spec.kind === "rules" ? "rules" : `${spec.kind} ${spec.model}@${spec.host}`;
    if (seen.has(identity)) throw new ChainSyntaxError("a link is given twice", spec.name);
    seen.add(identity);
  }
  return specs;
}

/** Model names as Ollama takes them: `name`, `name:tag`, `namespace/name:tag`, with a registry. */
const MODEL = /^[A-Za-z0-9_][A-Za-z0-9._:/-]{0,199}$/;

function parseLink(piece: string, defaultHost: string): LinkSpec {
  if (piece === "") {
    throw new ChainSyntaxError("expected model, model@http://host:port or rules", piece);
  }
  if (/^openai\//i.test(piece)) return parseOpenaiLink(piece);
  const [, before = piece, host] = /^([^@]*)@([^]*)$/.exec(piece) ?? [];
  const model = before.trim();
  const shown = host === undefined ? piece : `${model}@${withoutUser(host)}`;
  if (model.toLowerCase() === "rules") {
    if (host === undefined) return { kind: "rules", name: "rules" };
    throw new ChainSyntaxError("rules is built in and has no host", shown);
  }
  // An address alone: what stands before its @ is a user, and what is behind a colon a password.
  const isAddress = model.includes("//");
  if (isAddress || !MODEL.test(model)) {
    const problem = "expected a model name such as qwen2.5:7b";
    throw new ChainSyntaxError(problem, isAddress ? withoutUser(piece) : shown);
  }
  const own = host === undefined ? defaultHost : parseOllamaHost(host);
  return { kind: "ollama", name: piece, model, host: own };
}

/** Model names as such servers list them: a file's name, or `owner/name@quantization`. */
const OPENAI_MODEL = /^[A-Za-z0-9_][A-Za-z0-9._:/@+-]{0,199}$/;

/** `openai/MODEL@http://host:port`, where `/v1` may follow as such servers write their address. */
function parseOpenaiLink(piece: string): LinkSpec {
  const rest = piece.slice("openai/".length);
  const at = rest.lastIndexOf("@");
  if (at < 0) {
    throw new ChainSyntaxError("a model of OpenAI's API needs its server, openai/MODEL@URL", piece);
  }
  const model = rest.slice(0, at).trim();
  const address = rest.slice(at + 1);
  // The last @ may be the one behind a user, whose password then looks like a part of the model.
  if (!OPENAI_MODEL.test(model) || model.includes("://")) {
    const problem = "expected a model name such as qwen2.5-7b-instruct, and its server behind @";
    throw new ChainSyntaxError(problem, `openai/${withoutUser(rest)}`);
  }
  const server = address.trim().replace(/\/v1\/*$/, "");
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(server) ? server : `http://${server}`;
  try {
    return { kind: "openai", name: piece, model, host: parseOllamaHost(url) };
  } catch (error) {
    if (!(error instanceof ChainSyntaxError)) throw error;
    const shown = `openai/${model}@${withoutUser(address)}`;
    throw new ChainSyntaxError("expected openai/MODEL@http://host:port or .../v1", shown);
  }
}

/**
 * The address of an Ollama as `scheme://host:port`, from what Ollama's own tools take in
 * OLLAMA_HOST: `host`, `host:port`, `:port`, `[v6]:port`, with or without `http://` or `https://`
 * and trailing slashes. Without a port it is 11434, or the scheme's own where one is written
 * (ollama/ollama:envconfig/config.go). Users, paths and queries are errors.
 *
 * @throws {ChainSyntaxError}
 */
export function parseOllamaHost(text: string): string {
  const fail = (problem: string) => new ChainSyntaxError(problem, withoutUser(text));
  const form = "expected host, host:port, http://host:port or https://host:port";
  const bare = text.trim().replace(/^(["'])([^]*)\1$/, "$2").trim();
  const [, scheme, rest = ""] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?([^]*)$/i.exec(bare) ?? [];
  const protocol = scheme?.toLowerCase() ?? "http";
  if (protocol !== "http" && protocol !== "https") throw fail(form);
  const authority = rest.replace(/\/+$/, "");
  if (authority === "" || /[\s\p{C}\\]/u.test(authority)) throw fail(form);
  if (authority.includes("@")) throw fail("a host takes no user and no password");
  if (/[/?#]/.test(authority)) throw fail("a host takes no path and no query");

  // An IPv6 address may come without brackets; its last group is not a port then.
  const bareV6 = !authority.startsWith("[") && authority.split(":").length > 2;
  const [, name, digits] = bareV6
    ? [, `[${authority}]`, undefined]
    : /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(authority) ?? [];
  if (name === undefined) throw fail(form);
  const ownPort = scheme === undefined ? 11434 : protocol === "http" ? 80 : 443;
  const port = digits === undefined ? ownPort : /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
  if (port < 1 || port > 65535) throw fail("a port is a number from 1 to 65535");
  if (name === "" && digits === undefined) throw fail(form);
  const url = `${protocol}://${name || "127.0.0.1"}`;
  if (!URL.canParse(url)) throw fail(form);
  return `${protocol}://${new URL(url).hostname}:${port}`;
}

/** A host for an error message: what stands before its last `@` may be a password. */
function withoutUser(host: string): string {
  const at = host.lastIndexOf("@");
  return at < 0 ? host : `***${host.slice(at)}`;
}

/** What of the configuration the chain needs; times are in seconds. */
interface ChainConfig {
  /** The links, first asked first. */
  readonly chain: readonly LinkSpec[];
  readonly firstTokenSeconds: number;
  readonly idleSeconds: number;
  readonly timeoutSeconds: number;
  readonly attemptsPerLink: number;
  readonly contextTokens: number;
  readonly keepAlive: string | undefined;
  /** By the host of a link: what a server of OpenAI's API is shown. Never to be shown elsewhere. */
  readonly apiKeys: ReadonlyMap<string, string>;
}

const CONNECT_MS = 5_000;
/** A diagnosis takes about 100 tokens; the rest is for models that think first. */
export const ANSWER_TOKENS = 512;

/** The built-in diagnosis, spoken as a model would. */
export function rulesLink(): Link {
  return {
    name: "rules",
    model: "rules",
    ask: (_messages, { event, facts }) =>
      Promise.resolve({ content: JSON.stringify(diagnoseByRules(event, facts)) }),
  };
}

/** The router of a configuration; tests dial for themselves. */
export function createChainRouter(
  { config, clock, log, dial }: { config: ChainConfig; clock: Clock; log: Log; dial?: Dial },
) {
  const { contextTokens, keepAlive, apiKeys, attemptsPerLink } = config;
  const deadlines = {
    connectMs: CONNECT_MS,
    firstTokenMs: config.firstTokenSeconds * 1000,
    idleMs: config.idleSeconds * 1000,
    totalMs: config.timeoutSeconds * 1000,
  };
  const common = { clock, dial, deadlines, contextTokens, answerTokens: ANSWER_TOKENS };
  const links = config.chain.map((spec): Link => {
    switch (spec.kind) {
      case "rules":
        return rulesLink();
      case "ollama":
        return ollamaLink({ ...common, ...spec, keepAlive });
      case "openai":
        return openaiLink({ ...common, ...spec, apiKey: apiKeys.get(spec.host) });
    }
  });
  return createRouter({ links, attemptsPerLink, clock, log });
}
