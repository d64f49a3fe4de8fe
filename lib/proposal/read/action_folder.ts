/**
 * What the proposals in actions/pending say, read as untrusted: anybody may have edited them.
 *
 * @module
 */
import type { Target } from "../../event/target.ts";

/** Whether a parsed file is a proposal for exactly this target; a damaged one is for none. */
export function isForTarget(content: unknown, target: Target): boolean {
  return typeof content === "object" && content !== null &&
    "node" in content && content.node === target.node &&
    "service" in content && content.service === target.service;
}

/** How many of the parsed files in actions/pending are proposals for the target. */
export function pendingForTarget(contents: Iterable<unknown>, target: Target): number {
  let count = 0;
  for (const content of contents) {
    if (isForTarget(content, target)) count++;
  }
  return count;
}
