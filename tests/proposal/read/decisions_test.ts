import assert from "node:assert/strict";
import { type ActionFolder, openActionFiles } from "../../../lib/proposal/read/folders.ts";
import { decisionStats } from "../../../lib/proposal/read/decisions.ts";
import { memoryFiles } from "../../support/memory_files.ts";
import { proposalFile } from "../../support/proposal_file.ts";

const PROPOSED = Date.UTC(2026, 0, 2, 3, 4, 15);
const NOW = PROPOSED + 86_400_000;

function homelab() {
  const files = memoryFiles();
  const actions = openActionFiles({ root: "/r", files });
  let nth = 1;
  return {
    stats: (
      options: { sinceMs?: number; approvedAt?: (id: string) => number | undefined } & {
        mostFiles?: number;
      } = {},
    ) => decisionStats(actions, { nowMs: NOW, ...options }),
    /** A proposal that was moved `seconds` after it was made. */
    async put(
      folder: ActionFolder,
      { seconds = 60, changes = {}, payload = {} }: {
        seconds?: number;
        changes?: Record<string, unknown>;
        payload?: Record<string, unknown>;
      } = {},
    ) {
      const action_id = `plan-piha-mosquitto-1767323045-${++nth}`;
      const path = `/r/actions/${folder}/${action_id}.json`;
      files.put(path, proposalFile({ action_id, ...changes }, payload));
      await files.touch(path, PROPOSED + seconds * 1000);
    },
    putText: (folder: ActionFolder, text: string) =>
      files.put(`/r/actions/${folder}/plan-x-y-${++nth}.json`, text),
  };
}

Deno.test("decisionStats: nothing at all", async () => {
  const { rows, total, damaged, unread } = await homelab().stats();
  assert.deepEqual([rows, damaged, unread], [[], 0, 0]);
  assert.deepEqual(total.decision, { count: 0, median: null, p90: null });
});

Deno.test("decisionStats: what is of no node, or under another's id, is damaged", async () => {
  const lab = homelab();
  await lab.put("rejected");
  await lab.put("rejected", { changes: { node: "" } });
  await lab.put("completed", { changes: { node: 7 } });
  await lab.put("pending", { changes: { action_id: "plan-piha-mosquitto-1" } });
  const { rows, damaged } = await lab.stats();
  assert.deepEqual([rows.length, rows[0]?.folders.rejected, damaged], [1, 1, 3]);
});

Deno.test("decisionStats: by action and model, the most frequent first", async () => {
  const lab = homelab();
  await lab.put("pending");
  await lab.put("rejected");
  await lab.put("completed", { changes: { llm_model: "rules" } });
  await lab.put("failed", { payload: { action: "redeploy" } });
  await lab.put("pending", { payload: { action: "redeploy" } });
  await lab.put("cancelled", { payload: { action: "redeploy" } });
  lab.putText("approved", "half of it {");
  const { rows, total, damaged } = await lab.stats();
  assert.deepEqual(
    rows.map(({ action, model, folders }) => [
      action,
      model,
      Object.entries(folders).filter(([, count]) => count > 0),
    ]),
    [
      ["redeploy", "qwen2.5:7b", [["pending", 1], ["failed", 1], ["cancelled", 1]]],
      ["restart", "qwen2.5:7b", [["pending", 1], ["rejected", 1]]],
      ["restart", "rules", [["completed", 1]]],
    ],
  );
  assert.deepEqual(total.folders, {
    pending: 2,
    approved: 0,
    running: 0,
    completed: 1,
    failed: 1,
    rejected: 1,
    cancelled: 1,
  });
  assert.equal(damaged, 1);
});

Deno.test("decisionStats: time to a decision, from the writing to the move", async () => {
  const lab = homelab();
  for (const seconds of [10, 20, 30, 40, 50, 60, 70, 80, 90, 1_000]) {
    await lab.put(seconds % 20 === 0 ? "approved" : "rejected", { seconds });
  }
  await lab.put("pending", { seconds: 5_000 });
  const { total } = await lab.stats();
  assert.deepEqual(total.decision, { count: 10, median: 50, p90: 90 });
});

Deno.test("decisionStats: of what the executor has, only a noted decision is known", async () => {
  const lab = homelab();
  await lab.put("completed", { seconds: 900 });
  await lab.put("completed", { changes: { approved_at: "2026-01-02T03:06:15Z" } });
  await lab.put("running", { changes: { decided_at: PROPOSED / 1000 + 240 } });
  await lab.put("failed", { changes: { updated_at: "2026-01-02T05:00:00Z" } });
  const { total } = await lab.stats();
  assert.deepEqual(total.decision, { count: 2, median: 120, p90: 240 });
});

Deno.test("decisionStats: where the file does not note an approval, the history knows it", async () => {
  const lab = homelab();
  await lab.put("completed", { seconds: 900 });
  await lab.put("completed", { changes: { approved_at: "2026-01-02T03:06:15Z" } });
  await lab.put("completed");
  const approvedAt = (id: string) => /-[23]$/.test(id) ? PROPOSED + 30_000 : undefined;
  const { total } = await lab.stats({ approvedAt });
  assert.deepEqual(total.decision, { count: 2, median: 30, p90: 120 });
});

Deno.test("decisionStats: an own file without a model's name is counted under none", async () => {
  const lab = homelab();
  await lab.put("rejected", { changes: { llm_model: undefined } });
  assert.deepEqual((await lab.stats()).rows.map(({ action, model }) => [action, model]), [
    ["restart", ""],
  ]);
});

Deno.test("decisionStats: without an audit the event's time stands for the writing", async () => {
  const lab = homelab();
  await lab.put("rejected", { seconds: 50, payload: { audit: undefined } });
  assert.equal((await lab.stats()).total.decision.median, 60);
});

Deno.test("decisionStats: a clock that went back makes no negative times", async () => {
  const lab = homelab();
  await lab.put("rejected", { seconds: -500 });
  assert.equal((await lab.stats()).total.decision.median, 0);
});

Deno.test("decisionStats: since leaves out what was proposed before", async () => {
  const lab = homelab();
  await lab.put("rejected", { seconds: 7_200 });
  await lab.put("rejected", {
    seconds: 7_200,
    payload: { audit: { proposed_at: "2026-01-02T04:04:15Z" } },
  });
  const counts = await Promise.all(
    [0, 1, 3_600_000, 3_600_001, 90_000_000].map(async (afterMs) =>
      (await lab.stats({ sinceMs: PROPOSED + afterMs })).total.folders.rejected
    ),
  );
  assert.deepEqual(counts, [2, 1, 1, 0, 0]);
});

Deno.test("decisionStats: what is most frequent comes first, whatever its name", async () => {
  const lab = homelab();
  await lab.put("pending", { payload: { action: "notify" } });
  for (const folder of ["pending", "failed"] as const) await lab.put(folder);
  const { rows } = await lab.stats();
  assert.deepEqual(rows.map(({ action }) => action), ["restart", "notify"]);
});

Deno.test("decisionStats: bounded rows, whatever names the files hold, and bounded files", async () => {
  const lab = homelab();
  for (let n = 0; n < 150; n++) await lab.put("pending", { changes: { llm_model: `model ${n}` } });
  const { rows, total } = await lab.stats();
  assert.equal(rows.length, 101);
  assert.deepEqual([rows[0]?.action, rows[0]?.folders.pending], ["(others)", 50]);
  assert.equal(total.folders.pending, 150);
  const some = await lab.stats({ mostFiles: 20 });
  assert.deepEqual([some.total.folders.pending, some.unread], [20, 130]);
});

Deno.test("decisionStats: what other programs proposed is counted by who did, in every folder", async () => {
  const lab = homelab();
  const folders = ["pending", "approved", "running", "completed", "failed", "rejected"] as const;
  const moved = (to: string) => [
    { from: "pending", to: "approved", timestamp: "2026-01-02T03:14:15Z", by: "operator-anna" },
    { from: "pending", to, timestamp: "2026-01-02T03:14:15Z", by: "operator-anna" },
  ];
  for (const folder of [...folders, "cancelled"] as const) {
    lab.putText(
      folder,
      JSON.stringify({
        created_at: PROPOSED / 1000,
        proposed_by: "supervisor",
        node: "vps",
        service: "caddy",
        action_type: "redeploy_service",
        transition_history: folder === "pending" ? [] : moved(folder),
      }),
    );
  }
  const { rows: [row, ...more], damaged } = await lab.stats();
  assert.deepEqual([row?.action, row?.model, more.length, damaged], [
    "redeploy",
    "supervisor",
    0,
    0,
  ]);
  assert.deepEqual(Object.values(row?.folders ?? {}), [1, 1, 1, 1, 1, 1, 1]);
  assert.deepEqual(row?.decision, { count: 6, median: 600, p90: 600 });
});
