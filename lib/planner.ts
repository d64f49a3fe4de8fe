/**
 * The pipeline: a message becomes an event, passes the gate, waits its turn, is diagnosed, meets
 * the policy and ends as a proposal; or ends earlier, for a reason that is counted and logged.
 *
 *     receive -> parse -> gate -> queue -> diagnose -> policy -> propose
 *
 * @module
 */
import { backoffDelay } from "./backoff.ts";
import type { Backlog, Running } from "./backlog.ts";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import { DIAGNOSIS_SCHEMA } from "./diagnosis.ts";
import type { Ending, OnEnding } from "./ending.ts";
import type { HealthEvent, WaitingEvent } from "./event.ts";
import { excerpt } from "./excerpt.ts";
import { judge } from "./gate.ts";
import { ChainExhausted, type Router, type RouteResult } from "./llm/contract.ts";
import type { Log } from "./log.ts";
import type { Counters } from "./outcome.ts";
import { createPlannerLog } from "./planner_log.ts";
import { applyPolicy, type PolicyRule } from "./policy.ts";
import { buildMessages } from "./prompt.ts";
import { readableReason } from "./proposal.ts";
import type { Propose } from "./proposer.ts";
import type { QueueEntry } from "./queue.ts";
import { createReception, type Reception } from "./reception.ts";
import { svcKey } from "./target.ts";
import { createWatchers } from "./watchers.ts";

/** A parked event is tried again after 30 s, 60 s, 120 s ... 300 s. */
const RETRY = { firstMs: 30_000, mostMs: 300_000, jitter: 0.2 };

export interface PlannerOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly backlog: Backlog;
  readonly router: Router;
  readonly systemPrompt: string;
  readonly policy: readonly PolicyRule[];
  readonly counters: Counters;
  /** Puts a diagnosis before a person. */
  readonly propose: Propose;
  /** How many proposals for an event's target wait for a person. */
  readonly countPending: (event: WaitingEvent) => Promise<number>;
  readonly onEnding?: OnEnding;
}

export interface Planner extends Pick<Reception, "receive" | "refuse"> {
  /** Starts diagnosing what waits. */
  start(): void;
  /** Resolves once nothing is being diagnosed and nothing but parked events waits. */
  idle(): Promise<void>;
  /** Resolves once a further target has room to wait. */
  room(): Promise<void>;
  /** Stops; running diagnoses get `graceMs` milliseconds, then they are left for the next run. */
  stop(graceMs: number): Promise<void>;
}

export function createPlanner(options: PlannerOptions): Planner {
  const { config, clock, backlog, router, counters } = options;
  const ttlMs = config.eventTtlSeconds * 1000;
  const stopping = new AbortController();
  const watchers = createWatchers();
  let started = false;
  let cancelWake = () => {};

  const tell = createPlannerLog(options.log, options);
  const reception = createReception({ ...options, onEvent: admit, onEnding: end });

  function end(ending: Ending) {
    counters.ended(ending.outcome);
    options.onEnding?.(ending);
    watchers.check();
  }

  function endEvent(outcome: Ending["outcome"], event: HealthEvent | WaitingEvent, detail = "") {
    end({ outcome, channel: event.channel, event, ...(detail && { detail }) });
  }

  function admit(event: HealthEvent, key: string) {
    const verdict = judge(event, backlog.cooldown(key));
    // What needs a diagnosis is written down before the log says that it was received.
    const offered = verdict.kind === "admitted" && backlog.add(withExcerpt(event));
    tell.received(event, key);
    switch (verdict.kind) {
      case "recovery":
        recover(key);
        return skip(event, key);
      case "benign":
        return skip(event, key);
      case "cooldown":
        return holdBack(event, key, verdict.remainingMs);
      case "admitted":
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

  function recover(key: string) {
    const entry = backlog.recover(key);
    if (entry) endRecovered(entry.event);
  }

  function endRecovered(event: WaitingEvent) {
    tell.recovered(event);
    endEvent("recovered", event);
  }

  function holdBack(event: HealthEvent | WaitingEvent, key: string, remainingMs: number) {
    const seconds = Math.round(remainingMs / 1000);
    tell.cooldown(event, key, seconds);
    endEvent("cooldown", event, `${seconds} s remain`);
  }

  function settleOffer({ replaced, dropped }: ReturnType<Backlog["offer"]>) {
    if (replaced) endEvent("coalesced", replaced.event);
    if (!dropped) return;
    tell.dropped(dropped);
    endEvent("dropped", dropped.event);
  }

  /** Starts as many diagnoses as may run at once. */
  function pump() {
    while (started && !stopping.signal.aborted && backlog.running < config.concurrency) {
      const running = backlog.take();
      if (!running) break;
      void run(running);
    }
    setWake();
    watchers.check();
  }

  async function run(running: Running) {
    const { event } = running.entry;
    let ended = false;
    try {
      ended = await handle(running);
    } catch (error) {
      tell.fault(event, error);
      ended = park(running);
    } finally {
      backlog.finish(running, !ended);
      pump();
    }
  }

  /** Takes one event to its end; false when it is left for the next run of the agent. */
  async function handle(running: Running): Promise<boolean> {
    const { key, event } = running.entry;
    const cooldownMs = backlog.cooldown(key);
    if (cooldownMs > 0) holdBack(event, key, cooldownMs);
    else if (!await isHeld(event)) return await diagnose(running);
    return true;
  }

  async function isHeld(event: WaitingEvent): Promise<boolean> {
    const most = config.maxPendingPerService;
    if (most === 0) return false;
    const pending = await options.countPending(event);
    if (pending < most) return false;
    tell.held(event, pending);
    endEvent("held", event, `proposals for it that wait already: ${pending}`);
    return true;
  }

  async function diagnose(running: Running): Promise<boolean> {
    const { event } = running.entry;
    try {
      const result = await router.route(
        buildMessages(options.systemPrompt, event),
        DIAGNOSIS_SCHEMA,
        { label: `planner.${svcKey(event)}`, event, signal: stopping.signal },
      );
      return await decide(running, result);
    } catch (error) {
      if (stopping.signal.aborted) return false;
      if (!(error instanceof ChainExhausted)) throw error;
      tell.exhausted(event, error);
      return park(running);
    }
  }

  async function decide(running: Running, result: RouteResult): Promise<boolean> {
    const { key, event } = running.entry;
    const { diagnosis, changes } = applyPolicy(options.policy, event, result.content);
    if (changes.length > 0) tell.policyApplied(event, changes);
    backlog.startCooldown(key);

    const { modelUsed, attempts } = result;
    if (diagnosis.action === "ignore") {
      tell.ignored(diagnosis, event, modelUsed);
      backlog.keepCooldown(running);
      endEvent("ignored", event, readableReason(diagnosis.reason));
      return true;
    }
    const proposal = await options.propose(
      { event, diagnosis, changes, modelUsed, attempts: attempts.length },
      {
        announce: (actionId) => backlog.announce(running, actionId),
        signal: stopping.signal,
      },
    );
    if (!proposal) return false;
    backlog.keepCooldown(running);
    end({ outcome: "proposed", channel: event.channel, event, proposal });
    return true;
  }

  /** After a failed diagnosis the event waits for its next try, unless it is outdated by now. */
  function park(running: Running): boolean {
    const { entry } = running;
    const { event } = entry;
    if (backlog.isSuperseded(running)) endEvent("coalesced", event);
    else if (running.recovered) endRecovered(event);
    else if (clock.monotonic() - entry.arrivedAt >= ttlMs) expire(entry);
    else {
      const failures = entry.failures + 1;
      const delay = backoffDelay(RETRY, failures, options.random);
      const parked = { ...entry, failures, notBefore: clock.monotonic() + delay };
      tell.parked(parked, delay);
      settleOffer(backlog.offer(parked));
    }
    return true;
  }

  function expire(entry: QueueEntry) {
    tell.expired(entry);
    endEvent("expired", entry.event);
  }

  /** Wakes the pipeline when the next parked event is due or too old. */
  function setWake() {
    cancelWake();
    if (backlog.running >= config.concurrency || stopping.signal.aborted) return;
    const due = backlog.parked().map((entry) => Math.min(entry.notBefore, entry.arrivedAt + ttlMs));
    if (due.length === 0) return;
    const soonest = due.reduce((a, b) => Math.min(a, b));
    cancelWake = clock.after(Math.max(0, soonest - clock.monotonic()), () => {
      for (const entry of backlog.parked()) {
        if (clock.monotonic() - entry.arrivedAt < ttlMs) continue;
        backlog.remove(entry.key);
        expire(entry);
      }
      pump();
    });
  }

  return {
    receive: reception.receive,
    refuse: reception.refuse,
    start() {
      started = true;
      pump();
    },
    idle: () =>
      watchers.once(() => backlog.running === 0 && backlog.parked().length === backlog.waiting),
    room: () => watchers.once(() => backlog.waiting < config.queueLimit),
    async stop(graceMs) {
      started = false;
      const cancelGrace = clock.after(graceMs, () => stopping.abort());
      await watchers.once(() => backlog.running === 0);
      cancelGrace();
      stopping.abort();
      cancelWake();
      reception.flush();
      tell.flush();
    },
  };
}
