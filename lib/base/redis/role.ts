/**
 * Whether a server is the primary that a sentinel said it was.
 *
 * @module
 */
import type { RedisEndpoint } from "./endpoint.ts";
import { isReplyError, RedisReplicaError } from "./errors.ts";

/**
 * Asks a server that a sentinel named; of any other, nothing is asked. What is published on a
 * replica, or while it has lost its primary, reaches nobody else.
 *
 * @param role sends ROLE. A user that may not (NOPERM) is taken at the sentinel's word.
 * @throws {RedisReplicaError} when it is not the primary.
 */
export async function confirmPrimary(
  { primaryOf, display }: RedisEndpoint,
  role: () => Promise<unknown>,
): Promise<void> {
  if (primaryOf === undefined) return;
  let answer: unknown;
  try {
    answer = await role();
  } catch (error) {
    if (isReplyError(error)) return;
    throw error;
  }
  if (Array.isArray(answer) && answer[0] === "master") return;
  throw new RedisReplicaError(display, primaryOf);
}
