import type { Clock } from "../../base/clock.ts";
import { createWatchers } from "../../base/watchers.ts";

/**
 * What became of an entry. `settled`: its outcome is durable, so it is acknowledged. `left`: it
 * stays pending and is delivered again once it was idle long enough, or this planner starts anew.
 */
export type Fate = "settled" | "left";

const BEING_WRITTEN = 256; // entries whose outcome is there and is still being written down

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

interface StreamId {
  readonly stream: string;
  readonly id: string;
}

const keyOf = (stream: string, id: string) => `${id} ${stream}`;

export type Hand = ReturnType<typeof createHand>;

/**
 * The entries in hand: delivered to this planner and not yet known to be acknowledged; at most
 * `limit`. It outlives connections.
 */
export function createHand(limit: number, clock: Clock) {
  const open = new Map<string, StreamId>();
  const settled = new Map<string, StreamId>();
  const remembered = new Set<string>();
  const watchers = createWatchers();

  function remember(key: string): void {
    remembered.add(key);
    if (remembered.size <= REMEMBERED) return;
    for (const oldest of remembered) return void remembered.delete(oldest);
  }

  /** Puts an entry in hand that only waits to be acknowledged. */
  function settle(stream: string, id: string): void {
    const key = keyOf(stream, id);
    if (open.has(key)) return;
    settled.set(key, { stream, id });
    watchers.check();
  }

  return {
    /** How many more entries may be taken. */
    room: () => Math.max(0, limit - open.size - settled.size),
    /** Whether its outcome is still to come. */
    holds: (stream: string, id: string) => open.has(keyOf(stream, id)),
    /** Puts an entry in hand. The returned function takes it out; its first call counts. */
    take(stream: string, id: string): (fate: Fate) => void {
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
    settle,
    /** Whether an entry is in hand, or was acknowledged a short while ago: then it only lacks that. */
    settleKnown(stream: string, id: string): boolean {
      const key = keyOf(stream, id);
      const isKnown = open.has(key) || settled.has(key) || remembered.has(key);
      if (isKnown) settle(stream, id);
      return isKnown;
    },
    /** What waits to be acknowledged, by stream. */
    settled: (): ReadonlyMap<string, readonly StreamId[]> =>
      Map.groupBy(settled.values(), ({ stream }) => stream),
    acknowledged(done: readonly StreamId[]): void {
      for (const { stream, id } of done) {
        const key = keyOf(stream, id);
        if (settled.delete(key)) remember(key);
      }
      watchers.check();
    },
    /** Another stream is in its place: an entry of a known id is another entry. */
    forget(stream: string): void {
      for (const keys of [open, settled, remembered]) {
        for (const key of [...keys.keys()]) if (key.endsWith(` ${stream}`)) keys.delete(key);
      }
      watchers.check();
    },
    /**
     * Resolves once `condition` holds, which is looked at after each change and each `check`, or
     * after `mostMs` milliseconds.
     */
    async until(condition: () => boolean, mostMs?: number): Promise<void> {
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
