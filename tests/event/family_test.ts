import assert from "node:assert/strict";
import fc from "fast-check";
import { type Family, familyOf, kindOf } from "../../lib/event/family.ts";

const FAMILIES: Partial<Record<Family, readonly string[]>> = {
  change: [
    "deployment_completed",
    "deployment_started",
    "remediation_started",
    "remediation_completed",
    "ha_update_available",
    "update_available",
    "update_completed",
    "update_succeeded",
    "deployment_succeeded",
    "Pulled",
  ],
  unhealthy: [
    "service_unhealthy",
    "healthcheck_failed",
    "health_check_failed",
    "Unhealthy",
    "KubePodNotReady",
    "health_status: unhealthy",
    "container_unhealthy",
    "service_error",
    "service_unresponsive",
    "not_ready",
    "healthcheck",
    "docker_container_unhealthy",
    "memory_leak",
    "ReplicaSetNotReady",
    "PodUnhealthy",
    "LivenessProbeFailed",
    "watchdog_timeout",
  ],
  node: [
    "node_offline",
    "NodeNotReady",
    "Evicted",
    "FailedScheduling",
    "HostHighCpuLoad",
    "NodeClockSkewDetected",
    "KubeNodeUnreachable",
    "node_rebooted",
    "KubernetesPodPending",
    "KubernetesNodeNotReady",
    "High CPU utilization",
    "10min_cpu_usage",
    "ram_in_use",
    "kernel_panic",
    "swap_full",
    "host_unreachable",
  ],
  update: [
    "deployment_failed",
    "ImagePullBackOff",
    "ErrImagePull",
    "KubeDeploymentReplicasMismatch",
    "update_failed",
    "KubernetesDeploymentRolloutStuck",
  ],
  unknown: [
    "remediation_failed",
    "MaintenanceRequired",
    "alert",
    "unrecovered",
    "not_recovered",
    "recovery_failed",
    "partially_recovered",
    "service_recovery_failed",
    "no_healthy_upstream",
    "alert_active",
    "systemd-resolved",
    "exec_die",
    "frobnicated",
    "failover_completed",
    "shutdown_completed",
    "maintenance_overdue",
    "constructor",
    "__proto__",
  ],
  down: [
    "containers_not_running",
    "mqtt_unreachable",
    "ha_websocket_dead",
    "container_exited",
    "ContainerDied",
    "container.die",
    "die",
    "InstanceDown",
    "HostSystemdServiceCrashed",
    "TargetDown",
    "PrometheusTargetMissing",
    "down",
    "container_stopped",
    "kill",
    "stop",
    "service_failed",
    "service_down",
    "heartbeat_missed",
    "systemd_resolved_failed",
    "Zabbix agent is not available (for 3m)",
    "systemd_service_unit_failed_state",
    "PostgresqlDown",
    "traefik_down",
    "unit_failed",
    "failed",
    "service_unreachable",
    "http_unreachable",
    "port_unreachable",
    "SystemdUnitFailed",
  ],
  disk: [
    "disk_usage_high",
    "disk_pressure_high",
    "DiskPressure",
    "NodeHasDiskPressure",
    "FailedMount",
    "FailedAttachVolume",
    "HostOutOfDiskSpace",
    "NodeFilesystemSpaceFillingUp",
    "NodeFilesystemAlmostOutOfSpace",
    "NodeFilesystemAlmostOutOfFiles",
    "KubePersistentVolumeFillingUp",
    "NodeRAIDDegraded",
    "NodeRAIDDiskFailure",
    "DegradedArray",
    "DegradedArrayEvent",
    "Fail",
    "FailSpare",
    "RebuildStarted",
    "DeviceDisappeared",
    "smart_failure",
    "SmartFailed",
    "nvme_wear",
    "zfs_scrub_errors",
    "zpool_degraded",
    "filesystem_read_only",
    "raid_degraded",
    "no_space_left",
    "volume_full",
    "inode_exhausted",
    "Disk space is critically low",
    "disk_inode_usage",
    "out_of_disk_space_time",
  ],
  application: [
    "ha_integration_failed",
    "ha_entity_unavailable_long",
    "ha_automation_failing",
    "ha_recorder_lag",
    "ha_system_health_degraded",
    "HighErrorRate",
    "latency_high",
    "integration_slow",
  ],
  out_of_memory: [
    "oom",
    "OOMKilled",
    "OOMKilling",
    "SystemOOM",
    "HostOutOfMemory",
    "container_oom",
    "oom_killed",
  ],
  crash_loop: [
    "CrashLoopBackOff",
    "KubePodCrashLooping",
    "BackOff",
    "service_flapping",
    "container_restart_loop",
    "container_crashloop",
    "KubernetesPodRestarting",
    "Back-off restarting failed container",
  ],
  planned: [
    "maintenance",
    "maintenance_started",
    "maintenance_ended",
    "scheduled_reboot",
    "KubernetesScheduledHealthCheck",
  ],
  starting: ["health_status: starting", "ContainerCreating", "Killing"],
  drifted: ["container_missing", "container_removed", "service_missing", "config_drift", "destroy"],
  power: [
    "ups_on_battery",
    "ONBATT",
    "LOWBATT",
    "undervoltage_detected",
    "low_battery",
    "REPLBATT",
  ],
  hardware: ["cpu_temperature_high", "gpu_xid_error", "thermal_throttling", "gpu_temperature_high"],
  data: [
    "backup_failed",
    "backup_completed_with_errors",
    "vzdump_failed",
    "restic_backup_failed",
    "database_corrupted",
    "replication_failed",
    "RDSReplicationLagHigh",
    "DatabaseDown",
    "scheduled_backup_failed",
  ],
  certificate: [
    "certificate_expiring",
    "certificate_expired",
    "certificate_renewal_failed",
    "SSLCertExpiringSoon",
    "BlackboxSslCertificateWillExpireSoon",
  ],
  access: [
    "auth_failures",
    "login_success",
    "intrusion_detected",
    "unauthorized_access",
    "security_update_available",
    "attack_succeeded",
    "unknown_device_connected",
  ],
  network: [
    "device_offline",
    "bridge_offline",
    "lte_link_flapping",
    "lte_signal_weak",
    "Unavailable by ICMP ping",
    "vpn_down",
    "dns_failure",
  ],
};

for (const [family, types] of Object.entries(FAMILIES)) {
  Deno.test(`familyOf: ${family} in the spellings of its senders`, () => {
    assert.deepEqual(
      types.map((type) => [type, familyOf(type)]),
      types.map((type) => [type, family]),
    );
  });
}

/** Good news, by what is well again. */
const GOOD_NEWS: Readonly<Record<string, readonly string[]>> = {
  unhealthy: [
    "service_healthy",
    "service_recovered",
    "Service_Recovered",
    "service-recovered",
    "SERVICE_HEALTHY",
    "ServiceHealthy",
    "service.healthy",
    "resolved",
    "up",
    "UP",
    "container_healthy",
    "container_started",
    "health_status: healthy",
    "start",
    "alert_resolved",
    "service_started",
    "heartbeat",
    "service_down_resolved",
    "PodStarted",
    "service_back_up",
    "back_online",
    "SERVICE RECOVERY",
  ],
  node: [
    "node_online",
    "NodeHasSufficientMemory",
    "NodeReady",
    "host_online",
    "Resolved: High CPU utilization",
  ],
  disk: [
    "NodeHasNoDiskPressure",
    "RebuildFinished",
    "SpareActive",
    "scrub_finished",
    "[RESOLVED] DiskFull",
    "disk_usage_high_resolved",
    "disk_pressure_cleared",
    "disk_usage_normal",
  ],
  down: ["ha_websocket_recovered"],
  power: ["COMMOK", "ups_online", "power_restored"],
  hardware: ["temperature_normal", "smoke_alarm_cleared"],
  data: ["backup_completed", "backup_succeeded", "snapshot_completed"],
  certificate: ["cert_renewed", "certificate_renewed"],
  application: ["device_online", "device_connected"],
  network: ["bridge_online", "tunnel_up"],
};

for (const [about, types] of Object.entries(GOOD_NEWS)) {
  Deno.test(`kindOf: good news about ${about}`, () => {
    const told = types.map((type) => [type, kindOf(type).family, kindOf(type).about]);
    assert.deepEqual(told, types.map((type) => [type, "good_news", about]));
  });
}

const NO_GOOD_NEWS: readonly Family[] = ["good_news", "planned", "change"];

Deno.test("familyOf: what failed, was not, or only half was is never good news", () => {
  const types = [
    "healthy",
    "recovered",
    "up",
    "online",
    "completed",
    "started",
    "succeeded",
    "resolved",
  ]
    .flatMap((
      good,
    ) => [
      `not_${good}`,
      `service_not_${good}`,
      `never_${good}`,
      `${good}_failed`,
      `service_${good}_failed`,
      `partially_${good}`,
      `waiting_for_${good}`.replace("for_resolved", "until_resolved").replace(
        "for_recovered",
        "until_recovered",
      ),
    ])
    .concat(
      "unrecovered",
      "recovery_failed",
      "healthcheck",
      "un_healthy",
      "UnHealthy",
      "unresolved",
      "no_healthy_upstream",
      "NotReady",
      "filling_up",
      "catching_up",
      "backup_completed_with_errors",
      "remediation_failed",
      "rollback_completed",
      "resolved_ip_changed",
    );
  assert.deepEqual(types.filter((type) => NO_GOOD_NEWS.includes(familyOf(type))), []);
});

Deno.test("familyOf: any spelling of the same words is the same family", () => {
  const words = fc.constantFrom(
    "container_exited",
    "disk_usage_high",
    "service_recovered",
    "crash_loop",
    "oom_killed",
    "node_offline",
    "backup_completed",
    "certificate_expiring",
  );
  const spelling = fc.constantFrom<(words: string[]) => string>(
    (each) => each.join("-"),
    (each) => each.join("."),
    (each) => each.join(" "),
    (each) => each.join("_").toUpperCase(),
    (each) => each.map((word) => word.replace(/^./, (first) => first.toUpperCase())).join(""),
    (each) => `  ${each.join("/")}:`,
  );
  fc.assert(fc.property(words, spelling, (type, spell) => {
    assert.equal(familyOf(spell(type.split("_"))), familyOf(type));
  }));
});

Deno.test("familyOf: any text has a family, and more types than are remembered change none", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (type) => {
    assert.equal(familyOf(type), familyOf(type));
  }));
  for (let i = 0; i < 2_500; i++) familyOf(`made_up_${i}`);
  assert.equal(familyOf("container_exited"), "down");
});
