import type { Target } from "./target.ts";

/** Who says so, as far as the sender tells it: kept for those who read the proposal. */
export interface Origin {
  readonly source?: string;
  /** The sender's own id, by which it finds what became of its event. */
  readonly correlation_id?: string;
  /** Which house an event of Home Assistant is about. */
  readonly location_tag?: string;
  /** The node's name as sent, where that was an alias. */
  readonly sent_as?: string;
}

/** One message of a node agent or observer, normalized. */
export interface HealthEvent extends Target {
  /** For example `service_unhealthy` or `disk_pressure_high`. */
  readonly type: string;
  /** As sent, cleaned; see {@linkcode severityRank} for its order. */
  readonly severity: string;
  /** What the sender added. Untrusted, and as large as the message. */
  readonly payload: Readonly<Record<string, unknown>>;
  /** Seconds since 1970, fraction kept. */
  readonly timestamp: number;
  /** When it was heard, milliseconds since 1970 by this machine's clock. */
  readonly heardAt: number;
  /** When it happened, milliseconds since 1970: its timestamp, never later than it was heard. */
  readonly happenedAt: number;
  /** The Redis channel it came on. */
  readonly channel: string;
  readonly origin?: Origin;
  /** To be called once its outcome is durable, where the sender waits for that; may be repeated. */
  readonly settled?: (() => void) | undefined;
  /** It was handed out before: what came of it then may be on this disk. */
  readonly redelivered?: boolean | undefined;
}

/**
 * An event that waits for its diagnosis. Its payload is reduced to what a prompt may show
 * (redacted, bounded), so that a full queue stays small and no secret reaches the disk.
 */
export interface WaitingEvent extends Omit<HealthEvent, "payload"> {
  /** The payload as text for the prompt, "" when there was none. */
  readonly excerpt: string;
}
