import { inTurns } from "../../base/in_turns.ts";
import { isReplyError, RedisReplyTooLargeError } from "../../base/redis/errors.ts";
import { streamFailure } from "./failure.ts";
import { deadLetterStream } from "./group.ts";
import { entryKey } from "./hand.ts";
import { compareIds } from "./order.ts";
import type { StreamsReading } from "./reading.ts";
import type { PendingEntry, StreamEntry } from "./reply.ts";

/**
 * An entry that was handed this often to planners that were gone before its outcome goes to the
 * dead letters. A restart does not count.
 */
const DELIVERY_LIMIT = 5;
const PAGE = 100; // entries asked for at once
/** Pages of one stream that are taken over at once, so that new entries get their turn. */
const PAGES = 10;
/** Entries whose bodies are on their way at once: each may have 1 MiB, and memory is short. */
const AT_ONCE = 16;

/**
 * Entries that were delivered before and have no outcome: this planner's own from before a crash
 * or a broken connection, and those of planners that are gone.
 */
export function pendingEntries(
  { settings, memory, server, reading }: StreamsReading,
  handOver: (entry: StreamEntry, deliveries: number) => void,
) {
  const { log, claimIdleMs } = settings;
  const { hand, lines, tooLarge } = memory;

  function gone(stream: string, entries: number): void {
    lines.gone.log(stream, () => ({ stream, entries }));
  }

  /** True when it was handed over. */
  async function redeliver(pending: PendingEntry): Promise<boolean> {
    const { deliveries } = pending;
    if (tooLarge.found.has(entryKey(pending))) {
      await giveUp({ ...pending, fields: null }, deliveries);
      return false;
    }
    const entry = await reading.deliver(pending);
    if (entry?.fields) {
      if (deliveries < DELIVERY_LIMIT) {
        handOver(entry, deliveries + 1);
        return true;
      }
      await giveUp(entry, deliveries);
    } else if (!await reading.has(pending)) {
      // Trimmed, and not owned by another in the meantime: there is nothing left to deliver.
      hand.settle(pending);
      gone(pending.stream, 1);
    }
    return false;
  }

  /**
   * Delivers an entry of this planner's earlier run. It counts while it is handed over: what is
   * taken in without ending the planner is not what ended it, however often it starts anew.
   */
  async function resume(pending: PendingEntry): Promise<void> {
    if (await redeliver(pending)) await reading.count(pending);
  }

  function blame(pending: PendingEntry, error: unknown): never {
    if (error instanceof RedisReplyTooLargeError) tooLarge.found.add(entryKey(pending));
    throw error;
  }

  /** Resumes in this order. */
  async function resumeAll(all: readonly PendingEntry[]): Promise<void> {
    const together: Promise<void>[] = [];
    for (const pending of all) {
      // By itself: one that ends its planner again and again must not take others along.
      const isSuspect = tooLarge.searching || 2 * pending.deliveries > DELIVERY_LIMIT;
      if (isSuspect || together.length === AT_ONCE) await Promise.all(together.splice(0));
      if (isSuspect) await resume(pending).catch((error) => blame(pending, error));
      else together.push(resume(pending));
    }
    await Promise.all(together);
  }

  async function giveUp(entry: StreamEntry, deliveries: number): Promise<void> {
    const { stream, id } = entry;
    const reason = entry.fields
      ? `delivered ${deliveries} times without an outcome`
      : "too large to be taken in, or copied";
    const kept_in = deadLetterStream(stream);
    try {
      await reading.bury(entry, { reason, deliveries });
    } catch (error) {
      if (!isReplyError(error)) throw error;
      const failure = streamFailure(error, { ...server, stream: kept_in });
      server.complain("stream_dead_letter_failed", { stream: kept_in }, { ...failure });
      return;
    }
    tooLarge.found.delete(entryKey(entry));
    hand.settle(entry);
    // Each by its id: it is what a person looks for in that stream.
    lines.dead.log(entryKey(entry), () => ({ stream, id, reason, deliveries, kept_in }));
  }

  return {
    /**
     * Delivers a page of what this consumer has not acknowledged, as far as it is not in hand, the
     * oldest of all streams first. `from` tells for each stream where the page begins; returns the
     * same for the next page, without the streams that are through.
     */
    async recover(from: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>> {
      const count = Math.max(1, Math.floor(Math.min(hand.room(), PAGE) / from.size));
      const pages: { stream: string; first: string; page: readonly PendingEntry[] }[] = [];
      for (const [stream, first] of from) {
        pages.push({ stream, first, page: await reading.own(stream, { from: first, count }) });
      }
      /** Where the pages of some streams end and others go on. */
      const [horizon] = pages.flatMap(({ page }) => page[count - 1]?.id ?? []).sort(compareIds);
      const all: PendingEntry[] = [];
      const next = new Map<string, string>();
      for (const { stream, first, page } of pages) {
        const due = page.filter(({ id }) => horizon === undefined || compareIds(id, horizon) <= 0);
        all.push(...due);
        // The rest, behind the first that is left for later.
        if (due.length === page.length && page.length < count) continue;
        const last = due.at(-1);
        next.set(stream, last ? `(${last.id}` : first);
      }
      all.sort((a, b) => compareIds(a.id, b.id));
      await resumeAll(all.filter((pending) => !hand.settleKnown(pending)));
      if (next.size === 0) tooLarge.searching = false;
      return next;
    },

    /** Takes over, and delivers, what planners that are gone left in a stream. */
    async takeOver(stream: string): Promise<void> {
      let cursor = "0-0";
      let count = 0;
      for (let page = 0; page < PAGES && hand.room() > 0; page++) {
        const most = Math.min(hand.room(), PAGE);
        const taken = await reading.takeOver(stream, claimIdleMs, cursor, most);
        if (taken.gone > 0) gone(stream, taken.gone);
        const fresh = taken.ids.filter((id) => !hand.settleKnown({ stream, id }));
        await inTurns(fresh, AT_ONCE, async (id) => {
          const [pending] = await reading.own(stream, { from: id, to: id, count: 1 });
          if (pending) await redeliver(pending);
        });
        count += fresh.length;
        cursor = taken.cursor;
        if (cursor === "0-0") break;
      }
      if (count > 0) log.info("stream_entries_taken_over", { stream, entries: count });
    },

    /** Keeps what is in hand from being taken over, however long its outcome takes. */
    async refresh(stream: string): Promise<void> {
      const count = 2 * (hand.open + PAGE);
      const idle = await reading.own(stream, { idleMs: claimIdleMs / 2, count });
      await Promise.all(idle.filter(hand.holds).map(reading.refresh));
    },
  };
}
