/**
 * How much of what Redis hands out is held. A message of more than 1 MiB is refused; what is cut is
 * still longer than that.
 *
 * @module
 */
import type { ReplyBounds } from "../base/redis/reply_check.ts";

const MIB = 1_048_576;
const KEPT = 4 * MIB;

/** Of a published message: as much as Redis itself keeps for a subscriber by default. */
export const MESSAGE_BOUNDS: ReplyBounds = { most: 32 * MIB, kept: KEPT };
/** Of an answer with entries of streams. */
export const ENTRIES_BOUNDS: ReplyBounds = { most: 64 * MIB, kept: KEPT };
