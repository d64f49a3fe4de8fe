/**
 * Notices when the wall clock jumps: a Pi has no clock battery and starts in the past until it
 * hears of the time.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";

/** Smaller steps are drift. */
const SMALLEST_JUMP_MS = 2_000;

/** A function that says by how many milliseconds the wall clock jumped since its last call. */
export function jumpDetector(clock: Clock): () => number {
  let offset = clock.now() - clock.monotonic();
  return () => {
    const before = offset;
    offset = clock.now() - clock.monotonic();
    const jump = offset - before;
    return Math.abs(jump) < SMALLEST_JUMP_MS ? 0 : jump;
  };
}
