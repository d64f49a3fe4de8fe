import assert from "node:assert/strict";
import type { ActionFile } from "../../lib/proposal/action_file.ts";
import {
  announceAction,
  announceOnce,
  createProposer,
  dryProposer,
  type Proposal,
} from "../../lib/proposal/proposer.ts";
import { createStore } from "../../lib/base/disk/store.ts";
import { fakeClock, settle } from "../support/clock.ts";
import { recordingLog } from "../support/log.ts";
import { memoryFiles, type Step } from "../support/memory_files.ts";
import { systemError } from "../support/system_error.ts";
import { waitingEvent } from "../support/waiting_event.ts";

const ID = "plan-piha-mosquitto-1767323045";
const PENDING = `/r/actions/pending/${ID}.json`;
const EVENT =
  "/r/events/2026-01-02/solaria/evt-solaria-1767323045-remediation_started-mosquitto.json";

const proposal: Proposal = {
  event: waitingEvent(),
  diagnosis: {
    action: "restart",
    node: "piha",
    service: "mosquitto",
    reason: "container unhealthy, restart it",
    confidence: 0.9,
    requires_human: false,
  },
  changes: [],
  modelUsed: "qwen2.5:7b",
  attempts: [{ link: "qwen2.5:7b", model: "qwen2.5:7b", outcome: "ok", milliseconds: 5_120 }],
  waitedMs: 250,
};

let nonces = 0;

async function proposing() {
  const files = memoryFiles();
  const store = createStore({ root: "/r", files, nonce: () => `n${++nonces}` });
  await store.makeFolders();
  const clock = fakeClock();
  const log = recordingLog();
  const options = { store, clock, log, random: () => 0, nodeName: "solaria" };
  const announced: string[] = [];
  const stopping = new AbortController();
  const propose = () =>
    createProposer(options)(proposal, {
      announce: (id) => announced.push(id),
      signal: stopping.signal,
    });
  const published = () => files.paths().filter((path) => path.endsWith(".json"));
  return { files, clock, log, options, announced, stopping, propose, published };
}

const failing = (op: Step["op"], error: Error, below: string) => (step: Step) =>
  step.op === op && step.path.startsWith(below) ? error : "works";

Deno.test("announceOnce: an event file that is there is not written again", async () => {
  const { options, clock, propose, published } = await proposing();
  const file = await propose();
  assert.ok(file);
  const sinceMs = clock.now() - 30_000;
  await clock.advance(60_000);
  await announceOnce(file, sinceMs, options);
  assert.deepEqual(published(), [PENDING, EVENT]);
  await announceOnce({ ...file, action_id: `${ID}-2` }, sinceMs, options);
  assert.equal(published().length, 3);
});

Deno.test("propose: writes the action file, then the event file, and logs it", async () => {
  const { files, log, announced, propose, published } = await proposing();
  const file = await propose();
  assert.deepEqual(announced, [ID]);
  assert.deepEqual(published(), [PENDING, EVENT]);
  assert.deepEqual(JSON.parse(files.text(PENDING) ?? ""), file);
  assert.equal(JSON.parse(files.text(EVENT) ?? "").correlation_id, ID);
  assert.deepEqual(log.lines, [{
    level: "info",
    event: "action_proposed",
    action_id: ID,
    action: "restart",
    executor_type: "container_restart",
    svc_key: "piha/mosquitto",
    requires_human: false,
    confidence: 0.9,
    risk_level: "low",
    llm_model: "qwen2.5:7b",
    valid_until: "2026-01-02T03:34:05Z",
    path: PENDING,
  }]);
});

Deno.test("propose: the file says the id that it got", async () => {
  const { files, propose } = await proposing();
  files.put(PENDING, "");
  assert.equal((await propose())?.action_id, `${ID}-2`);
  assert.equal(
    JSON.parse(files.text(PENDING.replace(".json", "-2.json")) ?? "").action_id,
    `${ID}-2`,
  );
});

Deno.test("propose: a full disk is tried again after 5, 10, 20 ... 60 s; written exactly once", async () => {
  const { files, clock, log, propose, published } = await proposing();
  files.fate = failing("write", systemError("ENOSPC"), "/r/actions");
  const done = propose();
  for (const seconds of [5, 10, 20, 40, 60, 60]) await clock.advance(seconds * 1_000);
  assert.deepEqual(published(), []);
  files.fate = () => "works";
  await clock.advance(59_999);
  assert.deepEqual(published(), []);
  await clock.advance(1);
  assert.equal((await done)?.action_id, ID);
  assert.deepEqual(published(), [PENDING, EVENT.replace("1767323045", "1767323300")]);

  const failures = log.of("action_write_failed");
  assert.deepEqual(failures.map((line) => line.retry_in_seconds), [5, 10, 20, 40, 60, 60, 60]);
  assert.deepEqual(failures[0], {
    level: "error",
    event: "action_write_failed",
    svc_key: "piha/mosquitto",
    code: "ENOSPC",
    error: "No space left on device (os error 28)",
    remedy:
      "The disk is full: free space (df -h) or inodes (df -i) on the filesystem of RUNTIME_PATH.",
    retry_in_seconds: 5,
  });
  assert.equal(log.of("action_proposed").length, 1);
});

Deno.test("propose: an abort while it waits to try again ends it, with nothing written", async () => {
  const { files, clock, stopping, propose, published } = await proposing();
  files.fate = failing("create", systemError("EROFS"), "/r/actions");
  const done = propose();
  await settle();
  stopping.abort();
  assert.equal(await done, undefined);
  assert.equal(clock.waiting, 0);
  assert.deepEqual(published(), []);
});

Deno.test("propose: when the agent is stopping already, nothing is begun", async () => {
  const { stopping, propose, published, announced } = await proposing();
  stopping.abort();
  assert.equal(await propose(), undefined);
  assert.deepEqual([published(), announced], [[], []]);
});

Deno.test("propose: an abort while it writes does not undo what is written", async () => {
  const { files, stopping, propose, published } = await proposing();
  files.fate = ({ op }) => {
    if (op === "link") stopping.abort();
    return "works";
  };
  assert.equal((await propose())?.action_id, ID);
  assert.equal(published()[0], PENDING);
});

Deno.test("propose: an event file that fails is logged, the proposal stands", async () => {
  for (const code of ["ENOSPC", "EROFS", "EACCES"] as const) {
    const { files, log, propose, published } = await proposing();
    files.fate = failing("create", systemError(code), "/r/events");
    assert.equal((await propose())?.action_id, ID);
    assert.deepEqual(published(), [PENDING]);
    const [line] = log.of("event_write_failed");
    assert.deepEqual([line?.level, line?.code], ["warning", code]);
    assert.equal(line?.path, EVENT);
  }
});

Deno.test("propose: a folder that cannot be synced is logged, and nothing is written twice", async () => {
  const { files, log, propose, published } = await proposing();
  files.fate = failing("syncFolder", systemError("EIO"), "/r/actions");
  assert.equal((await propose())?.action_id, ID);
  assert.deepEqual(published(), [PENDING, EVENT]);
  assert.deepEqual(log.lines.map((line) => line.event), ["action_proposed", "folder_sync_failed"]);
  assert.equal(log.of("folder_sync_failed")[0]?.code, "EIO");
});

Deno.test("announceAction: a second one for the same proposal overwrites nothing", async () => {
  const { files, options, propose } = await proposing();
  const action = await propose();
  assert.ok(action);
  await announceAction(action, options);
  assert.equal(files.text(EVENT.replace(".json", "-2.json")), files.text(EVENT));
});

Deno.test("dryProposer: prints the proposal and writes nothing", async () => {
  const printed: ActionFile[] = [];
  const file = await dryProposer((action) => printed.push(action), {
    clock: fakeClock(),
  })(proposal, {
    announce: () => assert.fail("nothing appears"),
    signal: new AbortController().signal,
  });
  assert.equal(file?.action_id, ID);
  assert.deepEqual(printed, [file]);
});
