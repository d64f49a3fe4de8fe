import assert from "node:assert/strict";
import fc from "fast-check";
import { DIAGNOSIS_SCHEMA } from "../../lib/llm/diagnosis.ts";
import { judge } from "../../lib/llm/verdict.ts";
import { diagnoseByRules, DIAGNOSIS_RULES } from "../../lib/llm/rules.ts";
import { waitingEvent } from "../support/waiting_event.ts";

function actionFor(type: string, severity = "error"): string {
  return diagnoseByRules(waitingEvent({ type, severity })).action;
}

const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  restart: [
    "service_unhealthy",
    "container_unhealthy",
    "container_exited",
    "container_died",
    "container_oom",
    "oom_killed",
    "service_down",
    "healthcheck_failed",
    "Service-Unhealthy",
    "service unhealthy",
  ],
  redeploy: ["container_crashloop", "crash_loop_backoff", "restart_loop", "container_missing"],
  notify: [
    "disk_pressure",
    "disk_pressure_high",
    "root_disk_full",
    "inodes_exhausted",
    "smart_failure",
    "raid_degraded",
    "cpu_temperature_high",
    "undervoltage",
    "backup_failed",
    "database_corrupted",
    "certificate_expiring",
    "cert_expired",
    "update_failed",
    "deployment_failed",
    "node_offline",
    "host_unreachable",
    "bridge_offline",
    "zigbee_device_offline",
    "lte_link_flapping",
    "wan_down",
    "auth_failures",
    "alert_firing",
    "living_room_sensor_weird",
    "",
    "🚀",
  ],
};

for (const [action, types] of Object.entries(EXPECTED)) {
  for (const type of types) {
    Deno.test(`diagnoseByRules: ${JSON.stringify(type)} is ${action}`, () => {
      assert.equal(actionFor(type), action);
    });
  }
}

Deno.test("diagnoseByRules: good news is ignored only when its severity says so too", () => {
  assert.equal(actionFor("backup_completed", "info"), "ignore");
  assert.equal(actionFor("backup_completed", "critical"), "notify");
});

Deno.test("diagnoseByRules: an unhealthy service of severity info is for a person to see", () => {
  assert.equal(actionFor("service_unhealthy", "info"), "notify");
});

for (const [row, rule] of DIAGNOSIS_RULES.entries()) {
  Deno.test(`DIAGNOSIS_RULES: row ${row + 1} decides for each of its globs`, () => {
    const severity = ["critical", "error", "warning", "info"][rule.ranks?.[0] ?? 1] ?? "error";
    for (const glob of rule.types) {
      const type = glob.replaceAll("*", "x");
      const { reason, action, confidence } = diagnoseByRules(waitingEvent({ type, severity }));
      assert.equal(reason, `${type}: ${rule.because} (built-in rule, no model)`);
      assert.deepEqual([action, confidence], [rule.action, rule.confidence]);
    }
    assert.ok(rule.confidence > 0 && rule.confidence <= 0.8);
  });
}

Deno.test("diagnoseByRules: always a valid diagnosis of the event's target that asks a person", () => {
  const text = fc.string({ unit: "binary", maxLength: 200 });
  fc.assert(fc.property(text, text, (type, severity) => {
    const event = waitingEvent({ type, severity });
    const diagnosis = diagnoseByRules(event);
    assert.equal(diagnosis.requires_human, true);
    const judgement = judge(JSON.stringify(diagnosis), { schema: DIAGNOSIS_SCHEMA, target: event });
    assert.deepEqual(judgement, { ok: true, diagnosis });
  }));
});
