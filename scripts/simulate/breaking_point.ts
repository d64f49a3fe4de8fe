/**
 * How many nodes are served in time: the most for which a simulation still holds.
 *
 * @module
 */
import type { SimulationResult } from "./run.ts";
import { ALL } from "./waits.ts";

export const FEWEST_NODES = 25;
export const MOST_NODES = 12_800;
/** The search ends when the answer is known to this share of it. */
const PRECISION = 0.1;

/** Whether 95 of 100 faults were decided on, or over, in time, and nothing was given up. */
export function isInTime(result: SimulationResult, withinSeconds: number): boolean {
  const { dropped = 0, expired = 0 } = result.outcomes;
  const p95 = result.waits[ALL]?.p95 ?? 0;
  return dropped + expired + result.unread === 0 && p95 <= withinSeconds;
}

export interface BreakingPoint {
  /** The most nodes that were served in time; 0 when not even the fewest were. */
  readonly nodes: number;
  /** The fewest that were not; undefined when all were. */
  readonly tooMany: number | undefined;
}

/** Doubles until it does not hold any more, then halves the gap. */
export async function findBreakingPoint(
  holds: (nodes: number) => Promise<boolean>,
): Promise<BreakingPoint> {
  let good = 0;
  let next = FEWEST_NODES;
  while (next <= MOST_NODES && await holds(next)) {
    good = next;
    next *= 2;
  }
  if (next > MOST_NODES) return { nodes: good, tooMany: undefined };
  let bad = next;
  while (good > 0 && bad - good > Math.max(1, PRECISION * good)) {
    const middle = Math.round((good + bad) / 2);
    if (await holds(middle)) good = middle;
    else bad = middle;
  }
  return { nodes: good, tooMany: bad };
}
