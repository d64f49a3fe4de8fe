/**
 * The cooldown gate: one proposal (or `ignore`) per target in `seconds`.
 *
 * Inside a run only monotonic time counts. Across runs the wall clock is all there is, and a Pi's
 * may say 1970 or jump back: see {@linkcode elapsedSince}.
 *
 * @module
 */
import { GRAVEST, gravity } from "./gravity.ts";
import type { Objection } from "./objection.ts";

interface Cooldown {
  readonly at: number;
  readonly gravity: number;
}

/** Cooldowns of that many seconds; times are monotonic milliseconds. */
export function createCooldowns(seconds: number) {
  const length = seconds * 1000;
  /** In the order of starting. */
  const began = new Map<string, Cooldown>();
  return {
    /**
     * Milliseconds until a fault of the target, as grave as that, may be diagnosed, 0 when it may:
     * a cooldown that a lesser fault began is none for it.
     */
    remaining(key: string, now: number, gravity: number): number {
      const cooldown = began.get(key);
      if (!cooldown || gravity < cooldown.gravity) return 0;
      return Math.max(0, cooldown.at + length - now);
    },
    /** Starts the target's cooldown, of which `elapsedMs` have passed; nothing passes the gravest. */
    record(
      key: string,
      now: number,
      { elapsedMs = 0, gravity = GRAVEST }: { elapsedMs?: number; gravity?: number | undefined } =
        {},
    ) {
      began.delete(key);
      if (elapsedMs < length) began.set(key, { at: now - elapsedMs, gravity });
    },
    prune(now: number) {
      for (const [key, { at }] of began) if (at + length <= now) began.delete(key);
    },
    /** Every running cooldown and how long ago it started, milliseconds. */
    *entries(now: number) {
      for (const [key, { at, gravity }] of began) {
        if (at + length > now) yield { key, elapsedMs: now - at, gravity };
      }
    },
    /** How many there are, some of them perhaps over. */
    get size() {
      return began.size;
    },
  };
}

/**
 * Objects while a target cools down from a fault that was at least as grave; `remaining` tells how
 * many milliseconds that still lasts.
 */
export function coolingDown(remaining: (key: string, gravity: number) => number): Objection {
  return (event, key) => {
    const remainingMs = remaining(key, gravity(event));
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
