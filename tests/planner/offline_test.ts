import assert from "node:assert/strict";
import { pipeline } from "../support/pipeline.ts";

const MINUTE = 60_000;
const OFFLINE = { service: undefined, type: "node_offline", severity: "critical", timestamp: null };
const fault = (service: string) => ({
  service,
  type: "container_exited",
  severity: "critical",
  timestamp: null,
});

Deno.test("offline: a node's cooldown for something else does not swallow that it is away", async () => {
  const p = pipeline();
  await p.publish({ service: undefined, type: "disk_pressure_high", severity: "critical" });
  await p.calls[0]?.answer({ action: "notify" });
  await p.clock.advance(MINUTE);
  await p.publish(OFFLINE);
  await p.calls[1]?.answer({ action: "notify" });
  assert.deepEqual(p.proposals.map(({ event }) => event.type), [
    "disk_pressure_high",
    "node_offline",
  ]);
});

Deno.test("offline: services are not held for an outage that no person hears of", async () => {
  const p = pipeline();
  await p.publish({ ...OFFLINE, severity: "warning", timestamp: Date.UTC(2026, 0, 2) / 1000 });
  const late = { ...fault("db"), type: "service_unreachable" };
  await p.calls[0]?.answer({ action: "ignore", confidence: 0.9 });
  await p.publish(late);
  assert.deepEqual(p.asked(), ["piha/piha", "piha/db"]);
});

Deno.test("offline: what happens on a node afterwards proves that it lives", async () => {
  const p = pipeline({ concurrency: 4 });
  await p.publish(OFFLINE);
  await p.calls[0]?.answer({ action: "notify" });
  await p.publish({ ...fault("held"), timestamp: p.clock.now() / 1000 - 60 });
  assert.deepEqual(p.asked(), ["piha/piha"]);
  await p.clock.advance(MINUTE);
  // What a node that is away looks like from elsewhere proves nothing.
  await p.publish({ ...fault("seen"), type: "service_unreachable" });
  assert.deepEqual(p.asked(), ["piha/piha"]);
  await p.publish(fault("alive"));
  assert.deepEqual(p.asked(), ["piha/piha", "piha/alive"]);
  await p.clock.advance(30_000);
  assert.deepEqual(p.asked().slice(2).toSorted(), ["piha/held", "piha/seen"]);
});

Deno.test("offline: said again each minute it still does not silence what the node itself reports", async () => {
  const p = pipeline({ cooldownSeconds: 300 });
  for (let minute = 0; minute < 12; minute++) {
    await p.publish(OFFLINE);
    await p.clock.advance(30_000);
    if (minute % 6 === 0) await p.publish(fault("postgres"));
    await p.clock.advance(30_000);
    for (const call of p.calls) await call.answer({ action: "notify" });
  }
  const proposed = p.proposals.filter(({ event }) => event.service === "postgres").length;
  assert.ok(proposed >= 2, `${proposed}`);
});

Deno.test("offline: a node that is only heard of by its faults counts among the nodes", async () => {
  const p = pipeline({ concurrency: 10 });
  for (const node of ["a", "b", "c"]) await p.publish({ node, service: "web" });
  p.suppression.redisLost();
  await p.clock.advance(1_000);
  for (let nth = 1; nth <= 9; nth++) {
    assert.equal(p.log.of("self_isolated").length, 0, `${nth - 1} of ${7 + nth}`);
    await p.publish({ ...OFFLINE, node: `node${nth}` });
  }
  assert.equal(p.log.of("self_isolated").length, 1, "9 of 17");
});

Deno.test("offline: one rack of many nodes is no isolation, once the others were heard of", async () => {
  const p = pipeline({ concurrency: 10 });
  for (let nth = 0; nth < 30; nth++) {
    await p.publish({ ...OFFLINE, node: `node${nth}`, type: "node_online", severity: "info" });
  }
  p.suppression.redisLost();
  await p.clock.advance(1_000);
  for (let nth = 30; nth < 36; nth++) await p.publish({ ...OFFLINE, node: `node${nth}` });
  assert.equal(p.log.of("self_isolated").length, 0);
  await p.clock.advance(MINUTE);
  assert.equal(p.calls.length, 6);
});
