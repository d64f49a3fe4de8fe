import assert from "node:assert/strict";
import fc from "fast-check";
import { parseJson } from "../../../lib/base/json.ts";
import {
  cameThereAt,
  type DecidedFolder,
  movedBy,
  toldTime,
  withoutCopies,
} from "../../../lib/proposal/read/decided.ts";
import { isForTarget, proposedBy } from "../../../lib/proposal/read/content.ts";

const NOW = Date.UTC(2026, 0, 2, 12);
const TARGET = { node: "piha", service: "mosquitto" };
const WRITTEN = NOW - 7_200_000;
const MOVED = NOW - 60_000;

function read(content: unknown, folder: DecidedFolder = "completed", nowMs = NOW) {
  const fields = parseJson(typeof content === "string" ? content : JSON.stringify(content));
  const action = proposedBy(fields)?.remedy;
  if (!isForTarget(fields, TARGET) || !action) return undefined;
  const times = { writtenMs: WRITTEN, changedMs: MOVED };
  const about = { fields: fields as Record<string, unknown>, times, nowMs };
  return { action, became: folder, atMs: cameThereAt(folder, about) };
}

function proposal(more: Record<string, unknown> = {}) {
  return { ...TARGET, timestamp: NOW / 1000 - 9_000, payload: { action: "restart" }, ...more };
}

Deno.test("decided: action, folder and time of a proposal", () => {
  assert.deepEqual(read(proposal()), {
    action: "restart",
    became: "completed",
    atMs: WRITTEN,
  });
});

Deno.test("decided: what people move counts from the move, what an executor writes from the writing", () => {
  const folders = ["approved", "running", "completed", "failed", "rejected", "cancelled"] as const;
  assert.deepEqual(
    folders.map((folder) => [folder, read(proposal(), folder)?.atMs]),
    [
      ["approved", MOVED],
      ["running", WRITTEN],
      ["completed", WRITTEN],
      ["failed", WRITTEN],
      ["rejected", MOVED],
      ["cancelled", MOVED],
    ],
  );
});

Deno.test("decided: the action by the executor's type where the planner's own word is gone", () => {
  const actions = [
    { type: "container_restart", payload: {} },
    { type: "redeploy", payload: null },
    { type: "notify" },
    { payload: { action: "redeploy" }, type: "container_restart" },
  ].map((more) => read({ ...TARGET, ...more })?.action);
  assert.deepEqual(actions, ["restart", "redeploy", "notify", "redeploy"]);
});

Deno.test("decided: a time in the file counts when it can be true", () => {
  const at = NOW - 1_800_000;
  const times = [
    { completed_at: new Date(at).toISOString() },
    { finished_at: at / 1000 },
    { updated_at: String(at) },
    { completed_at: "yesterday", finished_at: at / 1000 },
  ];
  for (const fields of times) {
    assert.equal(read(proposal(fields))?.atMs, at, JSON.stringify(fields));
  }
});

Deno.test("decided: a time ahead, long before the event, or of another folder does not count", () => {
  const untrue = [
    { completed_at: (NOW + 400_000) / 1000 },
    { completed_at: NOW / 1000 - 9_000 - 3_601 },
    { completed_at: null },
    { completed_at: { $date: 1 } },
    { completed_at: 12 },
    { rejected_at: NOW / 1000 - 5 },
  ];
  for (const fields of untrue) {
    assert.equal(read(proposal(fields))?.atMs, WRITTEN, JSON.stringify(fields));
  }
});

Deno.test("decided: when it was cancelled, in either spelling", () => {
  for (const key of ["cancelled_at", "canceled_at", "decided_at"]) {
    const atMs = NOW - 600_000;
    assert.equal(read(proposal({ [key]: atMs / 1000 }), "cancelled")?.atMs, atMs, key);
  }
});

Deno.test("withoutCopies: what is furthest counts, and of two ends each", () => {
  const left = (...folders: readonly DecidedFolder[]) =>
    withoutCopies(folders.map((became) => ({ actionId: "a", action: "restart", became, atMs: 1 })))
      .map(({ became }) => became);
  assert.deepEqual(left("approved", "running"), ["running"]);
  assert.deepEqual(left("running", "failed"), ["failed"]);
  assert.deepEqual(left("completed", "rejected", "approved"), ["completed", "rejected"]);
});

Deno.test("decided: nothing came about later than now", () => {
  assert.equal(read(proposal({ completed_at: NOW / 1000 + 200 }))?.atMs, NOW);
  assert.equal(read(proposal(), "completed", 5_000)?.atMs, 5_000, "the clock of a Pi at boot");
});

Deno.test("decided: another target's, a damaged or an odd file is none", () => {
  const others = [
    proposal({ node: "vps" }),
    proposal({ service: "mosquitto2" }),
    proposal({ payload: { action: "reboot" } }),
    { ...TARGET },
    "",
    '{"node": "piha", "service": "mosq',
    "null",
    "[]",
    "[".repeat(200_000),
  ];
  assert.deepEqual(others.map((content) => read(content)), others.map(() => undefined));
});

Deno.test("decided: any object gives an outcome up to now, or none", () => {
  const field = fc.oneof(fc.anything(), fc.constantFrom("restart", "redeploy", NOW, NOW / 1000));
  const content = fc.record({
    timestamp: field,
    payload: fc.oneof(field, fc.record({ action: field })),
    type: field,
    completed_at: field,
    updated_at: field,
  });
  fc.assert(fc.property(content, (fields) => {
    let text;
    try {
      text = JSON.stringify({ ...TARGET, ...fields });
    } catch {
      return; // a bigint or a circle: no JSON
    }
    const outcome = read(text);
    assert.ok(outcome === undefined || outcome.atMs <= NOW);
  }));
});

Deno.test("decided: of a file that came there twice the last time counts, and who did it then", () => {
  const to = "completed";
  const moves = [
    { to, timestamp: "2026-01-02T10:00:00Z", by: "executor" },
    { to: "running", timestamp: "2026-01-02T10:10:00Z", by: "operator-anna" },
    { to, timestamp: "2026-01-02T10:20:00Z", by: "operator-ben" },
    { to: "failed", timestamp: "2026-01-02T10:30:00Z", by: "other" },
  ];
  const fields = proposal({ transition_history: moves });
  assert.equal(read(fields)?.atMs, Date.UTC(2026, 0, 2, 10, 20));
  assert.equal(movedBy("completed", fields), "operator-ben");
});

Deno.test("decided: the clock of who wrote it may be five minutes fast, or an hour behind the event", () => {
  const asked = NOW - 9_000_000;
  const told = (ms: number) =>
    toldTime("completed", proposal({ completed_at: new Date(ms).toISOString() }), NOW);
  assert.deepEqual(
    [NOW + 300_000, NOW + 301_000, asked - 3_600_000, asked - 3_601_000].map(told),
    [NOW + 300_000, undefined, asked - 3_600_000, undefined],
  );
});
