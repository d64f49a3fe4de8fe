import assert from "node:assert/strict";
import { type Coordination, NO_COORDINATION } from "../../lib/coordination/coordination.ts";
import { settle } from "../support/clock.ts";
import { pipeline } from "../support/pipeline.ts";
import { waitingEvent } from "../support/waiting_event.ts";

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

Deno.test("flapping: what another planner has told is not told again", async () => {
  let asked = 0;
  const coordination: Coordination = {
    // The other one was faster each time.
    claim: () => Promise.resolve({ kind: "cooling", by: "pihb", remainingMs: ++asked }),
    close: NO_COORDINATION.close,
  };
  const settings = { flapChanges: 4, flapWindowSeconds: 600, cooldownSeconds: 300 };
  const p = pipeline(settings, { coordination });
  for (let cycle = 0; cycle < 3; cycle++) {
    await p.publish();
    await p.publish({ type: "service_recovered" });
    await p.clock.advance(10_000);
  }
  await p.publish();
  assert.deepEqual([asked, p.proposals.length], [3, 0]);
  assert.deepEqual(p.ended().slice(-3), [
    "cooldown piha/mosquitto",
    "benign piha/mosquitto",
    "inhibited piha/mosquitto",
  ]);
  // It was told when the other's cooldown began, some 300 s before this one heard of it.
  await p.clock.advance(301_000);
  await p.publish();
  assert.deepEqual([asked, p.ended().at(-1)], [4, "cooldown piha/mosquitto"]);
});

Deno.test("flapping: who is asked while it turns out that it flaps, or is well, is asked no further", async () => {
  const p = pipeline({ flapChanges: 3, flapWindowSeconds: 600, cooldownSeconds: 0 });
  await p.publish();
  // Its diagnosis had begun when it turned out that it flaps.
  await p.publish({ type: "service_recovered" });
  await p.publish();
  await p.publish({ type: "service_recovered" });
  await p.calls[0]?.answer();
  // It was well before the first answer, and flaps before the second.
  assert.deepEqual(p.proposals.map(({ diagnosis }) => diagnosis.action), ["notify"]);
  assert.deepEqual(p.calls.map(({ context }) => context.signal.aborted), [true, true]);
});

const HOUR = 3_600_000;

Deno.test("silence: a silenced event is counted and logged, and starts nothing", async () => {
  const p = pipeline();
  p.suppression.setSilences([{
    node: "piha",
    untilMs: p.clock.now() + 2 * HOUR,
    reason: "upgrade",
  }]);
  await p.publish();
  assert.deepEqual(p.ended(), ["silenced piha/mosquitto"]);
  assert.deepEqual(
    p.log.of("event_muted").map(({ svc_key, outcome, reason }) => [svc_key, outcome, reason]),
    [["piha/mosquitto", "silenced", "upgrade"]],
  );
  await p.clock.advance(2 * HOUR);
  await p.publish();
  assert.deepEqual(p.asked(), ["piha/mosquitto"]);
});

Deno.test("silence: what is heard shortly before its end is looked at then, unless it is over", async () => {
  const p = pipeline({ eventTtlSeconds: 3600 });
  const untilMs = p.clock.now() + HOUR;
  p.suppression.setSilences([{ node: "piha", untilMs, reason: "upgrade" }]);
  await p.publish({ service: "still-bad" });
  await p.publish({ service: "well-again" });
  assert.deepEqual(p.log.of("event_held").map(({ reason, seconds }) => [reason, seconds]), [
    ["silenced: upgrade", 3_600],
    ["silenced: upgrade", 3_600],
  ]);
  await p.publish({ service: "well-again", type: "service_recovered" });
  await p.clock.advance(HOUR - 1);
  assert.deepEqual(p.asked(), []);
  await p.clock.advance(1);
  assert.deepEqual(p.asked(), ["piha/still-bad"]);
});

Deno.test("silence: what would wait for longer than EVENT_TTL_SECONDS is over at once", async () => {
  const p = pipeline({ eventTtlSeconds: 60 });
  const now = p.clock.now();
  p.suppression.setSilences([
    { service: "long", untilMs: now + 60_001, reason: "upgrade" },
    { service: "short", untilMs: now + 60_000, reason: "upgrade" },
  ]);
  for (const service of ["long", "short"]) await p.publish({ service });
  assert.deepEqual([p.ended(), p.backlog.waiting], [["silenced piha/long"], 1]);
});

Deno.test("silence: one that begins while an event waits, or is diagnosed, ends it then", async () => {
  const p = pipeline({ eventTtlSeconds: 3600 });
  const fromMs = p.clock.now() + HOUR;
  const reason = "upgrade";
  p.suppression.setSilences([
    { service: "last", fromMs: fromMs + 1, untilMs: fromMs + HOUR, reason },
    { node: "piha", fromMs, untilMs: fromMs + 2 * HOUR, reason },
  ]);
  p.planner.lookAgain();
  await p.clock.advance(HOUR - 1);
  await p.publish({ service: "first" });
  await p.publish({ service: "second" });
  await p.publish({ service: "last", node: "vps" });
  assert.equal(p.calls[0]?.context.signal.aborted, false);
  await p.clock.advance(1);
  assert.equal(p.calls[0]?.context.signal.aborted, true);
  assert.deepEqual(p.ended(), ["silenced piha/first", "silenced piha/second"]);
  assert.deepEqual(p.log.of("event_muted").map(({ reason }) => reason), [reason, reason]);
  assert.equal(p.calls.length, 2);
  // What its silence holds only for a while waits for the end of it.
  await p.clock.advance(1);
  assert.equal(p.calls[1]?.context.signal.aborted, true);
  assert.deepEqual([p.backlog.running, p.backlog.waiting, p.proposals.length], [0, 1, 0]);
  await p.clock.advance(HOUR);
  assert.deepEqual(p.asked(), ["piha/first", "vps/last", "vps/last"]);
  await p.calls[2]?.answer();
  await p.planner.stop(0);
  assert.equal(p.clock.waiting, 0, "nothing is left to ring");
});

Deno.test("silence: one that is to begin is looked for anew when the clock jumps, and not after a stop", async () => {
  const p = pipeline();
  const fromMs = p.clock.now() + HOUR;
  p.suppression.setSilences([{
    node: "piha",
    fromMs,
    untilMs: fromMs + 2 * HOUR,
    reason: "upgrade",
  }]);
  p.planner.lookAgain();
  await p.publish();
  p.clock.jump(HOUR - 1);
  p.planner.lookAgain();
  assert.equal(p.calls[0]?.context.signal.aborted, false);
  await p.clock.advance(1);
  assert.equal(p.calls[0]?.context.signal.aborted, true);
  p.suppression.setSilences([{
    node: "piha",
    fromMs: fromMs + 9,
    untilMs: fromMs + HOUR,
    reason: "",
  }]);
  p.planner.lookAgain();
  await p.planner.stop(0);
  p.planner.lookAgain();
  assert.equal(p.clock.waiting, 0);
});

Deno.test("silence: one that comes while an event waits, or is diagnosed, ends it", async () => {
  const p = pipeline();
  await p.publish({ service: "first" });
  await p.publish({ service: "second" });
  const untilMs = p.clock.now() + 2 * HOUR;
  p.suppression.setSilences([{ node: "piha", untilMs, reason: "upgrade" }]);
  p.planner.lookAgain();
  await settle();
  assert.equal(p.calls[0]?.context.signal.aborted, true);
  assert.deepEqual(p.ended(), ["silenced piha/first", "silenced piha/second"]);
  assert.equal(p.endings.at(-1)?.detail, "upgrade");
  assert.deepEqual([p.remembered.waiting.size, p.calls.length], [0, 1]);
});

Deno.test("silence: one that an operator takes back holds nothing any more", async () => {
  const p = pipeline();
  const untilMs = p.clock.now() + HOUR;
  p.suppression.setSilences([{ node: "piha", untilMs, reason: "upgrade" }]);
  await p.publish();
  p.suppression.setSilences([]);
  p.planner.lookAgain();
  await settle();
  assert.deepEqual(p.asked(), ["piha/mosquitto"]);
});

Deno.test("quiet: what is held says why and for how long, in the log too", async () => {
  const p = pipeline({ startGraceSeconds: 60 });
  const hold = () =>
    p.suppression.holding({
      event: { node: "vps", service: "x", type: "service_unhealthy" },
      arrivedAt: 0,
    });
  const inSeconds = (seconds: number) => p.clock.monotonic() + seconds * 1000;
  assert.deepEqual(hold(), {
    until: inSeconds(60),
    why: "right after the start",
  });
  await p.publish({ node: "vps", service: undefined, type: "node_offline" });
  assert.deepEqual(hold(), { until: inSeconds(3_600), why: "vps is offline" });
  await p.clock.advance(60_000);
  await p.publish({ node: "vps", service: "traefik" });
  await p.publish({ node: "vps", service: undefined, type: "node_online" });
  assert.deepEqual(hold(), { until: inSeconds(30), why: "vps has just come back" });
  await p.clock.advance(30_000);
  assert.equal(hold(), undefined);

  p.suppression.redisLost();
  await p.publish({ node: "piha", service: undefined, type: "node_offline", timestamp: null });
  assert.deepEqual(
    p.suppression.holding({
      event: { node: "piha", service: "piha", type: "node_offline" },
      arrivedAt: 0,
    }),
    {
      until: inSeconds(60),
      why: "this node's own link may be down",
    },
  );
  assert.deepEqual(
    p.log.of("event_held").map(({ svc_key, reason, seconds }) => [svc_key, reason, seconds]),
    [
      ["vps/vps", "right after the start", 60],
      ["vps/traefik", "vps is offline", 3_540],
      ["piha/piha", "this node's own link may be down", 60],
    ],
  );
});

Deno.test("quiet: the reason and the time of a hold are of one mind", async () => {
  const p = pipeline({ startGraceSeconds: 20 });
  const nodes = ["vps", "piha", "solaria"];
  const compare = () => {
    for (const node of nodes) {
      for (const service of [node, "x"]) {
        const entry = {
          key: `${node}\0${service}`,
          event: waitingEvent({ node, service }),
          serial: 1,
          arrivedAt: 0,
          failures: 0,
          notBefore: 0,
        };
        assert.equal(p.suppression.holding(entry)?.until ?? 0, p.suppression.heldUntil(entry));
      }
    }
  };
  compare();
  p.suppression.redisLost();
  for (const node of nodes) {
    await p.publish({ node, service: undefined, type: "node_offline" });
    compare();
  }
  for (let seconds = 0; seconds < 400; seconds += 20) {
    await p.clock.advance(20_000);
    if (seconds === 100) await p.publish({ node: "vps", service: "y", type: "service_healthy" });
    compare();
  }
});

Deno.test("self-isolation: Redis lost and most nodes offline is one notify about our own link", async () => {
  const p = pipeline({ nodeName: "solaria", concurrency: 4 });
  p.suppression.redisLost();
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
  assert.deepEqual(p.budgets.holding(1), {
    until: p.clock.monotonic() + 3_600_000,
    why: "used up: 2 diagnoses an hour (DIAGNOSES_PER_HOUR)",
  });
  await p.publish({ service: "e" });
  assert.equal(p.proposals.length, 3, "it is said once");
  await p.clock.advance(3_600_000);
  assert.deepEqual(p.asked().slice(2), ["piha/c"]);
});
