import assert from "node:assert/strict";
import { fakeClock, settle } from "../support/clock.ts";
import { pipeline } from "../support/pipeline.ts";
import { type Coordination, NO_COORDINATION } from "../../lib/coordination/coordination.ts";

const HOUR = 3_600_000;

Deno.test("schedule: what waited for hours is tried three times, then until its time is up", async () => {
  const p = pipeline({ eventTtlSeconds: 60 });
  await p.publish({ service: "busy" });
  await p.publish();
  await p.clock.advance(2 * HOUR);
  await p.calls[0]?.answer();
  await p.calls[1]?.fail();
  await p.clock.advance(30_000);
  await p.calls[2]?.fail();
  await p.clock.advance(60_000);
  assert.equal(p.calls.length, 4);
  await p.calls[3]?.fail();
  assert.equal(p.ended().at(-1), "expired piha/mosquitto");
});

Deno.test("schedule: after hours without power a refused first try is not the last", async () => {
  const p = pipeline();
  await p.publish();
  await p.clock.advance(2 * HOUR);
  const q = pipeline({}, { saved: p.remembered, clock: p.clock });
  await settle();
  await q.calls[0]?.fail();
  await p.clock.advance(30_000);
  assert.equal(q.calls.length, 2);
  assert.deepEqual(q.ended(), []);
});

Deno.test("schedule: what another planner works on never expires, and starves nobody", async () => {
  let asked = 0;
  const coordination: Coordination = {
    claim(target) {
      if (target.service !== "hot") return NO_COORDINATION.claim(target);
      asked++;
      return Promise.resolve({ kind: "taken", by: "pihb", againMs: 10_000 });
    },
    close: NO_COORDINATION.close,
  };
  const p = pipeline({ eventTtlSeconds: 60 }, { coordination });
  await p.publish({ service: "hot", severity: "critical" });
  await p.publish({ service: "cold" });
  for (let second = 0; second < 90; second += 3) {
    await p.publish({ service: "hot", severity: "critical" });
    await p.clock.advance(3_000);
  }
  assert.deepEqual(p.asked(), ["piha/cold"]);
  assert.ok(asked <= 10, `${asked}`);
  assert.equal(p.ended().includes("expired piha/hot"), false);
});

Deno.test("schedule: while a budget is used up no timer runs in circles", async () => {
  const base = fakeClock();
  let timers = 0;
  const clock = {
    ...base,
    after: (ms: number, call: () => void) => (timers++, base.after(ms, call)),
  };
  const p = pipeline({ diagnosesPerHour: 1, inhibit: false }, { clock });
  await p.publish({ service: "parked" });
  await p.calls[0]?.fail();
  for (let nth = 0; nth < 5; nth++) await p.publish({ service: `s${nth}` });
  timers = 0;
  await base.advance(HOUR / 2);
  assert.ok(timers < 1_000, `${timers}`);
  assert.equal(p.calls.length, 1);
});

Deno.test("schedule: a thousand that are held cost an event next to nothing", async () => {
  const p = pipeline({ queueLimit: 100_000, logLevel: "error", stormServices: 0 });
  await p.publish({ service: undefined, type: "node_offline" });
  await p.calls[0]?.answer({ action: "notify" });
  const publish = (nth: number) => void p.publish({ service: `s${nth}` });
  for (let nth = 0; nth < 1_000; nth++) publish(nth);
  assert.equal(p.backlog.ready, 0);
  let looked = 0;
  const { heldUntil, holding } = p.suppression;
  Object.assign(p.suppression, {
    heldUntil: (...args: Parameters<typeof heldUntil>) => (looked++, heldUntil(...args)),
    holding: (...args: Parameters<typeof holding>) => (looked++, holding(...args)),
  });
  for (let nth = 0; nth < 100; nth++) publish(nth);
  await settle();
  assert.ok(looked <= 200, `${looked} looks for 100 events`);
});

Deno.test("schedule: a critical that waits for its budget has its turn as soon as that is free", async () => {
  const p = pipeline({ diagnosesPerHour: 10 });
  for (let n = 0; n < 10; n++) {
    await p.publish({ service: `s${n}`, severity: "critical" });
    await p.calls[n]?.answer();
    await p.clock.advance(60_000);
  }
  await p.publish({ service: "late", severity: "critical" });
  await p.clock.advance(3_000_000 - 1);
  assert.equal(p.calls.length, 10);
  await p.clock.advance(1);
  assert.equal(p.asked().at(-1), "piha/late");
});

Deno.test("schedule: that a budget is used up is told when something waits for it", async () => {
  const p = pipeline({ diagnosesPerHour: 1 });
  await p.publish();
  await p.calls[0]?.answer();
  assert.equal(p.log.of("diagnosis_budget_used_up").length, 0);
  await p.publish({ service: "web" });
  assert.deepEqual(p.log.of("diagnosis_budget_used_up").map(({ held }) => held), [1]);
});
