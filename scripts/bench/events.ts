/**
 * The messages that the benchmark publishes.
 *
 * @module
 */

/** Channels that an agent must hear before anything is published. */
export const CHANNELS = ["health_events", "world_updates"] as const;

/** How the service of an event begins whose proposal shows that a drain is done. */
export const SENTINEL = "sentinel-";

export interface EventOptions {
  readonly type: "service_healthy" | "service_unhealthy";
  readonly service: string;
  /** Epoch seconds. */
  readonly timestamp: number;
  /** Makes the message differ from others. */
  readonly nth?: number;
}

/** One health event as node agents send it, as JSON text. */
export function healthEvent({ type, service, timestamp, nth = 0 }: EventOptions): string {
  return JSON.stringify({
    type,
    node: "piha",
    service,
    severity: "error",
    payload: { exit_code: 137, i: nth },
    timestamp,
  });
}

/** `count` events of one type and service. */
export function healthEvents(count: number, options: Omit<EventOptions, "nth">): string[] {
  return Array.from({ length: count }, (_, nth) => healthEvent({ ...options, nth }));
}

/** Events of many services in turns: all the first ones, then all the second ones ... */
export function stormEvents(
  services: readonly string[],
  rounds: number,
  timestamp: number,
): string[] {
  return Array.from({ length: rounds }, (_, nth) => nth).flatMap((nth) =>
    services.map((service) => healthEvent({ type: "service_unhealthy", service, timestamp, nth }))
  );
}
