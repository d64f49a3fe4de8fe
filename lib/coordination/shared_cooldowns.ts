/**
 * After a crash: tells the other planners what they may not know.
 *
 * @module
 */
import { targetOf } from "../event/target.ts";
import type { Coordination } from "./coordination.ts";

/**
 * Turns the claims that an earlier run left on targets that cool down into shared cooldowns: it may
 * have ended between its proposal and saying so, and the others would wait for its claim. Of no
 * effect where they know already, or where another planner has the target. Never rejects.
 */
export async function shareCooldowns(
  cooldowns: Iterable<{
    readonly key: string;
    readonly remainingMs: number;
    readonly gravity?: number;
  }>,
  coordination: Coordination,
): Promise<void> {
  for (const { key, remainingMs, gravity } of [...cooldowns]) {
    const asked = await coordination.claim(targetOf(key), gravity);
    if (asked.kind === "claimed") await asked.claim.settle(remainingMs);
  }
}
