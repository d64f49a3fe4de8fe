/**
 * The pipeline: a message becomes an event, passes the gate, waits its turn, is diagnosed, meets
 * the policy and ends as a proposal; or ends earlier, for a reason that is counted and logged.
 *
 *     receive -> parse -> gate -> queue -> diagnose -> policy -> propose
 *
 * @module
 */
import type { Backlog, Running } from "./queue/backlog.ts";
import type { Clock } from "./base/clock.ts";
import { cures } from "./event/cures.ts";
import { createDiagnoser, type DiagnoserOptions } from "./planner/diagnose.ts";
import type { Ending, Observer } from "./observe/ending.ts";
import type { HealthEvent, WaitingEvent } from "./event/event.ts";
import { excerpt } from "./event/excerpt.ts";
import { judge } from "./gate/gate.ts";
import { ChainExhausted } from "./llm/contract.ts";
import type { Log } from "./base/log/log.ts";
import { createNotices } from "./planner/notice.ts";
import type { Counters } from "./observe/outcome.ts";
import { createParking } from "./planner/parking.ts";
import { createPlannerLog } from "./planner/log.ts";
import type { QueueEntry } from "./queue/queue.ts";
import { createReception, type Reception } from "./planner/receive.ts";
import { NO_TRACES } from "./observe/trace.ts";
import { createWatchers } from "./base/watchers.ts";

interface PlannerOptions
  extends
    Omit<DiagnoserOptions, "tell" | "end" | "signal" | "postpone">,
    Pick<Observer, "onEnding" | "onParked"> {
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly counters: Counters;
}

export interface Planner extends Pick<Reception, "receive" | "refuse"> {
  /** Starts diagnosing what waits. */
  start(): void;
  /** Resolves once nothing is being diagnosed and nothing waits but for a time to come. */
  idle(): Promise<void>;
  /** Whether a further target has room to wait. */
  hasRoom(): boolean;
  /** Resolves once a further target has room to wait. */
  room(): Promise<void>;
  /** Stops; running diagnoses get `graceMs` milliseconds, then they are left for the next run. */
  stop(graceMs: number): Promise<void>;
}

export function createPlanner(options: PlannerOptions): Planner {
  const { config, clock, backlog, counters, quiet, budgets, traces = NO_TRACES } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const watchers = createWatchers();
  let started = false;

  const tell = createPlannerLog(options.log, options);
  const reception = createReception({ ...options, onEvent: admit, onEnding: end });
  const notices = createNotices({ ...options, signal });
  const parking = createParking({
    ...options,
    ttlMs: config.eventTtlSeconds * 1000,
    tell,
    end,
    heldUntil: quiet.heldUntil,
    offer: (entry) => settleOffer(backlog.offer(entry)),
  });
  const diagnose = createDiagnoser({ ...options, postpone: parking.postpone, tell, end, signal });

  function end(ending: Ending) {
    counters.ended(ending.outcome);
    options.onEnding?.(ending);
    watchers.check();
  }

  function endEvent(outcome: Ending["outcome"], event: HealthEvent | WaitingEvent, detail = "") {
    end({ outcome, channel: event.channel, event, ...(detail && { detail }) });
  }

  function admit(event: HealthEvent, key: string) {
    const verdict = judge(event, { cooldown: backlog.cooldown, muted: quiet.muted, key });
    // What needs a diagnosis is written down before the log says that it was received.
    const offered = verdict.kind === "admitted" &&
      backlog.add(traces.admitted(withExcerpt(event)));
    tell.received(event, key);
    switch (verdict.kind) {
      case "recovery":
        recover(event, key);
        return skip(event, key);
      case "benign":
        return skip(event, key);
      case "muted":
        heardBad(event, key);
        tell.muted(event, key, verdict.muted);
        return endEvent(verdict.muted.outcome, event, verdict.muted.detail);
      case "cooldown":
        heardBad(event, key);
        return endEvent("cooldown", event, tell.cooldown(event, key, verdict.remainingMs));
      case "admitted":
        heardBad(event, key);
        tellHold(event, key);
        if (offered) settleOffer(offered);
        return pump();
    }
  }

  function withExcerpt({ payload, ...rest }: HealthEvent): WaitingEvent {
    return { ...rest, excerpt: excerpt(payload, config.promptPayloadBytes) };
  }

  function skip(event: HealthEvent, key: string) {
    tell.benign(event, key);
    endEvent("benign", event);
  }

  function recover(event: HealthEvent, key: string) {
    const isBack = quiet.heardWell(event, key);
    // Of a target that flaps, the last recovery must not hide that it does.
    const entry = backlog.has(key) && !quiet.isFlapping(key) ? recovered(event, key) : undefined;
    if (entry) {
      tell.recovered(entry.event);
      endEvent("recovered", entry.event);
    }
    if (isBack) pump();
  }

  function recovered({ type }: HealthEvent, key: string) {
    return backlog.recover(key, (fault) => cures(type, fault.type));
  }

  function heardBad(event: HealthEvent, key: string) {
    if (quiet.heardBad(event, key)) notices.isolated();
  }

  function tellHold(event: HealthEvent, key: string) {
    const now = clock.monotonic();
    const hold = quiet.holding({ event, arrivedAt: now });
    if (hold) tell.waits(event, key, { why: hold.why, ms: hold.until - now });
  }

  function settleOffer({ replaced, dropped }: ReturnType<Backlog["offer"]>) {
    if (replaced) endEvent("coalesced", replaced.event);
    if (!dropped) return;
    tell.dropped(dropped);
    endEvent("dropped", dropped.event);
  }

  const hasRoom = () => backlog.waiting < config.queueLimit;
  const isHeld = (entry: QueueEntry) => quiet.heldUntil(entry) > 0;

  /** Starts as many diagnoses as may run at once, and sets the timer for those that may not. */
  function pump() {
    while (started && !budgets.usedUp() && backlog.running < config.concurrency) {
      const running = backlog.take(isHeld);
      if (!running) break;
      void run(running);
    }
    const spent = budgets.usedUp();
    if (started && backlog.running < config.concurrency) {
      parking.wakeWhenDue(pump, spent?.until);
      // What became due since it was looked for above is behind that timer.
      if (!spent && backlog.hasReady(isHeld)) return pump();
    }
    if (started && spent && backlog.waiting > 0) notices.budgetUsedUp(spent);
    watchers.check();
  }

  async function run(running: Running) {
    const { event } = running.entry;
    let ended = true;
    try {
      ended = await diagnose(running);
    } catch (error) {
      if (error instanceof ChainExhausted && signal.aborted) ended = false;
      else {
        if (error instanceof ChainExhausted) tell.exhausted(event, error);
        else tell.fault(event, error);
        parking.park(running);
      }
    } finally {
      backlog.finish(running, !ended && !parking.isOvertaken(running));
      pump();
    }
  }

  return {
    receive: traces.hearing(reception.receive),
    refuse: reception.refuse,
    start() {
      started = true;
      pump();
    },
    idle: () => watchers.once(() => backlog.running === 0 && !backlog.hasReady(isHeld)),
    hasRoom,
    room: () => watchers.once(hasRoom),
    async stop(graceMs) {
      started = false;
      parking.cancel();
      const cancelGrace = clock.after(graceMs, () => stopping.abort());
      await watchers.once(() => backlog.running === 0);
      cancelGrace();
      stopping.abort();
      reception.flush();
      tell.flush();
    },
  };
}
