/**
 * One target's place among what waits, and what becomes of two events of one target.
 *
 * @module
 */
import type { WaitingEvent } from "../event/event.ts";
import { gravity } from "../gate/gravity.ts";

/** Times are monotonic milliseconds. */
export interface QueueEntry {
  readonly key: string;
  readonly event: WaitingEvent;
  /** Tells this event from others of its target. */
  readonly serial: number;
  readonly arrivedAt: number;
  /** Diagnoses of this event that failed; above 0 it is parked. */
  readonly failures: number;
  /** When the first of them failed. */
  readonly firstFailedAt?: number | undefined;
  /** The earliest time at which it is diagnosed; 0 for at once. */
  readonly notBefore: number;
  /** What else was heard of the target while this waited. */
  readonly merged?: readonly Merged[] | undefined;
}

/** Lesser or other events of a target that did not take an event's place. */
export interface Merged {
  readonly type: string;
  readonly severity: string;
  readonly count: number;
}

/** Kinds of them that are named to the model. */
const MOST_MERGED = 5;

/**
 * Whether `one` of two events of a target stands for both: the graver one does; of two that are
 * equally grave the newer one, by the time at which it happened; of two at one time the one that
 * was heard last.
 */
export function outranks(one: QueueEntry, other: QueueEntry): boolean {
  const graver = gravity(other.event) - gravity(one.event);
  if (graver !== 0) return graver > 0;
  // An event from the future was dated by a clock that was wrong.
  const latest = Math.min(one.event.heardAt, other.event.heardAt);
  const newer = Math.min(one.event.happenedAt, latest) - Math.min(other.event.happenedAt, latest);
  return newer !== 0 ? newer > 0 : one.serial > other.serial;
}

/** The entry `kept` after `other`, of the same target, was merged into it. */
export function mergedInto(kept: QueueEntry, other: QueueEntry): QueueEntry {
  const merged = [...kept.merged ?? []];
  const isOwn = ({ type, severity }: { type: string; severity: string }) =>
    type === kept.event.type && severity === kept.event.severity;
  const others = isOwn(other.event) ? [] : [{ ...other.event, count: 1 }];
  for (const { type, severity, count } of [...other.merged ?? [], ...others]) {
    if (isOwn({ type, severity })) continue;
    const at = merged.findIndex((known) => known.type === type && known.severity === severity);
    const known = merged[at];
    if (known) merged[at] = { ...known, count: known.count + count };
    else if (merged.length < MOST_MERGED) merged.push({ type, severity, count });
  }
  return merged.length === 0 ? kept : { ...kept, merged };
}
