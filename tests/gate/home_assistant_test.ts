import assert from "node:assert/strict";
import type { HealthEvent } from "../../lib/event/event.ts";
import { newsOf } from "../../lib/event/news.ts";
import { createHomeAssistant } from "../../lib/gate/home_assistant.ts";
import { fakeClock } from "../support/clock.ts";
import { pipeline } from "../support/pipeline.ts";

const START = Date.UTC(2026, 10, 30, 19);

function house() {
  let elapsed = 0;
  const clock = { ...fakeClock(), now: () => START + elapsed, monotonic: () => 1_000 + elapsed };
  const rule = createHomeAssistant({ clock });
  const event = (type: string, changes: Partial<HealthEvent> = {}): HealthEvent => ({
    ...{ type, node: "piha", service: "homeassistant", severity: "error", payload: {} },
    ...{ timestamp: clock.now() / 1000, channel: "health_events" },
    ...{ heardAt: clock.now(), happenedAt: clock.now() },
    ...changes,
  });
  return {
    now: clock.now,
    tick: (ms: number) => void (elapsed += ms),
    heard(type: string, changes: Partial<HealthEvent> = {}) {
      const each = event(type, changes);
      rule.heard(each, newsOf(each));
    },
    heldMs(type: string, changes: Partial<HealthEvent> = {}) {
      const until = rule.heldUntil(event(type, changes));
      return until === 0 ? 0 : until - clock.monotonic();
    },
    isNoise: (type: string, changes: Partial<HealthEvent> = {}) =>
      rule.noise(event(type, changes), "k")?.outcome === "inhibited",
  };
}

Deno.test("Home Assistant: its diagnosis waits for 5 minutes after its own fault", () => {
  for (const type of ["ha_websocket_dead", "container_exited", "service_unhealthy"]) {
    const h = house();
    h.heard(type);
    h.tick(60_000);
    assert.equal(h.heldMs("ha_integration_failed"), 240_000, type);
    assert.equal(h.heldMs("ha_entity_unavailable_long", { node: "vps" }), 0);
    assert.equal(h.heldMs("ha_websocket_dead"), 0);
    assert.equal(h.heldMs("disk_usage_high"), 0);
    h.tick(240_000);
    assert.equal(h.heldMs("ha_integration_failed"), 0);
    assert.equal(h.isNoise("ha_integration_failed"), false);
  }
});

Deno.test("Home Assistant: what was said while it was away for a moment is noise", () => {
  const h = house();
  h.heard("ha_websocket_dead");
  h.tick(60_000);
  const happenedAt = h.now();
  assert.equal(h.isNoise("ha_integration_failed"), false);
  h.tick(30_000);
  h.heard("ha_websocket_recovered");
  assert.equal(h.heldMs("ha_integration_failed"), 0);
  assert.equal(h.isNoise("ha_integration_failed", { happenedAt }), true);
  assert.equal(h.isNoise("ha_integration_failed", { happenedAt: happenedAt - 61_000 }), false);
  h.tick(29_000);
  assert.equal(h.isNoise("ha_recorder_lag"), true);
  assert.equal(h.isNoise("container_exited"), false);
  h.tick(2_000);
  assert.equal(h.isNoise("ha_recorder_lag"), false);
});

Deno.test("Home Assistant: its container is of every house that is diagnosed from its node", () => {
  const h = house();
  h.heard("container_exited");
  const ken = { origin: { location_tag: "ken" } };
  assert.equal(h.heldMs("ha_integration_failed", ken), 300_000);
  h.tick(60_000);
  h.heard("container_started");
  assert.equal(h.heldMs("ha_integration_failed", ken), 0);
  assert.equal(h.isNoise("ha_integration_failed", ken), true);
});

Deno.test("Home Assistant: an update begins an absence and its end is the return", () => {
  const h = house();
  h.heard("deployment_started");
  assert.equal(h.heldMs("ha_integration_failed"), 300_000);
  h.heard("ha_update_available");
  assert.equal(h.heldMs("ha_integration_failed"), 300_000);
  h.tick(10_000);
  h.heard("deployment_completed");
  assert.equal(h.heldMs("ha_integration_failed"), 0);
  assert.equal(h.isNoise("ha_integration_failed"), true);
});

Deno.test("Home Assistant: its name in any letter case; five minutes away are no moment any more", () => {
  for (const [ms, expected] of [[299_999, true], [300_000, false]] as const) {
    const h = house();
    h.heard("container_exited", { service: "HomeAssistant" });
    assert.equal(h.heldMs("ha_integration_failed"), 300_000);
    h.tick(100_000);
    const happenedAt = h.now();
    h.heard("container_exited", { service: "HomeAssistant" });
    h.tick(ms - 100_000);
    h.heard("container_started", { service: "HomeAssistant" });
    assert.equal(h.isNoise("ha_integration_failed", { happenedAt }), expected);
  }
});

Deno.test("Home Assistant: away for longer is no moment, and other services and houses do not count", () => {
  const h = house();
  h.heard("container_exited", { service: "zigbee2mqtt" });
  h.heard("wobbly_thing");
  h.heard("slow_response");
  assert.equal(h.heldMs("ha_integration_failed"), 0);
  h.heard("ha_websocket_dead", { origin: { location_tag: "ken" } });
  assert.equal(h.heldMs("ha_integration_failed", { origin: { location_tag: "hut" } }), 0);
  assert.equal(h.heldMs("ha_integration_failed", { origin: { location_tag: "ken" } }), 300_000);
  const happenedAt = h.now();
  h.tick(301_000);
  h.heard("ha_websocket_recovered", { origin: { location_tag: "ken" } });
  const origin = { location_tag: "ken" };
  assert.equal(h.isNoise("ha_integration_failed", { origin, happenedAt }), false);
});

Deno.test("Home Assistant: in the pipeline its diagnosis waits, and is muted when it is back", async () => {
  const p = pipeline({ concurrency: 9 });
  const about = { node: "piha", service: "homeassistant", timestamp: undefined };
  await p.publish({ ...about, type: "ha_websocket_dead" });
  await p.publish({ ...about, service: "homeassistant-zha", type: "ha_integration_failed" });
  assert.deepEqual(p.asked(), ["piha/homeassistant"]);
  await p.publish({ ...about, type: "ha_websocket_recovered" });
  await p.clock.advance(1);
  assert.deepEqual(p.asked(), ["piha/homeassistant"]);
  assert.ok(p.ended().includes("inhibited piha/homeassistant-zha"), p.ended().join());

  await p.publish({ ...about, node: "vps", type: "ha_websocket_dead" });
  await p.publish({ ...about, node: "vps", service: "zha", type: "ha_integration_failed" });
  await p.clock.advance(299_999);
  assert.equal(p.asked().includes("vps/zha"), false);
  await p.clock.advance(1);
  assert.equal(p.asked().includes("vps/zha"), true);
});

Deno.test("Home Assistant: that it was well before its fault does not end the absence", () => {
  const h = house();
  h.heard("ha_websocket_dead");
  h.heard("ha_websocket_ok", { happenedAt: h.now() - 1 });
  assert.equal(h.heldMs("ha_integration_failed"), 300_000);
  h.heard("ha_websocket_ok");
  assert.equal(h.heldMs("ha_integration_failed"), 0);
});
