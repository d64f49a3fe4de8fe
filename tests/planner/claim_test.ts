import assert from "node:assert/strict";
import type { Coordination } from "../../lib/coordination/coordination.ts";
import type { WaitingAction } from "../../lib/proposal/read/action_index.ts";
import { settle } from "../support/clock.ts";
import { pipeline } from "../support/pipeline.ts";
import { recordingCoordination } from "../support/recording_coordination.ts";

type ClaimResult = Awaited<ReturnType<Coordination["claim"]>>;

const TAKEN: ClaimResult = { kind: "taken", by: "vps", againMs: 10_000 };
/** By then the log has told what it folds. */
const FOLDED_MS = 10_000;
/** The first request only; from then on the claim is granted. */
const first = (result: ClaimResult) => (_: unknown, nth: number) =>
  Promise.resolve(nth === 1 ? result : undefined);

Deno.test("claim: the fence is asked before a proposal is written, then the cooldown is shared", async () => {
  const coordination = recordingCoordination();
  const p = pipeline({ cooldownSeconds: 300 }, { coordination });
  await p.publish();
  assert.deepEqual(coordination.asked, ["claim piha/mosquitto 1"]);
  await p.calls[0]?.answer();
  assert.deepEqual(coordination.asked.slice(1), ["fence 300000", "settle 300000", "release"]);
});

Deno.test("claim: an event that needs nothing cools down for the others, too, and writes nothing", async () => {
  const coordination = recordingCoordination();
  const p = pipeline({ cooldownSeconds: 300 }, { coordination });
  await p.publish();
  await p.calls[0]?.answer({ action: "ignore" });
  assert.deepEqual(coordination.asked.slice(1), ["settle 300000", "release"]);
  assert.deepEqual(p.ended(), ["ignored piha/mosquitto"]);
});

Deno.test("claim: where another program proposes the same, the others need not ask", async () => {
  const coordination = recordingCoordination();
  const same: WaitingAction = {
    actionId: "other-1",
    node: "piha",
    service: "mosquitto",
    remedy: "restart",
    word: "restart",
    own: false,
    by: "doctor",
    sinceMs: undefined,
    untilMs: undefined,
    gravity: -1,
  };
  const p = pipeline({ cooldownSeconds: 60 }, { coordination, others: () => [same] });
  await p.publish();
  await p.calls[0]?.answer();
  assert.deepEqual(coordination.asked.slice(1), ["settle 60000", "release"]);
  assert.deepEqual(p.ended(), ["held piha/mosquitto"]);
});

Deno.test("claim: after a failure, or a recovery, it is given back and nothing cools down", async () => {
  const coordination = recordingCoordination();
  const p = pipeline({}, { coordination });
  await p.publish();
  await p.calls[0]?.fail();
  assert.deepEqual(coordination.asked, ["claim piha/mosquitto 1", "release"]);
  await p.publish({ service: "web" });
  await p.publish({ service: "web", type: "service_recovered", severity: "info" });
  assert.deepEqual(coordination.asked.slice(2), ["claim piha/web 1", "release"]);
});

Deno.test("claim: one that is lost before the write is asked for again, and writes once", async () => {
  const coordination = recordingCoordination({ fence: (nth) => Promise.resolve(nth > 1) });
  const p = pipeline({ cooldownSeconds: 300 }, { coordination });
  await p.publish();
  await p.calls[0]?.answer();
  assert.deepEqual([p.proposals.length, p.ended(), p.log.of("claim_lost").length], [0, [], 1]);
  assert.deepEqual(p.asked(), ["piha/mosquitto", "piha/mosquitto"]);
  await p.calls[1]?.answer();
  assert.deepEqual(coordination.asked, [
    "claim piha/mosquitto 1",
    "fence 300000",
    "release",
    "claim piha/mosquitto 1",
    "fence 300000",
    "settle 300000",
    "release",
  ]);
  assert.deepEqual(p.ended(), ["proposed piha/mosquitto"]);
});

Deno.test("claim: while the disk refuses, each further try has a claim and a fence of its own", async () => {
  const failed: number[] = [];
  const coordination = recordingCoordination();
  const p = pipeline({ cooldownSeconds: 300 }, {
    coordination,
    disk: { refuses: (failures) => failed.push(failures) < 3 ? 5_000 : 0 },
  });
  await p.publish();
  await p.calls[0]?.answer();
  await p.clock.advance(10_000);
  const attempt = ["claim piha/mosquitto 1", "fence 300000"];
  assert.deepEqual(coordination.asked, [
    ...attempt,
    "release",
    ...attempt,
    "release",
    ...attempt,
    "settle 300000",
    // The one it had at first; to release it again does nothing.
    "release",
  ]);
  assert.deepEqual([p.calls.length, p.proposals.length], [1, 1]);
  assert.deepEqual(failed, [0, 1, 2], "by this the next try waits longer");
});

Deno.test("claim: the claim lost while the disk refused, another's proposal ends the event", async () => {
  let refusals = 1;
  const coordination = recordingCoordination({
    claim: (_, nth) =>
      Promise.resolve(
        nth === 2
          ? TAKEN
          : nth === 3
          ? { kind: "cooling", by: "vps", remainingMs: 200_000 }
          : undefined,
      ),
  });
  const p = pipeline({ cooldownSeconds: 300 }, {
    coordination,
    disk: { refuses: () => refusals-- > 0 ? 5_000 : 0 },
  });
  await p.publish();
  await p.calls[0]?.answer();
  await p.clock.advance(5_000);
  assert.deepEqual(p.ended(), []);
  await p.clock.advance(10_000);
  assert.deepEqual([p.ended(), p.proposals.length], [["cooldown piha/mosquitto"], 0]);
});

Deno.test("claim: an event that another planner works on does not replace a newer one", async () => {
  const asking = Promise.withResolvers<ClaimResult>();
  const coordination = recordingCoordination({
    claim: (_, nth) => nth === 1 ? asking.promise : Promise.resolve(undefined),
  });
  const p = pipeline({}, { coordination });
  await p.publish({ timestamp: "2026-01-02T03:00:00Z" });
  await p.publish({ timestamp: "2026-01-02T03:04:00Z", payload: { note: "newer" } });
  asking.resolve(TAKEN);
  await p.clock.advance(10_000);
  assert.equal(p.calls.length, 1);
  assert.match(p.calls[0]?.prompt ?? "", /newer/);
  await p.calls[0]?.answer();
  assert.deepEqual(p.ended().toSorted(), ["coalesced piha/mosquitto", "proposed piha/mosquitto"]);
});

Deno.test("claim: an event that is over when another planner turns out to have it ends", async () => {
  const asking = Promise.withResolvers<ClaimResult>();
  const coordination = recordingCoordination({ claim: () => asking.promise });
  const p = pipeline({}, { coordination });
  await p.publish();
  await p.publish({ type: "service_recovered", severity: "info" });
  asking.resolve(TAKEN);
  await settle();
  assert.deepEqual(p.ended().toSorted(), ["benign piha/mosquitto", "recovered piha/mosquitto"]);
  assert.deepEqual([p.calls.length, p.remembered.waiting.size], [0, 0]);
});

Deno.test("claim: another's cooldown is ours, for as long as it lasts, and says who proposed", async () => {
  const coordination = recordingCoordination({
    claim: first({ kind: "cooling", by: "vps", remainingMs: 100_000 }),
  });
  const p = pipeline({ cooldownSeconds: 300 }, { coordination });
  await p.publish({ timestamp: null });
  assert.deepEqual(p.endings.map(({ outcome, detail }) => [outcome, detail]), [
    ["cooldown", "vps proposed for it"],
  ]);
  await p.clock.advance(99_000);
  await p.publish({ timestamp: null });
  assert.equal(coordination.asked.length, 1);
  await p.clock.advance(1_000);
  await p.publish({ timestamp: null });
  assert.deepEqual(coordination.asked.slice(1), ["claim piha/mosquitto 1"]);
});

Deno.test("planner: an event is safe in the journal before the log says it was received", async () => {
  const seen: string[] = [];
  const p = pipeline();
  const push = p.records.push.bind(p.records);
  p.records.push = (...records) => {
    seen.push(`${records[0]?.is} after ${p.log.of("event_received").length} lines`);
    return push(...records);
  };
  await p.publish();
  assert.equal(seen[0], "waiting after 0 lines");
  assert.equal(p.log.of("event_received").length, 1);
});

Deno.test("planner: a diagnosis is spent when it is asked for, whatever becomes of it", async () => {
  const p = pipeline({ diagnosesPerHour: 1 });
  await p.publish();
  await p.calls[0]?.fail();
  assert.equal(p.budgets.usedUp(0)?.until, p.clock.monotonic() + 3_600_000);
  await p.clock.advance(3_599_000);
  assert.equal(p.calls.length, 1);
  await p.clock.advance(1_000);
  assert.equal(p.calls.length, 2);
});

Deno.test("planner: PROPOSALS_PER_DAY is of a day, and what is ignored is none", async () => {
  const p = pipeline({ proposalsPerDay: 1, cooldownSeconds: 0 });
  await p.publish();
  await p.calls[0]?.answer({ action: "ignore" });
  assert.equal(p.budgets.usedUp(0), undefined);
  await p.publish({ service: "web" });
  await p.calls[1]?.answer();
  assert.equal(p.budgets.usedUp(0)?.until, p.clock.monotonic() + 24 * 3_600_000);
});

Deno.test("planner: twenty that are held need one timer, and after a stop there is none", async () => {
  const p = pipeline({ startGraceSeconds: 60 });
  for (let n = 0; n < 20; n++) {
    await p.publish({ service: `s${n}` });
    await p.clock.advance(100);
  }
  const held = p.clock.waiting;
  const q = pipeline({ startGraceSeconds: 60 });
  await q.publish();
  assert.equal(held, q.clock.waiting);
  for (const { planner, clock } of [p, q]) {
    await planner.stop(60_000);
    await clock.advance(FOLDED_MS);
    assert.equal(clock.waiting, 0);
  }
});

Deno.test("planner: a stop that a diagnosis ends in time leaves no timer", async () => {
  const p = pipeline();
  await p.publish();
  const stopped = p.planner.stop(60_000);
  await p.calls[0]?.answer();
  await stopped;
  await p.clock.advance(FOLDED_MS);
  assert.deepEqual([p.clock.waiting, p.proposals.length], [0, 1]);
});

Deno.test("planner: what a stop, or another planner, keeps from an answer has not failed", async () => {
  const p = pipeline();
  await p.publish();
  const stopped = p.planner.stop(5_000);
  await p.clock.advance(5_000);
  await stopped;
  const q = pipeline({}, { coordination: recordingCoordination({ claim: first(TAKEN) }) });
  await q.publish();
  for (const { log, remembered } of [p, q]) {
    assert.deepEqual([...remembered.waiting.values()].map(({ failures }) => failures), [0]);
    for (const line of ["llm_chain_exhausted", "event_parked"]) assert.deepEqual(log.of(line), []);
  }
});

Deno.test("claim: what is over while the disk refuses is not claimed again", async () => {
  const coordination = recordingCoordination();
  const p = pipeline({ cooldownSeconds: 300 }, { coordination, disk: { refuses: () => 60_000 } });
  await p.publish();
  await p.calls[0]?.answer();
  await p.publish({ type: "service_recovered", severity: "info" });
  await settle();
  assert.deepEqual(coordination.asked.slice(1), ["fence 300000", "release", "release"]);
  assert.deepEqual(p.ended().toSorted(), ["benign piha/mosquitto", "recovered piha/mosquitto"]);
});

Deno.test("planner: good news of what was bad is remembered, also when a proposal was made of it", async () => {
  const p = pipeline();
  const well = { type: "service_recovered", severity: "info" };
  await p.publish(well);
  assert.equal(p.remembered.well.size, 0);
  await p.publish({ timestamp: "2026-01-02T03:04:06Z" });
  await p.calls[0]?.answer();
  await p.publish({ ...well, timestamp: "2026-01-02T03:04:07Z" });
  assert.equal(p.remembered.well.size, 1);
});

Deno.test("planner: a proposal that does not say that its target flaps leaves that to be said", async () => {
  const fence = Promise.withResolvers<boolean>();
  const coordination = recordingCoordination({
    fence: (nth) => nth === 1 ? fence.promise : Promise.resolve(true),
  });
  const p = pipeline({ cooldownSeconds: 0, flapChanges: 3 }, { coordination });
  const heard = async (type: string) => {
    await p.clock.advance(1_000);
    await p.publish({ type, timestamp: null });
  };
  for (const type of ["service_unhealthy", "service_recovered", "service_unhealthy"]) {
    await heard(type);
  }
  await p.calls[1]?.answer();
  // It turns out that it flaps while the claim is looked at for the last time.
  await heard("service_recovered");
  fence.resolve(true);
  await heard("service_unhealthy");
  const reasons = p.proposals.map(({ diagnosis }) => diagnosis.reason.split(":")[0]);
  assert.deepEqual(reasons, ["the container was killed", "flapping"]);
});

Deno.test("claim: news of what another planner works on does not ask for it any sooner", async () => {
  const coordination = recordingCoordination({ claim: first(TAKEN) });
  const p = pipeline({}, { coordination });
  await p.publish();
  await p.clock.advance(2_000);
  await p.publish({ timestamp: null });
  await p.clock.advance(7_999);
  assert.equal(coordination.asked.length, 1);
  await p.clock.advance(1);
  assert.equal(coordination.asked.length, 2);
});

Deno.test("claim: of what flaps a person was told when the other's cooldown began", async () => {
  const cooling = { kind: "cooling", by: "vps", remainingMs: 100_000 } as const;
  const coordination = recordingCoordination({
    claim: (_target, nth) => Promise.resolve(nth === 2 ? cooling : undefined),
  });
  const p = pipeline({ flapChanges: 2 }, { coordination });
  await p.publish();
  await p.publish({ type: "service_recovered", severity: "info" });
  await p.publish();
  assert.deepEqual([...p.remembered.flaps.values()].map(({ told }) => told), [
    { atMs: p.clock.now() - 200_000, gravity: 1 },
  ]);
});
