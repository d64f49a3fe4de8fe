/**
 * What can keep an entry from being diagnosed for now, and until when.
 *
 * @module
 */
import type { HealthEvent } from "../event/event.ts";

/** Why an entry is not diagnosed for now. */
export interface Hold {
  /** Until when at the latest, monotonic milliseconds. */
  readonly until: number;
  /** For people. */
  readonly why: string;
}

/** What of an entry decides whether it is held. */
export interface Holdable {
  readonly event: Pick<HealthEvent, "node" | "service" | "type" | "origin">;
  readonly arrivedAt: number;
}

/** One thing that can hold entries. */
export interface Holder {
  /** Until when it holds an entry; 0, or a time that is past, for not at all. */
  readonly until: (entry: Holdable, now: number) => number;
  readonly why: (entry: Holdable) => string;
}

/** What holds an entry longest; undefined when nothing does. */
export function longestHold(
  holders: readonly Holder[],
  entry: Holdable,
  now: number,
): Hold | undefined {
  let until = now;
  let longest: Holder | undefined;
  for (const holder of holders) {
    const its = holder.until(entry, now);
    if (its > until) [until, longest] = [its, holder];
  }
  return longest && { until, why: longest.why(entry) };
}
