/**
 * What the gate remembers is bounded, whoever sends what; of too much, what was heard of longest
 * ago is forgotten. Each bound is tried with one entry beyond it.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { HealthEvent } from "../../lib/event/event.ts";
import { targetKey } from "../../lib/event/target.ts";
import { createCured } from "../../lib/gate/cured.ts";
import { createFlaps } from "../../lib/gate/flap.ts";
import { createHomeAssistant } from "../../lib/gate/home_assistant.ts";
import { createIsolation } from "../../lib/gate/isolation.ts";
import { createOutages } from "../../lib/gate/outages.ts";
import { createStorms } from "../../lib/gate/storms.ts";
import { createSuppression } from "../../lib/gate/suppression.ts";
import { fakeClock } from "../support/clock.ts";
import { pipeline } from "../support/pipeline.ts";
import { waitingEvent } from "../support/waiting_event.ts";

const HOUR = 3_600_000;

function heard(changes: Partial<HealthEvent>): HealthEvent {
  const { excerpt: _, ...event } = waitingEvent();
  return { ...event, payload: {}, ...changes };
}

Deno.test("bounds: of 10,001 targets that may flap, the one that changed longest ago is forgotten", () => {
  const flaps = createFlaps({ changes: 2, windowMs: HOUR, clock: fakeClock() });
  for (let n = 0; n < 10_000; n++) flaps.bad(`t${n}`, n);
  flaps.well("t0", 10_000);
  flaps.bad("t0", 10_001);
  flaps.bad("one more", 10_002);
  assert.deepEqual(["t0", "t1", "t2", "one more"].map(flaps.isBad), [true, false, true, true]);
});

Deno.test("bounds: of 10,001 targets with good news, the one heard of longest ago is forgotten", () => {
  const cured = createCured();
  const well = (service: string, ms = 2_000) =>
    cured.well(heard({ service, type: "service_recovered", happenedAt: ms }), service, true);
  for (let n = 0; n < 10_000; n++) well(`s${n}`);
  well("s0");
  well("one more");
  const over = (service: string) => cured.isOver(heard({ service, happenedAt: 1_000 }), service);
  assert.deepEqual(["s0", "s1", "s2", "one more"].map(over), [true, false, true, true]);
  assert.equal([...cured.snapshot()].length, 10_000);
});

Deno.test("bounds: of one target eight types of good news are known", () => {
  const cured = createCured();
  const well = (type: string) => cured.well(heard({ type, happenedAt: 2_000 }), "k", false);
  well("service_recovered");
  for (let n = 0; n < 7; n++) well(`odd_${n}_ok`);
  const isOver = () => cured.isOver(heard({ happenedAt: 1_000 }), "k");
  assert.equal(isOver(), true);
  well("odd_7_ok");
  assert.equal(isOver(), false);
});

Deno.test("bounds: of 1,001 nodes that are offline, the one heard of longest ago is forgotten", () => {
  const clock = fakeClock();
  const outages = createOutages({ clock, longestMs: HOUR, isBeingTold: () => true });
  const offline = (node: string, at = clock.monotonic()) =>
    outages.offline(node, at, clock.now() + at - clock.monotonic());
  for (let n = 0; n < 1_000; n++) offline(`n${n}`, clock.monotonic() - 1);
  offline("n0");
  offline("one more");
  const held = (node: string) =>
    outages.heldUntil({ node, service: "x" }, clock.monotonic()) > clock.monotonic();
  assert.deepEqual(["n0", "n1", "n2", "one more"].map(held), [true, false, true, true]);
  assert.equal([...outages.snapshot()].length, 1_000);
});

Deno.test("bounds: 1,000 nodes that came back leave room for the next, once they are pruned", async () => {
  const clock = fakeClock();
  const outages = createOutages({ clock, longestMs: HOUR, isBeingTold: () => false });
  const suppression = createSuppression({
    clock,
    outages,
    nodes: () => [],
    settings: {
      eventTtlSeconds: 3_600,
      inhibit: true,
      flapChanges: 0,
      flapWindowSeconds: 1_800,
      startGraceSeconds: 0,
      stormServices: 0,
      stormWindowSeconds: 60,
      stormHoldSeconds: 600,
    },
  });
  /** Goes and comes back now; whether what arrived before waits a little longer. */
  const comesBack = (node: string) => {
    const at = { node, service: node, heardAt: clock.now(), happenedAt: clock.now() };
    const gone = heard({ ...at, type: "node_offline" });
    suppression.heardBad(gone, targetKey(gone));
    suppression.heardWell(heard({ ...at, type: "node_online" }), targetKey(gone));
    return suppression.heldUntil({ event: heard({ node }), arrivedAt: clock.monotonic() }) -
      clock.monotonic();
  };
  for (let n = 0; n < 1_000; n++) comesBack(`n${n}`);
  assert.ok(comesBack("one more") <= 0, "it is released at once");
  await clock.advance(30_000);
  suppression.prune();
  assert.equal(comesBack("one more"), 30_000);
});

Deno.test("bounds: storms know 1,000 nodes with 1,000 services each, until they are pruned", () => {
  const weather = createStorms({
    ...{ services: 2, windowMs: 60_000, holdMs: 60_000, neededBy: () => [] },
  });
  const isKnown = (node: string, service: string) => weather.heldUntil({ node, service }, 0) > 0;
  for (let n = 0; n < 1_000; n++) weather.bad({ node: `n${n}`, service: "s" }, 0);
  weather.bad({ node: "one more", service: "s" }, 0);
  assert.deepEqual([isKnown("n999", "s"), isKnown("one more", "s")], [true, false]);
  for (let n = 0; n < 1_000; n++) weather.bad({ node: "n0", service: `s${n}` }, 0);
  assert.deepEqual([isKnown("n0", "s998"), isKnown("n0", "s999")], [true, false]);
  weather.prune(6 * HOUR);
  weather.bad({ node: "one more", service: "s" }, 6 * HOUR);
  assert.equal(weather.heldUntil({ node: "one more", service: "s" }, 6 * HOUR), 6 * HOUR + 2_000);
});

Deno.test("bounds: what 1,000 nodes suffered from is forgotten with all else that is pruned", async () => {
  const clock = fakeClock();
  const suppression = createSuppression({
    clock,
    outages: createOutages({ clock, longestMs: HOUR, isBeingTold: () => false }),
    nodes: () => [],
    settings: {
      eventTtlSeconds: 3_600,
      inhibit: false,
      flapChanges: 0,
      flapWindowSeconds: 1_800,
      startGraceSeconds: 0,
      stormServices: 1,
      stormWindowSeconds: 60,
      stormHoldSeconds: 600,
    },
  });
  /** The kind of what a service's fault begins on a node. */
  const begins = (node: string) => {
    const event = heard({ node, heardAt: clock.now(), happenedAt: clock.now() });
    return suppression.heardBad(event, targetKey(event)).alarm?.kind;
  };
  for (let n = 0; n < 1_000; n++) assert.equal(begins(`n${n}`), "storm");
  assert.equal(begins("one more"), undefined);
  await clock.advance(6 * HOUR);
  suppression.prune();
  assert.equal(begins("one more"), "storm");
});

Deno.test("bounds: outages before the last loss of Redis say nothing about our own link", () => {
  const isolation = createIsolation(() => ["a", "b", "c"]);
  isolation.redisLost(0);
  assert.equal(isolation.offline("a", 1_000), false);
  isolation.redisLost(2_000);
  assert.equal(isolation.doubtedUntil("a", 3_000), 0);
  assert.equal(isolation.offline("b", 3_000), false);
  assert.equal(isolation.offline("c", 4_000), true);
});

Deno.test("bounds: isolation counts 1,000 nodes, and not a further one", () => {
  const isolation = createIsolation(() => ["a", "b"]);
  for (let n = 0; n < 5_000; n++) isolation.heard(`n${n}`);
  isolation.redisLost(0);
  const told = Array.from({ length: 1_001 }, (_, n) => isolation.offline(`n${n}`, 1_000));
  assert.equal(told.indexOf(true), 500, "more than half of those that are known");
  assert.deepEqual(
    [isolation.doubtedUntil("n999", 1_000), isolation.doubtedUntil("n1000", 1_000)],
    [
      301_000,
      0,
    ],
  );
});

Deno.test("bounds: of 101 houses, the one whose Home Assistant was heard of longest ago is forgotten", () => {
  const clock = fakeClock();
  const houses = createHomeAssistant({ clock });
  const times = { heardAt: clock.now(), happenedAt: clock.now() };
  const of = (node: string, type: string) =>
    heard({ ...times, node, service: "homeassistant", type });
  for (let n = 0; n < 101; n++) houses.heard(of(`n${n}`, "service_unhealthy"), "fault");
  const held = (node: string) => houses.heldUntil(of(node, "ha_integration_failed")) > 0;
  assert.deepEqual(["n0", "n1", "n100"].map(held), [false, true, true]);
});

Deno.test("bounds: a hundred severities that nobody defined are told of in one run", async () => {
  const p = pipeline({ startGraceSeconds: 60 });
  await Promise.all(Array.from({ length: 101 }, (_, n) => p.publish({ severity: `odd${n}` })));
  assert.equal(p.log.of("unknown_severity").length, 100);
});

Deno.test("bounds: with 100 proposals that wait for the disk nothing further is diagnosed", async () => {
  const p = pipeline({ concurrency: 1 }, { disk: { refuses: () => HOUR } });
  const services = Array.from({ length: 101 }, (_, n) => `s${n}`);
  await Promise.all(services.map((service) => p.publish({ service, timestamp: null })));
  for (let nth = 0; nth < p.calls.length; nth++) await p.calls[nth]?.answer();
  assert.deepEqual([p.calls.length, p.backlog.aside, p.backlog.waiting], [100, 100, 1]);
});
