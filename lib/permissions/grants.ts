/**
 * What a compiled agent may touch, worked out from where it is to run. The build bakes these lists
 * in; the agent asks the runtime about each of them.
 *
 * @module
 */
import { cannotUse, hostPort, withoutCredentials } from "../base/host_port.ts";
import { ChainSyntaxError, parseOllamaHost } from "../llm/chain.ts";
import { redisPlace } from "../base/redis/address.ts";
import { shellWord } from "../base/text/shell_word.ts";

/** Where a build is to run; the values are as REDIS_URL, OLLAMA_HOST and RUNTIME_PATH take them. */
export interface Site {
  /** A user and password in it are not used here. */
  readonly redisUrl: string;
  readonly ollamaHosts: readonly string[];
  readonly runtimePath: string;
  /** `http://` or `https://` URL of the OTLP collector of a build that makes traces. */
  readonly collector?: string;
}

/** What a build for everybody is for: /etc/hosts or compose's DNS gives the names an address. */
export const GENERIC_SITE: Site = {
  redisUrl: "redis://planner-redis:6379",
  ollamaHosts: ["http://planner-ollama:11434"],
  runtimePath: "/opt/homelab",
};

export function isGeneric({ redisUrl, ollamaHosts, runtimePath }: Site): boolean {
  return redisUrl === GENERIC_SITE.redisUrl && runtimePath === GENERIC_SITE.runtimePath &&
    ollamaHosts.join() === GENERIC_SITE.ollamaHosts.join();
}

/** The permission lists of a build: host:port pairs, paths to read and to write, variable names. */
export type Grants = Readonly<Record<"net" | "read" | "write" | "env", readonly string[]>>;

export interface Build {
  readonly version: string;
  /** Git commit, with `-dirty` where the working tree differed; `unknown` outside a clone. */
  readonly commit: string;
  readonly deno: string;
  readonly target: string;
  readonly site: Site;
  readonly grants: Grants;
}

/** systemd's notification socket for system services (`man sd_notify`). */
const NOTIFY_SOCKET = "/run/systemd/notify";

/** What Deno's exporter of traces goes by; a build that makes traces compares them. */
export const COLLECTOR_NAMES = [
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
] as const;

/**
 * The `host:port` of everything that a REDIS_URL may connect to: one server, a cluster's nodes, or
 * sentinels and what may be their primary. @throws SiteError for anything else, or a pattern.
 */
export function redisEndpoints(text: string): readonly string[] {
  const place = redisPlace(text);
  return place.kind === "sentinel" ? [...place.hosts, ...place.nodes] : place.hosts;
}

/**
 * The `host:port` that an OLLAMA_HOST connects to.
 *
 * @throws SiteError for what {@linkcode parseOllamaHost} does not take, or a pattern.
 */
export function ollamaEndpoint(text: string): string {
  const takes = "http://HOST[:PORT], https://HOST[:PORT] or HOST[:PORT] with a name, an IPv4 " +
    "address or an [IPv6] address";
  const shown = withoutCredentials(text);
  try {
    const url = new URL(parseOllamaHost(text));
    return hostPort(url, url.protocol === "https:" ? "443" : "80") ??
      cannotUse("OLLAMA_HOST", shown, takes);
  } catch (error) {
    if (!(error instanceof ChainSyntaxError)) throw error;
    cannotUse("OLLAMA_HOST", shown, takes);
  }
}

/**
 * RUNTIME_PATH as a build takes it: absolute, without `.`, `..`, doubled or trailing slashes.
 *
 * @throws SiteError for a relative path, the root folder, or characters that a permission list, a
 * unit file or a shell would read as more than a path.
 */
export function runtimeFolder(text: string): string {
  const takes =
    "an absolute path other than /, its parts of letters, digits and ._-+@ but not . or ..";
  const parts = text.split("/").filter((part) => part !== "");
  const isPlain = text.startsWith("/") && parts.length > 0 &&
    parts.every((part) => part !== "." && part !== ".." && /^[\p{L}\p{N}._+@-]+$/u.test(part));
  if (!isPlain) cannotUse("RUNTIME_PATH", text, takes);
  return `/${parts.join("/")}`;
}

/** What a build reads and writes under RUNTIME_PATH. @throws SiteError */
export function foldersUnder(runtimePath: string) {
  const root = runtimeFolder(runtimePath);
  return {
    read: ["actions", "config", "events", "state", "world"].map((name) => `${root}/${name}`),
    write: ["actions/pending", "events", "state"].map((name) => `${root}/${name}`),
  };
}

/** Everything that a build for `site` may do. @throws SiteError where it cannot be granted. */
export function grantsFor(site: Site, environmentNames: readonly string[]): Grants {
  const { read, write } = foldersUnder(site.runtimePath);
  const hosts = [...redisEndpoints(site.redisUrl), ...site.ollamaHosts.map(ollamaEndpoint)];
  return {
    net: [...new Set(hosts)],
    read: [...read, NOTIFY_SOCKET],
    write: [...write, NOTIFY_SOCKET],
    env: [...environmentNames, ...(site.collector === undefined ? [] : COLLECTOR_NAMES)],
  };
}

/** The command that builds for `site`, ready for a shell; it never holds a password. */
export function compileCommand(site: Site, target = "all"): string {
  const { redisUrl, ollamaHosts, runtimePath, collector } = site;
  return [
    ...["./scripts/deno", "task", "compile", "--target", target],
    ...["--redis-url", withoutCredentials(redisUrl)],
    ...ollamaHosts.flatMap((host) => ["--ollama-host", withoutCredentials(host)]),
    ...["--runtime-path", runtimePath],
    ...collector === undefined ? [] : ["--otel", collector],
  ].map(shellWord).join(" ");
}
