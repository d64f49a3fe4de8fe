/**
 * What a person approves, as one number: an executor that computes it again knows that target,
 * action and id are still those that were proposed. It is no signature: whoever may write the file
 * may write a new digest, too.
 *
 * @module
 */
import { asciiJson, isObject } from "../base/json.ts";
import { createHash } from "node:crypto";

/** The parts of a proposal that decide what is done, and to what, in the order of the digest. */
const PARTS = ["action_id", "node", "service", "type", "action"] as const;

/**
 * SHA-256 of `action_id`, `node`, `service`, `type` and `payload.action` as one JSON array without
 * blanks, ASCII only; 64 lower-case hexadecimal digits. In Python:
 *
 *     json.dumps([f["action_id"], f["node"], f["service"], f["type"], f["payload"]["action"]],
 *                separators=(",", ":"))
 */
export function approvalDigest(approved: Readonly<Record<typeof PARTS[number], unknown>>): string {
  return sha256(asciiJson(PARTS.map((part) => approved[part])));
}

/** SHA-256 of a text in UTF-8, 64 lower-case hexadecimal digits. */
export function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

/**
 * Whether a parsed proposal still has the digest it was written with; undefined for one without a
 * digest, as earlier versions wrote them.
 */
export function digestMatches(content: unknown): boolean | undefined {
  if (!isObject(content) || !isObject(content.payload)) return undefined;
  const { action_id, node, service, type, payload: { action, digest } } = content;
  if (digest === undefined) return undefined;
  const approved = { action_id, node, service, type, action };
  return PARTS.every((part) => typeof approved[part] === "string") &&
    approvalDigest(approved) === digest;
}
