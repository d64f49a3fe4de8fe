import assert from "node:assert/strict";
import { cures } from "../../lib/event/cures.ts";
import { eachContainer } from "../../lib/event/containers.ts";
import { familyOf } from "../../lib/event/family.ts";
import { type News, newsOf } from "../../lib/event/news.ts";
import { parseEvent } from "../../lib/event/parse.ts";

type Family = ReturnType<typeof familyOf>;

const NOW = Date.UTC(2026, 10, 30, 20);

/** Every type that the neighbours in a homelab send, and what it is taken for. */
const TABLE: Readonly<Record<string, readonly [News, Family]>> = {
  service_unhealthy: ["fault", "unhealthy"],
  healthcheck_failed: ["fault", "unhealthy"],
  service_healthy: ["recovery", "good_news"],
  service_recovered: ["recovery", "good_news"],
  node_online: ["recovery", "good_news"],
  node_offline: ["fault", "node"],
  deployment_started: ["benign", "change"],
  deployment_completed: ["benign", "change"],
  deployment_failed: ["fault", "update"],
  remediation_started: ["benign", "change"],
  remediation_completed: ["benign", "change"],
  containers_not_running: ["fault", "down"],
  mqtt_unreachable: ["fault", "down"],
  disk_usage_high: ["fault", "disk"],
  disk_pressure_high: ["fault", "disk"],
  ha_websocket_dead: ["fault", "down"],
  ha_websocket_recovered: ["recovery", "good_news"],
  ha_integration_failed: ["fault", "application"],
  ha_entity_unavailable_long: ["fault", "application"],
  ha_automation_failing: ["fault", "application"],
  ha_recorder_lag: ["fault", "application"],
  ha_system_health_degraded: ["fault", "application"],
  ha_update_available: ["benign", "change"],
};

for (const [type, [news, family]] of Object.entries(TABLE)) {
  Deno.test(`a neighbour's ${type} is ${family}: ${news}`, () => {
    assert.equal(familyOf(type), family);
    for (const severity of ["info", "warning", "error", "critical"]) {
      const parsed = parseEvent({ type, node: "piha", severity }, "c", NOW);
      assert.equal(parsed.ok && newsOf(parsed.event), news, severity);
    }
  });
}

Deno.test("a neighbour's containers_not_running names its containers in details", () => {
  const parsed = parseEvent(
    {
      ...{ type: "containers_not_running", node: "hut", source: "stability-agent", id: "7" },
      ...{ severity: "error", message: "Containers not running: mosquitto" },
      details: { containers: [{ name: "mosquitto", status: "exited" }] },
    },
    "c",
    NOW,
  );
  assert.ok(parsed.ok);
  const [event, ...more] = eachContainer(parsed.event);
  assert.deepEqual([event?.service, event?.origin, event?.payload, more], [
    "mosquitto",
    { source: "stability-agent" },
    {
      message: "Containers not running: mosquitto",
      container: { name: "mosquitto", status: "exited" },
    },
    [],
  ]);
});

Deno.test("a neighbour's ha_websocket_recovered ends ha_websocket_dead, and no trouble of its parts", () => {
  assert.equal(cures("ha_websocket_recovered", "ha_websocket_dead"), true);
  assert.equal(cures("ha_websocket_recovered", "disk_usage_high"), false);
});
