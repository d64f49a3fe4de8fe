import { type Target, targetOf } from "../event/target.ts";

/** The right to propose for one target, until it is settled, released or lost. */
export interface Claim {
  /** False when this planner acts alone: nobody else was asked. */
  readonly shared: boolean;
  /**
   * Call it right before each try to write, and write only when it resolves with true: the target
   * is still ours, and is kept for others as long as a cooldown, whatever becomes of this planner.
   * False: the claim is lost; settle nothing, let the event wait for a new one.
   */
  fence(cooldownMs: number): Promise<boolean>;
  /**
   * Ends the claim as the shared cooldown: a proposal is safe, or none is needed. Resolves soon,
   * also when the others cannot be told yet; they are told later. Never rejects.
   */
  settle(cooldownMs: number): Promise<void>;
  /** Ends the claim with nothing done, if it has not ended yet. Never rejects. */
  release(): Promise<void>;
}

type ClaimResult =
  | { readonly kind: "claimed"; readonly claim: Claim }
  /** Another planner works on the target; it is worth asking again after `againMs`. */
  | { readonly kind: "taken"; readonly by: string; readonly againMs: number }
  /** Another planner proposed for the target, or found that it needs nothing. */
  | { readonly kind: "cooling"; readonly by: string; readonly remainingMs: number };

export interface Coordination {
  /**
   * Asks for a target, for a fault as grave as that, the smaller the graver: the cooldown of a
   * lesser one is none for it. Resolves within seconds, whatever the others do; never rejects.
   */
  claim(target: Target, gravity?: number): Promise<ClaimResult>;
  /** Releases what is still claimed. */
  close(): Promise<void>;
}

const UNSHARED: Claim = {
  shared: false,
  fence: () => Promise.resolve(true),
  settle: () => Promise.resolve(),
  release: () => Promise.resolve(),
};

/** For a planner that is the only one: every claim is granted. */
export const NO_COORDINATION: Coordination = {
  claim: () => Promise.resolve({ kind: "claimed", claim: UNSHARED }),
  close: () => Promise.resolve(),
};

/**
 * After a crash, turns the claims that an earlier run left on targets that cool down into shared
 * cooldowns: it may have ended between its proposal and saying so, and the others would wait for its
 * claim. Of no effect where they know already, or where another planner has the target. Never
 * rejects.
 */
export async function shareCooldowns(
  cooldowns: Iterable<{ key: string; remainingMs: number; gravity?: number }>,
  coordination: Coordination,
): Promise<void> {
  for (const { key, remainingMs, gravity } of [...cooldowns]) {
    const asked = await coordination.claim(targetOf(key), gravity);
    if (asked.kind === "claimed") await asked.claim.settle(remainingMs);
  }
}
