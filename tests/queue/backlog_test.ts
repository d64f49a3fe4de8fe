import assert from "node:assert/strict";
import fc from "fast-check";
import { type Backlog, createBacklog } from "../../lib/queue/backlog.ts";
import type { Running } from "../../lib/queue/running.ts";
import { mergedInto } from "../../lib/queue/entry.ts";
import {
  applyRecord,
  emptyState,
  type SavedState,
  type StateRecord,
} from "../../lib/queue/state.ts";
import { targetKey } from "../../lib/event/target.ts";
import { fakeClock, settle } from "../support/clock.ts";
import { waitingEvent } from "../support/waiting_event.ts";

const COOLDOWN_MS = 300_000;
const ERROR = 1;
const SETTINGS = { queueLimit: 100, cooldownSeconds: 300 };

/** A backlog whose journal is `records`; `restart` starts a second one from what it says. */
function backlogOn(settings = SETTINGS, clock = fakeClock(), saved = emptyState()) {
  const records: StateRecord[] = [];
  const self = { remember: (record: StateRecord) => void records.push(record) };
  const remember = (record: StateRecord) => self.remember(record);
  const backlog = createBacklog({ ...settings, clock, saved, remember });
  return {
    backlog,
    self,
    clock,
    records,
    replayed: () => replay(records),
    restart(saved = replay(records)) {
      return backlogOn(settings, clock, saved);
    },
  };
}

function replay(records: Iterable<StateRecord>): SavedState {
  const state = emptyState();
  for (const record of records) applyRecord(state, record);
  return state;
}

const about = (service: string, severity = "error") => waitingEvent({ service, severity });
const keyOf = (service: string) => targetKey(about(service));

function take(backlog: Backlog): Running {
  const running = backlog.take();
  assert.ok(running, "nothing to take");
  return running;
}

Deno.test("backlog: what was added is taken, most severe first, and is done when finished", () => {
  const { backlog, replayed } = backlogOn();
  backlog.add(about("a", "info"));
  backlog.add(about("b", "critical"));
  const running = take(backlog);
  assert.equal(running.entry.event.service, "b");
  assert.deepEqual([backlog.waiting, backlog.running], [1, 1]);
  assert.deepEqual([...replayed().waiting.keys()], [keyOf("a"), keyOf("b")], "both are unfinished");
  backlog.finish(running);
  assert.deepEqual([...replayed().waiting.keys()], [keyOf("a")]);
  assert.deepEqual([backlog.waiting, backlog.running], [1, 0]);
});

Deno.test("backlog: an event for a running target waits until that is finished", () => {
  const { backlog, replayed } = backlogOn();
  backlog.add(about("a"));
  const running = take(backlog);
  assert.equal(backlog.isOvertaken(running), false);
  assert.deepEqual(backlog.add(about("a", "error")), {});
  assert.equal(backlog.isOvertaken(running), false, "no graver than that");
  backlog.add(about("a", "critical"));
  assert.equal(backlog.isOvertaken(running), true);
  assert.equal(backlog.take(), undefined);
  assert.equal(backlog.finish(running, running.entry).coalesced?.severity, "error");
  assert.equal(replayed().waiting.get(keyOf("a"))?.event.severity, "critical");
  assert.equal(take(backlog).entry.event.severity, "critical");
});

Deno.test("backlog: what came meanwhile has its turn once what ran has ended", () => {
  const { backlog, records } = backlogOn();
  backlog.add(about("a"));
  const running = take(backlog);
  const again = about("a", "warning");
  backlog.add(again);
  const before = records.length;
  assert.deepEqual(backlog.finish(running), {});
  assert.equal(take(backlog).entry.event, again);
  assert.deepEqual(records.slice(before).map(({ is }) => is), ["waiting"]);
});

Deno.test("backlog: another planner's longer cooldown is no longer than the own", () => {
  const { backlog } = backlogOn();
  backlog.joinCooldown("x", COOLDOWN_MS + 60_000, ERROR);
  assert.equal(backlog.cooldown("x", ERROR), COOLDOWN_MS);
});

Deno.test("backlog: of what waits, and of what ran in vain, the gravest stays, whichever came first", () => {
  const { backlog, replayed, restart } = backlogOn();
  backlog.add(about("a", "critical"));
  const running = take(backlog);
  backlog.add(waitingEvent({ service: "a", severity: "info", type: "config_reloaded" }));
  assert.equal(replayed().waiting.get(keyOf("a"))?.event.severity, "critical");
  const offered = backlog.finish(running, running.entry);
  assert.equal(offered.coalesced?.type, "config_reloaded");
  for (const again of [backlog, restart().backlog]) {
    const { event, merged } = take(again).entry;
    assert.equal(event.severity, "critical");
    assert.deepEqual(merged?.map(({ newest, ...kind }) => [kind, newest?.event.type]), [
      [{ type: "config_reloaded", severity: "info", count: 1 }, "config_reloaded"],
    ]);
  }
});

Deno.test("backlog: of two that are as grave the newer stays, by the time it happened", () => {
  const at = (happenedAt: number, type: string) => waitingEvent({ service: "a", happenedAt, type });
  const { backlog, clock } = backlogOn();
  const now = clock.now();
  backlog.add(at(now - 10, "newer"));
  assert.equal(backlog.add(at(now - 500, "older")).coalesced?.type, "older");
  assert.equal(backlog.add(at(now - 10, "at_once")).coalesced?.type, "newer");
  // Written by a clock that went wrong: as old as can be, and no older.
  backlog.add(at(now + 86_400_000, "of_tomorrow"));
  assert.equal(backlog.add(at(now, "of_now")).coalesced?.type, "of_tomorrow");
  const { event, merged } = take(backlog).entry;
  assert.equal(event.type, "of_now");
  assert.deepEqual(merged?.map(({ type, count }) => `${type} ${count}`), [
    "older 1",
    "newer 1",
    "at_once 1",
    "of_tomorrow 1",
  ]);
});

Deno.test("backlog: what a clock dated ahead, before it was set, is no newer than what is heard then", () => {
  const { backlog } = backlogOn();
  const heard = (at: number, type: string) =>
    waitingEvent({ service: "a", type, heardAt: at, happenedAt: at });
  backlog.add(heard(T + 86_400_000, "before"));
  assert.equal(backlog.add(heard(T, "after")).coalesced?.type, "before");
});

Deno.test("backlog: kept, an event waits again with its age and failures", async () => {
  const { backlog, clock, restart } = backlogOn();
  backlog.add(about("a"));
  await clock.advance(7_000);
  const running = take(backlog);
  const notBefore = clock.monotonic() + 60_000;
  backlog.finish(running, { ...running.entry, failures: 3, notBefore });
  assert.equal(backlog.take(), undefined, "parked");
  assert.equal(backlog.nextDue(), notBefore);
  assert.equal(backlog.parked().length, 1);

  await clock.advance(3_000);
  const again = restart();
  const [parked] = again.backlog.parked();
  assert.equal(parked?.failures, 3);
  assert.equal(clock.monotonic() - (parked?.arrivedAt ?? 0), 10_000);
  const { serial } = running.entry;
  assert.equal(again.backlog.take()?.entry.serial, serial, "tried at once after a restart");
});

Deno.test("backlog: good news removes what waits, and marks what runs for good", () => {
  const { backlog, replayed } = backlogOn();
  const over = (key: string) => backlog.recover(key, () => true);
  backlog.add(about("a"));
  const running = take(backlog);
  assert.equal(over(keyOf("a")), undefined);
  assert.equal(backlog.isOver(running), true);
  const again = about("a", "warning");
  backlog.add(again);
  assert.equal(backlog.isOver(running), true, "what is bad again is another");
  assert.deepEqual(over(keyOf("a")), { event: again, left: undefined });
  assert.equal(replayed().waiting.get(keyOf("a"))?.serial, 1, "the running one is unfinished");
  backlog.finish(running);
  assert.equal(replayed().waiting.size, 0);
});

Deno.test("backlog: past the limit the least severe is dropped, in the journal too", () => {
  const { backlog, records, replayed } = backlogOn({ ...SETTINGS, queueLimit: 1 });
  backlog.add(about("a", "info"));
  assert.equal(backlog.add(about("b", "error")).dropped?.event.service, "a");
  assert.equal(backlog.add(about("c", "info")).dropped?.event.service, "c");
  assert.deepEqual([...replayed().waiting.keys()], [keyOf("b")]);
  assert.deepEqual(records.map(({ is }) => is), ["waiting", "waiting", "done", "done"]);
});

Deno.test("backlog: of two that are unfinished the journal has the graver, whichever waits", () => {
  for (const [first, second] of [["error", "critical"], ["critical", "error"]] as const) {
    const { backlog, replayed } = backlogOn();
    backlog.add(about("a", first));
    take(backlog);
    backlog.add(about("a", second));
    assert.equal(replayed().waiting.get(keyOf("a"))?.event.severity, "critical");
  }
});

Deno.test("backlog: what is left at the end is kept although the queue is full", () => {
  const { backlog, replayed, restart } = backlogOn({ ...SETTINGS, queueLimit: 1 });
  backlog.add(about("a", "info"));
  const running = take(backlog);
  backlog.add(about("b", "info"));
  backlog.finish(running, running.entry);
  assert.deepEqual([...replayed().waiting.keys()].sort(), [keyOf("a"), keyOf("b")]);
  assert.deepEqual(replay(backlog.snapshot()).waiting.size, 2);
  assert.equal(restart(replay(backlog.snapshot())).backlog.waiting, 2);
});

Deno.test("backlog: a cooldown that is kept survives a restart and ends in time", async () => {
  const { backlog, clock, restart } = backlogOn();
  backlog.add(about("a"));
  const running = take(backlog);
  backlog.keepCooldown(running);
  backlog.finish(running);
  await clock.advance(100_000);
  const again = restart().backlog;
  assert.equal(again.cooldown(keyOf("a"), ERROR), 200_000);
  await clock.advance(200_000);
  assert.equal(again.cooldown(keyOf("a"), ERROR), 0);
  again.prune();
  assert.deepEqual([...again.snapshot()], []);
});

Deno.test("backlog: a cooldown remembers how grave its event was, after a restart too", () => {
  const { backlog, restart } = backlogOn();
  backlog.add(about("a", "warning"));
  const running = take(backlog);
  assert.equal(backlog.cooldown(keyOf("a"), ERROR), 0, "none without a proposal");
  backlog.keepCooldown(running);
  backlog.finish(running);
  for (const again of [backlog, restart().backlog, restart(replay(backlog.snapshot())).backlog]) {
    assert.deepEqual([3, 2, 1, 0].map((gravity) => again.cooldown(keyOf("a"), gravity)), [
      COOLDOWN_MS,
      COOLDOWN_MS,
      0,
      0,
    ]);
  }
});

Deno.test("backlog: a snapshot taken while a cooldown is written down has it", () => {
  const { backlog, clock, self } = backlogOn();
  backlog.add(about("a"));
  const running = take(backlog);
  let seen: SavedState | undefined;
  self.remember = () => void (seen = replay(backlog.snapshot()));
  backlog.keepCooldown(running);
  assert.equal(seen?.cooldowns.get(keyOf("a"))?.atMs, clock.now());
});

Deno.test("backlog: a kept cooldown and the end of its event are one record", () => {
  const { backlog, clock, records, replayed } = backlogOn();
  backlog.add(about("a"));
  const running = take(backlog);
  backlog.keepCooldown(running);
  const target = { node: "piha", service: "a" };
  assert.deepEqual(records.at(-1), {
    is: "cooldown",
    target,
    serial: 1,
    atMs: clock.now(),
    gravity: ERROR,
  });
  assert.equal(replayed().waiting.size, 0);
  assert.equal(replay(backlog.snapshot()).waiting.size, 0);
  backlog.add(about("a"));
  backlog.recover(keyOf("a"), () => true);
  assert.equal(replayed().waiting.size, 0, "a later recovery brings nothing back");
});

Deno.test("backlog: a wrong clock at the restart delays a target by one cooldown at most", async () => {
  for (const jump of [-40 * 365 * 86_400_000, -1, 40 * 365 * 86_400_000]) {
    const { backlog, clock, restart } = backlogOn();
    backlog.add(about("a"));
    const running = take(backlog);
    backlog.keepCooldown(running);
    backlog.finish(running);
    clock.jump(jump);
    const again = restart().backlog;
    assert.equal(again.cooldown(keyOf("a"), ERROR), jump > 0 ? 0 : COOLDOWN_MS, String(jump));
    await clock.advance(COOLDOWN_MS);
    assert.equal(again.cooldown(keyOf("a"), ERROR), 0);
  }
});

Deno.test("backlog: started in 1970, it knows its cooldowns after the clock was set", async () => {
  const { backlog, clock, restart } = backlogOn(SETTINGS, fakeClock(17_000));
  backlog.add(about("a"));
  const running = take(backlog);
  backlog.keepCooldown(running);
  backlog.finish(running);
  clock.jump(Date.UTC(2026, 0, 2));
  await clock.advance(100_000);
  assert.equal(backlog.cooldown(keyOf("a"), ERROR), 200_000, "inside a run jumps do not count");
  assert.equal(restart(replay(backlog.snapshot())).backlog.cooldown(keyOf("a"), ERROR), 200_000);
  assert.equal(restart().backlog.cooldown(keyOf("a"), ERROR), COOLDOWN_MS, "written in 1970");
});

Deno.test("backlog: an announced proposal is remembered until it is safe", () => {
  const { backlog, clock, replayed } = backlogOn();
  backlog.add(about("a"));
  const running = take(backlog);
  backlog.announce(running, "plan-a-1");
  backlog.announce(running, "plan-a-1-2");
  const target = { node: "piha", service: "a" };
  const proposing = new Map([[keyOf("a"), {
    is: "proposing",
    target,
    serial: 1,
    actionId: "plan-a-1-2",
    atMs: clock.now(),
  }]]);
  assert.deepEqual(replayed().proposing, proposing);
  assert.deepEqual(replay(backlog.snapshot()).proposing, proposing);
  backlog.keepCooldown(running);
  assert.equal(replayed().proposing.size, 0);
  assert.equal(replay(backlog.snapshot()).proposing.size, 0);
});

Deno.test("backlog: a proposal whose event file is not there is remembered until it is", async () => {
  const { backlog, clock, replayed, restart } = backlogOn();
  const announcing = (service: string, announced: Promise<boolean>) => {
    backlog.add(about(service));
    const running = take(backlog);
    backlog.announce(running, `plan-${service}-1`);
    backlog.keepCooldown(running, announced);
    backlog.finish(running);
  };
  const written = Promise.withResolvers<boolean>();
  announcing("a", written.promise);
  announcing("b", Promise.resolve(false));
  await settle();
  const left = (...services: string[]) =>
    new Map(services.map((service, nth) => [keyOf(service), {
      is: "proposing",
      target: { node: "piha", service },
      serial: nth + 3 - services.length,
      actionId: `plan-${service}-1`,
      atMs: clock.now(),
    }]));
  for (const state of [replayed(), replay(backlog.snapshot())]) {
    assert.deepEqual(state.proposing, left("a", "b"));
    assert.equal(state.waiting.size, 0);
    assert.equal(state.cooldowns.size, 2);
  }
  written.resolve(true);
  await settle();
  for (const state of [replayed(), replay(backlog.snapshot())]) {
    assert.deepEqual(state.proposing, left("b"));
  }
  assert.deepEqual(replay(restart().backlog.snapshot()).proposing, left("b"));
});

Deno.test("backlog: an older event file that is there at last does not stand for a newer one", async () => {
  const { backlog, replayed, restart } = backlogOn();
  const first = Promise.withResolvers<boolean>();
  for (const [nth, announced] of [first.promise, Promise.resolve(false)].entries()) {
    backlog.add(about("a"));
    const running = take(backlog);
    backlog.announce(running, `plan-a-${nth + 1}`);
    backlog.keepCooldown(running, announced);
    // A crash from now on finds it.
    assert.equal(replayed().proposing.get(keyOf("a"))?.actionId, `plan-a-${nth + 1}`);
    backlog.finish(running);
  }
  first.resolve(true);
  await settle();
  for (
    const state of [replayed(), replay(backlog.snapshot()), replay(restart().backlog.snapshot())]
  ) {
    const open = [...state.proposing.values()];
    assert.deepEqual(open.map(({ actionId }) => actionId), ["plan-a-2"]);
  }
});

Deno.test("backlog: serials go on after a restart", () => {
  const { backlog, restart } = backlogOn();
  backlog.add(about("a"));
  backlog.add(about("b"));
  const again = restart().backlog;
  again.add(about("c"));
  const serials = [take(again), take(again), take(again)].map(({ entry }) => entry.serial);
  assert.deepEqual(serials, [1, 2, 3]);
});

Deno.test("backlog: serials go on behind those of what waits behind another, too", () => {
  const { backlog, restart } = backlogOn();
  backlog.add(about("a", "critical"));
  backlog.add(waitingEvent({ service: "a", severity: "info", type: "config_reloaded" }));
  const again = restart().backlog;
  again.add(about("b", "critical"));
  assert.equal(again.entries().find(({ key }) => key === keyOf("b"))?.serial, 3);
});

const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(
      fc.constant("add" as const),
      fc.constantFrom("a", "b", "c", "d"),
      fc.constantFrom("critical", "error", "info"),
    ),
  },
  { weight: 2, arbitrary: fc.tuple(fc.constant("take" as const)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("propose" as const), fc.nat(3)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("announce" as const), fc.nat(3)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("park" as const), fc.nat(3)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("keep" as const), fc.nat(3)) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant("recover" as const), fc.constantFrom("a", "b", "c", "d")),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant("pass" as const), fc.nat(400_000)) },
);

Deno.test("backlog: the journal and the snapshot tell the same, after every change", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(command, { maxLength: 40, size: "max" }),
      (queueLimit, commands) => {
        const clock = { wall: Date.UTC(2026, 0, 2), monotonic: 500 };
        const journal = emptyState();
        const backlog = createBacklog({
          queueLimit,
          cooldownSeconds: 300,
          clock: { now: () => clock.wall, monotonic: () => clock.monotonic, after: () => () => {} },
          remember: (record) => applyRecord(journal, record),
        });
        const running: Running[] = [];
        const pick = (n: number) => running.splice(n % Math.max(1, running.length), 1)[0];

        for (const [op, what, severity] of commands) {
          if (op === "add") backlog.add(about(what, severity));
          else if (op === "recover") backlog.recover(keyOf(what), () => true);
          else if (op === "pass") {
            clock.wall += what;
            clock.monotonic += what;
          } else if (op === "take") {
            const taken = backlog.take();
            if (taken) running.push(taken);
          } else {
            const picked = pick(what);
            if (!picked) continue;
            const { key } = picked.entry;
            // The planner's gate: while a target cools down, its event is not diagnosed.
            if (!picked.proposing && backlog.cooldown(key, ERROR) > 0) backlog.finish(picked);
            else if (op === "park") {
              const failures = picked.entry.failures + 1;
              const notBefore = clock.monotonic + 30_000;
              backlog.finish(picked, { ...picked.entry, failures, notBefore });
            } else {
              if (op !== "keep") backlog.announce(picked, `plan-${picked.entry.serial}`);
              if (op === "announce") running.push(picked);
              if (op === "propose") backlog.keepCooldown(picked);
              if (op !== "announce") {
                backlog.finish(picked, op === "keep" ? picked.entry : undefined);
              }
            }
          }
          same(journal, replay(backlog.snapshot()), clock.wall);
        }
      },
    ),
    { numRuns: 500 },
  );
});

/** The journal may still tell of what means nothing any more: cooldowns that are over. */
function same(journal: SavedState, snapshot: SavedState, wall: number) {
  const began = ({ cooldowns }: SavedState) => new Map([...cooldowns].map(([k, v]) => [k, v.atMs]));
  const lasting = [...began(journal)].filter(([, atMs]) => atMs + COOLDOWN_MS > wall);
  assert.deepEqual(began(snapshot), new Map(lasting));
  assert.deepEqual(snapshot.waiting, journal.waiting);
  for (const [key, proposing] of snapshot.proposing) {
    assert.deepEqual(journal.proposing.get(key), proposing);
  }
  for (const [key, { serial }] of journal.proposing) {
    if (snapshot.proposing.has(key)) continue;
    // One that was given up: its event waits.
    assert.ok(snapshot.waiting.has(key), `${serial} is neither proposed nor waiting`);
  }
}

Deno.test("backlog: what waits, what is being diagnosed and what cools down can be looked at", async () => {
  const { backlog, clock } = backlogOn();
  for (const service of ["a", "b"]) backlog.add(waitingEvent({ service }));
  backlog.take();
  backlog.joinCooldown("x", COOLDOWN_MS, ERROR);
  await clock.advance(100_000);
  backlog.joinCooldown("y", COOLDOWN_MS, ERROR);
  assert.deepEqual([...backlog.active()].map(({ entry }) => entry.event.service), ["a"]);
  assert.deepEqual([...backlog.entries()].map(({ event }) => event.service), ["b"]);
  assert.deepEqual([...backlog.coolingDown()], [
    { key: "x", remainingMs: COOLDOWN_MS - 100_000, gravity: ERROR },
    { key: "y", remainingMs: COOLDOWN_MS, gravity: ERROR },
  ]);
  assert.equal(backlog.coolingDownCount, 2);
  await clock.advance(COOLDOWN_MS - 100_000);
  assert.deepEqual([...backlog.coolingDown()].map(({ key }) => key), ["y"]);
  backlog.prune();
  assert.equal(backlog.coolingDownCount, 1);
});

Deno.test("backlog: a lesser event that waits behind what is being proposed outlives that", () => {
  const { backlog, replayed } = backlogOn();
  backlog.add(about("a", "critical"));
  const running = take(backlog);
  backlog.add(about("a", "warning"));
  backlog.keepCooldown(running);
  assert.equal(replayed().waiting.get(keyOf("a"))?.event.severity, "warning");
});

Deno.test("backlog: a lesser event that is held does not hold the graver one that waits", () => {
  const { backlog, clock } = backlogOn();
  backlog.add(about("a", "critical"));
  backlog.add(about("a", "error"), clock.monotonic() + 3_600_000);
  assert.equal(take(backlog).entry.event.severity, "critical");
});

const MINUTE = 60_000;
const T = waitingEvent().happenedAt;
/** A fault of a target as told by its type, severity and time. */
const fault = (type: string, severity: string, minute: number, excerpt = "") =>
  waitingEvent({
    ...{ service: "a", type, severity, excerpt },
    ...{ happenedAt: T + minute * MINUTE, heardAt: T + 10 * MINUTE },
  });
/** Good news of one of those types, or of all, from that time. */
const curedAt = (minute: number, type?: string) => (of: { type: string; happenedAt: number }) =>
  of.happenedAt <= T + minute * MINUTE && (type === undefined || of.type === type);

Deno.test("recover: each fault that waits behind another ends only by what cures it", () => {
  const { backlog, replayed, restart } = backlogOn();
  const settled = () => {};
  backlog.add({ ...fault("unhealthy", "critical", 1), settled });
  backlog.add(fault("unhealthy", "error", 3, "newer"));
  backlog.add(fault("backup_failed", "error", 2, "backup"));
  backlog.add(fault("unhealthy", "warning", 2));
  for (const { recover, take } of [restart().backlog, backlog]) {
    const ended = recover(keyOf("a"), curedAt(2, "unhealthy"));
    assert.deepEqual([ended?.event.severity, ended?.event.happenedAt], ["critical", T + MINUTE]);
    assert.equal(ended?.left?.failures, 0);
    assert.equal(recover(keyOf("a"), curedAt(1)), undefined, "older than all that is left");
    const entry = take()?.entry;
    assert.equal(entry?.serial, 2);
    assert.equal(entry?.event.excerpt, "newer");
    assert.deepEqual(
      entry?.merged?.map(({ type, count, newest }) => [
        ...[type, count],
        newest?.event.excerpt,
      ]),
      [["backup_failed", 1, "backup"]],
    );
  }
  const [running] = backlog.active();
  assert.equal(
    running?.entry.event.settled,
    settled,
    "the receipt is of the message that has not ended",
  );
  assert.equal(replayed().waiting.get(keyOf("a"))?.serial, 2);
});

Deno.test("recover: what is left of a diagnosis that is over waits on, through a crash too", () => {
  const { backlog, replayed, restart } = backlogOn();
  backlog.add(fault("unhealthy", "critical", 1));
  backlog.add(fault("backup_failed", "error", 1));
  const running = take(backlog);
  backlog.add(fault("full", "warning", 1));
  assert.deepEqual(
    replayed().waiting.get(keyOf("a"))?.merged?.map(({ type }) => type),
    ["backup_failed", "full"],
  );
  assert.equal(backlog.recover(keyOf("a"), curedAt(1, "full"))?.event.type, "full");
  assert.equal(backlog.isOver(running), false);
  backlog.add(fault("certificate", "warning", 1));
  assert.equal(backlog.recover(keyOf("a"), curedAt(1, "unhealthy")), undefined);
  assert.equal(backlog.isOver(running), true);
  assert.equal(running.left?.event.type, "backup_failed");
  const offered = backlog.finish(running, running.left);
  assert.equal(offered.coalesced?.type, "certificate");
  for (const { take } of [restart().backlog, backlog]) {
    const entry = take()?.entry;
    assert.equal(entry?.event.type, "backup_failed");
    assert.deepEqual(entry?.merged?.map(({ type, count }) => [type, count]), [["certificate", 1]]);
  }
});

Deno.test("recover: what is left of a parked event has not failed itself, and is tried at once", () => {
  const { backlog, clock } = backlogOn();
  backlog.add(fault("unhealthy", "critical", 1));
  backlog.add(fault("backup_failed", "error", 1));
  const { entry, ...running } = take(backlog);
  const notBefore = clock.monotonic() + 300_000;
  backlog.finish({ entry, ...running }, { ...entry, failures: 4, firstFailedAt: 1, notBefore });
  assert.equal(backlog.take(), undefined);
  backlog.recover(keyOf("a"), curedAt(1, "unhealthy"));
  const left = take(backlog).entry;
  assert.deepEqual(
    [left.event.type, left.failures, left.firstFailedAt, left.notBefore],
    ["backup_failed", 0, undefined, 0],
  );
});

Deno.test("recover: of more than five kinds the least severe that came last is forgotten", () => {
  const { backlog } = backlogOn();
  backlog.add(fault("unhealthy", "critical", 1));
  for (const n of [1, 2, 3, 4, 5]) backlog.add(fault(`kind_${n}`, "warning", n));
  backlog.add(fault("kind_6", "error", 1));
  backlog.recover(keyOf("a"), curedAt(1, "unhealthy"));
  const { event, merged } = take(backlog).entry;
  assert.equal(event.type, "kind_6");
  assert.deepEqual(merged?.map(({ type }) => type), ["kind_1", "kind_2", "kind_3", "kind_4"]);
});

Deno.test("recover: of kinds that an earlier version only counted nothing can be left", () => {
  const { restart } = backlogOn();
  const saved = emptyState();
  const kinds = [{ type: "backup_failed", severity: "error", count: 2 }];
  saved.waiting.set(keyOf("a"), {
    ...{ is: "waiting", serial: 4, event: about("a"), arrivedMs: T, failures: 0 },
    merged: kinds,
  });
  const { backlog } = restart(saved);
  assert.deepEqual(backlog.entries().map(({ merged }) => merged), [kinds]);
  backlog.recover(keyOf("a"), ({ type }) => type === "nothing_there");
  assert.deepEqual(backlog.entries().map(({ merged }) => merged), [kinds]);
  backlog.recover(keyOf("a"), () => true);
  assert.equal(backlog.waiting, 0);
});

Deno.test("backlog: what says word for word what waits is coalesced, and not written down again", () => {
  const { backlog, records, clock } = backlogOn();
  const first = waitingEvent();
  backlog.add(first);
  const written = records.length;
  const again = waitingEvent({ heardAt: first.heardAt + 1_000 });
  assert.deepEqual(backlog.add(again), { coalesced: again });
  assert.equal(records.length, written);
  const others: Partial<typeof first>[] = [
    { happenedAt: first.happenedAt - 1 },
    { excerpt: "" },
    { severity: "warning" },
    { type: "other" },
    { channel: "world_updates" },
    { origin: { correlation_id: "7" } },
    { redelivered: true },
  ];
  for (const [n, changes] of others.entries()) {
    const { backlog, records } = backlogOn();
    backlog.add(first);
    backlog.add(waitingEvent(changes));
    assert.equal(records.length, 2, `${n}`);
  }
  const running = take(backlog);
  backlog.finish(running, { ...running.entry, failures: 1, notBefore: clock.monotonic() + 1_000 });
  backlog.add(again);
  assert.equal(take(backlog).entry.event, again, "what was tried in vain is tried anew");
});

Deno.test("recover: what is left waits for another planner as long, and is tried at once after failures", () => {
  for (const failures of [0, 2]) {
    const { backlog, clock } = backlogOn();
    backlog.add(fault("unhealthy", "critical", 1));
    backlog.add(fault("backup_failed", "error", 1));
    const running = take(backlog);
    const notBefore = clock.monotonic() + 30_000;
    backlog.finish(running, { ...running.entry, failures, notBefore });
    assert.equal(backlog.take(), undefined);
    assert.equal(backlog.recover(keyOf("a"), curedAt(1, "unhealthy"))?.left?.failures, 0);
    assert.equal(backlog.take()?.entry.event.type, failures > 0 ? "backup_failed" : undefined);
    assert.equal(backlog.parked().length, 0);
  }
});

Deno.test("backlog: after a restart a new event is told from all that waited, merged or not", () => {
  const { backlog, restart } = backlogOn();
  backlog.add(fault("unhealthy", "critical", 1));
  backlog.add(fault("backup_failed", "error", 1));
  const again = restart().backlog;
  again.add(about("b", "critical"));
  const serials = [take(again), take(again)].map(({ entry }) => entry.serial);
  assert.deepEqual(serials, [1, 3]);
});

Deno.test("backlog: what waits for the disk is counted once, and not after its end", () => {
  const { backlog } = backlogOn();
  backlog.add(about("a"));
  const running = take(backlog);
  for (let twice = 0; twice < 2; twice++) backlog.setAside(running);
  assert.equal(backlog.aside, 1);
  backlog.finish(running);
  assert.equal(backlog.aside, 0);
});

Deno.test("mergedInto: what both were merged from is added up", () => {
  const entry = (counts: readonly (readonly [type: string, count: number])[]) => ({
    ...{ key: "k", event: about("a"), serial: 1, arrivedAt: 0, failures: 0, notBefore: 0 },
    merged: counts.map(([type, count]) => ({ type, severity: "info", count })),
  });
  assert.deepEqual(
    mergedInto(entry([["x", 2]]), entry([["x", 3], ["y", 4]])).merged?.map(({ type, count }) => [
      type,
      count,
    ]),
    [["x", 5], ["y", 4]],
  );
});

Deno.test("backlog: after a restart the time of what failed is counted from then", async () => {
  const { backlog, clock, restart } = backlogOn();
  for (const service of ["a", "b"]) backlog.add(about(service));
  const running = take(backlog);
  backlog.finish(running, { ...running.entry, failures: 2, notBefore: clock.monotonic() + 1 });
  await clock.advance(10_000);
  const again = restart().backlog;
  const tried = again.entries().map(({ failures, firstFailedAt }) => [failures, firstFailedAt]);
  assert.deepEqual(tried, [[2, clock.monotonic()], [0, undefined]]);
});
