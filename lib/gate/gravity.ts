/**
 * How grave a fault is among those of its target.
 *
 * @module
 */
import { cures } from "../event/cures.ts";
import type { HealthEvent, WaitingEvent } from "../event/event.ts";
import { familyOf } from "../event/family.ts";
import { severityRank } from "../event/severity.ts";

type Fault = Pick<HealthEvent | WaitingEvent, "node" | "service" | "type" | "severity">;

/** Of every cooldown that does not say how grave what it stands for was. */
export const GRAVEST = -1;

/**
 * The rank of a fault's severity, the smaller the graver. That a node is away is graver than
 * whatever else is wrong with it.
 */
export function gravity(event: Fault): number {
  return isNodeAway(event) ? GRAVEST : severityRank(event.severity);
}

/** Whether an event says that its node is away. */
export function isNodeAway({ node, service, type }: Fault): boolean {
  return service === node && familyOf(type) === "node" && isOutOfReach(type);
}

/** Whether a fault is what a node that is away looks like from elsewhere. */
export function isOutOfReach(type: string): boolean {
  return cures("node_online", type);
}
