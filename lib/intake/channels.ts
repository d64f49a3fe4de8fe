/**
 * What the agent listens to.
 *
 * @module
 */

/** The channels that node agents and observers publish on (the seed's). */
export const CHANNELS = ["health_events", "world_updates"] as const;
