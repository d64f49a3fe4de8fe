import assert from "node:assert/strict";
import { type News, newsOf } from "../../lib/event/news.ts";

const NOW = Date.UTC(2026, 0, 2) / 1000;

const news = (type: string, payload: Record<string, unknown> = {}) =>
  newsOf({ type, payload, timestamp: NOW });

const CASES: readonly [News, string, Record<string, unknown>][] = [
  ["recovery", "service_down", { status: "resolved", labels: { alertname: "service_down" } }],
  ["recovery", "DiskPressure", { status: "RESOLVED" }],
  ["fault", "service_down", { status: "firing" }],
  ["fault", "service_down", { status: "resolved", state: "alerting" }],
  ["recovery", "InstanceDown", {
    startsAt: "2026-01-01T00:00:00Z",
    endsAt: "2026-01-01T12:00:00Z",
  }],
  ["fault", "InstanceDown", { startsAt: "2026-01-01T00:00:00Z", endsAt: "0001-01-01T00:00:00Z" }],
  ["fault", "InstanceDown", { startsAt: "2026-01-01T00:00:00Z", endsAt: "2026-01-02T00:04:00Z" }],
  ["fault", "InstanceDown", { endsAt: "2026-01-01T12:00:00Z" }],
  ["recovery", "InstanceDown", {
    startsAt: "2026-01-01T00:00:00Z",
    endsAt: "2026-01-02T00:00:00Z",
  }],
  ["recovery", "disk_usage_high", { ruleId: 7, state: "ok" }],
  ["fault", "disk_usage_high", { state: "ok" }],
  ["recovery", "monitor_down", { heartbeat: { status: 1 } }],
  ["fault", "monitor_down", { heartbeat: { status: 0 } }],
  ["fault", "monitor", { heartbeat: { status: 2 } }],
  ["benign", "monitor", { heartbeat: { status: 3 } }],
  ["recovery", "monitor", { heartbeat: { status: 1 } }],
  ["fault", "heartbeat", { heartbeat: { status: 0 } }],
  ["recovery", "heartbeat", {}],
  ["recovery", "High CPU utilization", { "EVENT.VALUE": "0" }],
  ["recovery", "High CPU utilization", { EVENT: { VALUE: 0 } }],
  ["fault", "High CPU utilization", { "EVENT.VALUE": "1" }],
  ["recovery", "disk_space_usage", { status: "CLEAR" }],
  ["recovery", "alert", { status: "RESOLVED" }],
  ["recovery", "cpu_alert", { state: "ok", ruleName: "cpu_alert" }],
  ["recovery", "KubernetesHealthCheckAlert", { state: "normal" }],
  ["recovery", "entity_state_changed", { old_state: "unavailable", new_state: "on" }],
  ["fault", "entity_state_changed", { old_state: "on", new_state: "unavailable" }],
  ["fault", "entity_state_changed", { old_state: "on", new_state: "off" }],
  // A service's own words are no word of an alert about it.
  ["fault", "service_unhealthy", { status: "ok" }],
  ["fault", "container_exited", { log: "status: resolved" }],
  ["fault", "container_exited", { log: { status: "resolved" } }],
  ["fault", "frobnicated", { status: ["resolved"] }],
  ["benign", "deployment_started", { status: "firing" }],
  ["benign", "maintenance_started", {}],
  ["recovery", "service_healthy", { status: "down" }],
];

for (const [told, type, payload] of CASES) {
  Deno.test(`newsOf: ${type} with ${JSON.stringify(payload)} is ${told}`, () => {
    assert.equal(news(type, payload), told);
  });
}
