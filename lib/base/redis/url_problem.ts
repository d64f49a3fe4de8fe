/**
 * What is wrong with a REDIS_URL, for whoever sets it.
 *
 * @module
 */
import { SiteError } from "../host_port.ts";
import { redisLogin, redisPlace } from "./url.ts";

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
  const url = /^rediss?:/i.test(text) ? new URL(text) : null;
  if (url !== null) {
    if (url.hash + url.search !== "" || url.pathname.includes("@")) return `${takes}; ${encoded}`;
    if (!/^(\/\d{0,5})?$/.test(url.pathname)) {
      return `${takes}; the path can only be a database number`;
    }
  }
  const { username, password } = redisLogin(text);
  for (const part of [username, password]) {
    try {
      decodeURIComponent(part);
    } catch {
      return `${takes}; a % in the user or password is written %25`;
    }
  }
  return undefined;
}
