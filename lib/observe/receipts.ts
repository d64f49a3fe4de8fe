/**
 * Tells senders that keep their messages until then that an outcome is durable: after it is in the
 * history (as a line, or counted behind one), or in the synced journal where an event is parked; a
 * batch at a time.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Ending } from "./ending.ts";
import type { WaitingEvent } from "../event/event.ts";

/** So long a batch is collected, or until it is this large: a sender hands out only so many. */
const BATCH_MS = 100;
const BATCH_SIZE = 128;
/** What could not be written is looked at again after this. */
const AGAIN_MS = 1_000;

export function createReceipts({ clock, flush, sync }: {
  readonly clock: Clock;
  /** Resolves once every ending that was told before is written, with false where it is not. */
  readonly flush: () => Promise<boolean>;
  /** Resolves with whether all that is parked is on the disk: it has to survive a power cut. */
  readonly sync: () => Promise<boolean>;
}) {
  const ended = batch(flush);
  const parked = batch(sync);
  let cancel: (() => void) | undefined;
  let giving = Promise.resolve();

  /** Receipts that wait until `write` has succeeded. */
  function batch(write: () => Promise<boolean>) {
    let waiting: (() => void)[] = [];
    return {
      add(settled: (() => void) | undefined) {
        if (!settled) return;
        waiting.push(settled);
        if (waiting.length === BATCH_SIZE) void giveNow();
        else giveAfter(BATCH_MS);
      },
      async give() {
        const batch = waiting;
        if (batch.length === 0) return;
        waiting = [];
        if (await write()) return batch.forEach((settled) => settled());
        waiting = [...batch, ...waiting];
        giveAfter(AGAIN_MS);
      },
    };
  }

  function giveAfter(ms: number) {
    cancel ??= clock.after(ms, () => void giveNow());
  }

  function giveNow(): Promise<void> {
    cancel?.();
    cancel = undefined;
    giving = giving.then(async () => void await Promise.all([ended.give(), parked.give()]));
    return giving;
  }

  return {
    onEnding: ({ event, settled = event?.settled }: Ending) => ended.add(settled),
    onParked: ({ settled }: WaitingEvent) => parked.add(settled),
    /** Gives the receipts that can be given. */
    async close(): Promise<void> {
      await giveNow();
      cancel?.();
    },
  };
}
