import { cannotUse, hostPort, SiteError, withoutCredentials } from "../host_port.ts";

/** Where a Redis listens. Holds no user and no password. */
export interface RedisEndpoint {
  /** Name or address; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** `rediss://`: TLS, with no way back to plain text. */
  readonly tls: boolean;
  /** `host:port`, fit for logs. */
  readonly display: string;
  /** The name under which a sentinel named it as the primary; that is still to be confirmed. */
  readonly primaryOf?: string;
}

/** What AUTH is sent with. */
export interface RedisCredentials {
  /** Null for a password alone, as every Redis takes it. */
  readonly user: string | null;
  readonly password: string;
}

/** Each `host:port`. */
type Hosts = readonly [string, ...string[]];

/** What a REDIS_URL names. Holds no user and no password. */
type RedisPlace =
  & {
    /** TLS on every connection, to sentinels as well. */
    readonly tls: boolean;
    readonly hosts: Hosts;
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
const TAKES = {
  server: "redis://HOST[:PORT] or rediss://HOST[:PORT] with a name, an IPv4 address or an [IPv6] " +
    "address",
  sentinel: "redis+sentinel://[USER:PASSWORD@]SENTINEL[:PORT],.../NAME[?nodes=HOST[:PORT],...], " +
    "where nodes are all that may become the primary (rediss+sentinel:// for TLS)",
  cluster: "redis+cluster://[USER:PASSWORD@]HOST[:PORT],... (rediss+cluster:// for TLS)",
};
/** Why keys, and with them streams and claims, are not for a cluster's URL. */
export const NOT_IN_A_CLUSTER =
  "REDIS_URL is of a cluster (redis+cluster://), where each key is on a node of its own and only " +
  "pub/sub can be used. Streams and claims take one Redis (redis://) or one behind sentinels " +
  "(redis+sentinel://).";

/**
 * All that a REDIS_URL says. A database number in its path is left out: channels know no databases.
 * @throws SiteError that says what is taken, without the URL's user and password.
 */
export function redisAddress(url: string) {
  // redis://user:pa/ss@host names the host `user`; neither may be connected to nor shown.
  if (/^[^/]*\/\/[^/?#]*[/?#].*@/s.test(url)) {
    throw new SiteError(
      "REDIS_URL has an @ behind its host: in a user or password, / is written %2F, ? is %3F, # is %23, @ is %40.",
    );
  }
  const place = redisPlace(url);
  const hosts = place.hosts.join();
  const { username, password } = loginOf(url);
  const spellings = new Set([username, password].flatMap((part) => [part, decoded(part)]));
  spellings.delete("");
  const credentials: RedisCredentials = {
    user: username === "" ? null : decoded(username),
    password: decoded(password),
  };
  return {
    place,
    /** The first server that it names. */
    endpoint: endpointAt(place.hosts[0], place.tls),
    display: place.kind === "sentinel" ? `${place.name} of ${hosts}` : hosts,
    credentials: spellings.size > 0 ? credentials : null,
    /** Every spelling of user and password; the longest first, or parts of it would be left. */
    secrets: [...spellings].sort((a, b) => b.length - a.length),
  };
}

/** The endpoint of a `host:port`. */
export function endpointAt(display: string, tls: boolean): RedisEndpoint {
  const colon = display.lastIndexOf(":");
  const host = display.slice(0, colon).replace(/^\[|\]$/g, "");
  return { host, port: Number(display.slice(colon + 1)), tls, display };
}

/** Percent-decodes; a % that starts no code stands for itself, as in redis-py. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * @throws SiteError for another scheme, no host, a Unix socket, a pattern, or a sentinel URL
 * without a name; its message holds no user and no password.
 */
export function redisPlace(text: string): RedisPlace {
  const refuse = (kind: RedisPlace["kind"]) =>
    cannotUse("REDIS_URL", withoutCredentials(text), TAKES[kind]);
  const several = severalHosts(text);
  if (several === null) {
    const url = URL.parse(text);
    const tls = url?.protocol === "rediss:";
    const host = url && (tls || url.protocol === "redis:") ? hostPort(url, SERVER_PORT) : null;
    return { kind: "server", tls, hosts: [host ?? refuse("server")] };
  }
  const { kind, tls, path, query } = several;
  const hosts = hostList(several.hosts, kind === "sentinel" ? SENTINEL_PORT : SERVER_PORT);
  if (kind === "cluster") {
    return { kind, tls, hosts: path.length > 1 || query || !hosts ? refuse(kind) : hosts };
  }
  // The names that Sentinel takes itself.
  const name = /^\/([A-Za-z0-9._-]{1,100})\/?$/.exec(path)?.[1];
  const nodes = query === "" ? [] : hostList(/^\?nodes=(.+)$/.exec(query)?.[1], SERVER_PORT);
  return name && nodes && hosts ? { kind, tls, hosts, name, nodes } : refuse(kind);
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
    login: authority.slice(0, Math.max(0, at)),
    hosts: authority.slice(at + 1),
    /** With its first slash; may be empty. */
    path,
    // A # belongs nowhere in it: what follows it is not left out in silence.
    query: query + hash,
  };
}

/** Each host of a list once; null where one of them cannot be read. */
function hostList(text: string | undefined, defaultPort: string): Hosts | null {
  const found = new Set(text?.split(",").map((host) => hostOf(host, defaultPort)));
  const [first, ...others] = found;
  return first && others.every((host) => host !== null) ? [first, ...others] : null;
}

/** `host[:port]` as `host:port`, or null where it cannot be read. */
function hostOf(text: string, defaultPort: string): string | null {
  const url = /^[A-Za-z0-9._:[\]-]+$/.test(text) ? URL.parse(`redis://${text}`) : null;
  return url && hostPort(url, defaultPort);
}

/** The address in a sentinel's reply as `host:port`, or null where it holds none. */
export function addressOf(host: string, port: string): string | null {
  if (!/^\d{1,5}$/.test(port)) return null;
  return hostOf(`${host.includes(":") ? `[${host}]` : host}:${port}`, SERVER_PORT);
}

/** User and password of a REDIS_URL as written, percent-encoded; each may be "". */
function loginOf(text: string): Pick<URL, "username" | "password"> {
  const several = severalHosts(text);
  return new URL(several ? `redis://${several.login}@host` : text);
}

/** What a REDIS_URL that cannot be used should look like, or undefined for one that can. */
export function redisUrlProblem(text: string): string | undefined {
  const several = severalHosts(text);
  const takes = several
    ? `redis+${several.kind}://[user:password@]host[:port],…`
    : "redis://[user:password@]host[:port] or rediss://… for TLS";
  const encoded = "in a user or password write @ as %40, / as %2F, ? as %3F, # as %23";
  try {
    redisPlace(text);
  } catch (error) {
    if (!(error instanceof SiteError)) throw error;
    return /^rediss?\+/i.test(text) ? `${error.takes}; ${encoded}` : takes;
  }
  // One server's URL may have a path, whose @ tells of a password that was not encoded.
  const { hash, search, pathname } = new URL(/^rediss?:/i.test(text) ? text : "redis://one");
  if (hash + search !== "" || pathname.includes("@")) return `${takes}; ${encoded}`;
  if (!/^(\/\d{0,5})?$/.test(pathname)) return `${takes}; the path can only be a database number`;
  const { username, password } = loginOf(text);
  try {
    decodeURIComponent(`${username}:${password}`);
  } catch {
    return `${takes}; a % in the user or password is written %25`;
  }
  return undefined;
}
