import assert from "node:assert/strict";
import { readAction } from "../../../../lib/proposal/read/action.ts";

const EPOCH = 1_767_323_045;

function view(content: Record<string, unknown>, actionId: string, writtenMs = 0) {
  const read = readAction(JSON.stringify(content), actionId, writtenMs);
  if (read.kind === "damaged") return read.why;
  const { content: _content, changes: _changes, ...rest } = read.view;
  return rest;
}

Deno.test("readAction: an operator tool's file, with a history of transitions", () => {
  assert.deepEqual(
    view({
      action_id: "deploy-17",
      service: "caddy",
      node: "vps",
      type: "deploy_service",
      risk: "guarded",
      status: "pending",
      created_at: EPOCH,
      updated_at: EPOCH + 60,
      details: { image: "caddy:2.9", reason: "image is older", diff: "-2.8 +2.9" },
      transition_history: [{
        from: null,
        to: "pending",
        timestamp: EPOCH,
        by: "operator-anna",
      }],
    }, "deploy-17"),
    {
      actionId: "deploy-17",
      node: "vps",
      service: "caddy",
      type: "deploy_service",
      action: "redeploy",
      riskLevel: "guarded",
      requiresHuman: null,
      confidence: null,
      reason: "image is older",
      status: "pending",
      timestamp: EPOCH,
      sourceEvent: "",
      proposedBy: "operator-anna",
      location: "",
      model: "",
      attempts: null,
      validUntil: "",
    },
  );
});

Deno.test("readAction: a supervisor's file", () => {
  const id = "0b9f8f0e-7a55-4b1e-9a39-0d7c2f4f7d10";
  assert.deepEqual(
    view({
      action_id: id,
      created_at: EPOCH + 0.5,
      proposed_by: "supervisor",
      correlation_id: "inc-7",
      node: "piha",
      service: "mosquitto",
      action_type: "redeploy_service",
      risk_level: "guarded",
      confidence: 0.8,
      approval_required: true,
      autonomous_eligible: false,
      status: "pending",
      payload: { reason: "desired state differs" },
      rollback_reference: null,
    }, id),
    {
      actionId: id,
      node: "piha",
      service: "mosquitto",
      type: "redeploy_service",
      action: "redeploy",
      riskLevel: "guarded",
      requiresHuman: true,
      confidence: 0.8,
      reason: "desired state differs",
      status: "pending",
      timestamp: EPOCH + 0.5,
      sourceEvent: "",
      proposedBy: "supervisor",
      location: "",
      model: "",
      attempts: null,
      validUntil: "",
    },
  );
});

Deno.test("readAction: a file near to the planner's keys, that waits since it was written", () => {
  const id = "container-restart-chelsty-ha-homeassistant";
  const read = view(
    {
      action_id: id,
      type: "container_restart",
      node: "chelsty-ha",
      service: "homeassistant",
      risk_level: "low",
      requires_human: true,
      status: "pending",
      description: "Home Assistant does not answer",
      location_tag: "chelsty",
    },
    id,
    EPOCH * 1000,
  );
  assert.equal(typeof read, "object");
  if (typeof read === "string") return;
  assert.deepEqual(
    [read.action, read.type, read.requiresHuman, read.timestamp, read.proposedBy, read.location],
    ["restart", "container_restart", true, EPOCH, "another program", "chelsty"],
  );
});

Deno.test("readAction: an image is a reason where there is no other, a foreign policy none", () => {
  const payload = { policy: [{ rule: "r", field: "action", from: "a", to: "b" }] };
  const content = { node: "vps", type: "deploy", details: { image: "caddy:2.9" }, payload };
  const read = readAction(JSON.stringify(content), "x");
  assert.ok(read.kind === "proposal");
  assert.deepEqual([read.view.reason, read.view.changes], ["caddy:2.9", []]);
});

Deno.test("readAction: what another program proposes and the planner never would keeps its word", () => {
  for (
    const type of ["rollback", "scale", "rerun_healthcheck", "collect_diagnostics"]
  ) {
    const read = view({ node: "vps", service: "caddy", action_type: type }, "x");
    assert.equal(typeof read === "string" ? read : read.action, type);
  }
});

Deno.test("readAction: another program's file that nobody could act on is damaged", () => {
  assert.equal(view({ type: "redeploy" }, "x"), "node is no text");
  assert.equal(view({ node: "vps" }, "x"), "neither type nor action_type is a text");
  assert.equal(
    view({ action_id: "y", node: "vps", type: "redeploy" }, "x"),
    'its action_id is "y", not the file\'s name',
  );
});
