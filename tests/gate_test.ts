import assert from "node:assert/strict";
import { judge } from "../lib/gate.ts";

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
    SERVICE_HEALTHY: "admitted",
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
