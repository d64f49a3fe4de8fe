/**
 * Replies of Redis made of any value.
 *
 * @module
 */
import { bulk, type Reply, RespError } from "../support/resp.ts";

/** A value as Redis would send it: texts as bulk strings, objects as errors, of a list forty. */
export function replyOf(value: unknown): Reply {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.slice(0, 40).map(replyOf);
  if (typeof value === "string") return bulk(value);
  if (Number.isSafeInteger(value)) return Number(value);
  if (typeof value !== "object") return bulk(String(value));
  return new RespError(`ERR ${Object.keys(value).join(" ").replace(/[\r\n]/g, " ")}`);
}
