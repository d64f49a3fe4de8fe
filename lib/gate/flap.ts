/**
 * Flapping: a target that goes bad and well again and again needs a look, not another restart.
 *
 * @module
 */

/** Targets remembered at once; past that the one that changed longest ago is forgotten. */
const MOST_TARGETS = 10_000;

interface Life {
  bad: boolean;
  /** When it last changed, newest last; no more than are needed to call it flapping. */
  changes: number[];
  /** When a person was last told. */
  toldAt?: number;
}

interface FlapOptions {
  /** Changes within the window that make a target flap; 0 turns the detection off. */
  readonly changes: number;
  readonly windowMs: number;
}

/** Times are monotonic milliseconds. */
interface Flaps {
  /** Something is wrong with the target. */
  bad(key: string, now: number): void;
  /** The target is well. */
  well(key: string, now: number): void;
  /** Whether the last that was heard of the target is that something is wrong. */
  isBad(key: string): boolean;
  /** How often a flapping target changed within the window; 0 while it does not flap. */
  flapping(key: string, now: number): number;
  /** A person has been told. */
  told(key: string, now: number): void;
  /** Whether a person was told within the window, so that nothing more is to be said. */
  isTold(key: string, now: number): boolean;
  /** Forgets what is older than the window. */
  prune(now: number): void;
}

export function createFlaps({ changes: enough, windowMs }: FlapOptions): Flaps {
  const records = new Map<string, Life>();

  function change(key: string, record: Life, now: number) {
    record.bad = !record.bad;
    record.changes.push(now);
    if (record.changes.length > enough) record.changes.shift();
    // Moved to the end: the map is in the order of the last change.
    records.delete(key);
    records.set(key, record);
  }

  function flapping(key: string, now: number): number {
    const record = records.get(key);
    if (!record || enough === 0) return 0;
    const recent = record.changes.filter((at) => now - at < windowMs).length;
    return recent >= enough ? recent : 0;
  }

  return {
    bad(key, now) {
      if (enough === 0) return;
      const record = records.get(key);
      if (record?.bad) return;
      if (record) return change(key, record, now);
      records.set(key, { bad: true, changes: [] });
      if (records.size <= MOST_TARGETS) return;
      for (const oldest of records.keys()) {
        records.delete(oldest);
        break;
      }
    },
    well(key, now) {
      const record = records.get(key);
      if (record?.bad) change(key, record, now);
    },
    isBad: (key) => records.get(key)?.bad === true,
    flapping,
    told(key, now) {
      const record = records.get(key);
      if (record) record.toldAt = now;
    },
    isTold(key, now) {
      const toldAt = records.get(key)?.toldAt;
      return toldAt !== undefined && now - toldAt < windowMs && flapping(key, now) > 0;
    },
    prune(now) {
      for (const [key, record] of records) {
        const last = record.changes.at(-1);
        if (!record.bad && (last === undefined || now - last >= windowMs)) records.delete(key);
      }
    },
  };
}
