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

/** The last good news of a target: when it happened, by its type. */
interface News {
  /** When it was put last. */
  turn: number;
  readonly types: Map<string, number>;
}

interface CuredOptions {
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
  const news = new Map<string, News>();
  let turns = 0;
  const lasting = new Map<string, WellRecord>();
  for (const record of saved) {
    add(targetKey(record.target), record.type, record.atMs);
    keep(record);
  }

  function add(key: string, type: string, atMs: number) {
    const known = news.get(key) ?? { turn: -Infinity, types: new Map<string, number>() };
    // Good news is what is heard most: it is put last only once it may come to be among the first.
    if (++turns - known.turn > MOST_TARGETS / 2) {
      putLast(news, key, known, MOST_TARGETS);
      known.turn = turns;
    }
    const { types } = known;
    types.set(type, Math.max(atMs, types.get(type) ?? 0));
    const [first] = types.size > MOST_TYPES ? types.keys() : [];
    if (first !== undefined) types.delete(first);
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
      for (const [good, at] of known.types) {
        // News of a time to come was dated by a clock that went wrong: it is no newer than this.
        if (Math.min(at, heardAt) > happenedAt && cures(good, type)) return true;
      }
      return false;
    },
    snapshot: () => lasting.values(),
  };
}
