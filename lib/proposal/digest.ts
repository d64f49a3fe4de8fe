/**
 * What a person approves, as one number: an executor that computes it again knows that target,
 * action and id are still those that were proposed. It is no signature: whoever may write the file
 * may write a new digest, too.
 *
 * @module
 */
import { asciiJson, isObject } from "../base/json.ts";
import { createHash } from "node:crypto";

/** The parts of a proposal that decide what is done, and to what. */
interface Approved {
  readonly action_id: string;
  readonly node: string;
  readonly service: string;
  /** The executor's word for the action. */
  readonly type: string;
  /** The diagnosis' word for it. */
  readonly action: string;
}

/**
 * The text that is digested: `action_id`, `node`, `service`, `type` and `payload.action` as one
 * JSON array without blanks, ASCII only. In Python:
 *
 *     json.dumps([f["action_id"], f["node"], f["service"], f["type"], f["payload"]["action"]],
 *                separators=(",", ":"))
 */
function approvedText({ action_id, node, service, type, action }: Approved): string {
  return asciiJson([action_id, node, service, type, action]);
}

/** SHA-256 of {@linkcode approvedText}, 64 lower-case hexadecimal digits. */
export function approvalDigest(approved: Approved): string {
  return sha256(approvedText(approved));
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
  const parts = { action_id, node, service, type, action };
  return isApproved(parts) && approvalDigest(parts) === digest;
}

function isApproved(
  parts: Record<keyof Approved, unknown>,
): parts is Record<keyof Approved, string> {
  return Object.values(parts).every((part) => typeof part === "string");
}
