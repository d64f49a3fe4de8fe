/**
 * The cooldown gate: one proposal (or `ignore`) per target in `seconds`.
 *
 * Inside a run only monotonic time counts. Across runs the wall clock is all there is, and a Pi's
 * may say 1970 or jump back: see {@linkcode elapsedSince}.
 *
 * @module
 */
import type { Objection } from "./objection.ts";

interface Cooldowns {
  /** Milliseconds until the target may be diagnosed again, 0 when it may. */
  remaining(key: string, monotonicMs: number): number;
  /** Starts the target's cooldown; `elapsedMs` of it have already passed. */
  record(key: string, monotonicMs: number, elapsedMs?: number): void;
  /** Lets the target be diagnosed again at once. */
  forget(key: string): void;
  /** Forgets what is over. */
  prune(monotonicMs: number): void;
  /** Every running cooldown and how long ago it started, milliseconds. */
  entries(monotonicMs: number): Generator<{ key: string; elapsedMs: number }>;
  /** How many there are, some of them perhaps over. */
  readonly size: number;
}

export function createCooldowns(seconds: number): Cooldowns {
  const length = seconds * 1000;
  const startedAt = new Map<string, number>();
  const remaining = (key: string, now: number) => {
    const started = startedAt.get(key);
    return started === undefined ? 0 : Math.max(0, started + length - now);
  };
  return {
    remaining,
    record(key, now, elapsedMs = 0) {
      // Deleted first, so that the map stays in the order of starting.
      startedAt.delete(key);
      if (elapsedMs < length) startedAt.set(key, now - elapsedMs);
    },
    forget: (key) => void startedAt.delete(key),
    prune(now) {
      for (const key of startedAt.keys()) {
        if (remaining(key, now) === 0) startedAt.delete(key);
      }
    },
    *entries(now) {
      for (const [key, started] of startedAt) {
        if (started + length > now) yield { key, elapsedMs: now - started };
      }
    },
    get size() {
      return startedAt.size;
    },
  };
}

/** Objects while a target cools down; `remaining` tells how many milliseconds that still lasts. */
export function coolingDown(remaining: (key: string) => number): Objection {
  return (_event, key) => {
    const remainingMs = remaining(key);
    if (remainingMs <= 0) return undefined;
    const seconds = Math.round(remainingMs / 1000);
    return {
      outcome: "cooldown",
      line: "cooldown_active",
      fields: { remaining_seconds: seconds },
      detail: `${seconds} s remain`,
    };
  };
}

/** No wall clock of a running homelab says less: 2020-01-01. */
const EARLIEST_WALL_MS = Date.UTC(2020, 0, 1);

/**
 * Milliseconds between a wall-clock time of an earlier run and now, distrusting the clock: where
 * it stood in 1970 or has gone back since, nothing counts as elapsed. So a wrong clock can delay a
 * target by one cooldown at most, and never opens the gate.
 */
export function elapsedSince(thenMs: number, nowMs: number): number {
  if (thenMs < EARLIEST_WALL_MS || nowMs < thenMs) return 0;
  return nowMs - thenMs;
}
