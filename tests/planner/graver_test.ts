import assert from "node:assert/strict";
import { pipeline } from "../support/pipeline.ts";

const MINUTE = 60_000;

Deno.test("graver: a critical passes the cooldown of a warning, says so, and starts its own", async () => {
  for (const action of ["notify", "ignore"] as const) {
    const p = pipeline();
    await p.publish({ type: "high_latency", severity: "warning" });
    await p.calls[0]?.answer({ action });
    await p.clock.advance(10_000);
    await p.publish({ type: "high_latency", severity: "info" });
    await p.publish({ type: "container_exited", severity: "critical" });
    assert.equal(p.calls.length, 2);
    assert.deepEqual(p.log.of("cooldown_passed"), [{
      level: "info",
      event: "cooldown_passed",
      svc_key: "piha/mosquitto",
      type: "container_exited",
      severity: "critical",
      remaining_seconds: 290,
    }]);
    await p.calls[1]?.answer();
    await p.clock.advance(299_000);
    await p.publish({ severity: "critical" });
    assert.deepEqual([p.calls.length, p.ended().at(-1)], [2, "cooldown piha/mosquitto"]);
  }
});

Deno.test("graver: a critical that waits is not replaced by a lesser one, which the model hears of", async () => {
  const p = pipeline();
  await p.publish({ service: "busy" });
  await p.publish({ type: "container_exited", severity: "critical", payload: { code: 137 } });
  await p.publish({ type: "config_reloaded_twice", severity: "info" });
  await p.publish({ type: "config_reloaded_twice", severity: "info" });
  await p.calls[0]?.answer();
  const event = p.calls[1]?.context.event;
  assert.deepEqual([event?.type, event?.severity], ["container_exited", "critical"]);
  assert.match(event?.excerpt ?? "", /137/);
  assert.match(
    p.calls[1]?.prompt ?? "",
    /also heard of it: config_reloaded_twice \(info\) 2 times/,
  );
});

Deno.test("graver: flapping that was told does not keep a critical quiet", async () => {
  const p = pipeline({ flapChanges: 3, cooldownSeconds: 1 });
  for (let cycle = 0; cycle < 2; cycle++) {
    await p.publish({ timestamp: null });
    await p.calls.at(-1)?.answer();
    await p.clock.advance(20_000);
    await p.publish({ type: "service_recovered", timestamp: null });
    await p.clock.advance(20_000);
  }
  await p.publish({ timestamp: null });
  assert.match(p.proposals.at(-1)?.diagnosis.reason ?? "", /^flapping/);
  await p.clock.advance(5_000);
  await p.publish({ timestamp: null });
  assert.equal(p.ended().at(-1), "inhibited piha/mosquitto");
  await p.publish({ type: "data_corruption", severity: "critical", timestamp: null });
  await p.calls.at(-1)?.answer();
  assert.deepEqual(p.proposals.at(-1)?.event.type, "data_corruption");
  await p.clock.advance(5_000);
  await p.publish({ type: "data_corruption", severity: "critical", timestamp: null });
  assert.equal(p.ended().at(-1), "inhibited piha/mosquitto");
});

Deno.test("graver: a tenth of a budget is left for what is critical", async () => {
  const p = pipeline({ proposalsPerDay: 3 });
  for (let nth = 0; nth < 3; nth++) {
    await p.publish({ service: `noise${nth}`, severity: "info" });
    await p.calls[nth]?.answer();
  }
  assert.equal(p.calls.length, 2);
  await p.publish({ service: "db", severity: "critical" });
  assert.deepEqual(p.asked().at(-1), "piha/db");
});

Deno.test("graver: a budget is never overdrawn by diagnoses at one time", async () => {
  const p = pipeline({ diagnosesPerHour: 1, concurrency: 8, inhibit: false });
  for (let nth = 0; nth < 8; nth++) await p.publish({ service: `s${nth}` });
  assert.equal(p.calls.length, 1);
  const q = pipeline({ proposalsPerDay: 2, concurrency: 8, inhibit: false });
  for (let nth = 0; nth < 8; nth++) await q.publish({ service: `s${nth}` });
  for (const call of q.calls) await call.answer();
  assert.deepEqual(q.proposals.filter(({ event }) => event.channel !== "").length, 2);
});

Deno.test("graver: a warning behind steady criticals gets its turn", async () => {
  const p = pipeline({ cooldownSeconds: 0 });
  await p.publish({ service: "busy", severity: "critical" });
  await p.publish({ service: "old-warning", severity: "warning" });
  let minutes = 0;
  for (; !p.asked().includes("piha/old-warning"); minutes++) {
    assert.ok(minutes < 30, "it waits without end");
    for (const half of [0, 1]) {
      await p.publish({ service: `c${minutes}-${half}`, severity: "critical" });
      await p.clock.advance(MINUTE / 2);
      await p.calls.at(-1)?.answer();
    }
  }
  assert.ok(minutes >= 10);
});

Deno.test("graver: of what was heard while it waited five kinds are told, each with its number", async () => {
  const p = pipeline({ startGraceSeconds: 60 });
  await p.publish({ severity: "critical" });
  for (let n = 0; n < 7; n++) {
    for (let times = 0; times <= n; times++) {
      await p.publish({ type: `kind_${n}`, severity: "info" });
    }
  }
  assert.deepEqual(
    [...p.backlog.entries()].map(({ merged = [] }) =>
      merged.map(({ type, count }) => [type, count])
    ),
    [[["kind_0", 1], ["kind_1", 2], ["kind_2", 3], ["kind_3", 4], ["kind_4", 5]]],
  );
});
