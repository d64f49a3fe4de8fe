import assert from "node:assert/strict";
import { pipeline } from "./support/pipeline.ts";

Deno.test("inhibition: while a node is offline its services' events are held, up to date", async () => {
  const p = pipeline();
  await p.publish({ node: "vps", service: undefined, type: "node_offline" });
  await p.publish({ node: "vps", service: "traefik", severity: "warning" });
  await p.publish({ node: "vps", service: "nginx" });
  await p.publish({ node: "vps", service: "traefik", severity: "critical" });
  await p.calls[0]?.answer({ action: "notify" });
  assert.deepEqual(p.asked(), ["vps/vps"]);
  await p.publish({ node: "vps", service: "nginx", type: "service_recovered" });
  assert.deepEqual(p.ended().slice(-2), ["recovered vps/nginx", "benign vps/nginx"]);

  // A sign of life: what was held waits a little for its own recovery, then it is diagnosed.
  await p.clock.advance(29_999);
  assert.deepEqual(p.asked(), ["vps/vps"]);
  await p.clock.advance(1);
  assert.deepEqual(p.asked(), ["vps/vps", "vps/traefik"]);
  assert.equal(p.calls[1]?.context.event.severity, "critical");
});

Deno.test("inhibition: held events end with EVENT_TTL_SECONDS of silence, and can be turned off", async () => {
  const p = pipeline({ eventTtlSeconds: 600 });
  await p.publish({ node: "vps", service: undefined, type: "node_offline" });
  await p.publish({ node: "vps", service: "traefik" });
  await p.calls[0]?.answer();
  await p.clock.advance(599_999);
  assert.deepEqual(p.asked(), ["vps/vps"]);
  await p.clock.advance(1);
  assert.deepEqual(p.asked(), ["vps/vps", "vps/traefik"]);

  const off = pipeline({ inhibit: false, concurrency: 2 });
  await off.publish({ node: "vps", service: undefined, type: "node_offline" });
  await off.publish({ node: "vps", service: "traefik" });
  assert.deepEqual(off.asked(), ["vps/vps", "vps/traefik"]);
});

Deno.test("flapping: one notify that says so, without a model, then quiet", async () => {
  const p = pipeline({ flapChanges: 4, flapWindowSeconds: 600, cooldownSeconds: 0 });
  for (let cycle = 0; cycle < 2; cycle++) {
    await p.publish();
    await p.calls[cycle]?.answer();
    await p.publish({ type: "service_recovered" });
    await p.clock.advance(10_000);
  }
  await p.publish();
  const last = p.proposals.at(-1);
  assert.equal(p.calls.length, 2);
  assert.equal(last?.diagnosis.action, "notify");
  assert.match(last?.diagnosis.reason ?? "", /^flapping: it went bad and well 4 times/);
  await p.publish({ type: "service_recovered" });
  await p.publish();
  assert.deepEqual(p.ended().slice(-2), ["benign piha/mosquitto", "inhibited piha/mosquitto"]);
  assert.equal(p.proposals.length, 3);
});

Deno.test("silence: a silenced event is counted and logged, and starts nothing", async () => {
  const p = pipeline();
  p.quiet.setSilences([{ node: "piha", untilMs: p.clock.now() + 1000, reason: "upgrade" }]);
  await p.publish();
  assert.deepEqual(p.ended(), ["silenced piha/mosquitto"]);
  assert.deepEqual(
    p.log.of("event_muted").map(({ svc_key, outcome, reason }) => [svc_key, outcome, reason]),
    [["piha/mosquitto", "silenced", "upgrade"]],
  );
  await p.clock.advance(1000);
  await p.publish();
  assert.deepEqual(p.asked(), ["piha/mosquitto"]);
});

Deno.test("self-isolation: Redis lost and most nodes offline is one notify about our own link", async () => {
  const p = pipeline({ nodeName: "solaria", concurrency: 4 });
  p.quiet.redisLost();
  await p.clock.advance(5_000);
  for (const node of ["vps", "piha", "chelsty-infra", "chelsty-ha"]) {
    await p.publish({ node, service: undefined, type: "node_offline", severity: "critical" });
  }
  assert.equal(p.calls.length, 0);
  assert.deepEqual(
    p.proposals.map(({ event, diagnosis }) => [event.node, event.service, diagnosis.action]),
    [["solaria", "network", "notify"]],
  );
  // Once a node is heard of again, the outages that remain are real.
  await p.publish({ node: "vps", service: undefined, type: "node_online" });
  await p.clock.advance(60_000);
  assert.deepEqual(p.asked().toSorted(), [
    "chelsty-ha/chelsty-ha",
    "chelsty-infra/chelsty-infra",
    "piha/piha",
  ]);
});

Deno.test("grace: nothing is diagnosed for START_GRACE_SECONDS", async () => {
  const p = pipeline({ startGraceSeconds: 60 });
  await p.publish();
  await p.clock.advance(59_999);
  assert.equal(p.calls.length, 0);
  await p.clock.advance(1);
  assert.equal(p.calls.length, 1);
});

Deno.test("budget: past it events wait, one notify says how many, and it goes on when free", async () => {
  const p = pipeline({ diagnosesPerHour: 2, concurrency: 1, inhibit: false });
  for (const service of ["a", "b", "c", "d"]) await p.publish({ service });
  await p.calls[0]?.answer();
  await p.calls[1]?.answer();
  assert.deepEqual(p.asked(), ["piha/a", "piha/b"]);
  assert.deepEqual(
    p.proposals.filter(({ event }) => event.service === "planner-agent").map((
      { event, diagnosis },
    ) => [event.service, diagnosis.reason]),
    [[
      "planner-agent",
      "the budget of 2 diagnoses an hour (DIAGNOSES_PER_HOUR) is used up: events of 2 services " +
      "are held, for 60 minutes at least",
    ]],
  );
  await p.publish({ service: "e" });
  assert.equal(p.proposals.length, 3, "it is said once");
  await p.clock.advance(3_600_000);
  assert.deepEqual(p.asked().slice(2), ["piha/c"]);
});
