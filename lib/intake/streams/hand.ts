/**
 * The entries in hand: delivered to this planner and not yet known to be acknowledged.
 *
 * @module
 */
import type { Clock } from "../../base/clock.ts";
import { createWatchers } from "../../base/watchers.ts";

/**
 * What became of an entry. `settled`: its outcome is durable, so it is acknowledged. `left`: it has
 * none; it stays pending and is delivered again, here or to another planner, once it was idle long
 * enough or this planner starts anew.
 */
export type Fate = "settled" | "left";

/** Ids of one stream. */
interface StreamIds {
  readonly stream: string;
  readonly ids: readonly string[];
}

export interface Hand {
  /** How many more entries may be taken. */
  room(): number;
  /** Whether the entry is in hand, or was acknowledged a short while ago. */
  knows(stream: string, id: string): boolean;
  /** Whether its outcome is still to come. */
  holds(stream: string, id: string): boolean;
  /** Puts an entry in hand. The returned function takes it out; its first call counts. */
  take(stream: string, id: string): (fate: Fate) => void;
  /** Puts an entry in hand that only waits to be acknowledged. */
  settle(stream: string, id: string): void;
  /** What waits to be acknowledged. */
  settled(): readonly StreamIds[];
  /** These are acknowledged. */
  acknowledged(done: StreamIds): void;
  /** Another stream is in its place: an entry of a known id is another entry. */
  forget(stream: string): void;
  /**
   * Resolves once `condition` holds, which is looked at after each change and each `check`, or
   * after `mostMs` milliseconds.
   */
  until(condition: () => boolean, mostMs?: number): Promise<void>;
  check(): void;
  /** Entries whose outcome is still to come. */
  readonly open: number;
  /** Entries that wait to be acknowledged. */
  readonly unacknowledged: number;
}

/** Entries whose outcome is there and is still being written down. */
const BEING_WRITTEN = 256;

/**
 * How many entries a planner must be able to have in hand: all that its queue holds, and those that
 * pass through. With fewer, a storm of more services than that would stop the reading: recoveries
 * and newer events would be read only when what they make needless has been diagnosed.
 */
export function entriesInHand(
  { queueLimit, concurrency }: { readonly queueLimit: number; readonly concurrency: number },
): number {
  return queueLimit + concurrency + BEING_WRITTEN;
}

/** Acknowledged entries that are remembered: Redis may forget an acknowledgement in a failover. */
const REMEMBERED = 4_096;

/** A hand for at most `limit` entries; it outlives connections. */
export function createHand(limit: number, clock: Clock): Hand {
  const open = new Map<string, StreamId>();
  const settled = new Map<string, StreamId>();
  const remembered = new Set<string>();
  const watchers = createWatchers();

  function remember(key: string): void {
    remembered.add(key);
    if (remembered.size <= REMEMBERED) return;
    for (const oldest of remembered) return void remembered.delete(oldest);
  }

  return {
    room: () => Math.max(0, limit - open.size - settled.size),
    knows(stream, id) {
      const key = keyOf(stream, id);
      return open.has(key) || settled.has(key) || remembered.has(key);
    },
    holds: (stream, id) => open.has(keyOf(stream, id)),
    take(stream, id) {
      const key = keyOf(stream, id);
      const entry = { stream, id };
      open.set(key, entry);
      return (fate) => {
        if (open.get(key) !== entry) return;
        open.delete(key);
        if (fate === "settled") settled.set(key, entry);
        watchers.check();
      };
    },
    settle(stream, id) {
      const key = keyOf(stream, id);
      if (open.has(key)) return;
      settled.set(key, { stream, id });
      watchers.check();
    },
    settled() {
      const byStream = new Map<string, string[]>();
      for (const { stream, id } of settled.values()) {
        const ids = byStream.get(stream);
        if (ids) ids.push(id);
        else byStream.set(stream, [id]);
      }
      return [...byStream].map(([stream, ids]) => ({ stream, ids }));
    },
    acknowledged({ stream, ids }) {
      for (const id of ids) {
        const key = keyOf(stream, id);
        if (settled.delete(key)) remember(key);
      }
      watchers.check();
    },
    forget(stream) {
      const isOfStream = (key: string) => key.endsWith(` ${stream}`);
      for (const keys of [open, settled, remembered]) {
        for (const key of [...keys.keys()].filter(isOfStream)) keys.delete(key);
      }
      watchers.check();
    },
    async until(condition, mostMs) {
      let over = false;
      const cancel = mostMs === undefined ? undefined : clock.after(mostMs, () => {
        over = true;
        watchers.check();
      });
      await watchers.once(() => over || condition());
      cancel?.();
    },
    check: watchers.check,
    get open() {
      return open.size;
    },
    get unacknowledged() {
      return settled.size;
    },
  };
}

interface StreamId {
  readonly stream: string;
  readonly id: string;
}

function keyOf(stream: string, id: string): string {
  return `${id} ${stream}`;
}
