/**
 * The last good news of each target: a fault that happened before it is over, whenever it comes.
 *
 * @module
 */
import { cures } from "../event/cures.ts";
import type { HealthEvent, WaitingEvent } from "../event/event.ts";
import { type Objection, RECOVERED } from "./objection.ts";
import { type Target, targetKey, targetOf } from "../event/target.ts";

/** Targets remembered at once; past that the one that was heard of longest ago is forgotten. */
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
  /** Writes down good news that ended a fault. */
  readonly remember?: (record: WellRecord) => void;
}

export interface Cured {
  /** The target is well; with `wasBad` that is to survive a restart. */
  well(event: HealthEvent, key: string, wasBad: boolean): void;
  /** Whether a fault that is heard now was over before. */
  isOver(fault: HealthEvent | WaitingEvent, key: string): boolean;
  /** Everything that must survive a restart. */
  snapshot(): Generator<WellRecord>;
}

/** Objects to what was over before it was heard. What flaps must not hide that by being well. */
export function overBefore(
  isOver: Cured["isOver"],
  isFlapping: (key: string) => boolean,
): Objection {
  return (event, key) => isOver(event, key) && !isFlapping(key) ? RECOVERED : undefined;
}

export function createCured({ saved = [], remember = () => {} }: CuredOptions = {}): Cured {
  /** By target, then by the type of the news: when it happened. */
  const news = new Map<string, Map<string, number>>();
  const lasting = new Map<string, WellRecord>();
  for (const record of saved) {
    add(targetKey(record.target), record.type, record.atMs);
    keep(record);
  }

  function add(key: string, type: string, atMs: number) {
    const known = news.get(key) ?? new Map<string, number>();
    news.delete(key);
    news.set(key, known);
    forgetOldest(news, MOST_TARGETS);
    known.set(type, Math.max(atMs, known.get(type) ?? 0));
    forgetOldest(known, MOST_TYPES);
  }

  function keep(record: WellRecord) {
    const key = targetKey(record.target);
    lasting.delete(key);
    lasting.set(key, record);
    forgetOldest(lasting, MOST_TARGETS);
  }

  return {
    well({ type, happenedAt }, key, wasBad) {
      add(key, type, happenedAt);
      if (!wasBad) return;
      const record: WellRecord = { is: "well", target: targetOf(key), type, atMs: happenedAt };
      keep(record);
      remember(record);
    },
    isOver({ type, heardAt, happenedAt }, key) {
      const known = news.get(key);
      if (!known) return false;
      for (const [good, at] of known) {
        // News of a time to come was dated by a clock that went wrong: it is no newer than this.
        if (Math.min(at, heardAt) > happenedAt && cures(good, type)) return true;
      }
      return false;
    },
    *snapshot() {
      yield* lasting.values();
    },
  };
}

function forgetOldest<Value>(map: Map<string, Value>, most: number) {
  if (map.size <= most) return;
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
