/**
 * What fails during a run, and when.
 *
 * @module
 */

/** What happens to one planner. All but `kill` leave its process alive. */
const PLANNER_FAULTS = ["kill", "pause", "cut", "refuse", "freeze"] as const;

export type FaultKind =
  | "kill" // SIGKILL; started again after `forMs`
  | "pause" // SIGSTOP; SIGCONT after `forMs`
  | "cut" // its connections to Redis are closed
  | "refuse" // they are closed, and none is accepted for `forMs`
  | "freeze" // nothing passes on them for `forMs`
  | "redis"; // Redis is killed by SIGKILL; started again on its AOF after `forMs`

export interface Fault {
  readonly kind: FaultKind;
  /** Index of the planner; absent for what concerns all. */
  readonly planner?: number;
  /** Milliseconds after the start. */
  readonly atMs: number;
  readonly forMs: number;
}

export interface FaultOptions {
  readonly planners: number;
  readonly spanMs: number;
  readonly longOutages: boolean;
}

/** A planner that reaches no Redis for longer than this acts alone; so it is kept well below. */
const SHORT_OUTAGE_MS = 800;
const LONG_OUTAGE_MS = 6_000;
/** The calm at the start, and between two faults of a planner: at least, and so much more. */
const LEAST_CALM_MS = 200;
const MORE_CALM_MS = 1_200;
/** In the last part of the span nothing new fails, or a run would take too long to settle. */
const FAULTY_SHARE = 0.8;

/** Two restarts of Redis, and for each planner one fault after another. */
export function planFaults(
  { planners, spanMs, longOutages }: FaultOptions,
  random: () => number,
): Fault[] {
  const below = (limit: number) => Math.floor(random() * limit);
  const endMs = spanMs * FAULTY_SHARE;
  const outageMs = longOutages ? LONG_OUTAGE_MS : SHORT_OUTAGE_MS;

  function lasting(kind: FaultKind): number {
    switch (kind) {
      case "kill":
        // Sometimes so long that others take over what it had in hand.
        return below(3) === 0 ? 3_000 + below(4_000) : below(1_500);
      case "pause":
        return below(3) === 0 ? 3_000 + below(3_000) : below(1_500);
      case "cut":
        return 0;
      case "refuse":
      case "freeze":
        return below(outageMs);
      case "redis":
        return below(longOutages ? LONG_OUTAGE_MS : SHORT_OUTAGE_MS / 4);
    }
  }

  const faults: Fault[] = [];
  for (let planner = 0; planner < planners; planner++) {
    let atMs = LEAST_CALM_MS + below(MORE_CALM_MS);
    while (atMs < endMs) {
      // A kill is the fault that this is about: as likely as all others together.
      const kind = below(2) === 0 ? "kill" : PLANNER_FAULTS[below(PLANNER_FAULTS.length)] ?? "kill";
      const forMs = lasting(kind);
      faults.push({ kind, planner, atMs, forMs });
      atMs += forMs + LEAST_CALM_MS + below(MORE_CALM_MS);
    }
  }
  for (const part of [0, 1]) {
    const atMs = Math.floor((part + random()) * endMs / 2);
    faults.push({ kind: "redis", atMs, forMs: lasting("redis") });
  }
  return faults.sort((one, other) => one.atMs - other.atMs);
}
