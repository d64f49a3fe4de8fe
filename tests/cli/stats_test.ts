import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { paletteFor } from "../../lib/cli/view/palette.ts";
import { statsLines } from "../../lib/cli/stats/view.ts";
import type { StatsRow } from "../../lib/proposal/read/decisions.ts";
import { makeRuntime } from "../support/agent.ts";
import { runCommand } from "../support/command.ts";
import { proposalFile } from "../support/proposal_file.ts";
import { sandbox } from "../support/sandbox.ts";

/** A RUNTIME_PATH with decided proposals; the file system says when they were decided: now. */
function homelab() {
  const folder = sandbox();
  makeRuntime(folder.path);
  let nth = 1;
  const put = (place: string, changes: Record<string, unknown> = {}, payload = {}) => {
    const action_id = `plan-piha-mosquitto-1767323045-${++nth}`;
    const path = join(folder.path, "actions", place, `${action_id}.json`);
    Deno.writeTextFileSync(path, proposalFile({ action_id, ...changes }, payload));
  };
  const proposed = new Date(Date.now() - 3_600_000).toISOString();
  put("rejected", {}, { audit: { proposed_at: `${proposed.slice(0, 19)}Z` } });
  put("completed", { approved_at: "2026-01-02T03:06:15Z", llm_model: "rules" });
  put("pending");
  put("running");
  Deno.writeTextFileSync(join(folder.path, "actions/failed/plan-x-y-1.json"), "");
  return { root: folder.path, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

Deno.test("planner-agent stats: for people", async () => {
  using lab = homelab();
  const { code, out, err } = await runCommand(["stats"], { root: lab.root });
  assert.deepEqual([code, err], [0, ""]);
  assert.deepEqual(out.split("\n"), [
    "action   model       made  wait  approved  rejected  done  failed  decided",
    "restart  qwen2.5:7b     3     1         1         1     0       0      1 h",
    "restart  rules          1     0         1         0     1       0    2 min",
    "all                     4     1         2         1     1       0    2 min",
    "",
    "approved: also what the executor has begun or done; running now: 1",
    "decided: the median time to a decision; it is known of 2 of 3",
    "damaged files, not counted: 1",
    "",
  ]);
});

Deno.test("planner-agent stats: as JSON, and only the last days", async () => {
  using lab = homelab();
  const { code, out } = await runCommand(["stats", "--json", "--since", "7d"], { root: lab.root });
  assert.equal(code, 0);
  const { since, total, by_action_and_model, damaged, unread } = JSON.parse(out);
  const { decision_seconds, ...counts } = total;
  assert.deepEqual(counts, {
    proposed: 1,
    pending: 0,
    approved: 0,
    rejected: 1,
    cancelled: 0,
    running: 0,
    completed: 0,
    failed: 0,
  });
  assert.equal(decision_seconds.count, 1);
  assert.equal(Math.round(decision_seconds.median / 60), 60);
  assert.deepEqual(by_action_and_model, [{ action: "restart", model: "qwen2.5:7b", ...total }]);
  assert.deepEqual([damaged, unread], [1, 0]);
  assert.equal(Math.round((Date.now() - Date.parse(since)) / 86_400_000), 7);
});

Deno.test("planner-agent stats: when it was approved is known from the history, too", async () => {
  using lab = homelab();
  const folder = join(lab.root, "state/history");
  Deno.mkdirSync(folder);
  const at = "2026-01-02T03:05:15.000Z";
  const action_id = "plan-piha-mosquitto-1767323045-5";
  const line = { at, outcome: "approved", node: "piha", service: "mosquitto", action_id };
  // What was approved by the words alone is not: it was decided later, and otherwise.
  const later = { ...line, at: "2026-01-03T03:05:15.000Z", outcome: "completed" };
  Deno.writeTextFileSync(
    join(folder, "history-00000001.ndjson"),
    `${JSON.stringify(line)}\n${JSON.stringify({ ...later, detail: "approved by bob" })}\n`,
  );
  const { out } = await runCommand(["stats"], { root: lab.root });
  assert.match(out, /^decided: the median time to a decision; it is known of 3 of 3$/m);
  assert.match(out, /^restart {2}qwen2\.5:7b .* 1 min$/m);
});

Deno.test("planner-agent stats: nothing yet, and a span that is none", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  const nothing = await runCommand(["stats"], { root: folder.path });
  assert.deepEqual(nothing, { code: 0, out: "No proposals.\n", err: "" });
  const wrong = await runCommand(["stats", "--since", "yesterday"], { root: folder.path });
  assert.deepEqual([wrong.code, wrong.out], [2, ""]);
  assert.match(wrong.err, /--since is "yesterday"; it takes a span such as 12h, 7d or 4w/);
});

Deno.test("statsLines: on a narrow terminal sentences, since a table would halve its numbers", () => {
  const folders = {
    pending: 12_345,
    approved: 0,
    running: 0,
    completed: 7,
    failed: 0,
    rejected: 1,
    cancelled: 0,
  };
  const decision = { count: 1, median: 60, p90: 60 };
  const row: StatsRow = { action: "restart", model: "qwen2.5:7b", folders, decision };
  const total: StatsRow = { ...row, action: "all", model: "" };
  const shown = statsLines({ rows: [row, row], total, damaged: 0, unread: 0 }, {
    width: 40,
    palette: paletteFor({ isTerminal: false, env: () => undefined }),
  });
  assert.deepEqual(shown.slice(0, 3), [
    "restart by qwen2.5:7b: made 12353, wait",
    "12345, approved 7, rejected 1, done 7,",
    "failed 0, decided 1 min",
  ]);
  assert.equal(shown[6], "all: made 12353, wait 12345, approved 7,");
  for (const line of shown) assert.ok(line.length <= 40, line);
});

Deno.test("statsLines: what was cancelled counts as proposed; one row needs no sum", () => {
  const folders = {
    ...{ pending: 0, approved: 0, running: 0, completed: 0, failed: 0, rejected: 0, cancelled: 1 },
  };
  const decision = { count: 1, median: 60, p90: 60 };
  const row: StatsRow = { action: "restart", model: "m", folders, decision };
  const options = { width: 72, palette: paletteFor({ isTerminal: false, env: () => undefined }) };
  const total: StatsRow = { ...row, action: "all", model: "" };
  assert.deepEqual(statsLines({ rows: [row], total, damaged: 1, unread: 1 }, options), [
    "action   model  made  wait  approved  rejected  done  failed  decided",
    "restart  m         1     0         0         0     0       0    1 min",
    "",
    "approved: also what the executor has begun or done; running now: 0",
    "decided: the median time to a decision; it is known of 1 of 1",
    "cancelled: 1",
    "damaged files, not counted: 1",
    "older files, not read: 1",
  ]);
});

Deno.test("planner-agent stats: without a span it is since ever, and of an early one since 1970", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  const since = async (...args: string[]) =>
    JSON.parse((await runCommand(["stats", "--json", ...args], { root: folder.path })).out).since;
  assert.deepEqual([await since(), await since("--since", "9999w")], [null, null]);
});
