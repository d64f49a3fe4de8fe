import assert from "node:assert/strict";
import { targetKey } from "../../lib/event/target.ts";
import { pipeline } from "../support/pipeline.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5) / 1000;
const [MINUTE, HOUR] = [60, 3_600];
const ago = (seconds: number) => ({ timestamp: NOW - seconds });
const WELL = { type: "service_recovered", severity: "info" };

Deno.test("time: what was over before it is heard ends recovered, by whatever way it came", async () => {
  const p = pipeline();
  await p.publish({ ...WELL, ...ago(5 * MINUTE) });
  await p.publish(ago(10 * MINUTE));
  assert.deepEqual(p.ended(), ["benign piha/mosquitto", "recovered piha/mosquitto"]);
  assert.equal(p.calls.length, 0);
  // After it, or at the same time and heard later, it is bad again.
  await p.publish(ago(5 * MINUTE));
  assert.equal(p.calls.length, 1);
});

Deno.test("time: an older recovery does not end a newer fault", async () => {
  const p = pipeline();
  await p.publish({ service: "busy" });
  await p.publish(ago(MINUTE));
  await p.publish({ ...WELL, ...ago(2 * MINUTE) });
  await p.calls[0]?.answer();
  assert.deepEqual(p.asked(), ["piha/busy", "piha/mosquitto"]);
});

Deno.test("time: what is older than what waits does not take its place", async () => {
  const p = pipeline();
  await p.publish({ service: "busy" });
  await p.publish({ type: "newer", ...ago(1) });
  await p.publish({ type: "older", ...ago(HOUR) });
  assert.equal(p.endings.at(-1)?.event?.type, "older");
  await p.calls[0]?.answer();
  assert.equal(p.calls[1]?.context.event.type, "newer");
});

Deno.test("time: hours of a stream, read in a moment, are no flapping; the critical of now is diagnosed", async () => {
  const p = pipeline();
  for (const hours of [6, 4.5, 3, 1.5]) {
    await p.publish({ ...ago(hours * HOUR), severity: "error" });
    await p.publish({ ...WELL, ...ago(hours * HOUR - 10 * MINUTE) });
  }
  await p.publish({ type: "container_exited", severity: "critical", ...ago(2) });
  await p.calls.at(-1)?.answer();
  assert.deepEqual(p.proposals.map(({ event, diagnosis }) => [event.type, diagnosis.action]), [[
    "container_exited",
    "restart",
  ]]);
});

Deno.test("time: a restart forgets neither what was well, nor what was spent", async () => {
  const p = pipeline({ diagnosesPerHour: 2 });
  await p.publish(ago(MINUTE));
  await p.publish({ ...WELL, ...ago(30) });
  await p.publish({ service: "b" });
  await p.calls.at(-1)?.answer();
  const q = pipeline({ diagnosesPerHour: 2 }, { saved: p.remembered, clock: p.clock });
  await q.publish(ago(MINUTE));
  assert.deepEqual(q.ended(), ["recovered piha/mosquitto"]);
  await q.publish({ service: "c", severity: "critical" });
  assert.equal(q.calls.length, 0, "the budget was used up before");
});

Deno.test("time: a fault that a wrong clock dated ahead is ended by good news of now", async () => {
  const p = pipeline();
  await p.publish({ service: "busy" });
  await p.publish(ago(-HOUR));
  await p.publish({ ...WELL, ...ago(0) });
  assert.deepEqual(p.ended(), ["recovered piha/mosquitto", "benign piha/mosquitto"]);
  assert.equal(p.suppression.isBad(targetKey({ node: "piha", service: "mosquitto" })), false);
});

Deno.test("time: a restart does not forget that what was proposed for is well", async () => {
  const p = pipeline();
  await p.publish(ago(2 * MINUTE));
  await p.calls[0]?.answer();
  await p.publish({ ...WELL, ...ago(0) });
  const q = pipeline({ cooldownSeconds: 0 }, { saved: p.remembered, clock: p.clock });
  await q.publish(ago(MINUTE));
  assert.deepEqual([q.ended(), q.calls.length], [["recovered piha/mosquitto"], 0]);
});

Deno.test("time: good news ends what it cures, and nothing else", async () => {
  const p = pipeline();
  await p.publish({ service: "busy" });
  await p.publish({ service: "postgres", type: "backup_failed", severity: "critical" });
  await p.publish({ service: undefined, type: "disk_pressure_high", severity: "critical" });
  await p.publish({ service: "postgres", type: "service_healthy" });
  await p.publish({ service: undefined, type: "node_online" });
  await p.calls[0]?.answer();
  await p.calls[1]?.answer();
  assert.deepEqual(p.asked(), ["piha/busy", "piha/postgres", "piha/piha"]);
  await p.publish({ service: undefined, type: "disk_pressure_resolved" });
  assert.deepEqual(p.ended().slice(-2).toSorted(), ["benign piha/piha", "recovered piha/piha"]);
});

Deno.test("time: a recovery between two faults ends the older, whichever of them stands for both", async () => {
  for (const isAsked of [false, true]) {
    const p = pipeline();
    if (!isAsked) await p.publish({ service: "busy" });
    await p.publish({ severity: "critical", payload: { n: 1 }, ...ago(3) });
    await p.publish({ severity: "error", payload: { n: 3 }, ...ago(1) });
    if (!isAsked) assert.deepEqual(p.ended(), ["coalesced piha/mosquitto"]);
    await p.publish({ ...WELL, ...ago(2) });
    assert.equal(p.log.of("recovered_before_diagnosis").length, 1);
    if (!isAsked) await p.calls[0]?.answer();
    assert.match(p.calls.at(-1)?.prompt ?? "", /"n": 3/);
    await p.calls.at(-1)?.answer();
    assert.deepEqual(
      p.proposals.map(({ event }) => [event.service, event.severity, event.happenedAt]).at(-1),
      ["mosquitto", "error", (NOW - 1) * 1000],
    );
    const { received, outcomes } = p.counters.counts();
    assert.equal(Object.values(outcomes).reduce((sum, n) => sum + n, 0), received);
  }
});

Deno.test("time: a failed backup behind a fault of health outlives that, and a restart", async () => {
  const p = pipeline({ startGraceSeconds: 60 });
  await p.publish({ severity: "critical", ...ago(2) });
  await p.publish({ type: "backup_failed", severity: "warning", ...ago(9) });
  const q = pipeline({}, { saved: p.remembered, clock: p.clock });
  await q.publish({ ...WELL, ...ago(1) });
  assert.deepEqual(q.ended(), ["benign piha/mosquitto"]);
  assert.deepEqual(q.calls.map(({ context }) => context.event.type), ["backup_failed"]);
  await q.publish({ type: "backup_completed", severity: "info", ...ago(8) });
  assert.deepEqual(q.ended().slice(1), ["benign piha/mosquitto", "recovered piha/mosquitto"]);
  assert.equal(q.remembered.waiting.size, 0);
});

Deno.test("time: what is overtaken waits behind the graver fault, and outlives it", async () => {
  const p = pipeline();
  await p.publish({ type: "backup_failed", ...ago(9) });
  await p.publish({ severity: "critical", ...ago(2) });
  assert.deepEqual(p.ended(), ["coalesced piha/mosquitto"]);
  await p.publish({ ...WELL, ...ago(1) });
  assert.equal(p.calls.length, 3);
  assert.equal(p.calls[2]?.context.event.type, "backup_failed");
});
