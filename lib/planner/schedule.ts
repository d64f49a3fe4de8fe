/**
 * When what waits gets its turn: as many diagnoses at once as are allowed, within the budgets, and
 * a timer for what is parked after a failure, held back, or being worked on by another planner.
 *
 * @module
 */
import { backoffDelay } from "../base/backoff.ts";
import type { Backlog, Running } from "../queue/backlog.ts";
import type { Budgets, UsedUp } from "../gate/budgets.ts";
import type { Clock } from "../base/clock.ts";
import type { QueueEntry } from "../queue/queue.ts";
import type { Suppression } from "../gate/suppression.ts";

/** A parked event is tried again after 30 s, 60 s, 120 s ... 300 s. */
const RETRY = { firstMs: 30_000, mostMs: 300_000, jitter: 0.2 };

interface ScheduleOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly backlog: Backlog;
  readonly budgets: Budgets;
  readonly suppression: Suppression;
  /** Diagnoses at once. */
  readonly concurrency: number;
  /** A parked event older than this is given up. */
  readonly ttlMs: number;
  /** Takes an event through its turn; it calls {@linkcode Schedule.pump} at the end. */
  readonly run: (running: Running) => void;
  /** Puts an entry back into the queue. */
  readonly offer: (entry: QueueEntry) => void;
  readonly onParked: (entry: QueueEntry, delayMs: number) => void;
  readonly onExpired: (entry: QueueEntry) => void;
  readonly onBudgetUsedUp: (spent: UsedUp) => void;
}

interface Schedule {
  /** Starts as many diagnoses as may run at once, and sets the timer for those that may not. */
  pump(): void;
  start(): void;
  stop(): void;
  /** Whether something waits for nothing but its turn. */
  hasReady(): boolean;
  /** Somebody else works on the target: the event is looked at again after `delayMs`. */
  postpone(running: Running, delayMs: number): void;
  /** After a failed diagnosis the event waits for its next try, unless it is too old by now. */
  park(running: Running): void;
}

export function createSchedule(options: ScheduleOptions): Schedule {
  const { clock, backlog, budgets, suppression, concurrency, ttlMs } = options;
  let started = false;
  let cancelTimer = () => {};

  const isHeld = (entry: QueueEntry) => suppression.heldUntil(entry) > 0;
  const isTooOld = ({ arrivedAt }: QueueEntry) => clock.monotonic() - arrivedAt >= ttlMs;

  function pump() {
    while (started && !budgets.usedUp() && backlog.running < concurrency) {
      const running = backlog.take(isHeld);
      if (!running) break;
      options.run(running);
    }
    const spent = budgets.usedUp();
    if (started && backlog.running < concurrency) {
      wakeWhenDue(spent?.until);
      // What became due since it was looked for above is behind that timer.
      if (!spent && backlog.hasReady(isHeld)) return pump();
    }
    if (started && spent && backlog.waiting > 0) options.onBudgetUsedUp(spent);
  }

  /** When an entry is due to be diagnosed or given up; 0 when it is not waiting for a time. */
  function dueAt(entry: QueueEntry): number {
    const due = Math.max(entry.notBefore, suppression.heldUntil(entry));
    return entry.failures > 0 ? Math.min(due, entry.arrivedAt + ttlMs) : due;
  }

  function wakeWhenDue(atLatest = Infinity) {
    cancelTimer();
    const now = clock.monotonic();
    let soonest = atLatest;
    for (const entry of backlog.entries()) {
      const due = dueAt(entry);
      if (due > now || entry.failures > 0) soonest = Math.min(soonest, due);
    }
    if (soonest === Infinity) return;
    cancelTimer = clock.after(Math.max(0, soonest - now), () => {
      giveUpTooOld();
      pump();
    });
  }

  function giveUpTooOld() {
    for (const entry of backlog.parked()) {
      if (!isTooOld(entry)) continue;
      backlog.remove(entry.key);
      options.onExpired(entry);
    }
  }

  return {
    pump,
    start() {
      started = true;
      pump();
    },
    stop() {
      started = false;
      cancelTimer();
    },
    hasReady: () => backlog.hasReady(isHeld),
    postpone({ entry }, delayMs) {
      if (isTooOld(entry)) return options.onExpired(entry);
      options.offer({ ...entry, notBefore: clock.monotonic() + delayMs });
    },
    park({ entry }) {
      if (isTooOld(entry)) return options.onExpired(entry);
      const failures = entry.failures + 1;
      const delay = backoffDelay(RETRY, failures, options.random);
      const parked = { ...entry, failures, notBefore: clock.monotonic() + delay };
      options.offer(parked);
      options.onParked(parked, delay);
    },
  };
}
