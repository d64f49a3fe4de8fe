/**
 * The last good news of each target: a fault that happened before it is over, whenever it comes.
 *
 * @module
 */
import { putLast } from "../base/bounded_map.ts";
import { cures } from "../event/cures.ts";
import type { HealthEvent, WaitingEvent } from "../event/event.ts";
import { type Objection, RECOVERED } from "./objection.ts";
import { type Target, targetKey, targetOf } from "../event/target.ts";

/** Targets remembered at once; the one heard of longest ago is forgotten. */
const MOST_TARGETS = 10_000;
/** Types of good news remembered of one target. */
const MOST_TYPES = 8;

/** Good news that ended a fault; `atMs` is milliseconds since 1970. */
export interface WellRecord {
  readonly is: "well";
  readonly target: Target;
  readonly type: string;
  readonly atMs: number;
}

interface CuredOptions {
  /** What an earlier run left. */
  readonly saved?: Iterable<WellRecord>;
  readonly remember?: (record: WellRecord) => void;
}

export type Cured = ReturnType<typeof createCured>;

/** Objects to what was over before it was heard. What flaps must not hide that by being well. */
export function overBefore(
  isOver: Cured["isOver"],
  isFlapping: (key: string) => boolean,
): Objection {
  return (event, key) => isOver(event, key) && !isFlapping(key) ? RECOVERED : undefined;
}

export function createCured({ saved = [], remember = () => {} }: CuredOptions = {}) {
  /** By target, then by the type of the news: when it happened. */
  const news = new Map<string, Map<string, number>>();
  const lasting = new Map<string, WellRecord>();
  for (const record of saved) {
    add(targetKey(record.target), record.type, record.atMs);
    keep(record);
  }

  function add(key: string, type: string, atMs: number) {
    const known = news.get(key) ?? new Map<string, number>();
    putLast(news, key, known, MOST_TARGETS);
    known.set(type, Math.max(atMs, known.get(type) ?? 0));
    const [first] = known.size > MOST_TYPES ? known.keys() : [];
    if (first !== undefined) known.delete(first);
  }

  function keep(record: WellRecord) {
    putLast(lasting, targetKey(record.target), record, MOST_TARGETS);
  }

  return {
    /** The target is well; with `wasBad` that is to survive a restart. */
    well({ type, happenedAt }: HealthEvent, key: string, wasBad: boolean) {
      add(key, type, happenedAt);
      if (!wasBad) return;
      const record: WellRecord = { is: "well", target: targetOf(key), type, atMs: happenedAt };
      keep(record);
      remember(record);
    },
    /** Whether a fault that is heard now was over before. */
    isOver({ type, heardAt, happenedAt }: HealthEvent | WaitingEvent, key: string): boolean {
      const known = news.get(key);
      if (!known) return false;
      for (const [good, at] of known) {
        // News of a time to come was dated by a clock that went wrong: it is no newer than this.
        if (Math.min(at, heardAt) > happenedAt && cures(good, type)) return true;
      }
      return false;
    },
    /** Everything that must survive a restart. */
    snapshot: () => lasting.values(),
  };
}
