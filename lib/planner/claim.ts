/**
 * Of several planners, one proposes: asks for the right to, before a model is asked.
 *
 * @module
 */
import type { Claim } from "../coordination/coordination.ts";
import { gravity } from "../gate/gravity.ts";
import type { Objected } from "../gate/objection.ts";
import type { PlannerParts } from "./parts.ts";
import type { QueueEntry } from "../queue/entry.ts";

/** The claim; why the event goes no further; or when to ask again, in milliseconds from now. */
type Claimed =
  | { readonly is: "claimed"; readonly claim: Claim }
  | { readonly is: "objected"; readonly objected: Objected }
  | { readonly is: "taken"; readonly againMs: number };

export type ClaimFor = (entry: QueueEntry) => Promise<Claimed>;

export function createClaiming(
  { settings, coordination, backlog, suppression }: Pick<
    PlannerParts,
    "settings" | "coordination" | "backlog" | "suppression"
  >,
): ClaimFor {
  return async ({ key, event }) => {
    const grave = gravity(event);
    const asked = await coordination.claim(event, grave);
    switch (asked.kind) {
      case "claimed":
        return { is: "claimed", claim: asked.claim };
      case "taken":
        return { is: "taken", againMs: asked.againMs };
      case "cooling": {
        const { by, remainingMs } = asked;
        backlog.joinCooldown(key, remainingMs, grave);
        // Who heard the same has told a person of it, when that cooldown began.
        const agoMs = Math.max(0, settings.cooldownSeconds * 1000 - remainingMs);
        suppression.told(event, { flapping: true, agoMs });
        return {
          is: "objected",
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
