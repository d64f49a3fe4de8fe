/**
 * How much of a reply of Redis is taken in.
 *
 * @module
 */

/** How large a reply may be, in bytes. */
export interface ReplyBounds {
  /** Of one reply as it comes; a larger one ends the link as soon as it says so. */
  readonly most: number;
  /** Of each string in it; what is longer is cut to this, and the rest never held. */
  readonly kept: number;
}

const MIB = 1_048_576;

/** For answers of a few words. */
export const SHORT_REPLY: ReplyBounds = { most: MIB, kept: MIB };
/** For answers of which the ids are wanted, and not the entries: these may be of any size. */
export const IDS_ONLY: ReplyBounds = { most: Number.MAX_SAFE_INTEGER, kept: 64 };
