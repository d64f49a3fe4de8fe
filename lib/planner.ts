/**
 * The pipeline: a message becomes an event, passes the gate, waits its turn, is diagnosed, meets
 * the policy and ends as a proposal; or ends earlier, for a reason that is counted and logged.
 *
 *     receive -> parse -> gate -> queue -> diagnose -> policy -> propose
 *
 * @module
 */
import type { Allowance } from "./gate/budgets.ts";
import type { Running } from "./queue/backlog.ts";
import { createClaiming } from "./planner/claim.ts";
import { coolingDown } from "./gate/cooldown.ts";
import { overBefore } from "./gate/cured.ts";
import { cures } from "./event/cures.ts";
import type { HealthEvent, WaitingEvent } from "./event/event.ts";
import { excerpt } from "./event/excerpt.ts";
import { isNodeAway } from "./gate/gravity.ts";
import { createPlannerLog } from "./planner/log.ts";
import { newsOf } from "./event/news.ts";
import { createNotices } from "./planner/notice.ts";
import { BENIGN, firstOf, RECOVERED } from "./gate/objection.ts";
import { alreadyProposed, enoughPending } from "./planner/objections.ts";
import { createProposal } from "./planner/propose.ts";
import type { QueueEntry } from "./queue/entry.ts";
import { createReception, type Reception } from "./planner/receive.ts";
import { createEndings } from "./planner/endings.ts";
import { createTurns } from "./planner/turn.ts";
import { createSchedule } from "./planner/schedule.ts";
import type { Release } from "./gate/suppression.ts";
import { createWatchers } from "./base/watchers.ts";
import type { PlannerParts } from "./planner/parts.ts";

export interface Planner extends Pick<Reception, "receive" | "refuse"> {
  /** A person decided on a proposal; what waits for that gets its turn. */
  decided(actionId: string): void;
  /** Starts diagnosing what waits. */
  start(): void;
  /** Looks again at what is being diagnosed, and at what is held: silences have changed. */
  lookAgain(): void;
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
  const { settings, clock, log, counters, observer, suppression, cured, budgets, backlog } = parts;
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
  const endings = createEndings({ counters, observer, tell, onEnd: watchers.check });
  const { end, object } = endings;
  const notices = createNotices({
    nodeName: settings.nodeName,
    stormWindowSeconds: settings.stormWindowSeconds,
    clock,
    log,
    backlog,
    propose: parts.propose,
    signal,
  });

  /** Asked at the door, at its turn, and after every wait until the proposal is written. */
  const objections = [
    overBefore(cured.isOver, suppression.isFlapping),
    suppression.muted,
    coolingDown(backlog.cooldown),
  ];
  /** What has to be looked up on the disk is asked at its turn alone. */
  const lookedUp = [
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
    if (news === "fault") return gateFault(event, key);
    tell.received(event, key);
    if (news === "recovery") heardWell(event, key);
    else suppression.heardChange(event);
    object(event, key, BENIGN);
  }

  function gateFault(event: HealthEvent, key: string) {
    const objected = firstOf(objections, event, key);
    const { alarm, releases } = suppression.heardBad(event, key);
    // What needs a diagnosis is written down before the log says that it was received.
    const placed = objected ? undefined : queue(event, key);
    tell.received(event, key);
    if (alarm?.kind === "isolated") notices.isolated();
    if (alarm?.kind === "storm") notices.storm(alarm.storm);
    if (objected) object(event, key, objected);
    placed?.();
    wake(releases);
    if (alarm || isNodeAway(event) || backlog.runningFor(key)) turns.stopUnwanted();
    if (placed || releases.length > 0) schedule.pump();
  }

  function heardWell(event: HealthEvent, key: string) {
    cured.well(event, key, suppression.isBad(key) || backlog.has(key));
    const releases = suppression.heardWell(event, key);
    const isOver = (fault: WaitingEvent) =>
      Math.min(fault.happenedAt, event.heardAt) <= event.happenedAt &&
      cures(event.type, fault.type);
    // Of a target that flaps, the last recovery must not hide that it does.
    const entry = backlog.has(key) && !suppression.isFlapping(key) &&
      backlog.recover(key, isOver);
    if (entry) object(entry.event, key, RECOVERED);
    if (backlog.runningFor(key)) turns.stopUnwanted();
    wake(releases);
    if (releases.length > 0) schedule.pump();
  }

  function wake(releases: readonly Release[]) {
    for (const { node, at } of releases) backlog.wake(node, at);
  }

  /** Lets an event wait for its turn; returns what tells of that, and of what made room for it. */
  function queue({ payload, ...event }: HealthEvent, key: string): () => void {
    const waiting = { ...event, excerpt: excerpt(payload, settings.promptPayloadBytes) };
    const now = clock.monotonic();
    const hold = suppression.holding({ event, arrivedAt: now });
    const offered = backlog.add(waiting, hold?.until);
    return () => {
      if (hold) tell.waits(waiting, key, { why: hold.why, ms: hold.until - now });
      endings.offered(offered);
    };
  }

  const schedule = createSchedule({
    clock,
    random: parts.random,
    backlog,
    budgets,
    suppression,
    concurrency: settings.concurrency,
    ttlMs: settings.eventTtlSeconds * 1000,
    run: (running) => void turns.take(running),
    onExpired(running) {
      endings.expire(running.entry);
      backlog.finish(running);
    },
    onBudgetUsedUp: notices.budgetUsedUp,
  });
  const claimFor = createClaiming({
    cooldownSeconds: settings.cooldownSeconds,
    coordination: parts.coordination,
    backlog,
    suppression,
  });
  const propose = createProposal({
    clock,
    cooldownSeconds: settings.cooldownSeconds,
    othersFor: parts.othersFor,
    backlog,
    suppression,
    propose: parts.propose,
    claimFor,
    check: (running) => turns.check(running),
    onAside: schedule.pump,
    tell,
    end,
    signal,
  });

  const turns = createTurns({
    clock,
    backlog,
    suppression,
    budgets,
    objections,
    endings,
    tell,
    onParked: observer.onParked,
    signal,
    stages,
    afterFailure: schedule.afterFailure,
    onEnd() {
      schedule.pump();
      watchers.check();
    },
  });
  const { check } = turns;

  /** The stages of an event's turn; resolves with what waits again, if anything does. */
  async function stages(running: Running, allowance: Allowance): Promise<QueueEntry | undefined> {
    const { entry } = running;
    const { key, event } = entry;
    check(running);
    for (const objection of lookedUp) {
      const objected = await objection(event, key);
      check(running);
      if (objected) return object(event, key, objected);
    }
    const claimed = await claimFor(entry);
    switch (claimed.is) {
      case "objected":
        return object(event, key, claimed.objected);
      case "taken":
        check(running);
        return { ...entry, notBefore: clock.monotonic() + claimed.againMs };
    }
    const { claim } = claimed;
    try {
      check(running);
      tell.passed(event, key, backlog.cooldown(key, Infinity));
      const answer = await turns.asking(
        running,
        (signal) => parts.diagnose(entry, { signal, allowance }),
      );
      check(running);
      const decision = await parts.policy(event, answer.content);
      check(running);
      const done = await propose(running, { answer, decision, claim, allowance });
      if (done === "left") return entry;
      return done === "ended" ? undefined : object(event, key, done);
    } finally {
      await claim.release();
    }
  }

  const hasRoom = () => backlog.waiting < settings.queueLimit;
  return {
    receive,
    refuse,
    decided(actionId) {
      const node = notices.stormOf(actionId);
      if (node === undefined || !suppression.stormOver(node)) return;
      backlog.wake(node);
      schedule.pump();
    },
    start: schedule.start,
    lookAgain() {
      turns.stopUnwanted();
      backlog.wake();
      schedule.pump();
    },
    idle: () => watchers.once(() => backlog.running === 0 && backlog.ready === 0),
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
