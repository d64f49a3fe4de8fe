import assert from "node:assert/strict";
import { createStorms } from "../../lib/gate/storms.ts";
import type { Target } from "../../lib/event/target.ts";
import { settle } from "../support/clock.ts";
import { pipeline } from "../support/pipeline.ts";

const MINUTE = 60_000;

function storms(neededBy: (target: Target) => readonly string[] = () => []) {
  return createStorms({ services: 3, windowMs: MINUTE, holdMs: 10 * MINUTE, neededBy });
}
const vps = (service: string): Target => ({ node: "vps", service });

Deno.test("createStorms: the third service of a node within a minute begins a storm, once", () => {
  const weather = storms();
  assert.equal(weather.bad(vps("mail"), 0), undefined);
  // Reported again, it is still one service.
  assert.equal(weather.bad(vps("mail"), 1_000), undefined);
  assert.equal(weather.bad({ node: "piha", service: "redis" }, 1_000), undefined);
  assert.equal(weather.bad(vps("vps"), 1_000), undefined);
  assert.equal(weather.bad(vps("web"), 2_000), undefined);
  assert.deepEqual(weather.bad(vps("db"), 3_000), { node: "vps", services: ["mail", "web", "db"] });
  assert.equal(weather.bad(vps("cache"), 4_000), undefined);
  for (const service of ["mail", "web", "db", "cache"]) {
    assert.equal(weather.heldUntil(vps(service), 5_000), 3_000 + 10 * MINUTE, service);
  }
  assert.equal(weather.heldUntil(vps("vps"), 5_000), 0);
});

Deno.test("createStorms: slow enough, or well in between, and there is none", () => {
  const weather = storms();
  assert.equal(weather.bad(vps("mail"), 0), undefined);
  assert.equal(weather.bad(vps("web"), 30_000), undefined);
  weather.well(vps("web"));
  assert.equal(weather.bad(vps("db"), 40_000), undefined);
  assert.equal(weather.bad(vps("web"), 61_000), undefined, "mail went bad over a minute ago");
});

Deno.test("createStorms: a fault waits for others that may follow, then for nothing", () => {
  const weather = storms();
  weather.bad(vps("mail"), 1_000);
  assert.deepEqual([1_000, 2_999, 3_000].map((now) => weather.heldUntil(vps("mail"), now)), [
    3_000,
    3_000,
    0,
  ]);
});

Deno.test("createStorms: what the others depend on is not held, and is named first", () => {
  const weather = storms(({ service }) => service === "db" ? ["web", "mail"] : []);
  weather.bad(vps("mail"), 0);
  weather.bad(vps("web"), 0);
  assert.deepEqual(weather.bad(vps("db"), 0)?.services, ["db", "mail", "web"]);
  assert.equal(weather.heldUntil(vps("db"), 5_000), 0);
  assert.equal(weather.heldUntil(vps("web"), 5_000), 10 * MINUTE);
});

Deno.test("createStorms: it is over when it was dealt with, or after a while", () => {
  const weather = storms();
  for (const service of ["a", "b", "c"]) weather.bad(vps(service), 0);
  assert.equal(weather.heldUntil(vps("a"), 10 * MINUTE), 0);
  assert.deepEqual([weather.over("vps"), weather.over("vps"), weather.over("piha")], [
    true,
    false,
    false,
  ]);
  assert.equal(weather.heldUntil(vps("a"), 5_000), 0);
  // What is bad already makes no second storm.
  assert.equal(weather.bad(vps("a"), 6_000), undefined);
});

const ON = { stormServices: 3, cooldownSeconds: 300 };

Deno.test("pipeline: a storm is one notify first, the rest is held until it is decided", async () => {
  const p = pipeline(ON);
  for (const service of ["mail", "web", "db"]) await p.publish({ node: "vps", service });
  const [notice, ...others] = p.proposals;
  assert.deepEqual(others, []);
  assert.deepEqual(p.asked(), []);
  assert.equal(notice?.event.type, "services_down_together");
  assert.deepEqual([notice?.event.node, notice?.event.service], ["vps", "vps"]);
  assert.equal(notice?.diagnosis.action, "notify");
  assert.equal(
    notice?.diagnosis.reason,
    "3 services of vps went bad within 60 s: mail, web, db. What they share is the likely fault; " +
      "they are held until this is decided, or for a while",
  );
  await p.clock.advance(5 * MINUTE);
  assert.deepEqual(p.asked(), []);
  assert.equal(
    p.suppression.holding({ event: { ...vps("mail"), type: "down" }, arrivedAt: 0 })?.why,
    "vps: several services went bad together",
  );
  // One recovers by itself meanwhile.
  await p.publish({ node: "vps", service: "db", type: "service_healthy" });
  assert.deepEqual(p.ended(), ["recovered vps/db", "benign vps/db"]);

  p.planner.decided("plan-x-y-1");
  assert.deepEqual(p.asked(), []);
  p.planner.decided(`plan-vps-vps-${Date.UTC(2026, 0, 2, 3, 4, 5) / 1000}`);
  await settle();
  assert.deepEqual(p.asked(), ["vps/mail"]);
});

Deno.test("pipeline: what the others of a storm depend on is looked at first", async () => {
  const p = pipeline(ON, { neededBy: ({ service }) => service === "db" ? ["web"] : [] });
  for (const service of ["mail", "web", "db"]) await p.publish({ node: "vps", service });
  assert.deepEqual(p.asked(), ["vps/db"]);
});

Deno.test("pipeline: what a storm holds is looked at as soon as another that goes bad needs it", async () => {
  const p = pipeline(ON, { neededBy: ({ service }) => service === "db" ? ["web"] : [] });
  for (const service of ["mail", "dns", "db"]) await p.publish({ node: "vps", service });
  await p.clock.advance(MINUTE);
  await p.publish({ node: "vps", service: "files" });
  assert.deepEqual(p.asked(), []);
  await p.publish({ node: "vps", service: "web" });
  assert.deepEqual(p.asked(), ["vps/db"]);
});

Deno.test("pipeline: nobody decides: after a while the rest is looked at", async () => {
  const p = pipeline(ON);
  for (const service of ["mail", "web", "db"]) await p.publish({ node: "vps", service });
  await p.clock.advance(10 * MINUTE);
  assert.deepEqual(p.asked(), ["vps/mail"]);
});

Deno.test("pipeline: how long a storm takes to begin, and holds, is as STORM_... say", async () => {
  const p = pipeline({ ...ON, stormWindowSeconds: 300, stormHoldSeconds: 45 });
  await p.publish({ node: "vps", service: "busy", type: "config_error" });
  for (const service of ["mail", "web"]) {
    await p.clock.advance(2 * MINUTE - 1);
    await p.publish({ node: "vps", service, timestamp: null });
  }
  assert.equal(p.log.of("services_down_together").length, 1);
  assert.deepEqual(p.asked(), ["vps/busy"]);
  await p.calls[0]?.fail();
  await p.clock.advance(44_999);
  assert.deepEqual(p.asked(), ["vps/busy"]);
  await p.clock.advance(1);
  assert.equal(p.asked().length, 2);
});

Deno.test("pipeline: late, repeated and silenced events are no storm", async () => {
  const p = pipeline(ON);
  for (const service of ["a", "b", "c"]) {
    await p.publish({ node: "vps", service, timestamp: "2026-01-02T01:04:05Z" });
  }
  for (const service of ["d", "e", "f"]) {
    await p.publish({ node: "vps", service }, { redelivered: true });
  }
  const untilMs = Date.UTC(2027, 0);
  p.suppression.setSilences([{ node: "piha", untilMs, reason: "upgrade" }]);
  for (const service of ["g", "h", "i"]) await p.publish({ node: "piha", service });
  assert.deepEqual(p.proposals, []);
});

Deno.test("pipeline: a storm stops what is being asked about one of its services", async () => {
  const p = pipeline(ON);
  await p.publish({ node: "vps", service: "a" });
  await p.clock.advance(2_000);
  assert.deepEqual(p.asked(), ["vps/a"]);
  await p.publish({ node: "vps", service: "b" });
  assert.equal(p.calls[0]?.context.signal.aborted, false);
  await p.publish({ node: "vps", service: "c" });
  assert.equal(p.calls[0]?.context.signal.aborted, true);
  assert.deepEqual(p.proposals.map(({ event }) => event.type), ["services_down_together"]);
});

Deno.test("createStorms: what goes bad needs those of a storm only while that lasts, and once", () => {
  const weather = storms(({ service }) => service === "web" ? ["db"] : []);
  const needs = (now: number) => weather.needsOthers(vps("db"), now);
  for (const service of ["web", "mail", "cache"]) {
    assert.equal(needs(0), false);
    weather.bad(vps(service), 0);
  }
  assert.deepEqual([needs(1), needs(10 * MINUTE - 1), needs(10 * MINUTE)], [true, true, false]);
  weather.bad(vps("db"), 1);
  assert.equal(needs(2), false, "it is bad already");
});

Deno.test("createStorms: what went bad a minute before is no part of it", () => {
  const weather = storms();
  weather.bad(vps("a"), 0);
  weather.bad(vps("b"), MINUTE);
  assert.equal(weather.bad(vps("c"), MINUTE), undefined);
});

Deno.test("pipeline: what follows from a node's known outage is no storm", async () => {
  const p = pipeline(ON);
  await p.publish({ node: "vps", service: undefined, type: "node_offline" });
  for (const service of ["a", "b", "c"]) await p.publish({ node: "vps", service });
  await p.calls[0]?.answer({ action: "notify" });
  assert.deepEqual(p.proposals.map(({ event }) => event.type), ["node_offline"]);
});

Deno.test("pipeline: by default there are no storms, and nothing waits for one", async () => {
  const p = pipeline({});
  for (const service of ["mail", "web", "db", "x"]) await p.publish({ node: "vps", service });
  assert.deepEqual(p.asked(), ["vps/mail"]);
  assert.deepEqual(p.proposals, []);
});

Deno.test("createStorms: what is said to be bad all day is no part of a new storm", () => {
  const weather = storms();
  const hour = 60 * MINUTE;
  for (const at of [0, 5 * hour]) for (const name of ["mail", "web"]) weather.bad(vps(name), at);
  weather.prune(7 * hour);
  for (const name of ["mail", "web"]) weather.bad(vps(name), 7 * hour);
  assert.equal(weather.bad(vps("db"), 7 * hour), undefined);
  // Heard of no more for 6 hours, they are forgotten, and new.
  weather.prune(14 * hour);
  for (const name of ["mail", "web"]) weather.bad(vps(name), 14 * hour);
  assert.deepEqual(weather.bad(vps("db"), 14 * hour)?.services, ["mail", "web", "db"]);
});

Deno.test("createStorms: a storm holds what goes bad later, also once all of it is well", () => {
  const weather = storms();
  for (const service of ["a", "b", "c"]) weather.bad(vps(service), 0);
  for (const service of ["a", "b", "c"]) weather.well(vps(service));
  weather.prune(10 * MINUTE - 1);
  weather.bad(vps("d"), 5 * MINUTE);
  assert.equal(weather.heldUntil(vps("d"), 5 * MINUTE), 10 * MINUTE);
});
