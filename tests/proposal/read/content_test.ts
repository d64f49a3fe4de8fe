import assert from "node:assert/strict";
import {
  isForTarget,
  momentOf,
  proposedBy,
  transitionsOf,
} from "../../../lib/proposal/read/content.ts";
import { proposalFile } from "../../support/proposal_file.ts";

const EPOCH = 1_767_323_045;

Deno.test("proposedBy: the planner's own file", () => {
  assert.deepEqual(proposedBy(JSON.parse(proposalFile())), {
    node: "piha",
    service: "mosquitto",
    remedy: "restart",
    word: "restart",
    own: true,
    by: "planner-agent",
    sinceMs: EPOCH * 1000,
    untilMs: EPOCH * 1000 + 1_810_000,
    gravity: 1,
  });
});

Deno.test("proposedBy: all of a node is the node in other programs' files, a service in its own", () => {
  for (const service of ["all", "Node", ""]) {
    const foreign = proposedBy({ node: "vps", service, type: "notify" });
    assert.equal(foreign?.service, "vps");
    assert.equal(proposedBy(JSON.parse(proposalFile({ service })))?.service, service);
  }
});

Deno.test("proposedBy: an operator's tool, with a history of transitions", () => {
  const by = "webui";
  assert.deepEqual(
    proposedBy({
      action_id: "a1",
      service: "grafana",
      node: "vps",
      type: "restart_service",
      risk: "nominal",
      status: "pending",
      updated_at: EPOCH + 5,
      details: { reason: "slow" },
      transition_history: [{ from: "", to: "pending", timestamp: EPOCH, by }],
    }),
    {
      node: "vps",
      service: "grafana",
      remedy: "restart",
      word: "restart_service",
      own: false,
      by,
      sinceMs: EPOCH * 1000,
      untilMs: undefined,
      gravity: -1,
    },
  );
});

Deno.test("proposedBy: every word of the homelab's programs, and what it means here", () => {
  const words = {
    restart: ["restart_service", "container_restart", "container-restart", "Restart"],
    redeploy: ["deploy_service", "redeploy_service", "redeploy", "DEPLOY_SERVICE"],
    notify: ["alert_only", "notify"],
    none: [
      "rollback",
      "scale",
      "rerun_healthcheck",
      "rerun_deployment_stage",
      "collect_diagnostics",
    ],
  };
  for (const [remedy, all] of Object.entries(words)) {
    for (const type of all) {
      assert.equal(proposedBy({ node: "vps", service: "x", type })?.remedy ?? "none", remedy, type);
      assert.equal(proposedBy({ node: "vps", action_type: type })?.remedy ?? "none", remedy, type);
    }
  }
});

Deno.test("proposedBy: for another program all services of a node are the node", () => {
  for (const service of [undefined, "", "all", "node", "ALL", 7]) {
    assert.equal(proposedBy({ node: "vps", service, type: "redeploy" })?.service, "vps");
  }
});

Deno.test("proposedBy: since when is what says most of the proposing", () => {
  const times = { timestamp: EPOCH, updated_at: EPOCH + 9, created_at: EPOCH + 2 };
  const entries = [{ to: "pending", timestamp: EPOCH + 5 }];
  const all: Record<string, unknown> = { node: "vps", ...times, transition_history: entries };
  const since = ["created_at", "timestamp", "transition_history", "updated_at", ""].map((key) => {
    const { sinceMs } = proposedBy(all) ?? {};
    delete all[key];
    return sinceMs && sinceMs / 1000 - EPOCH;
  });
  assert.deepEqual(since, [2, 0, 5, 9, undefined]);
});

Deno.test("proposedBy: an id like the planner's makes no file its own", () => {
  const own = (payload: unknown) =>
    proposedBy({ node: "vps", action_id: "plan-vps-x-1", payload })?.own;
  assert.deepEqual([{ action: "restart" }, {}, undefined].map(own), [true, false, false]);
});

Deno.test("proposedBy: what names no node proposes nothing", () => {
  for (const content of [null, [], "x", {}, { node: 7 }, { node: "\u200b", service: "x" }]) {
    assert.equal(proposedBy(content), undefined);
  }
});

Deno.test("isForTarget: exactly this node and service; a damaged file is for nobody", () => {
  const target = { node: "chelsty-ha", service: "mosquitto" };
  assert.equal(isForTarget({ ...target, x: 1 }, target), true);
  for (const content of [{ node: "chelsty", service: "ha-mosquitto" }, undefined, null, 7, "{"]) {
    assert.equal(isForTarget(content, target), false);
  }
});

Deno.test("transitionsOf: what is no transition is left out, the newest hundred are read", () => {
  assert.deepEqual(transitionsOf({ transition_history: "x" }), []);
  assert.deepEqual(
    transitionsOf({
      transition_history: [7, null, { to: "approved", timestamp: "soon", by: 7 }, {
        from: "pending",
        to: "approved",
        timestamp: "2026-01-02T03:04:05Z",
        by: "operator-anna\x1b[31m",
      }],
    }),
    [
      { from: "", to: "approved", atMs: undefined, by: "" },
      { from: "pending", to: "approved", atMs: EPOCH * 1000, by: "operator-anna" },
    ],
  );
  const many = Array.from({ length: 500 }, (_, i) => ({ to: `s${i}` }));
  const read = transitionsOf({ transition_history: many });
  assert.deepEqual([read.length, read.at(-1)?.to], [100, "s499"]);
});

Deno.test("momentOf: a day that its month has not, and a time past 2100, is none", () => {
  const times = ["2026-02-28", "2026-02-29", "2028-02-29", "2026-02-31", "2026-13-01", "2019-12-31"]
    .concat("2099-12-31", "2150-01-01").map((day) => `${day}T00:00:00Z`);
  assert.deepEqual(times.map(momentOf).map((ms) => ms !== undefined), [
    true,
    false,
    true,
    false,
    false,
    false,
    true,
    false,
  ]);
});
