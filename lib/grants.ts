/**
 * What a compiled agent may touch, worked out from where it is to run. The build bakes these lists
 * in; the agent asks the runtime about each of them.
 *
 * @module
 */
import { ChainSyntaxError, parseOllamaHost } from "./llm/chain.ts";
import { shellWord } from "./shell_word.ts";

/** Where a build is to run. */
export interface Site {
  /** `redis://` or `rediss://` URL; a user and password in it are not used here. */
  readonly redisUrl: string;
  /** Ollama hosts as OLLAMA_HOST takes them, one or more. */
  readonly ollamaHosts: readonly string[];
  /** Absolute path of the folder that holds actions/, events/, state/ and config/. */
  readonly runtimePath: string;
  /** `http://` or `https://` URL of the OTLP collector of a build that makes traces. */
  readonly collector?: string;
}

/** The permission lists of a build: host:port pairs, paths and variable names. */
export interface Grants {
  readonly net: readonly string[];
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly env: readonly string[];
}

/** What a compiled program knows about its own build. */
export interface Build {
  readonly version: string;
  /** Git commit, with `-dirty` where the working tree differed; `unknown` outside a clone. */
  readonly commit: string;
  readonly deno: string;
  readonly target: string;
  readonly site: Site;
  readonly grants: Grants;
}

/** A place that cannot be granted; the message says what was wrong and what is taken. */
export class SiteError extends Error {
  override name = "SiteError";
}

/** Folders under RUNTIME_PATH that the agent reads. */
const READ_FOLDERS = ["actions", "config", "events", "state"] as const;
/** Folders under RUNTIME_PATH that the agent writes. */
const WRITE_FOLDERS = ["actions/pending", "events", "state"] as const;
/** systemd's notification socket for system services (`man sd_notify`). */
const NOTIFY_SOCKET = "/run/systemd/notify";

/** What Deno's exporter of traces goes by; a build that makes traces compares them. */
export const COLLECTOR_NAMES = [
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
] as const;

const REDIS_PORT = "6379";

function fail(what: string, value: string, takes: string): never {
  throw new SiteError(`${what}: cannot use ${JSON.stringify(value)}: it takes ${takes}.`);
}

function isHostName(host: string): boolean {
  const name = host.endsWith(".") ? host.slice(0, -1) : host;
  return name.length > 0 && name.length <= 253 &&
    name.split(".").every((label) =>
      label.length <= 63 && /^[a-z0-9_-]+$/i.test(label) && !label.startsWith("-") &&
      !label.endsWith("-")
    );
}

function isIpv6(host: string): boolean {
  return /^\[[0-9a-f:.]+\]$/i.test(host);
}

/** `host:port` as Deno's net permission spells it, or null where the host is not usable. */
function hostPort(url: URL, defaultPort: string): string | null {
  const port = url.port === "" ? defaultPort : url.port;
  if (port === "0") return null;
  const host = url.hostname.toLowerCase();
  // The host of a redis: URL is opaque text to the parser, that of http: is what the resolver sees.
  // Where the two differ (0x7f.1, percent-encoding) the grant would not match the connection.
  const plain = `http://${host}/`;
  if (!URL.canParse(plain) || new URL(plain).hostname !== host) return null;
  return isHostName(host) || isIpv6(host) ? `${host}:${port}` : null;
}

/**
 * The `host:port` that a REDIS_URL connects to.
 *
 * @throws SiteError for another scheme, no host, a Unix socket or a pattern.
 */
export function redisEndpoint(text: string): string {
  const takes = "redis://HOST[:PORT] or rediss://HOST[:PORT] with a name, an IPv4 address " +
    "or an [IPv6] address";
  const url = URL.canParse(text) ? new URL(text) : null;
  const shown = withoutCredentials(text);
  if (url === null || (url.protocol !== "redis:" && url.protocol !== "rediss:")) {
    fail("REDIS_URL", shown, takes);
  }
  return hostPort(url, REDIS_PORT) ?? fail("REDIS_URL", shown, takes);
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
      fail("OLLAMA_HOST", shown, takes);
  } catch (error) {
    if (!(error instanceof ChainSyntaxError)) throw error;
    fail("OLLAMA_HOST", shown, takes);
  }
}

/**
 * The URL of an OTLP collector, without a slash at its end. Deno's exporter connects to it by
 * itself, so it is no part of the net permissions.
 *
 * @throws SiteError for another scheme, no host, a user, a query, or characters that a unit file or
 * a shell would read as more than a URL.
 */
export function collectorUrl(text: string): string {
  const takes = "http://HOST[:PORT][/PATH] or https://HOST[:PORT][/PATH] without a user " +
    "(credentials go into OTEL_EXPORTER_OTLP_HEADERS on the node)";
  const url = URL.canParse(text) ? new URL(text) : null;
  const isPlain = url !== null && /^https?:\/\//i.test(text) && !/[@?#\s]/.test(text) &&
    /^[A-Za-z0-9._~/-]*$/.test(url.pathname) &&
    hostPort(url, url.protocol === "https:" ? "443" : "80") !== null;
  if (!isPlain) fail("--otel", withoutCredentials(text), takes);
  return url.href.replace(/\/+$/, "");
}

/**
 * A URL or host without its user and password, for messages and commands. What stands before the
 * last `@` goes, whatever it is: a password may hold `/`, `#` and blanks where it should not.
 */
export function withoutCredentials(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^]*@/i, "$1");
}

/**
 * RUNTIME_PATH as a build takes it: absolute, without `.`, `..`, doubled or trailing slashes.
 *
 * @throws SiteError for a relative path, the root folder, or characters that a permission list, a
 * unit file or a shell would read as more than a path.
 */
export function runtimeFolder(text: string): string {
  const takes = "an absolute path other than /, of letters, digits and ._-+@/, without . and ..";
  const parts = text.split("/").filter((part) => part !== "");
  const plain = text.startsWith("/") && parts.length > 0 &&
    parts.every((part) => part !== "." && part !== ".." && /^[\p{L}\p{N}._+@-]+$/u.test(part));
  if (!plain) fail("RUNTIME_PATH", text, takes);
  return `/${parts.join("/")}`;
}

/**
 * Everything that a build for `site` may do, and nothing else.
 *
 * @throws SiteError where the site cannot be granted.
 */
export function grantsFor(site: Site, environmentNames: readonly string[]): Grants {
  const root = runtimeFolder(site.runtimePath);
  const hosts = [redisEndpoint(site.redisUrl), ...site.ollamaHosts.map(ollamaEndpoint)];
  return {
    net: [...new Set(hosts)],
    read: [...READ_FOLDERS.map((name) => `${root}/${name}`), NOTIFY_SOCKET],
    write: [...WRITE_FOLDERS.map((name) => `${root}/${name}`), NOTIFY_SOCKET],
    env: [...environmentNames, ...(site.collector === undefined ? [] : COLLECTOR_NAMES)],
  };
}

/** The command that builds for `site`, ready for a shell; it never holds a password. */
export function compileCommand(site: Site, target = "all"): string {
  return [
    "./scripts/deno",
    "task",
    "compile",
    "--target",
    target,
    "--redis-url",
    withoutCredentials(site.redisUrl),
    ...site.ollamaHosts.flatMap((host) => ["--ollama-host", withoutCredentials(host)]),
    "--runtime-path",
    site.runtimePath,
    ...(site.collector === undefined ? [] : ["--otel", site.collector]),
  ].map(shellWord).join(" ");
}
