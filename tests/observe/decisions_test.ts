import assert from "node:assert/strict";
import { followDecisions } from "../../lib/observe/decisions.ts";
import type { Files } from "../../lib/base/disk/files.ts";
import type { Decided } from "../../lib/observe/ending.ts";
import { fakeClock, settle } from "../support/clock.ts";
import { recordingLog } from "../support/log.ts";
import { memoryFiles } from "../support/memory_files.ts";
import { proposalFile } from "../support/proposal_file.ts";

const ID = "plan-piha-mosquitto-1767323045";

/** A homelab's folders, and what is told of them. */
function homelab(history: readonly object[] = [], changed: Partial<Files> = {}) {
  const files = memoryFiles();
  const clock = fakeClock(Date.UTC(2026, 0, 2, 4, 0, 0));
  if (history.length > 0) {
    const text = history.map((line) => `${JSON.stringify(line)}\n`).join("");
    files.put("/r/state/history/history-00000001.ndjson", text);
  }
  const told: Decided[] = [];
  const log = recordingLog();
  const decisions = followDecisions({
    root: "/r",
    files: { ...files, ...changed },
    clock,
    log,
    tell: (decided) => told.push(decided),
  });
  const path = (folder: string) => `/r/actions/${folder}/${ID}.json`;
  return {
    files,
    clock,
    decisions,
    told,
    log,
    put: (folder: string, changes: Record<string, unknown> = {}) =>
      files.put(path(folder), proposalFile(changes)),
    take: (folder: string) => files.remove(path(folder)),
  };
}

const short = ({ became, by, why }: Decided) => [became, by, why].filter(Boolean).join(" ");

Deno.test("followDecisions: each step of a proposal's life, with its time", async () => {
  const lab = homelab();
  lab.put("pending");
  await lab.decisions.look();
  const steps = [
    ["pending", "approved", { approved_at: "2026-01-02T03:10:00Z" }],
    ["approved", "running", { executed_at: "2026-01-02T03:11:00Z" }],
    ["running", "failed", { failed_at: "2026-01-02T03:12:00Z", failure: "docker ended with 1" }],
  ] as const;
  for (const [from, to, changes] of steps) {
    await lab.take(from);
    lab.put(to, changes);
    await lab.decisions.look();
    await lab.decisions.look();
  }
  assert.deepEqual(lab.told.map(short), ["approved", "running", "failed docker ended with 1"]);
  const [approved] = lab.told;
  assert.deepEqual(approved, {
    actionId: ID,
    node: "piha",
    service: "mosquitto",
    action: "restart",
    became: "approved",
    atMs: Date.UTC(2026, 0, 2, 3, 10),
    by: "",
    why: "",
  });
  await lab.decisions.close();
});

Deno.test("followDecisions: looks every 5 s by itself", async () => {
  const lab = homelab();
  lab.put("pending");
  await lab.clock.advance(5_000);
  await lab.take("pending");
  lab.put("rejected");
  await lab.clock.advance(4_999);
  assert.deepEqual(lab.told, []);
  await lab.clock.advance(1);
  assert.deepEqual(lab.told.map(short), ["rejected"]);
  await lab.decisions.close();
});

Deno.test("followDecisions: what is put back is no decision, and is followed again", async () => {
  const lab = homelab();
  lab.put("approved");
  await lab.decisions.look();
  for (const [from, to] of [["approved", "pending"], ["pending", "rejected"]] as const) {
    await lab.take(from);
    lab.put(to);
    await lab.decisions.look();
  }
  assert.deepEqual([lab.told.map(short), lab.log.lines], [["rejected"], []]);
});

Deno.test("followDecisions: what was taken on and done between two looks was approved as well", async () => {
  const lab = homelab();
  lab.put("pending");
  await lab.decisions.look();
  await lab.take("pending");
  lab.put("completed", {
    approved_at: "2026-01-02T03:10:00Z",
    completed_at: "2026-01-02T03:10:02Z",
    transition_history: [{ from: "running", to: "completed", by: "executor" }],
  });
  await lab.decisions.look();
  assert.deepEqual(lab.told.map(short), ["approved", "completed executor"]);
  await lab.decisions.close();
});

Deno.test("followDecisions: what lay there before is no news, and what is removed neither", async () => {
  const lab = homelab();
  lab.put("approved");
  await lab.decisions.look();
  await lab.take("approved");
  await lab.decisions.look();
  assert.deepEqual(lab.told, []);
  await lab.decisions.close();
});

Deno.test("followDecisions: what was decided while the agent was away is told from its history", async () => {
  const at = "2026-01-02T03:04:15.000Z";
  const lab = homelab([{ at, outcome: "proposed", action_id: ID, node: "piha", service: "m" }]);
  lab.put("rejected", { rejected_at: "2026-01-02T03:30:00Z" });
  await lab.decisions.look();
  assert.deepEqual(lab.told.map(short), ["rejected"]);
  await lab.decisions.close();

  const told = [
    { at, outcome: "proposed", action_id: ID },
    { at, outcome: "rejected", action_id: ID },
  ];
  const again = homelab(told);
  again.put("rejected");
  await again.decisions.look();
  assert.deepEqual(again.told, []);
  await again.decisions.close();
});

Deno.test("followDecisions: a folder that may not be read is looked at again", async () => {
  const lab = homelab();
  lab.put("pending");
  await lab.decisions.look();
  await lab.take("pending");
  lab.put("rejected");
  lab.files.fate = ({ op }) => op === "list" ? new Deno.errors.PermissionDenied("no") : "works";
  await lab.decisions.look();
  assert.deepEqual(lab.told, []);
  lab.files.fate = () => "works";
  await lab.decisions.look();
  assert.deepEqual(lab.told.map(short), ["rejected"]);
  await lab.decisions.close();
});

Deno.test("followDecisions: how far each was is known from the history, and told once", async () => {
  const at = "2026-01-02T03:04:15.000Z";
  const told = ["proposed", "approved", "running"].map((outcome) => ({
    at,
    outcome,
    action_id: ID,
  }));
  const lab = homelab(told);
  lab.put("running", { approved_at: "2026-01-02T03:10:00Z" });
  await lab.decisions.look();
  assert.deepEqual(lab.told, []);
  await lab.take("running");
  lab.put("completed", { approved_at: "2026-01-02T03:10:00Z" });
  await lab.decisions.look();
  assert.deepEqual(lab.told.map(short), ["completed"]);
  await lab.decisions.close();
  assert.equal(lab.clock.waiting, 0);
});

Deno.test("followDecisions: what was taken on before the agent went is told when it is done", async () => {
  const at = "2026-01-02T03:04:15.000Z";
  const lab = homelab(["proposed", "approved"].map((outcome) => ({ at, outcome, action_id: ID })));
  lab.put("completed", { approved_at: "2026-01-02T03:10:00Z" });
  await lab.decisions.look();
  assert.deepEqual(lab.told.map(short), ["completed"]);
  await lab.decisions.close();
});

Deno.test("followDecisions: a folder is listed again while it may change under the same time", async () => {
  const T = Date.UTC(2026, 0, 2, 4, 0, 0);
  let listings = 0;
  const lab = homelab([], {
    times: () => Promise.resolve({ kind: "folder" as const, bytes: 0, writtenMs: T, changedMs: T }),
    list: (path) => {
      if (path.endsWith("/pending")) listings++;
      return Promise.resolve([]);
    },
  });
  const listed = [];
  for (const ms of [0, 2_999, 1, 1, 1]) {
    await lab.clock.advance(ms);
    await lab.decisions.look();
    listed.push(listings);
  }
  assert.deepEqual(listed, [1, 2, 3, 3, 3]);
  await lab.decisions.close();
});

const many = (count: number) =>
  Array.from({ length: count }, (_, nth) => `plan-piha-mosquitto-${1_767_000_000 + nth}`);

Deno.test("followDecisions: of the history the newest 5,000 are followed", async () => {
  const at = "2026-01-02T03:04:15.000Z";
  const ids = many(5_001);
  const lab = homelab(ids.map((action_id) => ({ at, outcome: "proposed", action_id })));
  for (const action_id of ids.slice(0, 2)) {
    lab.files.put(`/r/actions/rejected/${action_id}.json`, proposalFile({ action_id }));
  }
  await lab.decisions.look();
  assert.deepEqual(lab.told.map(({ actionId }) => actionId), [ids[1]]);
  await lab.decisions.close();
});

Deno.test("followDecisions: of a folder the newest 5,000 are followed", async () => {
  const ids = many(5_001);
  let names = ids.map((id) => `${id}.json`);
  const lab = homelab([], {
    list: (path) => Promise.resolve(path.endsWith("/pending") ? names : []),
  });
  await lab.decisions.look();
  names = names.slice(2);
  for (const action_id of ids.slice(0, 2)) {
    lab.files.put(`/r/actions/rejected/${action_id}.json`, proposalFile({ action_id }));
  }
  await lab.decisions.look();
  assert.deepEqual(lab.told.map(({ actionId }) => actionId), [ids[1]]);
  await lab.decisions.close();
});

Deno.test("followDecisions: why one was cancelled is told, of an approved one nothing is", async () => {
  const lab = homelab();
  lab.put("pending");
  await lab.decisions.look();
  for (const [from, to] of [["pending", "approved"], ["approved", "cancelled"]] as const) {
    await lab.take(from);
    lab.put(to, { cancelled_because: "the node is off" });
    await lab.decisions.look();
  }
  assert.deepEqual(lab.told.map(short), ["approved", "cancelled the node is off"]);
  await lab.decisions.close();
});

Deno.test("followDecisions: the history is read once, and a damaged file tells nothing", async () => {
  const at = "2026-01-02T03:04:15.000Z";
  const lab = homelab([{ at, outcome: "proposed", action_id: ID }]);
  let read = 0;
  lab.files.fate = ({ op, path }) => {
    if (op === "read" && path.startsWith("/r/state/history/")) read++;
    return "works";
  };
  lab.put("pending");
  for (let nth = 0; nth < 3; nth++) await lab.decisions.look();
  assert.equal(read, 1);
  await lab.take("pending");
  lab.files.put(`/r/actions/rejected/${ID}.json`, "{");
  await lab.decisions.look();
  assert.deepEqual([lab.told, lab.log.lines], [[], []]);
  await lab.decisions.close();
});

Deno.test("followDecisions: a folder that is closed is told of elsewhere, a fault of the program here", async () => {
  let error: Error = new Deno.errors.NotCapable("no access");
  const lab = homelab([], { list: () => Promise.reject(error) });
  await lab.decisions.look();
  assert.deepEqual(lab.log.lines, []);
  error = new TypeError("oops");
  await lab.decisions.look();
  assert.deepEqual(lab.log.of("planner_error").map((line) => line.error), ["TypeError: oops"]);
  await lab.decisions.close();
});

Deno.test("followDecisions: the end waits for a look that is under way", async () => {
  const held = Promise.withResolvers<string[]>();
  const lab = homelab([], { list: () => held.promise });
  void lab.decisions.look();
  let closed = false;
  const closing = lab.decisions.close().then(() => closed = true);
  await settle();
  assert.equal(closed, false);
  held.resolve([]);
  await closing;
  assert.equal(lab.clock.waiting, 0);
});
