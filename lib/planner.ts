/**
 * The pipeline: a message becomes an event, passes the gate, waits its turn, is diagnosed, meets
 * the policy and ends as a proposal; or ends earlier, for a reason that is counted and logged.
 *
 *     receive -> parse -> gate -> queue -> diagnose -> policy -> propose
 *
 * @module
 */
import type { Allowance } from "./gate/budgets.ts";
import type { Running } from "./queue/running.ts";
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
import {
  BENIGN,
  firstOf,
  type Objection,
  RECOVERED,
  type SlowObjection,
} from "./gate/objection.ts";
import { alreadyProposed, enoughPending } from "./planner/objections.ts";
import { createProposal } from "./planner/propose.ts";
import type { QueueEntry } from "./queue/entry.ts";
import { createReception } from "./planner/receive.ts";
import { createEndings } from "./planner/endings.ts";
import { createTurns } from "./planner/turn.ts";
import { createSchedule } from "./planner/schedule.ts";
import type { Release } from "./gate/suppression.ts";
import { createWatchers } from "./base/watchers.ts";
import type { PlannerParts } from "./planner/parts.ts";

export type Planner = ReturnType<typeof createPlanner>;

export function createPlanner(parts: PlannerParts) {
  const { settings, clock, memory, suppression, cured, backlog } = parts;
  const stopping = new AbortController();
  const { signal } = stopping;
  let cancelSilence = () => {};
  const watchers = createWatchers();
  const tell = createPlannerLog(parts);
  const endings = createEndings(parts, { tell, onEnd: watchers.check });
  const { end, object } = endings;
  const notices = createNotices(parts, signal);

  /** Asked at the door, at its turn, and after every wait until the proposal is written. */
  const objections: readonly Objection[] = [
    overBefore(cured.isOver, suppression.isFlapping),
    suppression.muted,
    coolingDown(backlog.cooldown),
  ];
  /** What has to be looked up on the disk is asked at its turn alone. */
  const lookedUp: readonly SlowObjection[] = [
    alreadyProposed(parts.proposedBefore),
    enoughPending(settings.maxPendingPerService, parts.countPending),
  ];

  // receive -> parse
  const reception = createReception(parts, { onEvent: gate, onEnding: end });

  function gate(event: HealthEvent, key: string) {
    const news = newsOf(event);
    memory.heard(event, key, news);
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
    if (alarm || isNodeAway(event) || backlog.runningFor(key)) turns.stopUnwanted();
    if (releases.length > 0) wake(releases);
    if (placed) schedule.pump();
  }

  function heardWell(event: HealthEvent, key: string) {
    const isOpen = backlog.has(key);
    cured.well(event, key, isOpen || suppression.isBad(key));
    const releases = suppression.heardWell(event, key);
    const isOver = (fault: WaitingEvent) =>
      Math.min(fault.happenedAt, event.heardAt) <= event.happenedAt &&
      cures(event.type, fault.type);
    // Of a target that flaps, the last recovery must not hide that it does.
    const ended = isOpen && !suppression.isFlapping(key) && backlog.recover(key, isOver);
    if (ended && object(ended.event, key, RECOVERED, ended.left)) schedule.pump();
    if (isOpen && backlog.runningFor(key)) turns.stopUnwanted();
    if (releases.length > 0) wake(releases);
  }

  /** Looks again at what was held back until now, or is until some seconds from now. */
  function wake(releases: readonly Release[]) {
    for (const { node, at } of releases) backlog.wake(node, at);
    schedule.pump();
  }

  /** Lets an event wait for its turn; returns what tells of that, and of what made room for it. */
  function queue({ payload, ...event }: HealthEvent, key: string): () => void {
    const shown = excerpt(payload, settings.promptPayloadBytes);
    const waiting = Object.assign(event, { excerpt: shown });
    const now = clock.monotonic();
    const hold = suppression.holding({ event, arrivedAt: now });
    const offered = backlog.add(waiting, hold?.until, key);
    return () => {
      if (hold) tell.waits(waiting, key, { why: hold.why, ms: hold.until - now });
      endings.offered(offered);
    };
  }

  const schedule = createSchedule(parts, {
    run: (running) => void turns.take(running),
    onExpired(running) {
      endings.expire(running.entry);
      backlog.finish(running);
    },
    onBudgetUsedUp: notices.budgetUsedUp,
  });
  const turns = createTurns(parts, {
    stages,
    objections,
    endings,
    tell,
    signal,
    afterFailure: schedule.afterFailure,
    onEnd() {
      schedule.pump();
      watchers.check();
    },
  });
  const { check } = turns;
  const claimFor = createClaiming(parts);
  const propose = createProposal(parts, {
    claimFor,
    check,
    onAside: schedule.pump,
    tell,
    end,
    signal,
  });

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
    switch (claimed.kind) {
      case "objected":
        return object(event, key, claimed.objected);
      case "taken":
        check(running);
        return running.left && { ...running.left, notBefore: clock.monotonic() + claimed.againMs };
    }
    const { claim } = claimed;
    try {
      check(running);
      tell.passed(event, key, backlog.cooldown(key, Infinity));
      const answer = await turns.asking(
        running,
        (signal) => parts.diagnose(entry, { signal, allowance }),
      );
      const decision = await parts.policy(event, answer.content);
      const done = await propose(running, { answer, decision, claim, allowance });
      if (done === "left") return running.left ?? entry;
      return done === "ended" ? undefined : object(event, key, done);
    } finally {
      await claim.release();
    }
  }

  /** Looks again at what is being diagnosed, and at what is held: silences have changed. */
  function lookAgain() {
    turns.stopUnwanted();
    wake([{ at: clock.monotonic() }]);
    awaitSilence();
  }

  /** A silence that begins is looked for as one that was added is. */
  function awaitSilence() {
    cancelSilence();
    const ms = suppression.silenceBeginsIn();
    if (ms < Infinity && !signal.aborted) cancelSilence = clock.after(ms, lookAgain);
  }

  const hasRoom = () => backlog.waiting < settings.queueLimit;
  return {
    receive: reception.receive,
    refuse: reception.refuse,
    /** A person decided on a proposal; what waits for that gets its turn. */
    decided(actionId: string) {
      const node = notices.stormOf(actionId);
      if (node !== undefined && suppression.stormOver(node)) {
        wake([{ node, at: clock.monotonic() }]);
      }
    },
    /** Starts diagnosing what waits. */
    start() {
      schedule.start();
      awaitSilence();
    },
    lookAgain,
    /** Resolves once nothing is being diagnosed and nothing waits but for a time to come. */
    idle: () => watchers.once(() => backlog.running === 0 && backlog.ready === 0),
    /** Whether a further target has room to wait. */
    hasRoom,
    /** Resolves once a further target has room to wait. */
    room: () => watchers.once(hasRoom),
    /** Stops; running diagnoses get `graceMs` milliseconds, then they are left for the next run. */
    async stop(graceMs: number) {
      schedule.stop();
      const cancelGrace = clock.after(graceMs, () => stopping.abort());
      await watchers.once(() => backlog.running === 0);
      cancelGrace();
      stopping.abort();
      cancelSilence();
      reception.flush();
      tell.flush();
    },
  };
}
