import type { WaitingEvent } from "../../lib/event/event.ts";

/** An event that waits, with what the test says and usual values for the rest. */
export function waitingEvent(changes: Partial<WaitingEvent> = {}): WaitingEvent {
  return {
    node: "piha",
    service: "mosquitto",
    type: "service_unhealthy",
    severity: "error",
    timestamp: 1767323045,
    heardAt: 1767323045_000,
    happenedAt: 1767323045_000,
    channel: "health_events",
    excerpt: '{"exit_code":137}',
    ...changes,
  };
}
