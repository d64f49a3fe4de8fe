import assert from "node:assert/strict";
import { judge as judgeAny } from "../../lib/gate/gate.ts";
import type { Muted } from "../../lib/gate/suppression.ts";

function judge({ type }: { type: string }, cooldownMs: number, muted?: Muted) {
  const event = { node: "n", service: "s", type, severity: "error", payload: {}, timestamp: 0 };
  return judgeAny({ ...event, channel: "c" }, {
    key: "k",
    cooldown: () => cooldownMs,
    muted: () => muted,
  });
}

Deno.test("judge: the seven benign types need no diagnosis, three of them are recoveries", () => {
  const kinds = {
    service_healthy: "recovery",
    service_recovered: "recovery",
    node_online: "recovery",
    deployment_completed: "benign",
    deployment_started: "benign",
    remediation_started: "benign",
    remediation_completed: "benign",
    service_unhealthy: "admitted",
    node_offline: "admitted",
    remediation_failed: "admitted",
    SERVICE_HEALTHY: "recovery",
    "service-recovered": "recovery",
    constructor: "admitted",
    "": "admitted",
  };
  for (const [type, kind] of Object.entries(kinds)) {
    assert.equal(judge({ type }, 0).kind, kind, type);
  }
});

Deno.test("judge: a cooldown holds back what needs a diagnosis, and nothing else", () => {
  assert.deepEqual(judge({ type: "service_unhealthy" }, 1), { kind: "cooldown", remainingMs: 1 });
  assert.deepEqual(judge({ type: "service_recovered" }, 1), { kind: "recovery" });
  assert.deepEqual(judge({ type: "deployment_started" }, 1), { kind: "benign" });
});

Deno.test("judge: what nobody wants to hear of is muted, but never a recovery", () => {
  const muted: Muted = { outcome: "silenced", detail: "upgrade" };
  assert.deepEqual(judge({ type: "service_unhealthy" }, 1, muted), { kind: "muted", muted });
  assert.deepEqual(judge({ type: "service_recovered" }, 0, muted), { kind: "recovery" });
});
