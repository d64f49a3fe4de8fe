import { cannotUse, hostPort, SiteError, withoutCredentials } from "../host_port.ts";

/** What a REDIS_URL names; every host is `host:port`. Holds no user and no password. */
export type RedisPlace =
  & {
    /** TLS on every connection, to sentinels as well. */
    readonly tls: boolean;
    /** The servers that the URL names, first asked first; one or more. */
    readonly hosts: readonly string[];
  }
  & ({ readonly kind: "server" | "cluster" } | {
    readonly kind: "sentinel";
    /** Of the primary, as the sentinels know it. */
    readonly name: string;
    /** What may be the primary; empty for whatever a sentinel names. */
    readonly nodes: readonly string[];
  });

const SERVER_PORT = "6379";
const SENTINEL_PORT = "26379";

const SERVER_TAKES = "redis://HOST[:PORT] or rediss://HOST[:PORT] with a name, an IPv4 address " +
  "or an [IPv6] address";
const SENTINEL_TAKES = "redis+sentinel://[USER:PASSWORD@]SENTINEL[:PORT],.../NAME" +
  "[?nodes=HOST[:PORT],...], where nodes are all that may become the primary (rediss+sentinel:// " +
  "for TLS)";
const CLUSTER_TAKES = "redis+cluster://[USER:PASSWORD@]HOST[:PORT],... (rediss+cluster:// for TLS)";
/** Why keys, and with them streams and claims, are not for a cluster's URL. */
export const NOT_IN_A_CLUSTER =
  "REDIS_URL is of a cluster (redis+cluster://), where each key is on a node of its own and only " +
  "pub/sub can be used. Streams and claims take one Redis (redis://) or one behind sentinels " +
  "(redis+sentinel://).";

/**
 * The place that a REDIS_URL names.
 *
 * @throws SiteError for another scheme, no host, a Unix socket, a pattern, or a sentinel URL
 * without a name; its message holds no user and no password.
 */
export function redisPlace(text: string): RedisPlace {
  const refuse = (takes: string) => cannotUse("REDIS_URL", withoutCredentials(text), takes);
  const several = severalHosts(text);
  if (several === null) {
    const url = URL.parse(text);
    const host = url && /^rediss?:$/.test(url.protocol) ? hostPort(url, SERVER_PORT) : null;
    return {
      kind: "server",
      tls: url?.protocol === "rediss:",
      hosts: [host ?? refuse(SERVER_TAKES)],
    };
  }
  const { kind, tls, path, query } = several;
  switch (kind) {
    case "sentinel": {
      // The names that Sentinel takes itself.
      const name = /^\/([A-Za-z0-9._-]{1,100})\/?$/.exec(path)?.[1];
      const nodes = query === "" ? [] : hostList(/^\?nodes=(.+)$/.exec(query)?.[1], SERVER_PORT);
      const hosts = hostList(several.hosts, SENTINEL_PORT);
      if (!name || !nodes || !hosts) return refuse(SENTINEL_TAKES);
      return { kind, tls, hosts, name, nodes };
    }
    case "cluster": {
      const hosts = path.length > 1 || query !== "" ? null : hostList(several.hosts, SERVER_PORT);
      return { kind, tls, hosts: hosts ?? refuse(CLUSTER_TAKES) };
    }
  }
}

/** The parts of a URL that the URL parser cannot take, as it knows one port only; else null. */
function severalHosts(text: string) {
  const form = /^redis(s?)\+(sentinel|cluster):\/\/([^/?#]*)([^?#]*)([^#]*)(#?)/i.exec(text);
  if (!form) return null;
  const [, tls, kind = "", authority = "", path = "", query = "", hash = ""] = form;
  const at = authority.lastIndexOf("@");
  return {
    kind: kind.toLowerCase() === "sentinel" ? "sentinel" as const : "cluster" as const,
    tls: tls !== "",
    /** What stands before the last `@` of the hosts' part. */
    login: authority.slice(0, Math.max(0, at)),
    hosts: authority.slice(at + 1),
    /** With its first slash; may be empty. */
    path,
    // A # belongs nowhere in it: what follows it is not left out in silence.
    query: query + hash,
  };
}

/** Each host of a list once, as `host:port`; null where one of them cannot be read. */
function hostList(text: string | undefined, defaultPort: string): readonly string[] | null {
  const hosts = text?.split(",").map((host) => hostOf(host, defaultPort)) ?? [null];
  return hosts.includes(null) ? null : [...new Set(hosts.filter((host) => host !== null))];
}

/** `host[:port]` as `host:port`, or null where it cannot be read. */
function hostOf(text: string, defaultPort: string): string | null {
  const url = /^[A-Za-z0-9._:[\]-]+$/.test(text) ? URL.parse(`redis://${text}`) : null;
  return url && hostPort(url, defaultPort);
}

/** The address in a server's answer as `host:port`, or null where it holds none. */
export function addressOf(host: string, port: string): string | null {
  if (!/^\d{1,5}$/.test(port)) return null;
  return hostOf(`${host.includes(":") ? `[${host}]` : host}:${port}`, SERVER_PORT);
}

/** The user and password of a REDIS_URL as written, percent-encoded; each may be "". */
export function redisLogin(text: string): { readonly username: string; readonly password: string } {
  const several = severalHosts(text);
  const { username, password } = new URL(several ? `redis://${several.login}@host` : text);
  return { username, password };
}

/** What a REDIS_URL that cannot be used should look like, or undefined for one that can. */
export function redisUrlProblem(text: string): string | undefined {
  let takes = "redis://[user:password@]host[:port] or rediss://… for TLS";
  const encoded = "in a user or password write @ as %40, / as %2F, ? as %3F, # as %23";
  try {
    const { kind } = redisPlace(text);
    if (kind !== "server") takes = `redis+${kind}://[user:password@]host[:port],…`;
  } catch (error) {
    if (!(error instanceof SiteError)) throw error;
    return /^rediss?\+/i.test(text) ? `${error.takes}; ${encoded}` : takes;
  }
  // One server's URL may have a path, whose @ tells of a password that was not encoded.
  const { hash, search, pathname } = new URL(/^rediss?:/i.test(text) ? text : "redis://one");
  if (hash + search !== "" || pathname.includes("@")) return `${takes}; ${encoded}`;
  if (!/^(\/\d{0,5})?$/.test(pathname)) return `${takes}; the path can only be a database number`;
  const { username, password } = redisLogin(text);
  try {
    decodeURIComponent(`${username}:${password}`);
  } catch {
    return `${takes}; a % in the user or password is written %25`;
  }
  return undefined;
}
