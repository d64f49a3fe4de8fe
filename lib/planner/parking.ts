/**
 * Events that cannot be diagnosed now: parked ones after a failed diagnosis, held ones, and the
 * timer that comes back to them.
 *
 * @module
 */
import { backoffDelay } from "../base/backoff.ts";
import type { Backlog, Running } from "../queue/backlog.ts";
import type { Clock } from "../base/clock.ts";
import type { Observer, OnEnding } from "../observe/ending.ts";
import type { PlannerLog } from "./log.ts";
import type { QueueEntry } from "../queue/queue.ts";

/** A parked event is tried again after 30 s, 60 s, 120 s ... 300 s. */
const RETRY = { firstMs: 30_000, mostMs: 300_000, jitter: 0.2 };

interface ParkingOptions extends Pick<Observer, "onParked"> {
  readonly backlog: Backlog;
  readonly clock: Clock;
  readonly random: () => number;
  /** A parked event older than this is given up. */
  readonly ttlMs: number;
  readonly tell: PlannerLog;
  readonly end: OnEnding;
  /** Until when an entry is held, 0 when it is not; monotonic milliseconds. */
  readonly heldUntil: (entry: QueueEntry) => number;
  /** Puts an entry back into the queue. */
  readonly offer: (entry: QueueEntry) => void;
}

interface Parking {
  /** Somebody else works on the target: the event is looked at again after `delayMs`. */
  postpone(running: Running, delayMs: number): void;
  /** After a failed diagnosis the event waits for its next try, unless it is outdated by now. */
  park(running: Running): void;
  /** Calls back when the next parked or held event is due, or at `atLatest`. */
  wakeWhenDue(callback: () => void, atLatest?: number): void;
  /** Ends an event that need not be left for the next run: something newer was heard. */
  isOvertaken(running: Running): boolean;
  cancel(): void;
}

export function createParking(options: ParkingOptions): Parking {
  const { backlog, clock, ttlMs, tell, end } = options;
  let cancelTimer = () => {};

  function endEvent(outcome: "coalesced" | "recovered" | "expired", { event }: QueueEntry) {
    end({ outcome, channel: event.channel, event });
  }

  /** When an entry is due to be diagnosed or given up; 0 when it is not waiting for a time. */
  function dueAt(entry: QueueEntry): number {
    const due = Math.max(entry.notBefore, options.heldUntil(entry));
    return entry.failures > 0 ? Math.min(due, entry.arrivedAt + ttlMs) : due;
  }

  function isOvertaken(running: Running): boolean {
    const { entry } = running;
    if (backlog.isSuperseded(running)) endEvent("coalesced", entry);
    else if (running.recovered) {
      tell.recovered(entry.event);
      endEvent("recovered", entry);
    } else return false;
    return true;
  }

  /** Ends what need not be looked at again. */
  function isOutdated(running: Running): boolean {
    if (isOvertaken(running)) return true;
    const { entry } = running;
    if (clock.monotonic() - entry.arrivedAt < ttlMs) return false;
    tell.expired(entry);
    endEvent("expired", entry);
    return true;
  }

  function giveUpOutdated() {
    for (const entry of backlog.parked()) {
      if (clock.monotonic() - entry.arrivedAt < ttlMs) continue;
      backlog.remove(entry.key);
      tell.expired(entry);
      endEvent("expired", entry);
    }
  }

  return {
    postpone(running, delayMs) {
      const { entry } = running;
      if (isOutdated(running)) return;
      options.offer({ ...entry, notBefore: clock.monotonic() + delayMs });
    },
    park(running) {
      const { entry } = running;
      if (isOutdated(running)) return;
      const failures = entry.failures + 1;
      const delay = backoffDelay(RETRY, failures, options.random);
      const parked = { ...entry, failures, notBefore: clock.monotonic() + delay };
      tell.parked(parked, delay);
      options.offer(parked);
      options.onParked?.(entry.event);
    },
    wakeWhenDue(callback, atLatest = Infinity) {
      cancelTimer();
      const now = clock.monotonic();
      let soonest = atLatest;
      for (const entry of backlog.entries()) {
        const due = dueAt(entry);
        if (due > now || entry.failures > 0) soonest = Math.min(soonest, due);
      }
      if (soonest === Infinity) return;
      cancelTimer = clock.after(Math.max(0, soonest - now), () => {
        giveUpOutdated();
        callback();
      });
    },
    isOvertaken,
    cancel: () => cancelTimer(),
  };
}
