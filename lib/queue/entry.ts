/**
 * One target's place among what waits, and what becomes of two events of one target.
 *
 * @module
 */
import type { WaitingEvent } from "../event/event.ts";
import { gravity } from "../gate/gravity.ts";
import { severityRank } from "../event/severity.ts";

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
  /** What else was heard of the target while this waited, in the order of being heard. */
  readonly merged?: readonly Merged[] | undefined;
}

/**
 * Lesser or other events of a target, of one kind, that did not take an event's place. The newest
 * of them waits behind it: what ends the one need not end the other.
 */
export interface Merged {
  readonly type: string;
  readonly severity: string;
  readonly count: number;
  /** Absent in what earlier versions wrote. */
  readonly newest?: Heard | undefined;
}

/** An event as it was heard. */
export type Heard = Pick<QueueEntry, "event" | "serial" | "arrivedAt">;

/** Kinds of them that are kept, and named to the model. */
const MOST_MERGED = 5;

/**
 * Whether `one` of two events of a target stands for both: the graver one does; of two that are
 * equally grave the newer one, by the time at which it happened; of two at one time the one that
 * was heard last.
 */
export function outranks(one: Heard, other: Heard): boolean {
  const graver = gravity(other.event) - gravity(one.event);
  if (graver !== 0) return graver > 0;
  // An event from the future was dated by a clock that was wrong.
  const latest = Math.min(one.event.heardAt, other.event.heardAt);
  const newer = Math.min(one.event.happenedAt, latest) - Math.min(other.event.happenedAt, latest);
  return newer !== 0 ? newer > 0 : one.serial > other.serial;
}

/** Whether an event says word for word what waits already, untried: there is nothing to change. */
export function isRepeated({ event: before, failures }: QueueEntry, event: WaitingEvent): boolean {
  return before.happenedAt === event.happenedAt && before.excerpt === event.excerpt &&
    before.type === event.type && before.severity === event.severity &&
    before.channel === event.channel && !before.origin && !event.origin &&
    !event.redelivered && failures === 0;
}

type Kind = Pick<Merged, "type" | "severity">;

const isSameKind = (one: Kind, other: Kind) =>
  one.type === other.type && one.severity === other.severity;

/** The entry `kept` after `other`, of the same target, was merged into it. */
export function mergedInto(kept: QueueEntry, other: QueueEntry): QueueEntry {
  if (!kept.merged && !other.merged && isSameKind(kept.event, other.event)) return kept;
  const { event, serial, arrivedAt } = other;
  const { type, severity } = event;
  const merged: Merged[] = [...kept.merged ?? []];
  const others = [...other.merged ?? [], {
    ...{ type, severity, count: 1 },
    newest: { event, serial, arrivedAt },
  }];
  for (const each of others) {
    if (isSameKind(each, kept.event)) continue;
    const at = merged.findIndex((known) => isSameKind(known, each));
    const known = merged[at];
    if (known) merged[at] = added(known, each);
    else merged.push(each);
  }
  while (merged.length > MOST_MERGED) merged.splice(leastOf(merged), 1);
  return withMerged(kept, merged);
}

function added(known: Merged, more: Merged): Merged {
  const isNewer = !known.newest || more.newest && outranks(more.newest, known.newest);
  const newest = isNewer ? more.newest : known.newest;
  return { ...known, count: known.count + more.count, ...newest && { newest } };
}

/** Which of the kinds is the least severe, and came last. */
function leastOf(merged: readonly Merged[]): number {
  const ranks = merged.map(({ severity }): number => severityRank(severity));
  return ranks.lastIndexOf(Math.max(...ranks));
}

function withMerged({ merged: _, ...entry }: QueueEntry, merged: readonly Merged[]): QueueEntry {
  return merged.length === 0 ? entry : { ...entry, merged };
}

/**
 * What is left of an entry once those of its faults end that `isOver` says are over. When that ends
 * the one that stood for the others, the worst of the rest waits in its place, untried; it is the
 * message of that place that has not ended.
 */
export function leftOf(
  entry: QueueEntry,
  isOver: (fault: WaitingEvent) => boolean,
): QueueEntry | undefined {
  const { key, event, failures, notBefore, merged: before = [] } = entry;
  const merged = before.filter(({ newest }) => !newest || !isOver(newest.event));
  if (!isOver(event)) return merged.length === before.length ? entry : withMerged(entry, merged);
  const waiting = merged.flatMap(({ newest }) => newest ?? [])
    .sort((one, other) => one.serial - other.serial);
  if (waiting.length === 0) return undefined;
  const worst = waiting.reduce((one, other) => outranks(other, one) ? other : one);
  return withMerged({
    ...worst,
    key,
    event: { ...worst.event, settled: event.settled },
    failures: 0,
    notBefore: failures === 0 ? notBefore : 0,
  }, merged.filter(({ newest }) => newest !== worst));
}
