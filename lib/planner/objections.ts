/**
 * Objections that have to look at what was proposed before: asked at an event's turn.
 *
 * @module
 */
import type { SlowObjection } from "../gate/objection.ts";
import type { WaitingEvent } from "../event/event.ts";
import type { ProposedBefore } from "../proposal/read/proposed_before.ts";

/** Objects to an event that was handed out before, if it was proposed for then. */
export function alreadyProposed(proposedBefore: ProposedBefore): SlowObjection {
  return async (event) => {
    const action_id = event.redelivered ? await proposedBefore(event) : undefined;
    if (action_id === undefined) return undefined;
    return {
      outcome: "cooldown",
      line: "proposal_found",
      fields: { action_id },
      detail: `proposed before, as ${action_id}`,
    };
  };
}

/** Objects when `limit` proposals for the target wait for a person already; 0 means no limit. */
export function enoughPending(
  limit: number,
  countPending: (event: WaitingEvent) => Promise<number>,
): SlowObjection {
  return async (event) => {
    const pending = limit > 0 ? await countPending(event) : 0;
    if (pending === 0 || pending < limit) return undefined;
    return {
      outcome: "held",
      line: "proposal_held",
      fields: { pending, max_pending_per_service: limit },
      detail: `proposals for it that wait already: ${pending}`,
    };
  };
}
