/**
 * Of several planners, one proposes: asks for the right to, before a model is asked.
 *
 * @module
 */
import type { Coordination } from "../coordination/coordination.ts";
import { gravity } from "../gate/gravity.ts";
import type { Objected } from "../gate/objection.ts";
import type { PlannerParts } from "./parts.ts";
import type { QueueEntry } from "../queue/entry.ts";

/** The claim; when to ask again, in milliseconds from now; or why the event goes no further. */
type Claimed =
  | Exclude<Awaited<ReturnType<Coordination["claim"]>>, { kind: "cooling" }>
  | { readonly kind: "objected"; readonly objected: Objected };

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
      case "taken":
        return asked;
      case "cooling": {
        const { by, remainingMs } = asked;
        backlog.joinCooldown(key, remainingMs, grave);
        // Who heard the same has told a person of it, when that cooldown began.
        const agoMs = Math.max(0, settings.cooldownSeconds * 1000 - remainingMs);
        suppression.told(event, { flapping: true, agoMs });
        return {
          kind: "objected",
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
