/** The channels of the agent. */
export const CHANNELS = ["health_events", "world_updates"] as const;
