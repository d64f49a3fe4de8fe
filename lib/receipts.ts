/**
 * Tells senders that keep their messages until then that an outcome is durable: after it is in the
 * history, a batch at a time.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import type { Ending, Observer } from "./ending.ts";

/** So long a batch is collected; a sender's window is larger than what comes in this time. */
const BATCH_MS = 100;

export interface ReceiptsOptions {
  readonly clock: Clock;
  /** Resolves once every ending that was told before is written. */
  readonly flush: () => Promise<void>;
}

export interface Receipts extends Required<Pick<Observer, "onEnding">> {
  /** Gives the receipts that are still to be given. */
  close(): Promise<void>;
}

export function createReceipts({ clock, flush }: ReceiptsOptions): Receipts {
  let waiting: (() => void)[] = [];
  let cancel: (() => void) | undefined;
  let giving = Promise.resolve();

  async function give() {
    const batch = waiting;
    waiting = [];
    await flush();
    for (const settled of batch) settled();
  }

  function giveNow(): Promise<void> {
    cancel?.();
    cancel = undefined;
    giving = giving.then(give);
    return giving;
  }

  return {
    onEnding({ event, settled = event?.settled }: Ending) {
      if (!settled) return;
      waiting.push(settled);
      cancel ??= clock.after(BATCH_MS, () => void giveNow());
    },
    close: giveNow,
  };
}
