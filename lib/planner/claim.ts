/**
 * Of several planners, one proposes: asks for the right to, before a model is asked.
 *
 * @module
 */
import type { Backlog, Running } from "../queue/backlog.ts";
import type { Claim, Coordination } from "../coordination/coordination.ts";
import type { Objected } from "../gate/objection.ts";
import type { Suppression } from "../gate/suppression.ts";

interface ClaimingOptions {
  readonly cooldownSeconds: number;
  readonly coordination: Pick<Coordination, "claim">;
  readonly backlog: Pick<Backlog, "joinCooldown">;
  readonly suppression: Pick<Suppression, "isFlapping" | "told">;
}

/** The claim; why the event goes no further; or when to ask again, in milliseconds from now. */
type Claimed =
  | { readonly claim: Claim }
  | { readonly objected: Objected }
  | { readonly againMs: number };

export function createClaiming(
  { cooldownSeconds, coordination, backlog, suppression }: ClaimingOptions,
): (running: Running) => Promise<Claimed> {
  return async ({ entry: { key, event } }) => {
    const asked = await coordination.claim(event);
    switch (asked.kind) {
      case "claimed":
        return { claim: asked.claim };
      case "taken":
        return { againMs: asked.againMs };
      case "cooling": {
        const { by, remainingMs } = asked;
        backlog.joinCooldown(key, remainingMs);
        // Who heard the same has told a person of it, when that cooldown began.
        if (suppression.isFlapping(key)) {
          suppression.told(event, Math.max(0, cooldownSeconds * 1000 - remainingMs));
        }
        return {
          objected: {
            outcome: "cooldown",
            line: "cooldown_active",
            fields: { remaining_seconds: Math.round(remainingMs / 1000) },
            detail: `${by} proposed for it`,
          },
        };
      }
    }
  };
}
