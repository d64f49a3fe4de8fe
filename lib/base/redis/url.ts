/**
 * REDIS_URL read: one server, the sentinels of one, or the nodes of a cluster.
 *
 * @module
 */
import { cannotUse, hostPort, withoutCredentials } from "../host_port.ts";

/** What a REDIS_URL names; every host is `host:port`. Holds no user and no password. */
export type RedisPlace =
  & {
    /** TLS on every connection, to sentinels as well. */
    readonly tls: boolean;
    /** The servers that the URL names, first asked first; one or more. */
    readonly hosts: readonly string[];
  }
  & (
    | { readonly kind: "server" }
    | {
      readonly kind: "sentinel";
      /** Of the primary, as the sentinels know it. */
      readonly name: string;
      /** What may be the primary; empty for whatever a sentinel names. */
      readonly nodes: readonly string[];
    }
    | { readonly kind: "cluster" }
  );

const SERVER_PORT = "6379";
const SENTINEL_PORT = "26379";

const SERVER_TAKES = "redis://HOST[:PORT] or rediss://HOST[:PORT] with a name, an IPv4 address " +
  "or an [IPv6] address";
const SENTINEL_TAKES = "redis+sentinel://[USER:PASSWORD@]SENTINEL[:PORT],.../NAME" +
  "[?nodes=HOST[:PORT],...], where nodes are all that may become the primary (rediss+sentinel:// " +
  "for TLS)";
/** Why keys, and with them streams and claims, are not for a cluster's URL. */
export const NOT_IN_A_CLUSTER =
  "REDIS_URL is of a cluster (redis+cluster://), where each key is on a node of its own and only " +
  "pub/sub can be used. Streams and claims take one Redis (redis://) or one behind sentinels " +
  "(redis+sentinel://).";
const CLUSTER_TAKES = "redis+cluster://[USER:PASSWORD@]HOST[:PORT],... (rediss+cluster:// for TLS)";

/**
 * The place that a REDIS_URL names.
 *
 * @throws SiteError for another scheme, no host, a Unix socket, a pattern, or a sentinel URL
 * without a name; its message holds no user and no password.
 */
export function redisPlace(text: string): RedisPlace {
  const shown = withoutCredentials(text);
  const several = severalHosts(text);
  if (several === null) return server(text, shown);
  const { kind, tls, hosts, path, query } = several;
  switch (kind) {
    case "sentinel": {
      const takes = SENTINEL_TAKES;
      // The names that Sentinel takes itself.
      const name = /^\/([A-Za-z0-9._-]{1,100})\/?$/.exec(path)?.[1];
      const nodes = query === "" ? "" : /^\?nodes=(.+)$/.exec(query)?.[1];
      if (name === undefined || nodes === undefined) cannotUse("REDIS_URL", shown, takes);
      return {
        kind,
        tls,
        hosts: hostList(hosts, SENTINEL_PORT) ?? cannotUse("REDIS_URL", shown, takes),
        name,
        nodes: nodes === ""
          ? []
          : hostList(nodes, SERVER_PORT) ?? cannotUse("REDIS_URL", shown, takes),
      };
    }
    case "cluster": {
      const list = path.length > 1 || query !== "" ? null : hostList(hosts, SERVER_PORT);
      return { kind, tls, hosts: list ?? cannotUse("REDIS_URL", shown, CLUSTER_TAKES) };
    }
  }
}

function server(text: string, shown: string): RedisPlace {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "redis:" && url.protocol !== "rediss:")) {
    cannotUse("REDIS_URL", shown, SERVER_TAKES);
  }
  const host = hostPort(url, SERVER_PORT) ?? cannotUse("REDIS_URL", shown, SERVER_TAKES);
  return { kind: "server", tls: url.protocol === "rediss:", hosts: [host] };
}

interface SeveralHosts {
  readonly kind: "sentinel" | "cluster";
  readonly tls: boolean;
  /** What stands before the last `@` of the hosts' part. */
  readonly login: string;
  readonly hosts: string;
  /** With its first slash; may be empty. */
  readonly path: string;
  /** With its question mark; may be empty. */
  readonly query: string;
}

/** The parts of a URL that the URL parser cannot take, as it knows one port only; else null. */
function severalHosts(text: string): SeveralHosts | null {
  const form = /^redis(s?)\+(sentinel|cluster):\/\/([^/?#]*)([^?#]*)([^#]*)(#?)/i.exec(text);
  if (!form) return null;
  const [, tls = "", kind = "", authority = "", path = "", query = "", hash = ""] = form;
  const at = authority.lastIndexOf("@");
  return {
    kind: kind.toLowerCase() === "sentinel" ? "sentinel" : "cluster",
    tls: tls !== "",
    login: authority.slice(0, Math.max(0, at)),
    hosts: authority.slice(at + 1),
    path,
    // A # belongs nowhere in it: what follows it is not left out in silence.
    query: hash === "" ? query : `${query}#`,
  };
}

/** Each host of a list once, as `host:port`; null where one of them cannot be read. */
function hostList(text: string, defaultPort: string): readonly string[] | null {
  const hosts = text.split(",").map((host) => hostOf(host, defaultPort));
  return hosts.includes(null) ? null : [...new Set(hosts.filter((host) => host !== null))];
}

/** `host[:port]` as `host:port`, or null where it cannot be read. */
function hostOf(text: string, defaultPort: string): string | null {
  const plain = `redis://${text}`;
  if (!/^[A-Za-z0-9._:[\]-]+$/.test(text) || !URL.canParse(plain)) return null;
  return hostPort(new URL(plain), defaultPort);
}

/** The address in a server's answer as `host:port`, or null where it holds none. */
export function addressOf(host: string, port: string): string | null {
  if (!/^\d{1,5}$/.test(port)) return null;
  return hostOf(`${host.includes(":") ? `[${host}]` : host}:${port}`, SERVER_PORT);
}

/** The user and password of a REDIS_URL as written, percent-encoded; each may be "". */
export function redisLogin(text: string): { readonly username: string; readonly password: string } {
  const several = severalHosts(text);
  const url = several === null ? text : `redis://${several.login}@host`;
  const { username, password } = new URL(url);
  return { username, password };
}
