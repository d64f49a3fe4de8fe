/**
 * REDIS_URL taken apart: where to connect, and as whom.
 *
 * @module
 */
import { redisEndpoint as hostAndPort, SiteError } from "../grants.ts";

/** Where a Redis listens. Holds no user and no password. */
export interface RedisEndpoint {
  /** Name or address; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** `rediss://`: TLS, with no way back to plain text. */
  readonly tls: boolean;
  /** `host:port`, fit for logs. */
  readonly display: string;
}

/** What AUTH is sent with. */
export interface RedisCredentials {
  /** Null for a password alone, as every Redis takes it. */
  readonly user: string | null;
  readonly password: string;
}

/**
 * The place that a REDIS_URL names. A database number in its path is left out: channels know no
 * databases.
 *
 * @throws SiteError that says what is taken, without the URL's user and password.
 */
export function redisEndpoint(url: string): RedisEndpoint {
  // redis://user:pa/ss@host names the host `user`; neither may be connected to nor shown.
  if (/^[^/]*\/\/[^/?#]*[/?#].*@/s.test(url)) {
    throw new SiteError(
      "REDIS_URL has an @ behind its host: in a user or password, / is written %2F, ? is %3F, # is %23, @ is %40.",
    );
  }
  const display = hostAndPort(url);
  const colon = display.lastIndexOf(":");
  return {
    host: display.slice(0, colon).replace(/^\[|\]$/g, ""),
    port: Number(display.slice(colon + 1)),
    tls: new URL(url).protocol === "rediss:",
    display,
  };
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
  const { username, password } = new URL(url);
  if (username === "" && password === "") return null;
  return { user: username === "" ? null : decoded(username), password: decoded(password) };
}

/** Every spelling of the user and the password, for keeping them out of logs. */
export function redisSecrets(url: string): readonly string[] {
  const { username, password } = new URL(url);
  const spellings = [username, password].flatMap((part) => [part, decoded(part)]);
  // The longest first, so that no part of a longer one is left standing.
  return [...new Set(spellings)].filter((part) => part !== "").sort((a, b) => b.length - a.length);
}
