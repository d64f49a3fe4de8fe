import type { WaitingEvent } from "../event/event.ts";
import { elapsedSince } from "../gate/cooldown.ts";
import type { Heard, QueueEntry } from "./entry.ts";
import type { RecordOf, SavedHeard } from "./state.ts";

/** The two clocks at one moment. */
export interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

/** An entry as it is written down. */
export function recordOf(
  { failures, merged, ...entry }: QueueEntry,
  { wall, monotonic }: Moment,
): RecordOf<"waiting"> {
  const saved = ({ event, serial, arrivedAt }: Heard) => ({
    serial,
    event,
    arrivedMs: arrivedAt + (wall - monotonic),
  });
  const kinds = merged?.map(({ newest, ...kind }) => ({
    ...kind,
    ...newest && { newest: saved(newest) },
  }));
  return { is: "waiting", ...saved(entry), failures, ...kinds && { merged: kinds } };
}

/** The entry that an earlier run wrote down: it is tried at once. */
export function entryOf(
  key: string,
  record: RecordOf<"waiting">,
  { wall, monotonic }: Moment,
): QueueEntry {
  const heard = ({ event, serial, arrivedMs }: SavedHeard): Heard => {
    // A state file of an earlier version says nothing of its times.
    const times: Partial<WaitingEvent> = {
      heardAt: arrivedMs,
      happenedAt: Math.min(event.timestamp * 1000, arrivedMs),
    };
    const arrivedAt = monotonic - elapsedSince(arrivedMs, wall);
    return { event: { ...times, ...event }, serial, arrivedAt };
  };
  const { failures } = record;
  const merged = record.merged?.map(({ newest, ...kind }) => ({
    ...kind,
    ...newest && { newest: heard(newest) },
  }));
  return {
    key,
    ...heard(record),
    failures,
    firstFailedAt: failures > 0 ? monotonic : undefined,
    notBefore: 0,
    ...merged && { merged },
  };
}

/** The highest serial that an entry knows of. */
export function lastSerialOf({ serial, merged = [] }: QueueEntry): number {
  return Math.max(serial, ...merged.map(({ newest }) => newest?.serial ?? 0));
}
