/** How long to wait before trying again. */
export interface Backoff {
  /** First delay, milliseconds. */
  readonly firstMs: number;
  /** No delay is longer, milliseconds. */
  readonly mostMs: number;
  /** The share of a delay that chance may take off, 0 to 1, so that many do not retry in step. */
  readonly jitter: number;
}

/** The delay after the `failures`th failure in a row (1 is the first): doubling, capped, jittered. */
export function backoffDelay(backoff: Backoff, failures: number, random: () => number): number {
  const doubled = backoff.firstMs * 2 ** Math.min(Math.max(failures, 1) - 1, 50);
  return Math.min(doubled, backoff.mostMs) * (1 - backoff.jitter * random());
}
