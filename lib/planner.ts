/**
 * The pipeline: a message becomes an event, passes the gate, waits its turn, is diagnosed, meets
 * the policy and ends as a proposal; or ends earlier, for a reason that is counted and logged.
 *
 *     receive -> parse -> gate -> queue -> diagnose -> policy -> propose
 *
 * @module
 */
import type { ActionIndex } from "./proposal/read/action_index.ts";
import type { Backlog, Running } from "./queue/backlog.ts";
import { BENIGN } from "./gate/benign.ts";
import type { Budgets } from "./gate/budgets.ts";
import { createClaiming } from "./planner/claim.ts";
import type { Claim, Coordination } from "./coordination/coordination.ts";
import type { Clock } from "./base/clock.ts";
import { cures } from "./event/cures.ts";
import type { Config } from "./config/config.ts";
import { coolingDown } from "./gate/cooldown.ts";
import type { Counters } from "./observe/outcome.ts";
import type { Decide } from "./planner/decide.ts";
import type { Diagnose } from "./planner/diagnose.ts";
import type { Ending, Observer } from "./observe/ending.ts";
import type { HealthEvent, WaitingEvent } from "./event/event.ts";
import { excerpt } from "./event/excerpt.ts";
import { ChainExhausted } from "./llm/contract.ts";
import type { Memory } from "./gate/memory.ts";
import { newsOf } from "./event/news.ts";
import type { NodeAliases } from "./event/parse.ts";
import type { Log } from "./base/log/log.ts";
import { createPlannerLog } from "./planner/log.ts";
import { createNotices } from "./planner/notice.ts";
import { firstOf, type Objected, RECOVERED } from "./gate/objection.ts";
import { alreadyProposed, enoughPending } from "./planner/objections.ts";
import { createProposal } from "./planner/propose.ts";
import { ClaimLostError, type Propose } from "./proposal/proposer.ts";
import type { ProposedBefore } from "./proposal/read/proposed_before.ts";
import { createReception, type Reception } from "./planner/receive.ts";
import { createSchedule } from "./planner/schedule.ts";
import type { Suppression } from "./gate/suppression.ts";
import { createWatchers } from "./base/watchers.ts";

interface PlannerParts {
  readonly settings: Pick<
    Config,
    | "nodeName"
    | "stormWindowSeconds"
    | "logLevel"
    | "cooldownSeconds"
    | "concurrency"
    | "promptPayloadBytes"
    | "queueLimit"
    | "eventTtlSeconds"
    | "maxPendingPerService"
  >;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly counters: Counters;
  /** Other names of nodes. */
  readonly aliases: NodeAliases;
  readonly observer: Required<Pick<Observer, "onEnding" | "onParked">>;
  readonly suppression: Suppression;
  readonly budgets: Budgets;
  readonly backlog: Backlog;
  /** Who of several planners may work on a target. */
  readonly coordination: Pick<Coordination, "claim">;
  /** Whether an event that was handed out before was proposed for then. */
  readonly proposedBefore: ProposedBefore;
  /** How many proposals for an event's target wait for a person. */
  readonly countPending: (event: WaitingEvent) => Promise<number>;
  /** What other programs propose for an event's target. */
  readonly othersFor: ActionIndex["othersFor"];
  /** Is told of every event. */
  readonly memory: Pick<Memory, "heard">;
  readonly diagnose: Diagnose;
  readonly policy: Decide;
  readonly propose: Propose;
}

export interface Planner extends Pick<Reception, "receive" | "refuse"> {
  /** A person decided on a proposal; what waits for that gets its turn. */
  decided(actionId: string): void;
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

export function createPlanner(parts: PlannerParts): Planner {
  const { settings, clock, log, counters, observer, suppression, budgets, backlog } = parts;
  const stopping = new AbortController();
  const { signal } = stopping;
  const watchers = createWatchers();
  const tell = createPlannerLog({
    log,
    clock,
    logLevel: settings.logLevel,
    queueLimit: settings.queueLimit,
    eventTtlSeconds: settings.eventTtlSeconds,
  });
  const notices = createNotices({
    nodeName: settings.nodeName,
    stormWindowSeconds: settings.stormWindowSeconds,
    clock,
    log,
    backlog,
    propose: parts.propose,
    signal,
  });

  /** Asked at the door, and again at its turn: much may have changed while it waited. */
  const objections = [suppression.muted, coolingDown(backlog.cooldown)];
  /** What has to be looked up on the disk is asked at its turn alone. */
  const atItsTurn = [
    alreadyProposed(parts.proposedBefore),
    enoughPending(settings.maxPendingPerService, parts.countPending),
  ];

  // receive -> parse
  const { receive, refuse, flush } = createReception({
    clock,
    log,
    counters,
    aliases: parts.aliases,
    onEvent: gate,
    onEnding: end,
  });

  function gate(event: HealthEvent, key: string) {
    const news = newsOf(event);
    parts.memory.heard(event, key, news);
    const objected = news === "fault" ? firstOf(objections, event, key) : BENIGN;
    // What needs a diagnosis is written down before the log says that it was received.
    const placed = objected ? undefined : queue(event);
    tell.received(event, key);
    if (news === "recovery") heardWell(event, key);
    if (news === "fault") heardBad(event, key);
    if (objected) {
      object(event, key, objected);
    } else {
      tellHold(event, key);
      placed?.();
      schedule.pump();
    }
  }

  /** Lets an event wait for its turn; returns what tells of the events that made room for it. */
  function queue({ payload, ...event }: HealthEvent): () => void {
    const waiting = { ...event, excerpt: excerpt(payload, settings.promptPayloadBytes) };
    const offered = backlog.add(waiting);
    return () => tellOffered(offered);
  }

  const schedule = createSchedule({
    clock,
    random: parts.random,
    backlog,
    budgets,
    suppression,
    concurrency: settings.concurrency,
    ttlMs: settings.eventTtlSeconds * 1000,
    run: (running) => void takeTurn(running),
    offer: (entry) => tellOffered(backlog.offer(entry)),
    onParked(entry, delayMs) {
      tell.parked(entry, delayMs);
      observer.onParked(entry.event);
    },
    onExpired(entry) {
      tell.expired(entry);
      endEvent("expired", entry.event);
    },
    onBudgetUsedUp: notices.budgetUsedUp,
  });
  const claim = createClaiming({
    cooldownSeconds: settings.cooldownSeconds,
    coordination: parts.coordination,
    backlog,
    suppression,
  });
  const propose = createProposal({
    cooldownSeconds: settings.cooldownSeconds,
    clock,
    othersFor: parts.othersFor,
    backlog,
    budgets,
    suppression,
    propose: parts.propose,
    tell,
    end,
    signal,
  });

  async function takeTurn(running: Running) {
    const { event } = running.entry;
    let ended = true;
    try {
      ended = await diagnoseAndPropose(running);
    } catch (error) {
      if (error instanceof ChainExhausted && signal.aborted) ended = false;
      else {
        if (error instanceof ChainExhausted) tell.exhausted(event, error);
        else tell.fault(event, error);
        if (!endOvertaken(running)) schedule.park(running);
      }
    } finally {
      backlog.finish(running, !ended && !endOvertaken(running));
      schedule.pump();
      watchers.check();
    }
  }

  /** Resolves with false when the event is left for the next run of the agent. */
  async function diagnoseAndPropose(running: Running): Promise<boolean> {
    const { entry } = running;
    const { key, event } = entry;
    let objected = firstOf(objections, event, key);
    for (const objection of atItsTurn) objected ??= await objection(event, key);
    if (objected) return object(event, key, objected);
    const claimed = await claim(running);
    if ("objected" in claimed) return object(event, key, claimed.objected);
    if ("againMs" in claimed) return postpone(running, claimed.againMs);
    return await withClaim(running, claimed.claim);
  }

  async function withClaim(running: Running, claim: Claim): Promise<boolean> {
    const { entry } = running;
    try {
      const answer = await parts.diagnose(entry, signal);
      const decision = await parts.policy(entry.event, answer.content);
      return await propose(running, { answer, decision, claim });
    } catch (error) {
      if (!(error instanceof ClaimLostError)) throw error;
      tell.claimLost(entry.event);
      return postpone(running, 0);
    } finally {
      await claim.release();
    }
  }

  function postpone(running: Running, delayMs: number): true {
    if (!endOvertaken(running)) schedule.postpone(running, delayMs);
    return true;
  }

  /** Ends an event that newer news overtook while it was looked at; whether it did. */
  function endOvertaken(running: Running): boolean {
    const { key, event } = running.entry;
    const objected = backlog.overtaken(running);
    return objected !== undefined && object(event, key, objected);
  }

  function heardWell(event: HealthEvent, key: string) {
    const isBack = suppression.heardWell(event, key);
    // Of a target that flaps, the last recovery must not hide that it does.
    const isOver = (fault: WaitingEvent) => cures(event.type, fault.type);
    const entry = backlog.has(key) && !suppression.isFlapping(key)
      ? backlog.recover(key, isOver)
      : undefined;
    if (entry) object(entry.event, key, RECOVERED);
    if (isBack) schedule.pump();
  }

  function heardBad(event: HealthEvent, key: string) {
    const alarm = suppression.heardBad(event, key);
    if (alarm?.kind === "isolated") notices.isolated();
    if (alarm?.kind === "storm") notices.storm(alarm.storm);
  }

  function tellHold(event: HealthEvent, key: string) {
    const now = clock.monotonic();
    const hold = suppression.holding({ event, arrivedAt: now });
    if (hold) tell.waits(event, key, { why: hold.why, ms: hold.until - now });
  }

  function tellOffered({ replaced, dropped }: ReturnType<Backlog["offer"]>) {
    if (replaced) endEvent("coalesced", replaced.event);
    if (!dropped) return;
    tell.dropped(dropped);
    endEvent("dropped", dropped.event);
  }

  /** Ends an event for what was objected to it. */
  function object(event: HealthEvent | WaitingEvent, key: string, objected: Objected): true {
    tell.objected(event, key, objected);
    endEvent(objected.outcome, event, objected.detail);
    return true;
  }

  function endEvent(outcome: Ending["outcome"], event: HealthEvent | WaitingEvent, detail = "") {
    end({ outcome, channel: event.channel, event, ...(detail && { detail }) });
  }

  function end(ending: Ending) {
    counters.ended(ending.outcome);
    observer.onEnding(ending);
    watchers.check();
  }

  const hasRoom = () => backlog.waiting < settings.queueLimit;
  return {
    receive,
    refuse,
    decided(actionId) {
      const node = notices.stormOf(actionId);
      if (node !== undefined && suppression.stormOver(node)) schedule.pump();
    },
    start: schedule.start,
    idle: () => watchers.once(() => backlog.running === 0 && !schedule.hasReady()),
    hasRoom,
    room: () => watchers.once(hasRoom),
    async stop(graceMs) {
      schedule.stop();
      const cancelGrace = clock.after(graceMs, () => stopping.abort());
      await watchers.once(() => backlog.running === 0);
      cancelGrace();
      stopping.abort();
      flush();
      tell.flush();
    },
  };
}
