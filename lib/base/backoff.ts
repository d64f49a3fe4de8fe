import { type Clock, sleep } from "./clock.ts";

export interface Backoff {
  readonly firstMs: number;
  readonly mostMs: number;
  /** The share of a delay that chance may take off, 0 to 1, so that many do not retry in step. */
  readonly jitter: number;
}

/** The delay after the `failures`th failure in a row (1 is the first): doubling, capped, jittered. */
export function backoffDelay(backoff: Backoff, failures: number, random: () => number): number {
  const doubled = backoff.firstMs * 2 ** Math.min(Math.max(failures, 1) - 1, 50);
  return Math.min(doubled, backoff.mostMs) * (1 - backoff.jitter * random());
}

/** A try that was of use for this long starts the backoff anew. */
const STEADY_MS = 10_000;

interface FailedTry {
  /** Failures in a row, with this one. */
  readonly failures: number;
  readonly retryInMs: number;
  /** How long it was of use, milliseconds; undefined for one that never was. */
  readonly usefulMs: number | undefined;
}

/**
 * Tries until `attempt` succeeds or `signal` aborts, with a pause after each failure, before which
 * `onFailed` is told. Never rejects.
 *
 * @param options.attempt calls `useful` once it is of use, which counts the first time. It rejects
 * with null where it was told to end, which is no failure.
 */
export async function keepTrying({ clock, random, backoff, signal, attempt, onFailed }: {
  readonly clock: Clock;
  /** 0 to below 1, as Math.random. */
  readonly random: () => number;
  readonly backoff: Backoff;
  readonly signal: AbortSignal;
  readonly attempt: (useful: () => void) => Promise<void>;
  readonly onFailed: (error: unknown, failed: FailedTry) => void;
}): Promise<void> {
  for (let failures = 1; !signal.aborted; failures++) {
    let usefulAt: number | undefined;
    try {
      return await attempt(() => usefulAt ??= clock.monotonic());
    } catch (error) {
      if (error === null) return;
      const usefulMs = usefulAt === undefined ? undefined : clock.monotonic() - usefulAt;
      if (usefulMs !== undefined && usefulMs >= STEADY_MS) failures = 1;
      const retryInMs = backoffDelay(backoff, failures, random);
      onFailed(error, { failures, retryInMs, usefulMs });
      await sleep(clock, retryInMs, signal);
    }
  }
}
