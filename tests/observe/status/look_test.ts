import assert from "node:assert/strict";
import { readStatus } from "../../../lib/observe/status/look.ts";
import { memoryFiles } from "../../support/memory_files.ts";
import { statusRecord } from "../../support/status_record.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

Deno.test("readStatus: after a restart the last hour has what the history knows from before", async () => {
  const files = memoryFiles();
  const started = NOW / 1000 - 60;
  files.put(
    "/r/state/planner-agent.status.json",
    JSON.stringify({ ...statusRecord(), started, written: NOW / 1000, minutes: [] }),
  );
  files.put("/r/state/planner-agent.heartbeat", "");
  await files.touch("/r/state/planner-agent.heartbeat", NOW);
  const line = (agoMinutes: number, more: Record<string, unknown>) =>
    `${JSON.stringify({ at: new Date(NOW - agoMinutes * 60_000).toISOString(), ...more })}\n`;
  files.put(
    "/r/state/history/history-00000001.ndjson",
    line(90, { outcome: "proposed" }) + line(50, { outcome: "proposed" }) +
      line(40, { outcome: "benign", repeated: 3 }) + line(30, { outcome: "approved" }) +
      line(20, { outcome: "exhausted" }) + line(0.5, { outcome: "ignored" }),
  );
  const { last_hour } = await readStatus({ root: "/r", files, nowMs: NOW });
  assert.deepEqual(last_hour, { received: 4, outcomes: { benign: 3, proposed: 1 } });

  const at = (ms: number, outcome: string) =>
    `${JSON.stringify({ at: new Date(ms).toISOString(), outcome })}\n`;
  const startMs = started * 1000;
  files.put(
    "/r/state/history/history-00000001.ndjson",
    at(NOW - 3_600_000, "dropped") + at(NOW - 3_599_999, "held") + at(startMs - 501, "benign") +
      at(startMs - 500, "proposed"),
  );
  const edges = await readStatus({ root: "/r", files, nowMs: NOW });
  assert.deepEqual(edges.last_hour, { received: 2, outcomes: { benign: 1, held: 1 } });
});
