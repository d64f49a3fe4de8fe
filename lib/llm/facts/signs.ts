/**
 * What several facts together show.
 *
 * @module
 */
import type { Facts } from "./facts.ts";

/** So many restarts are enough to see that they do not help. */
const ENOUGH_RESTARTS = 3;
/** What runs for longer did not start in a loop, however often it was restarted in its life. */
const LONG_RUN_MS = 60 * 60_000;

/** Whether restarts were tried, and it went on. */
export function isLooping({ family, restarts = 0, runsForMs = 0 }: Facts): boolean {
  if (runsForMs >= LONG_RUN_MS) return false;
  return family === "crash_loop" || restarts >= ENOUGH_RESTARTS;
}

/** Whether fewer checks failed than it takes; of an unknown number, one. */
export function isFirstCheck(failing: Facts["failing"]): boolean {
  return failing !== undefined && failing.checks < (failing.of ?? 2);
}

/** Whether neither type nor fields say that a service or container is down. */
export function isVague({ family, exit, drifted, failing }: Facts): boolean {
  return (family === "unknown" || family === "application") && !exit && !drifted && !failing;
}
