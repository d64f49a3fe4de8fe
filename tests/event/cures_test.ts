import assert from "node:assert/strict";
import { cures } from "../../lib/event/cures.ts";

/** By recovery: what it ends, and what it does not. */
const TABLE: Readonly<Record<string, { ends: readonly string[]; not: readonly string[] }>> = {
  database_recovered: { ends: ["database_failed"], not: ["database_disk_full"] },
  wan_up: { ends: ["wan_down"], not: ["wan_dns_failed"] },
  service_healthy: {
    ends: [
      "service_unhealthy",
      "container_exited",
      "healthcheck_failed",
      "CrashLoopBackOff",
      "oom_killed",
      "health_status: starting",
      "container_missing",
      "latency_high",
      "mqtt_unreachable",
    ],
    not: [
      "backup_failed",
      "disk_usage_high",
      "disk_pressure_high",
      "certificate_expiring",
      "auth_failures",
      "raid_degraded",
      "cpu_temperature_high",
      "node_offline",
      "ups_on_battery",
      "deployment_failed",
      "frobnicated",
      "wan_down",
    ],
  },
  container_started: {
    ends: ["container_exited", "container_stopped", "container_missing"],
    not: ["container_unhealthy", "container_restart_loop", "oom_killed", "disk_usage_high"],
  },
  node_online: {
    ends: ["node_offline", "NodeNotReady", "host_unreachable", "down"],
    not: [
      "node_load_high",
      "kernel_panic",
      "disk_usage_high",
      "container_exited",
      "backup_failed",
      "node_rebooted",
    ],
  },
  up: {
    ends: ["down", "service_unhealthy", "node_offline", "Unavailable by ICMP ping"],
    not: ["disk_usage_high", "certificate_expired"],
  },
  mqtt_connected: { ends: ["mqtt_disconnected", "container_exited"], not: ["disk_usage_high"] },
  ha_websocket_recovered: { ends: ["ha_websocket_dead"], not: ["disk_usage_high"] },
  backup_completed: {
    ends: ["backup_failed", "BackupMissed"],
    not: ["container_exited", "service_unhealthy", "database_corrupted", "disk_usage_high"],
  },
  certificate_renewed: {
    ends: ["certificate_expiring", "cert_expired"],
    not: ["container_exited", "auth_failures"],
  },
  disk_usage_normal: {
    ends: ["disk_usage_high", "DiskUsageHigh"],
    not: ["smart_failure", "container_exited"],
  },
  disk_pressure_resolved: { ends: ["disk_pressure_high", "DiskPressure"], not: ["raid_degraded"] },
  power_restored: {
    ends: ["ups_on_battery", "power_lost"],
    not: ["undervoltage_detected", "container_exited"],
  },
  // An alert that is over: its own type.
  disk_usage_high: {
    ends: ["disk_usage_high", "DiskUsageHigh"],
    not: ["smart_failure", "service_unhealthy"],
  },
  service_down: { ends: ["service_down"], not: ["service_unhealthy"] },
  deployment_completed: {
    ends: ["deployment_completed"],
    not: ["deployment_failed", "container_exited"],
  },
};

for (const [recovery, { ends, not }] of Object.entries(TABLE)) {
  Deno.test(`cures: ${recovery}`, () => {
    assert.deepEqual(ends.filter((fault) => !cures(recovery, fault)), [], "is not ended");
    assert.deepEqual(not.filter((fault) => cures(recovery, fault)), [], "is ended");
  });
}
