import assert from "node:assert/strict";
import { join } from "node:path/posix";
import fc from "fast-check";
import { parseHistoryLine } from "../../lib/observe/history/line.ts";
import { parseStatus } from "../../lib/observe/status/record.ts";
import { STATUS_FILE } from "../../lib/observe/status.ts";
import { encodeHeader } from "../../lib/queue/state_lines.ts";
import { makeRuntime } from "../support/agent.ts";
import { decodeState } from "../support/decode_state.ts";
import { sandbox } from "../support/sandbox.ts";
import { statusRecord, THEN } from "../support/status_record.ts";
import { altered, textOf } from "./hostile.ts";
import { depths, inTimeNow, runs } from "./runs.ts";
import { HISTORY_LINES, stateRecords } from "./samples.ts";
import { shownBy } from "./terminal.ts";

const records = textOf(altered(fc.constantFrom(...stateRecords())));
const line = textOf(altered(fc.constantFrom(...HISTORY_LINES)));
const waits = { node: "piha", service: "mosquitto", type: "service_unhealthy", severity: "error" };
const status = textOf(altered(fc.constantFrom(
  statusRecord(),
  statusRecord({
    redis: { state: "waiting", since: THEN, channels: [], refused: ["a"], detail: "refused" },
    queued: 2,
    events: [
      { ...waits, state: "queued", arrived: THEN, failures: 0, next_try: null },
      { ...waits, state: "held", arrived: THEN, failures: 2, next_try: THEN + 9, why: "silenced" },
    ],
    cooling_down: 1,
    cooldowns: [{ node: "piha", service: "mosquitto", ends: THEN + 30_000_000 }],
    links: [{ link: "m@host", model: "m", state: "open", failures: 9, next_try: THEN + 60 }],
  }),
)));

Deno.test("fuzz: a state that is damaged is read as far as it goes", () => {
  const depth = depths();
  fc.assert(
    fc.property(
      fc.array(records, { maxLength: 8 }),
      fc.constantFrom(encodeHeader(), encodeHeader(), encodeHeader(), "", '{"planner_state":2}\n'),
      (lines, head) => {
        const decoded = inTimeNow(() =>
          decodeState(head + lines.map((one) => `${one}\n`).join(""))
        );
        assert.ok(["state", "damaged", "later_version"].includes(decoded.kind));
        if (head !== encodeHeader()) return;
        assert.ok(decoded.kind === "state");
        depth.note("records", lines.length > decoded.damagedLines);
      },
    ),
    runs(1_200),
  );
  depth.atLeast({ records: 0.5 });
  assert.equal(({} as Record<string, unknown>).node, undefined);
});

Deno.test("fuzz: history and status that are damaged are shown clean as far as they go", async () => {
  using folder = sandbox();
  const { path: root } = folder;
  makeRuntime(root);
  const state = join(root, "state");
  Deno.mkdirSync(join(state, "history"));
  const depth = depths();
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), status, async (lines, record) => {
      for (const one of lines) {
        depth.note("history", inTimeNow(() => parseHistoryLine(one)) !== undefined);
      }
      depth.note("status", "record" in inTimeNow(() => parseStatus(record)));
      Deno.writeTextFileSync(join(state, "history/history-00000001.ndjson"), lines.join("\n"));
      Deno.writeTextFileSync(join(state, STATUS_FILE), record);
      Deno.writeTextFileSync(join(state, "planner-agent.heartbeat"), "");
      for (
        const args of [
          ["explain", "piha"],
          ["explain", "piha/mosquitto", "--limit", "3"],
          ["explain", "piha/mosquito"],
          ["explain", "piha/mosquitto", "--json"],
          ["explain", "--list"],
          ["status"],
          ["status", "--json"],
        ]
      ) await shownBy(args, { root });
    }),
    runs(60),
  );
  depth.atLeast({ history: 0.25, status: 0.6 });
});
