/**
 * When what waits gets its turn: as many diagnoses at once as are allowed, within the budgets, and
 * a timer for what is parked after a failure, held back, or being worked on by another planner.
 *
 * @module
 */
import { backoffDelay } from "../base/backoff.ts";
import type { Running } from "../queue/running.ts";
import type { UsedUp } from "../gate/budgets.ts";
import type { PlannerParts } from "./parts.ts";
import type { QueueEntry } from "../queue/entry.ts";

/** A parked event is tried again after 30 s, 60 s, 120 s ... 300 s. */
const RETRY = { firstMs: 30_000, mostMs: 300_000, jitter: 0.2 };
/** The fewest tries of an event before it is given up, however long they take. */
const FEWEST_TRIES = 3;
/** While so many proposals wait for the disk, nothing further is diagnosed. */
const MOST_ASIDE = 100;
/** Ranks of severity: what is critical has a part of each budget to itself. */
const [CRITICAL, NOT_CRITICAL] = [0, 1];

type ScheduleParts = Pick<
  PlannerParts,
  "settings" | "clock" | "random" | "backlog" | "budgets" | "suppression"
>;

interface ScheduleOptions {
  /** Takes an event through its turn; at its end `pump` is called. */
  readonly run: (running: Running) => void;
  readonly onExpired: (running: Running) => void;
  readonly onBudgetUsedUp: (spent: UsedUp) => void;
}

export function createSchedule(
  { settings, clock, random, backlog, budgets, suppression }: ScheduleParts,
  { run, onExpired, onBudgetUsedUp }: ScheduleOptions,
) {
  const { concurrency } = settings;
  const ttlMs = settings.eventTtlSeconds * 1000;
  let started = false;
  let timer: { readonly at: number; readonly cancel: () => void } | undefined;

  const isExpired = ({ failures, firstFailedAt = Infinity }: QueueEntry) =>
    failures >= FEWEST_TRIES && clock.monotonic() - firstFailedAt >= ttlMs;
  const hasRoom = () => backlog.running - backlog.aside < concurrency && backlog.aside < MOST_ASIDE;

  const taking = {
    heldUntil: suppression.heldUntil,
    mayTake: (rank: number) => budgets.usedUp(rank) === undefined,
  };

  /** Starts as many diagnoses as may run at once, and sets the timer for those that may not. */
  function pump() {
    while (started && hasRoom()) {
      const running = backlog.take(taking);
      if (!running) break;
      if (isExpired(running.entry)) onExpired(running);
      else run(running);
    }
    if (!started || !hasRoom()) return;
    const spent = budgets.usedUp(NOT_CRITICAL);
    const critical = spent && budgets.usedUp(CRITICAL);
    wakeAt(Math.min(backlog.nextDue(), spent?.until ?? Infinity, critical?.until ?? Infinity));
    if (spent && spent.until < Infinity && backlog.waiting > 0) onBudgetUsedUp(spent);
  }

  function wakeAt(at: number) {
    if (timer?.at === at) return;
    timer?.cancel();
    timer = undefined;
    if (at === Infinity) return;
    const cancel = clock.after(Math.max(0, at - clock.monotonic()), () => {
      timer = undefined;
      pump();
    });
    timer = { at, cancel };
  }

  return {
    pump,
    start() {
      started = true;
      pump();
    },
    stop() {
      started = false;
      wakeAt(Infinity);
    },
    /** An entry after a further failure: when it is tried again; undefined when it is given up. */
    afterFailure(entry: QueueEntry): QueueEntry | undefined {
      const now = clock.monotonic();
      const { firstFailedAt = now } = entry;
      const failed = { ...entry, failures: entry.failures + 1, firstFailedAt };
      if (isExpired(failed)) return undefined;
      const retryAt = now + backoffDelay(RETRY, failed.failures, random);
      const endsAt = failed.failures >= FEWEST_TRIES ? firstFailedAt + ttlMs : Infinity;
      return { ...failed, notBefore: Math.min(retryAt, endsAt) };
    },
  };
}
