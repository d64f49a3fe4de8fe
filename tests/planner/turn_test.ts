import assert from "node:assert/strict";
import { settle } from "../support/clock.ts";
import { pipeline } from "../support/pipeline.ts";
import { recordingCoordination } from "../support/recording_coordination.ts";

const HOUR = 3_600_000;
const MEANWHILE = { type: "service_recovered", severity: "info" };
type Pipeline = ReturnType<typeof pipeline>;
const aborted = (p: Pipeline) => p.calls.map(({ context }) => context.signal.aborted);

Deno.test("turn: what is well again while the model thinks is not proposed, and not asked further", async () => {
  const p = pipeline();
  await p.publish();
  await p.clock.advance(10_000);
  await p.publish(MEANWHILE);
  assert.deepEqual(aborted(p), [true]);
  assert.deepEqual(p.ended().toSorted(), ["benign piha/mosquitto", "recovered piha/mosquitto"]);
  assert.equal(p.log.of("event_parked").length, 0);
  // It ended without a cooldown.
  await p.publish();
  assert.equal(p.calls.length, 2);
});

Deno.test("turn: of a restored event the recovery may be the first that is heard", async () => {
  const p = pipeline();
  await p.publish();
  await p.publish({ service: "web" });
  const q = pipeline({}, { saved: p.remembered, clock: p.clock });
  await settle();
  assert.deepEqual(q.asked(), ["piha/mosquitto"]);
  await q.publish(MEANWHILE);
  assert.deepEqual(q.asked(), ["piha/mosquitto", "piha/web"]);
  assert.deepEqual(q.proposals, []);
});

Deno.test("turn: what is over during the last look at the disk is not written", async () => {
  const proposed = Promise.withResolvers<number>();
  const p = pipeline({}, {
    disk: { refuses: () => 0 },
    coordination: {
      claim: () =>
        Promise.resolve({
          kind: "claimed",
          claim: {
            shared: true,
            fence: async () => await proposed.promise > 0,
            settle: () => Promise.resolve(),
            release: () => Promise.resolve(),
          },
        }),
      close: () => Promise.resolve(),
    },
  });
  await p.publish();
  await p.calls[0]?.answer();
  await p.publish(MEANWHILE);
  proposed.resolve(1);
  await settle();
  assert.deepEqual([p.proposals.length, p.remembered.cooldowns.size], [0, 0]);
  assert.deepEqual(p.ended(), ["benign piha/mosquitto", "recovered piha/mosquitto"]);
});

Deno.test("turn: what is over while earlier proposals are looked for ends so, and asks for no claim", async () => {
  for (const found of [undefined, "plan-1"]) {
    const looked = Promise.withResolvers<string | undefined>();
    const coordination = recordingCoordination();
    const p = pipeline({}, { coordination, proposedBefore: () => looked.promise });
    await p.publish({}, { redelivered: true });
    await p.publish(MEANWHILE);
    looked.resolve(found);
    await settle();
    assert.deepEqual(p.ended(), ["benign piha/mosquitto", "recovered piha/mosquitto"]);
    assert.deepEqual(coordination.asked, []);
  }
});

Deno.test("turn: a service whose node went away meanwhile waits for it, and is asked anew", async () => {
  const p = pipeline();
  await p.publish();
  await p.clock.advance(1_000);
  await p.publish({ service: undefined, type: "node_offline", severity: "critical" });
  assert.deepEqual(aborted(p), [true, false]);
  await p.calls[1]?.answer({ action: "notify" });
  assert.deepEqual(p.proposals.map(({ event }) => event.service), ["piha"]);
  await p.publish({ service: undefined, type: "node_online", timestamp: null });
  await p.clock.advance(30_000);
  assert.deepEqual(p.asked(), ["piha/mosquitto", "piha/piha", "piha/mosquitto"]);
});

Deno.test("turn: something graver is diagnosed next, and what it overtook is not proposed", async () => {
  const p = pipeline();
  await p.publish({ type: "memory_high", severity: "warning" });
  await p.publish({ type: "data_corruption", severity: "critical" });
  assert.deepEqual(aborted(p), [true, false]);
  await p.calls[1]?.answer();
  assert.deepEqual(p.ended(), ["coalesced piha/mosquitto", "proposed piha/mosquitto"]);
  assert.deepEqual(p.proposals.map(({ event }) => event.type), ["data_corruption"]);
});

Deno.test("turn: a proposal that cannot be written waits aside, without its claim; others go on", async () => {
  let full = true;
  const claims: string[] = [];
  const p = pipeline({}, {
    disk: { refuses: () => full ? 60_000 : 0 },
    coordination: {
      claim({ service }) {
        claims.push(`claim ${service}`);
        const done = (what: string) => () => {
          claims.push(`${what} ${service}`);
          return Promise.resolve();
        };
        const claim = { shared: true, fence: () => Promise.resolve(true) };
        return Promise.resolve({
          kind: "claimed",
          claim: { ...claim, settle: done("settle"), release: done("release") },
        });
      },
      close: () => Promise.resolve(),
    },
  });
  await p.publish();
  await p.publish({ service: "web" });
  await p.calls[0]?.answer();
  assert.deepEqual(claims, ["claim mosquitto", "release mosquitto", "claim web"]);
  await p.publish({ service: "over" });
  await p.calls[1]?.answer();
  await p.calls[2]?.answer();
  await p.publish({ service: "over", ...MEANWHILE });
  assert.deepEqual(p.asked(), ["piha/mosquitto", "piha/web", "piha/over"]);
  full = false;
  await p.clock.advance(60_000);
  assert.deepEqual(p.ended(), [
    "benign piha/over",
    "recovered piha/over",
    "proposed piha/mosquitto",
    "proposed piha/web",
  ]);
  assert.equal(p.calls.length, 3, "the answer is kept");
  assert.deepEqual(claims.filter((line) => line.endsWith("mosquitto")), [
    "claim mosquitto",
    "release mosquitto",
    "claim mosquitto",
    "settle mosquitto",
    "release mosquitto",
  ]);
});

Deno.test("turn: a stop loses neither what could not be written nor that it is bad again", async () => {
  const p = pipeline({}, { disk: { refuses: () => HOUR } });
  await p.publish({ severity: "warning" });
  await p.calls[0]?.answer();
  await p.publish({ service: "other" });
  await p.calls[1]?.answer();
  await p.publish(MEANWHILE);
  await p.publish({ severity: "critical" });
  await p.calls[2]?.answer();
  const stopped = p.planner.stop(5_000);
  await p.clock.advance(5_000);
  await stopped;
  assert.deepEqual(
    [...p.remembered.waiting.values()].map(({ event }) => `${event.service} ${event.severity}`)
      .toSorted(),
    ["mosquitto critical", "other error"],
  );
  assert.equal(p.remembered.cooldowns.size, 0);
});

Deno.test("turn: an event file that is not there when its proposal is, is remembered until it is", async () => {
  const written = Promise.withResolvers<boolean>();
  const p = pipeline({}, { announced: () => written.promise });
  await p.publish();
  await p.calls[0]?.answer();
  const left = () => [...p.remembered.proposing.values()].map(({ actionId }) => actionId);
  assert.deepEqual(left(), ["plan-piha-mosquitto-1767323045"]);
  written.resolve(true);
  await settle();
  assert.deepEqual(left(), []);

  const q = pipeline();
  await q.publish();
  await q.calls[0]?.answer();
  assert.equal(q.records.filter(({ is }) => is === "proposing" || is === "announced").length, 1);
});

Deno.test("turn: a proposal that waits for the disk is not hurried when its target flaps meanwhile", async () => {
  let tries = 0;
  const p = pipeline({ flapChanges: 3 }, { disk: { refuses: () => ++tries === 2 ? 0 : 5_000 } });
  await p.publish();
  await p.publish(MEANWHILE);
  await p.publish();
  await p.calls[1]?.answer();
  assert.equal(tries, 1);
  await p.publish(MEANWHILE);
  await p.clock.advance(4_999);
  assert.equal(tries, 1);
  await p.clock.advance(1);
  assert.deepEqual([tries, p.proposals.length], [2, 1]);
});

Deno.test("turn: what is over while the claim is asked for asks no model", async () => {
  const claimed = Promise.withResolvers<void>();
  const coordination = recordingCoordination();
  const p = pipeline({}, {
    coordination: {
      ...coordination,
      claim: (...target) => claimed.promise.then(() => coordination.claim(...target)),
    },
  });
  await p.publish();
  await p.publish(MEANWHILE);
  claimed.resolve();
  await settle();
  assert.equal(p.calls.length, 0);
  assert.deepEqual(p.ended().toSorted(), ["benign piha/mosquitto", "recovered piha/mosquitto"]);
});

Deno.test("turn: what waits behind a parked fault is asked about as soon as that is over", async () => {
  const p = pipeline();
  await p.publish();
  await p.publish({ type: "backup_failed", timestamp: "2026-01-02T03:03:00Z" });
  await p.calls[0]?.fail();
  assert.deepEqual([p.calls.length, p.log.of("event_parked").length], [1, 1]);
  await p.publish({ type: "service_healthy", severity: "info" });
  assert.deepEqual(p.calls.map(({ context }) => context.event.type), [
    "service_unhealthy",
    "backup_failed",
  ]);
});

Deno.test("turn: a receipt waits for the event file, and is not given without one", async () => {
  for (const [isThere, expected] of [[true, 1], [false, 0]] as const) {
    let receipts = 0;
    const p = pipeline({}, { announced: () => Promise.resolve(isThere) });
    await p.publish({}, { settled: () => void receipts++ });
    await p.calls[0]?.answer();
    assert.deepEqual(p.ended(), ["proposed piha/mosquitto"]);
    p.endings[0]?.event?.settled?.();
    await settle();
    assert.equal(receipts, expected);
  }
});
