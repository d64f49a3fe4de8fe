import { putLast } from "../../base/bounded_map.ts";
import type { Clock } from "../../base/clock.ts";
import { createWatchers } from "../../base/watchers.ts";
import type { EntryName } from "./reply.ts";

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

/** An entry as one text. */
export const entryKey = ({ stream, id }: EntryName) => `${id} ${stream}`;

/**
 * The entries in hand: delivered to this planner and not yet known to be acknowledged; at most
 * `limit`. It outlives connections.
 */
export function createHand(limit: number, clock: Clock) {
  const open = new Map<string, EntryName>();
  const settled = new Map<string, EntryName>();
  const remembered = new Map<string, EntryName>();
  const { once, check } = createWatchers();

  /** Puts an entry in hand that only waits to be acknowledged. */
  function settle({ stream, id }: EntryName): void {
    const entry = { stream, id };
    const key = entryKey(entry);
    if (open.has(key)) return;
    settled.set(key, entry);
    check();
  }

  return {
    /** How many more entries may be taken. */
    room: () => Math.max(0, limit - open.size - settled.size),
    /** Whether its outcome is still to come. */
    holds: (entry: EntryName) => open.has(entryKey(entry)),
    /** Puts an entry in hand. The returned function takes it out; its first call counts. */
    take({ stream, id }: EntryName): (fate: Fate) => void {
      // By its name alone: its fields are not kept.
      const entry = { stream, id };
      const key = entryKey(entry);
      open.set(key, entry);
      return (fate) => {
        if (open.get(key) !== entry) return;
        open.delete(key);
        if (fate === "settled") settled.set(key, entry);
        check();
      };
    },
    settle,
    /** Whether an entry is in hand, or was acknowledged a short while ago: then it only lacks that. */
    settleKnown(entry: EntryName): boolean {
      const key = entryKey(entry);
      const isKnown = [open, settled, remembered].some((entries) => entries.has(key));
      if (isKnown) settle(entry);
      return isKnown;
    },
    /** What waits to be acknowledged, by stream. */
    settled: (): ReadonlyMap<string, readonly EntryName[]> =>
      Map.groupBy(settled.values(), ({ stream }) => stream),
    acknowledged(done: readonly EntryName[]): void {
      for (const entry of done) {
        const key = entryKey(entry);
        if (settled.delete(key)) putLast(remembered, key, entry, REMEMBERED);
      }
      check();
    },
    /** Another stream is in its place: an entry of a known id is another entry. */
    forget(stream: string): void {
      for (const entries of [open, settled, remembered]) {
        for (const [key, held] of [...entries]) if (held.stream === stream) entries.delete(key);
      }
      check();
    },
    /**
     * Resolves once `condition` holds, which is looked at after each change and each `check`, or
     * after `mostMs` milliseconds.
     */
    async until(condition: () => boolean, mostMs?: number): Promise<void> {
      let over = false;
      const cancel = mostMs === undefined ? undefined : clock.after(mostMs, () => {
        over = true;
        check();
      });
      await once(() => over || condition());
      cancel?.();
    },
    check,
    get open() {
      return open.size;
    },
    get unacknowledged() {
      return settled.size;
    },
  };
}
