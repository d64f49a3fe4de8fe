import assert from "node:assert/strict";
import fc from "fast-check";
import { type Coordination, NO_COORDINATION } from "../lib/coordination/coordination.ts";
import { fakeClock, settle } from "./support/clock.ts";
import { pipeline } from "./support/pipeline.ts";

Deno.test("planner: an event becomes a proposal for its own target", async () => {
  const p = pipeline();
  await p.publish();
  assert.deepEqual(p.asked(), ["piha/mosquitto"]);
  await p.calls[0]?.answer({ node: "vps", service: "traefik" });
  assert.deepEqual(p.ended(), ["proposed piha/mosquitto"]);
  assert.deepEqual(
    p.proposals.map(({ diagnosis }) => [diagnosis.node, diagnosis.service, diagnosis.action]),
    [["piha", "mosquitto", "restart"]],
  );
  assert.deepEqual(p.log.of("event_received"), [{
    level: "info",
    event: "event_received",
    channel: "health_events",
    svc_key: "piha/mosquitto",
    type: "service_unhealthy",
    severity: "error",
  }]);
});

Deno.test("planner: the seed's seven benign events are dropped and counted", async () => {
  const p = pipeline();
  const benign = [
    "service_healthy",
    "service_recovered",
    "node_online",
    "deployment_completed",
    "deployment_started",
    "remediation_started",
    "remediation_completed",
  ];
  for (const type of benign) await p.publish({ type });
  assert.equal(p.calls.length, 0);
  assert.equal(p.counters.counts().outcomes.benign, 7);
  assert.equal(p.log.of("benign_event_skipped").length, 7);
});

Deno.test("planner: a proposal and an ignore start the cooldown, a failed chain does not", async () => {
  const p = pipeline({ cooldownSeconds: 300 });
  await p.publish({ service: "proposed" });
  await p.calls[0]?.answer();
  await p.publish({ service: "ignored" });
  await p.calls[1]?.answer({ action: "ignore" });
  await p.publish({ service: "failed" });
  await p.calls[2]?.fail();

  await p.clock.advance(10_000);
  for (const service of ["proposed", "ignored", "failed"]) await p.publish({ service });
  assert.deepEqual(p.asked().slice(3), ["piha/failed"]);
  assert.deepEqual(
    p.log.of("cooldown_active").map(({ svc_key, remaining_seconds }) => [
      svc_key,
      remaining_seconds,
    ]),
    [["piha/proposed", 290], ["piha/ignored", 290]],
  );
  assert.equal(p.log.of("llm_chain_exhausted").length, 1);

  await p.calls[3]?.answer();
  await p.clock.advance(290_000);
  await p.publish({ service: "proposed" });
  assert.deepEqual(p.asked().slice(4), ["piha/proposed"]);
});

Deno.test("planner: a wall clock that jumps neither opens nor extends the cooldown", async () => {
  for (const jump of [-50 * 365 * 86_400_000, 50 * 365 * 86_400_000]) {
    const p = pipeline({ cooldownSeconds: 300 });
    await p.publish({ timestamp: null });
    await p.calls[0]?.answer();
    p.clock.jump(jump);
    await p.clock.advance(299_000);
    await p.publish({ timestamp: null });
    assert.equal(p.calls.length, 1);
    await p.clock.advance(1_000);
    await p.publish({ timestamp: null });
    assert.equal(p.calls.length, 2);
  }
});

Deno.test("planner: while a target is diagnosed, a newer event waits and meets the cooldown", async () => {
  const p = pipeline();
  await p.publish();
  await p.publish({ severity: "warning" });
  await p.publish({ severity: "error" });
  assert.equal(p.calls.length, 1);
  await p.calls[0]?.answer();
  assert.equal(p.calls.length, 1);
  assert.deepEqual(p.ended(), [
    "coalesced piha/mosquitto",
    "proposed piha/mosquitto",
    "cooldown piha/mosquitto",
  ]);
});

Deno.test("planner: critical before error before warning before info, then oldest first", async () => {
  const p = pipeline();
  await p.publish({ service: "first" });
  const order = [["i1", "info"], ["w", "warning"], ["e1", "error"], ["e2", "ERROR"], [
    "c",
    "CRITICAL",
  ], ["i2", "info"]];
  for (const [service, severity] of order) await p.publish({ service, severity });
  for (let i = 0; i < 7; i++) await p.calls[i]?.answer();
  assert.deepEqual(
    p.asked(),
    ["first", "c", "e1", "e2", "w", "i1", "i2"].map((s) => `piha/${s}`),
  );
});

Deno.test("planner: chelsty/ha-mosquitto is not chelsty-ha/mosquitto", async () => {
  const p = pipeline({ concurrency: 2 });
  await p.publish({ node: "chelsty", service: "ha-mosquitto" });
  await p.publish({ node: "chelsty-ha", service: "mosquitto" });
  assert.deepEqual(p.asked(), ["chelsty/ha-mosquitto", "chelsty-ha/mosquitto"]);
});

Deno.test("planner: as many diagnoses at once as LLM_CONCURRENCY says", async () => {
  const p = pipeline({ concurrency: 2 });
  for (const service of ["a", "b", "c"]) await p.publish({ service });
  assert.equal(p.calls.length, 2);
  await p.calls[1]?.answer();
  assert.deepEqual(p.asked(), ["piha/a", "piha/b", "piha/c"]);
});

Deno.test("planner: past QUEUE_LIMIT the least severe, oldest event is dropped", async () => {
  const p = pipeline({ queueLimit: 2 });
  await p.publish({ service: "running" });
  await p.publish({ service: "old-warning", severity: "warning" });
  await p.publish({ service: "error" });
  await p.publish({ service: "new-warning", severity: "warning" });
  assert.deepEqual(p.ended(), ["dropped piha/old-warning"]);
  await p.publish({ service: "info", severity: "info" });
  assert.deepEqual(p.ended().slice(1), ["dropped piha/info"]);
  assert.deepEqual(p.log.of("event_dropped")[0], {
    level: "warning",
    event: "event_dropped",
    svc_key: "piha/old-warning",
    severity: "warning",
    reason: "queue_full",
    queue_limit: 2,
  });
});

Deno.test("planner: a recovery cancels what waits for its target, and nothing else", async () => {
  for (const type of ["service_healthy", "service_recovered"]) {
    const p = pipeline();
    await p.publish({ service: "first" });
    await p.publish({ service: "second" });
    await p.publish({ service: "third" });
    await p.publish({ service: "second", type });
    await p.calls[0]?.answer();
    await p.calls[1]?.answer();
    assert.deepEqual(p.asked(), ["piha/first", "piha/third"]);
    assert.deepEqual(p.log.of("recovered_before_diagnosis").map((l) => l.svc_key), ["piha/second"]);
  }
});

Deno.test("planner: node_online cancels what waits for the node itself", async () => {
  const p = pipeline();
  await p.publish({ service: "first" });
  await p.publish({ node: "vps", service: undefined, type: "node_offline" });
  await p.publish({ node: "vps", service: undefined, type: "node_online" });
  assert.deepEqual(p.ended(), ["recovered vps/vps", "benign vps/vps"]);
});

Deno.test("planner: a parked event is tried again at 30, 60, 120, 240, 300 and 300 s", async () => {
  const p = pipeline({ eventTtlSeconds: 3600 });
  await p.publish();
  await p.calls[0]?.fail();
  for (const seconds of [30, 60, 120, 240, 300, 300]) {
    const before = p.calls.length;
    await p.clock.advance(seconds * 1000 - 1);
    assert.equal(p.calls.length, before, `too early before ${seconds} s`);
    await p.clock.advance(1);
    assert.equal(p.calls.length, before + 1, `not tried after ${seconds} s`);
    await p.calls.at(-1)?.fail();
  }
  await p.clock.advance(300_000);
  await p.calls.at(-1)?.answer();
  assert.deepEqual(p.ended(), ["proposed piha/mosquitto"]);
});

Deno.test("planner: a newer event replaces a parked one and is tried at once", async () => {
  const p = pipeline();
  await p.publish();
  await p.calls[0]?.fail();
  await p.publish({ severity: "critical" });
  assert.equal(p.calls.length, 2);
  assert.equal(p.calls[1]?.context.event.severity, "critical");
  assert.deepEqual(p.ended(), ["coalesced piha/mosquitto"]);
});

Deno.test("planner: a recovery cancels a parked event, also when it came during the diagnosis", async () => {
  const parked = pipeline();
  await parked.publish();
  await parked.calls[0]?.fail();
  await parked.publish({ type: "service_recovered" });
  const during = pipeline();
  await during.publish();
  await during.publish({ type: "service_recovered" });
  await during.calls[0]?.fail();
  for (const p of [parked, during]) {
    await p.clock.advance(3_600_000);
    assert.equal(p.calls.length, 1);
    assert.deepEqual(p.ended().toSorted(), ["benign piha/mosquitto", "recovered piha/mosquitto"]);
  }
});

Deno.test("planner: a parked event expires EVENT_TTL_SECONDS after its arrival", async () => {
  const p = pipeline({ eventTtlSeconds: 100 });
  await p.publish({ timestamp: "2021-01-01T00:00:00Z" });
  await p.calls[0]?.fail();
  await p.clock.advance(30_000);
  await p.calls[1]?.fail();
  await p.clock.advance(60_000);
  await p.calls[2]?.fail();
  await p.clock.advance(9_999);
  assert.deepEqual(p.ended(), []);
  await p.clock.advance(1);
  assert.deepEqual(p.ended(), ["expired piha/mosquitto"]);
  assert.equal(p.remembered.waiting.size, 0);
  await p.clock.advance(5_000);
  assert.equal(p.clock.waiting, 0, "no timer is left");
});

Deno.test("planner: with MAX_PENDING_PER_SERVICE proposals waiting, a further one is held", async () => {
  const p = pipeline({ maxPendingPerService: 2 }, { pending: 2 });
  await p.publish();
  assert.deepEqual(p.ended(), ["held piha/mosquitto"]);
  assert.equal(p.calls.length, 0);
  const q = pipeline({ maxPendingPerService: 3 }, { pending: 2 });
  await q.publish();
  assert.equal(q.calls.length, 1);
});

Deno.test("planner: what is accepted is remembered before anything else happens", async () => {
  const p = pipeline();
  await p.publish({ service: "running" });
  await p.publish({ service: "waiting" });
  await p.publish({ service: "parked" });
  await p.calls[0]?.answer();
  await p.calls[1]?.fail();
  assert.deepEqual(
    [...p.remembered.waiting.values()].map((w) => [w.event.service, w.failures]),
    [["waiting", 1], ["parked", 0]],
  );
  assert.deepEqual([...p.remembered.cooldowns.values()].map((c) => c.target.service), ["running"]);
});

Deno.test("planner: a restart takes up what waited, and keeps the cooldowns", async () => {
  const p = pipeline({ cooldownSeconds: 300 });
  await p.publish({ service: "done" });
  await p.calls[0]?.answer();
  await p.publish({ service: "running" });
  await p.publish({ service: "waiting" });
  await p.clock.advance(100_000);

  const q = pipeline({ cooldownSeconds: 300 }, { saved: p.remembered, clock: p.clock });
  await settle();
  assert.deepEqual(q.asked(), ["piha/running"]);
  await q.calls[0]?.answer();
  assert.deepEqual(q.asked(), ["piha/running", "piha/waiting"]);
  await q.publish({ service: "done" });
  assert.deepEqual(q.log.of("cooldown_active").map((l) => l.remaining_seconds), [200]);
});

Deno.test("planner: stop gives running diagnoses time, then leaves them for the next run", async () => {
  const p = pipeline({ concurrency: 2 });
  await p.publish({ service: "quick" });
  await p.publish({ service: "slow" });
  await p.publish({ service: "waiting" });
  const stopped = p.planner.stop(5_000);
  await p.calls[0]?.answer();
  assert.equal(p.calls.length, 2, "nothing new is started");
  await p.clock.advance(4_999);
  assert.equal(p.calls[1]?.context.signal.aborted, false);
  await p.clock.advance(1);
  await stopped;
  assert.equal(p.calls[1]?.context.signal.aborted, true);
  assert.deepEqual(p.ended(), ["proposed piha/quick"]);
  assert.deepEqual(
    [...p.remembered.waiting.values()].map((w) => w.event.service).toSorted(),
    ["slow", "waiting"],
  );
  const failures = [...p.remembered.waiting.values()].map((w) => w.failures);
  assert.deepEqual(failures, [0, 0], "that the agent stops is no failure of the event");
  assert.deepEqual(p.log.of("event_parked"), []);
  assert.equal(p.clock.waiting, 0);
});

Deno.test("planner: observers hear of what is parked, and not of what only waits again", async () => {
  const p = pipeline();
  await p.publish({ type: "memory_high", severity: "warning" });
  await p.publish({ type: "data_corruption", severity: "critical" });
  assert.deepEqual(p.parked, []);
  await p.calls[1]?.fail();
  assert.deepEqual(p.parked, ["piha/mosquitto"]);
});

Deno.test("planner: stopped, it leaves no timer for what was to be tried again", async () => {
  const p = pipeline();
  await p.publish();
  await p.calls[0]?.fail();
  await p.planner.stop(5_000);
  assert.equal(p.clock.waiting, 0);
});

Deno.test("planner: what newer news overtook is not left for the next run", async () => {
  const p = pipeline({ concurrency: 2 });
  await p.publish({ service: "again" });
  await p.publish({ service: "well" });
  await p.publish({ service: "again", type: "service_down" });
  await p.publish({ service: "well", type: "service_recovered" });
  const stopped = p.planner.stop(5_000);
  await p.clock.advance(5_000);
  await stopped;
  assert.deepEqual(p.ended().toSorted(), [
    "benign piha/well",
    "coalesced piha/again",
    "recovered piha/well",
  ]);
  assert.deepEqual(
    [...p.remembered.waiting.values()].map((w) => [w.event.service, w.event.type]),
    [["again", "service_down"]],
  );
});

Deno.test("planner: what is no event is one line and one count, and the next is handled", async () => {
  const p = pipeline();
  for (const text of ["{", "[1,2]", "null", "7", "", '{"type":"x"}', '{"node":"piha"}']) {
    await p.publishRaw(text);
  }
  await p.publish();
  const { received, outcomes } = p.counters.counts();
  assert.deepEqual([received, outcomes.malformed, outcomes.unparseable], [8, 5, 2]);
  assert.deepEqual(p.log.of("malformed_message").map((l) => l.reason), [
    "invalid_json",
    "not_object",
    "not_object",
    "not_object",
    "invalid_json",
  ]);
  assert.deepEqual(p.log.of("unparseable_event").map((l) => l.reason), ["no_node", "no_type"]);
  assert.deepEqual(p.asked(), ["piha/mosquitto"]);
});

Deno.test("planner: the keys of what is no event are shown short and without secrets", async () => {
  const p = pipeline();
  await p.publishRaw(JSON.stringify({ "token=S3CRETx9": 1, nod: "piha", ["k".repeat(900)]: 2 }));
  assert.deepEqual(p.log.of("unparseable_event")[0]?.keys, [
    "token=[redacted]",
    "nod",
    `${"k".repeat(100)}… (900 characters)`,
  ]);
});

Deno.test("planner: a secret in a malformed message stays out of the log", async () => {
  const p = pipeline();
  await p.publishRaw('{"password": "hunter2-s3cret", ');
  assert.equal(JSON.stringify(p.log.lines).includes("hunter2-s3cret"), false);
});

Deno.test("planner: every message ends in exactly one outcome, whatever happens", async () => {
  const step = fc.oneof(
    fc.record({
      do: fc.constant("publish" as const),
      service: fc.constantFrom("a", "b", "c", "d"),
      severity: fc.constantFrom("critical", "error", "warning", "info"),
      type: fc.constantFrom("service_unhealthy", "container_oom", "service_recovered", ""),
    }),
    fc.record({ do: fc.constantFrom("answer" as const, "ignore" as const, "fail" as const) }),
    fc.record({ do: fc.constant("advance" as const), ms: fc.integer({ min: 1, max: 400_000 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const p = pipeline({ queueLimit: 2, cooldownSeconds: 100, eventTtlSeconds: 300 });
      let answered = 0;
      for (const s of steps) {
        if (s.do === "publish") await p.publish(s);
        else if (s.do === "advance") await p.clock.advance(s.ms);
        else {
          const call = p.calls[answered];
          if (!call) continue;
          answered++;
          if (s.do === "answer") await call.answer();
          else if (s.do === "ignore") await call.answer({ action: "ignore" });
          else await call.fail();
        }
        const { received, outcomes } = p.counters.counts();
        const ended = Object.values(outcomes).reduce((a, b) => a + b, 0);
        assert.equal(received, ended + p.backlog.waiting + p.backlog.running);
        const alive = new Set(
          [...p.backlog.snapshot()].flatMap((r) => r.is === "waiting" ? [r.event.service] : []),
        );
        const saved = new Set([...p.remembered.waiting.values()].map((w) => w.event.service));
        assert.deepEqual(saved, alive, "what is remembered is what is alive");
      }
    }),
    { numRuns: 25 },
  );
});

Deno.test("planner: what was proposed before it was handed out again is not proposed twice", async () => {
  const p = pipeline({}, { proposedBefore: () => Promise.resolve("plan-1") });
  await p.publish();
  assert.equal(p.calls.length, 1);
  await p.publish({ service: "grafana" }, { redelivered: true });
  await p.calls[0]?.answer();
  assert.deepEqual(p.ended(), ["proposed piha/mosquitto", "cooldown piha/grafana"]);
  assert.equal(p.endings.at(-1)?.detail, "proposed before, as plan-1");
  assert.deepEqual(p.log.of("proposal_found"), [{
    level: "info",
    event: "proposal_found",
    action_id: "plan-1",
    svc_key: "piha/grafana",
    type: "service_unhealthy",
  }]);

  const q = pipeline({}, { proposedBefore: () => Promise.resolve(undefined) });
  await q.publish({}, { redelivered: true });
  assert.equal(q.calls.length, 1);
});

Deno.test("planner: an event without a time has that of its sending, if that is one", async () => {
  const now = Date.UTC(2026, 0, 2, 3, 4, 5);
  const hourAgo = now - 3_600_000;
  for (
    const [sentMs, expected] of [[hourAgo + 7, hourAgo + 7], [5, now], [1e19, now], [
      undefined,
      now,
    ]]
  ) {
    const p = pipeline();
    await p.publish({ timestamp: undefined }, { ...sentMs !== undefined && { sentMs } });
    assert.equal(p.calls[0]?.context.event.timestamp, (expected ?? 0) / 1_000);
    // Nor does it decide on what a sender may say.
    const q = pipeline();
    await q.publish({ timestamp: now / 1_000 }, { ...sentMs !== undefined && { sentMs } });
    assert.equal(q.calls[0]?.context.event.timestamp, now / 1_000);
  }
});

Deno.test("planner: an event that another planner held back is looked at, however time ticks", async () => {
  for (const tick of [0.04, 0.11, 0.23, 0.4]) {
    const base = fakeClock();
    let reads = 0;
    const clock = {
      ...base,
      // Time passes between two looks at the clock, and timers fire a little early, as they do.
      monotonic: () => base.monotonic() + tick * reads++,
      after: (ms: number, callback: () => void) => base.after(Math.max(0, ms - 0.5), callback),
    };
    let asked = 0;
    const coordination: Coordination = {
      claim: (target) =>
        asked++ === 0
          ? Promise.resolve({ kind: "taken", by: "pihb", againMs: 10_000 })
          : NO_COORDINATION.claim(target),
      close: NO_COORDINATION.close,
    };
    const p = pipeline({}, { clock, coordination });
    await p.publish();
    await base.advance(11_000);
    assert.equal(asked, 2, `ticks of ${tick} ms`);
  }
});

Deno.test("planner: a severity that nobody defined is told once, and counts as told", async () => {
  const p = pipeline();
  await p.publish({ service: "first", severity: "blue" });
  await p.publish({ service: "second", severity: "blue" });
  await p.publish({ service: "third", type: "frobnicated", severity: "green" });
  assert.deepEqual(p.log.of("unknown_severity").map((l) => [l.svc_key, l.sent, l.counts_as]), [
    ["piha/first", "blue", "warning"],
    ["piha/third", "green", "info"],
  ]);
});

Deno.test("planner: a message that names containers is an event each, and its receipt waits for all", async () => {
  const p = pipeline();
  let receipts = 0;
  const details = { containers: [{ name: "b" }, { name: "a" }] };
  const message = { node: "hut-old", service: undefined, payload: undefined, details };
  await p.publish({ ...message, type: "containers_healthy" }, { settled: () => void receipts++ });
  assert.deepEqual(p.ended(), ["benign hut/b", "benign hut/a"]);
  assert.equal(p.counters.counts().received, 2);
  const settle = p.endings.map(({ event }) => event?.settled ?? assert.fail("no receipt"));
  settle[0]?.();
  settle[0]?.();
  assert.equal(receipts, 0);
  settle[1]?.();
  assert.equal(receipts, 1);

  await p.publish({ ...message, type: "containers_not_running" });
  assert.deepEqual(p.asked(), ["hut/b"]);
  assert.deepEqual(p.log.of("event_received").map((l) => l.sent_as), Array(4).fill("hut-old"));
});

Deno.test("planner: a message that names one container is an event of that container", async () => {
  const p = pipeline();
  const details = { containers: ["mosquitto"] };
  const message = { node: "hut", service: undefined, payload: undefined, details };
  await p.publish({ ...message, type: "containers_not_running" });
  assert.deepEqual(p.asked(), ["hut/mosquitto"]);
  assert.deepEqual(p.log.of("event_received").map((line) => line.svc_key), ["hut/mosquitto"]);
});
