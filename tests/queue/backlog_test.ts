import assert from "node:assert/strict";
import fc from "fast-check";
import { type Backlog, createBacklog, type Running } from "../../lib/queue/backlog.ts";
import {
  applyRecord,
  emptyState,
  type SavedState,
  type StateRecord,
} from "../../lib/queue/state.ts";
import { targetKey } from "../../lib/event/target.ts";
import { fakeClock } from "../support/clock.ts";
import { waitingEvent } from "../support/waiting_event.ts";

const COOLDOWN_MS = 300_000;
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
  backlog.finish(running, false);
  assert.deepEqual([...replayed().waiting.keys()], [keyOf("a")]);
  assert.deepEqual([backlog.waiting, backlog.running], [1, 0]);
});

Deno.test("backlog: an event for a running target waits until that is finished", () => {
  const { backlog, replayed } = backlogOn();
  backlog.add(about("a"));
  const running = take(backlog);
  assert.equal(backlog.overtaken(running), undefined);
  assert.deepEqual(backlog.add(about("a", "critical")), {});
  assert.equal(backlog.overtaken(running)?.outcome, "coalesced");
  assert.equal(backlog.take(), undefined);
  backlog.finish(running, true);
  assert.equal(replayed().waiting.get(keyOf("a"))?.event.severity, "critical");
  assert.equal(take(backlog).entry.event.severity, "critical");
});

Deno.test("backlog: kept, an event waits again with its age and failures", async () => {
  const { backlog, clock, restart } = backlogOn();
  backlog.add(about("a"));
  await clock.advance(7_000);
  const { entry } = take(backlog);
  backlog.offer({ ...entry, failures: 3, notBefore: clock.monotonic() + 60_000 });
  backlog.finish({ entry, recovered: false }, false);
  assert.equal(backlog.take(), undefined, "parked");
  assert.equal(backlog.parked().length, 1);

  await clock.advance(3_000);
  const again = restart();
  const [parked] = again.backlog.parked();
  assert.equal(parked?.failures, 3);
  assert.equal(clock.monotonic() - (parked?.arrivedAt ?? 0), 10_000);
  assert.equal(again.backlog.take()?.entry.serial, entry.serial, "tried at once after a restart");
});

Deno.test("backlog: a recovery removes what waits and marks what runs, until a new event", () => {
  const { backlog, replayed } = backlogOn();
  backlog.add(about("a"));
  const running = take(backlog);
  assert.equal(backlog.recover(keyOf("a"), () => true), undefined);
  assert.equal(running.recovered, true);
  backlog.add(about("a"));
  assert.equal(running.recovered, false);
  assert.equal(backlog.recover(keyOf("a"), () => true)?.serial, 2);
  assert.equal(running.recovered, true);
  assert.equal(replayed().waiting.get(keyOf("a"))?.serial, 1, "the running one is unfinished");
  backlog.finish(running, false);
  assert.equal(replayed().waiting.size, 0);
});

Deno.test("backlog: past the limit the least severe is dropped, in the journal too", () => {
  const { backlog, replayed } = backlogOn({ ...SETTINGS, queueLimit: 1 });
  backlog.add(about("a", "info"));
  assert.equal(backlog.add(about("b", "error")).dropped?.event.service, "a");
  assert.equal(backlog.add(about("c", "info")).dropped?.event.service, "c");
  assert.deepEqual([...replayed().waiting.keys()], [keyOf("b")]);
});

Deno.test("backlog: what is left at the end is kept although the queue is full", () => {
  const { backlog, replayed, restart } = backlogOn({ ...SETTINGS, queueLimit: 1 });
  backlog.add(about("a", "info"));
  const running = take(backlog);
  backlog.add(about("b", "info"));
  backlog.finish(running, true);
  assert.deepEqual([...replayed().waiting.keys()].sort(), [keyOf("a"), keyOf("b")]);
  assert.deepEqual(replay(backlog.snapshot()).waiting.size, 2);
  assert.equal(restart(replay(backlog.snapshot())).backlog.waiting, 2);
});

Deno.test("backlog: a cooldown that is kept survives a restart and ends in time", async () => {
  const { backlog, clock, restart } = backlogOn();
  backlog.add(about("a"));
  const running = take(backlog);
  backlog.startCooldown(keyOf("a"));
  backlog.keepCooldown(running);
  backlog.finish(running, false);
  await clock.advance(100_000);
  const again = restart().backlog;
  assert.equal(again.cooldown(keyOf("a")), 200_000);
  await clock.advance(200_000);
  assert.equal(again.cooldown(keyOf("a")), 0);
  again.prune();
  assert.deepEqual([...again.snapshot()], []);
});

Deno.test("backlog: without its proposal a cooldown ends with the run, and never outlives it", () => {
  const { backlog, restart } = backlogOn();
  backlog.add(about("a"));
  const running = take(backlog);
  backlog.startCooldown(keyOf("a"));
  assert.equal(backlog.cooldown(keyOf("a")), COOLDOWN_MS);
  for (const saved of [undefined, replay(backlog.snapshot())]) {
    assert.equal(restart(saved).backlog.cooldown(keyOf("a")), 0);
  }
  backlog.finish(running, true);
  assert.equal(backlog.cooldown(keyOf("a")), 0);
  const again = restart(replay(backlog.snapshot())).backlog;
  assert.equal(again.cooldown(keyOf("a")), 0);
  assert.equal(again.take()?.entry.serial, 1);
});

Deno.test("backlog: a snapshot taken while a cooldown is written down has it", () => {
  const { backlog, clock, self } = backlogOn();
  backlog.add(about("a"));
  const running = take(backlog);
  backlog.startCooldown(keyOf("a"));
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
  assert.deepEqual(records.at(-1), { is: "cooldown", target, serial: 1, atMs: clock.now() });
  assert.equal(replayed().waiting.size, 0);
  assert.equal(replay(backlog.snapshot()).waiting.size, 0);
  backlog.add(about("a"));
  backlog.recover(keyOf("a"), () => true);
  assert.equal(replayed().waiting.size, 0, "a later recovery brings nothing back");
});

Deno.test("backlog: a cooldown counts from when its proposal was safe", async () => {
  const { backlog, clock } = backlogOn();
  backlog.add(about("a"));
  const running = take(backlog);
  backlog.startCooldown(keyOf("a"));
  await clock.advance(COOLDOWN_MS + 1);
  assert.equal(backlog.cooldown(keyOf("a")), 0);
  backlog.keepCooldown(running);
  backlog.finish(running, false);
  assert.equal(backlog.cooldown(keyOf("a")), COOLDOWN_MS);
});

Deno.test("backlog: a wrong clock at the restart delays a target by one cooldown at most", async () => {
  for (const jump of [-40 * 365 * 86_400_000, -1, 40 * 365 * 86_400_000]) {
    const { backlog, clock, restart } = backlogOn();
    backlog.add(about("a"));
    const running = take(backlog);
    backlog.keepCooldown(running);
    backlog.finish(running, false);
    clock.jump(jump);
    const again = restart().backlog;
    assert.equal(again.cooldown(keyOf("a")), jump > 0 ? 0 : COOLDOWN_MS, String(jump));
    await clock.advance(COOLDOWN_MS);
    assert.equal(again.cooldown(keyOf("a")), 0);
  }
});

Deno.test("backlog: started in 1970, it knows its cooldowns after the clock was set", async () => {
  const { backlog, clock, restart } = backlogOn(SETTINGS, fakeClock(17_000));
  backlog.add(about("a"));
  const running = take(backlog);
  backlog.keepCooldown(running);
  backlog.finish(running, false);
  clock.jump(Date.UTC(2026, 0, 2));
  await clock.advance(100_000);
  assert.equal(backlog.cooldown(keyOf("a")), 200_000, "inside a run jumps do not count");
  assert.equal(restart(replay(backlog.snapshot())).backlog.cooldown(keyOf("a")), 200_000);
  assert.equal(restart().backlog.cooldown(keyOf("a")), COOLDOWN_MS, "written in 1970");
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

Deno.test("backlog: serials go on after a restart", () => {
  const { backlog, restart } = backlogOn();
  backlog.add(about("a"));
  backlog.add(about("b"));
  const again = restart().backlog;
  again.add(about("c"));
  const serials = [take(again), take(again), take(again)].map(({ entry }) => entry.serial);
  assert.deepEqual(serials, [1, 2, 3]);
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
            if (!picked.proposing && backlog.cooldown(key) > 0) backlog.finish(picked, false);
            else if (op === "park") {
              const failures = picked.entry.failures + 1;
              const notBefore = clock.monotonic + 30_000;
              if (backlog.overtaken(picked)?.outcome !== "coalesced") {
                backlog.offer({ ...picked.entry, failures, notBefore });
              }
              backlog.finish(picked, false);
            } else {
              backlog.startCooldown(key);
              if (op !== "keep") backlog.announce(picked, `plan-${picked.entry.serial}`);
              if (op === "announce") running.push(picked);
              if (op === "propose") backlog.keepCooldown(picked);
              if (op !== "announce") backlog.finish(picked, op === "keep");
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
  backlog.startCooldown("x");
  await clock.advance(100_000);
  backlog.startCooldown("y");
  assert.deepEqual([...backlog.active()].map(({ entry }) => entry.event.service), ["a"]);
  assert.deepEqual([...backlog.entries()].map(({ event }) => event.service), ["b"]);
  assert.deepEqual([...backlog.coolingDown()], [
    { key: "x", remainingMs: COOLDOWN_MS - 100_000 },
    { key: "y", remainingMs: COOLDOWN_MS },
  ]);
  assert.equal(backlog.coolingDownCount, 2);
  await clock.advance(COOLDOWN_MS - 100_000);
  assert.deepEqual([...backlog.coolingDown()].map(({ key }) => key), ["y"]);
  backlog.prune();
  assert.equal(backlog.coolingDownCount, 1);
});
