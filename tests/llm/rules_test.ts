import assert from "node:assert/strict";
import fc from "fast-check";
import { factsOf } from "../../lib/llm/facts/facts.ts";
import { NO_PAST, type Past } from "../../lib/llm/facts/past.ts";
import { judge } from "../../lib/llm/judgement.ts";
import { diagnoseByRules } from "../../lib/llm/rules.ts";
import { anyCharacter } from "../support/any_character.ts";
import { waitingEvent } from "../support/waiting_event.ts";

function actionFor(type: string, severity = "error", payload: Record<string, unknown> = {}) {
  const excerpt = JSON.stringify(payload);
  return diagnoseByRules(waitingEvent({ type, severity, excerpt })).action;
}

const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  restart: [
    "service_unhealthy",
    "container_unhealthy",
    "container_exited",
    "container_died",
    "ContainerDied",
    "container_oom",
    "oom_killed",
    "service_down",
    "healthcheck_failed",
    "Service-Unhealthy",
    "service unhealthy",
  ],
  redeploy: ["container_missing", "config_drift"],
  notify: [
    "container_crashloop",
    "crash_loop_backoff",
    "restart_loop",
    "service_flapping",
    "disk_pressure",
    "DiskPressure",
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

const READ: readonly (readonly [string, string, Record<string, unknown>, string, string])[] = [
  ["container_exited", "critical", { exit_code: 139 }, "restart", "exit 139: it crashed"],
  ["container_exited", "error", { exit_code: 143 }, "notify", "exit 143: stopped on request"],
  ["container_stopped", "info", { exit_code: 0 }, "ignore", "exit 0: it ended without an error"],
  ["container_stopped", "info", { message: "it exited with code 0" }, "notify", "no crash"],
  ["service_unhealthy", "error", { status: "starting" }, "ignore", "it is still starting"],
  ["service_unhealthy", "info", { FailingStreak: 4 }, "restart", "4 checks failed in a row"],
  ["container_exited", "error", { exit_code: 127 }, "notify", "could not be started"],
  ["container_exited", "error", { exit_code: 1, restarts: 6 }, "notify", "restarted already"],
  ["service_unhealthy", "error", { log: "No space left on device" }, "notify", "a full disk"],
  ["service_unhealthy", "warning", { FailingStreak: 1 }, "ignore", "one check failed so far"],
  ["service_unhealthy", "critical", { FailingStreak: 1 }, "notify", "one check failed so far"],
  ["service_unhealthy", "error", { FailingStreak: 2 }, "restart", "2 checks failed in a row"],
  ["service_unhealthy", "error", { FailingStreak: 4 }, "restart", "4 checks failed in a row"],
  ["service_down", "critical", { status: "resolved" }, "ignore", "says that it is over"],
  ["service_down", "error", { planned: true }, "ignore", "marked as planned"],
  ["service_down", "error", { error: "No such container: web" }, "redeploy", "gone"],
  [
    "service_down",
    "error",
    { error: "No such container: web", log: "invalid config value: port" },
    "redeploy",
    "gone or is not as described",
  ],
  ["update_failed", "error", { error: "No such container: web" }, "redeploy", "gone"],
  ["container_missing", "warning", {}, "redeploy", "gone or is not as described"],
  ["container_missing", "info", {}, "notify", "nobody calls that a fault"],
  ["alert", "critical", { status: "crashed" }, "restart", "the smallest remedy"],
];

for (const [type, severity, payload, action, because] of READ) {
  Deno.test(`diagnoseByRules: ${severity} ${type} ${JSON.stringify(payload)} is ${action}`, () => {
    const event = waitingEvent({ type, severity, excerpt: JSON.stringify(payload) });
    const diagnosis = diagnoseByRules(event);
    assert.equal(diagnosis.action, action);
    assert.ok(diagnosis.reason.includes(because), diagnosis.reason);
  });
}

const PASTS: readonly (readonly [Partial<Past>, string])[] = [
  [{ nodeAway: true }, "the node is away"],
  [
    { remedy: { action: "restart", became: "completed", agoMs: 1_200_000 } },
    "a restart 20 min ago did not last",
  ],
  [{ changed: { what: "deployment", agoMs: 240_000 } }, "it began after a deployment 4 min ago"],
  [{ nodeBackMs: 180_000 }, "its node came back 3 min ago"],
  [{ neighboursBad: 4 }, "4 other services of the node went bad with it"],
];

for (const [past, because] of PASTS) {
  Deno.test(`diagnoseByRules: what would be restarted is a person's when ${because}`, () => {
    const event = waitingEvent();
    assert.equal(diagnoseByRules(event).action, "restart");
    const told = diagnoseByRules(event, factsOf(event, { past: { ...NO_PAST, ...past } }));
    assert.equal(told.action, "notify");
    assert.ok(told.reason.includes(because), told.reason);
  });
}

const HOUR = 60 * 60_000;
const LIMITS: readonly (readonly [what: string, near: Partial<Past>, beyond: Partial<Past>])[] = [
  ["a node that came back", { nodeBackMs: 599_999 }, { nodeBackMs: 600_000 }],
  ["neighbours that went bad", { neighboursBad: 3 }, { neighboursBad: 2 }],
  [
    "a remedy",
    { remedy: { action: "redeploy", became: "failed", agoMs: HOUR - 1 } },
    { remedy: { action: "redeploy", became: "failed", agoMs: HOUR } },
  ],
  [
    "a change",
    { changed: { what: "update", agoMs: HOUR - 1 } },
    { changed: { what: "update", agoMs: HOUR } },
  ],
  [
    "a change that was no remedy",
    { changed: { what: "deployment", agoMs: 1_000 } },
    { changed: { what: "remediation", agoMs: 1_000 } },
  ],
];

for (const [what, near, beyond] of LIMITS) {
  Deno.test(`diagnoseByRules: ${what} counts up to its limit`, () => {
    const event = waitingEvent();
    const actions = [near, beyond].map((past) =>
      diagnoseByRules(event, factsOf(event, { past: { ...NO_PAST, ...past } })).action
    );
    assert.deepEqual(actions, ["notify", "restart"]);
  });
}

Deno.test("diagnoseByRules: an unhealthy service of severity info is for a person to see", () => {
  assert.equal(actionFor("service_unhealthy", "info"), "notify");
});

Deno.test("diagnoseByRules: how sure it is depends on what decided, and is never much", () => {
  const sure = (type: string, payload: Record<string, unknown> = {}, severity = "error") =>
    diagnoseByRules(waitingEvent({ type, severity, excerpt: JSON.stringify(payload) })).confidence;
  assert.deepEqual([
    sure("service_down", { status: "resolved" }),
    sure("service_down", { planned: true }),
    sure("disk_pressure"),
    sure("service_unhealthy", { FailingStreak: 1 }, "warning"),
    sure("container_missing"),
    sure("alert_firing"),
    sure("service_unhealthy", {}, "info"),
    sure("service_unhealthy", { message: "the flux of the moon was odd in the night" }),
    sure("container_exited", { exit_code: 139 }),
  ], [0.9, 0.8, 0.6, 0.75, 0.5, 0.3, 0.4, 0.4, 0.5]);
});

Deno.test("diagnoseByRules: a long type is repeated in part, and no half of a character", () => {
  const { reason } = diagnoseByRules(waitingEvent({ type: `${"x".repeat(79)}🚀 is down` }));
  assert.equal(reason.slice(0, 82), `${"x".repeat(79)}\ufffd: `);
});

Deno.test("diagnoseByRules: always a valid diagnosis of the event's target that asks a person", () => {
  const text = fc.string({ unit: anyCharacter, maxLength: 200 });
  fc.assert(fc.property(text, text, (type, severity) => {
    const event = waitingEvent({ type, severity });
    const diagnosis = diagnoseByRules(event);
    assert.equal(diagnosis.requires_human, true);
    const judgement = judge(JSON.stringify(diagnosis), event);
    assert.deepEqual(judgement, { ok: true, diagnosis });
  }));
});
