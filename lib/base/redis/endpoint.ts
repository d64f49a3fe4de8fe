import { SiteError } from "../host_port.ts";
import { redisLogin, type RedisPlace, redisPlace } from "./url.ts";

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

/**
 * What a REDIS_URL names. A database number in its path is left out: channels know no databases.
 *
 * @throws SiteError that says what is taken, without the URL's user and password.
 */
export function redisPlaceOf(url: string): RedisPlace {
  // redis://user:pa/ss@host names the host `user`; neither may be connected to nor shown.
  if (/^[^/]*\/\/[^/?#]*[/?#].*@/s.test(url)) {
    throw new SiteError(
      "REDIS_URL has an @ behind its host: in a user or password, / is written %2F, ? is %3F, # is %23, @ is %40.",
    );
  }
  return redisPlace(url);
}

/**
 * The first server that a REDIS_URL names.
 *
 * @throws SiteError as `redisPlaceOf`.
 */
export function redisEndpoint(url: string): RedisEndpoint {
  const { hosts: [first = ""], tls } = redisPlaceOf(url);
  return endpointAt(first, tls);
}

/** The endpoint of a `host:port`. */
export function endpointAt(display: string, tls: boolean): RedisEndpoint {
  const colon = display.lastIndexOf(":");
  const host = display.slice(0, colon).replace(/^\[|\]$/g, "");
  return { host, port: Number(display.slice(colon + 1)), tls, display };
}

/** What logs call the Redis of a REDIS_URL. */
export function redisDisplay(url: string): string {
  const place = redisPlaceOf(url);
  const hosts = place.hosts.join(",");
  return place.kind === "sentinel" ? `${place.name} of ${hosts}` : hosts;
}

/** Percent-decodes; a % that starts no code stands for itself, as in redis-py. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** User and password of a REDIS_URL, or null where it has neither. */
export function redisCredentials(url: string): RedisCredentials | null {
  const { username, password } = redisLogin(url);
  if (username === "" && password === "") return null;
  return { user: username === "" ? null : decoded(username), password: decoded(password) };
}

/** Every spelling of the user and the password, for keeping them out of logs. */
export function redisSecrets(url: string): readonly string[] {
  const { username, password } = redisLogin(url);
  const spellings = new Set([username, password].flatMap((part) => [part, decoded(part)]));
  spellings.delete("");
  // The longest first, so that no part of a longer one is left standing.
  return [...spellings].sort((a, b) => b.length - a.length);
}
