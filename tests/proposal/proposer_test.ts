import type { Propose } from "../../lib/proposal/proposer.ts";
import assert from "node:assert/strict";
import type { ActionFile } from "../../lib/proposal/action_file.ts";
import {
  announceOnce,
  createProposer,
  dryProposer,
  proposeUntilWritten,
} from "../../lib/proposal/proposer.ts";
import { createStore } from "../../lib/base/disk/store.ts";
import { fakeClock, settle } from "../support/clock.ts";
import { recordingLog } from "../support/log.ts";
import { memoryFiles, type Step } from "../support/memory_files.ts";
import { systemError } from "../support/system_error.ts";
import { waitingEvent } from "../support/waiting_event.ts";

type Proposal = Parameters<Propose>[0];

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
  const once = createProposer(options);
  const propose = async (failures = 0, mayWrite = () => Promise.resolve(true)) => {
    const announce = (id: string) => void announced.push(id);
    return await once(proposal, { mayWrite, announce, failures, signal: stopping.signal });
  };
  /** The proposal that was written. */
  const written = async () => {
    const done = await propose();
    assert.equal(done.is, "written");
    return done.is === "written" ? done.file : undefined;
  };
  const published = () => files.paths().filter((path) => path.endsWith(".json"));
  return { files, clock, log, options, announced, stopping, once, propose, written, published };
}

const failing = (op: Step["op"], error: Error, below: string) => (step: Step) =>
  step.op === op && step.path.startsWith(below) ? error : "works";

Deno.test("announceOnce: an event file that is there is not written again", async () => {
  const { options, clock, written, published } = await proposing();
  const file = await written();
  assert.ok(file);
  const sinceMs = clock.now() - 30_000;
  await clock.advance(60_000);
  await announceOnce(file, sinceMs, options);
  assert.deepEqual(published(), [PENDING, EVENT]);
  await announceOnce({ ...file, action_id: `${ID}-2` }, sinceMs, options);
  assert.equal(published().length, 3);
});

Deno.test("announceOnce: an event file that came behind midnight is not written again", async () => {
  const { options, clock, written, published } = await proposing();
  await clock.advance(Date.UTC(2026, 0, 3, 0, 0, 10) - clock.now());
  const file = await written();
  assert.ok(file);
  await announceOnce(file, Date.UTC(2026, 0, 2, 23, 59, 30), options);
  const event = EVENT.replace("2026-01-02", "2026-01-03").replace("1767323045", "1767398410");
  assert.deepEqual(published(), [PENDING, event]);
});

Deno.test("propose: writes the action file, then the event file, and logs it", async () => {
  const { files, log, announced, written, published } = await proposing();
  const file = await written();
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

Deno.test("propose: of what is past its time when it is written the log says that", async () => {
  const { log, once, stopping } = await proposing();
  for (const ago of [1_800, 1_799]) {
    const event = waitingEvent({ timestamp: 1_767_323_045 - ago });
    const how = { announce: () => {}, failures: 0, signal: stopping.signal };
    await once({ ...proposal, event }, how);
  }
  assert.deepEqual(log.of("action_proposed").map(({ expired }) => expired), [true, undefined]);
});

Deno.test("propose: the file says the id that it got", async () => {
  const { files, written } = await proposing();
  files.put(PENDING, "");
  assert.equal((await written())?.action_id, `${ID}-2`);
  assert.equal(
    JSON.parse(files.text(PENDING.replace(".json", "-2.json")) ?? "").action_id,
    `${ID}-2`,
  );
});

Deno.test("propose: a disk that refuses is worth another try after 5, 10, 20 ... 60 s", async () => {
  const { files, log, propose, published } = await proposing();
  files.fate = failing("write", systemError("ENOSPC"), "/r/actions");
  for (const [failures, seconds] of [5, 10, 20, 40, 60, 60].entries()) {
    assert.deepEqual(await propose(failures), { is: "failed", retryMs: seconds * 1_000 });
  }
  assert.deepEqual(published(), []);
  const failures = log.of("action_write_failed");
  assert.deepEqual(failures.map((line) => line.retry_in_seconds), [5, 10, 20, 40, 60, 60]);
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
});

Deno.test("propose: nothing is begun where it must not be written", async () => {
  const { propose, published, announced } = await proposing();
  assert.deepEqual(await propose(0, () => Promise.resolve(false)), { is: "refused" });
  assert.deepEqual([published(), announced], [[], []]);
});

Deno.test("proposeUntilWritten: until the disk takes it, exactly once, or until the agent stops", async () => {
  const { files, clock, log, once, stopping, published } = await proposing();
  files.fate = failing("write", systemError("ENOSPC"), "/r/actions");
  const options = { propose: once, clock, signal: stopping.signal };
  const done = proposeUntilWritten(proposal, options);
  for (const seconds of [5, 10, 20, 40, 60]) await clock.advance(seconds * 1_000);
  assert.deepEqual(published(), []);
  files.fate = () => "works";
  await clock.advance(60_000);
  await done;
  assert.deepEqual(published(), [PENDING, EVENT.replace("1767323045", "1767323240")]);
  assert.equal(log.of("action_proposed").length, 1);

  files.fate = failing("create", systemError("EROFS"), "/r/actions");
  const given = proposeUntilWritten(proposal, options);
  await settle();
  stopping.abort();
  await given;
  assert.equal(clock.waiting, 0);
});

Deno.test("propose: an abort while it writes does not undo what is written", async () => {
  const { files, stopping, written, published } = await proposing();
  files.fate = ({ op }) => {
    if (op === "link") stopping.abort();
    return "works";
  };
  assert.equal((await written())?.action_id, ID);
  assert.equal(published()[0], PENDING);
});

Deno.test("propose: an event file that fails is tried again, the proposal stands", async () => {
  for (const code of ["ENOSPC", "EROFS", "EACCES"] as const) {
    const { files, clock, log, propose, published } = await proposing();
    files.fate = failing("create", systemError(code), "/r/events");
    const done = await propose();
    assert.equal(done.is, "written");
    assert.deepEqual(published(), [PENDING]);
    const [line] = log.of("event_write_failed");
    assert.deepEqual([line?.level, line?.code], ["warning", code]);
    assert.equal(line?.path, EVENT);
    await clock.advance(5_000);
    files.fate = () => "works";
    await clock.advance(10_000);
    assert.equal(done.is === "written" && await done.announced, true);
    assert.deepEqual(published(), [PENDING, EVENT.replace("1767323045", "1767323060")]);
  }
});

Deno.test("propose: what the stop leaves unannounced is not said to be", async () => {
  const { files, clock, stopping, propose, published } = await proposing();
  files.fate = failing("create", systemError("ENOSPC"), "/r/events");
  const done = await propose();
  files.fate = () => "works";
  stopping.abort();
  assert.equal(done.is === "written" && await done.announced, false);
  assert.deepEqual(published(), [PENDING]);
  assert.equal(clock.waiting, 0);
});

Deno.test("propose: a folder that cannot be synced is logged, and nothing is written twice", async () => {
  const { files, log, written, published } = await proposing();
  files.fate = failing("syncFolder", systemError("EIO"), "/r/actions");
  assert.equal((await written())?.action_id, ID);
  assert.deepEqual(published(), [PENDING, EVENT]);
  assert.deepEqual(log.lines.map((line) => line.event), ["action_proposed", "folder_sync_failed"]);
  assert.equal(log.of("folder_sync_failed")[0]?.code, "EIO");
});

Deno.test("announceOnce: a second event file for the same proposal overwrites nothing", async () => {
  const { files, options, written } = await proposing();
  const action = await written();
  assert.ok(action);
  const daysLater = options.clock.now() + 3 * 86_400_000;
  await announceOnce(action, daysLater, options);
  assert.equal(files.text(EVENT.replace(".json", "-2.json")), files.text(EVENT));
});

Deno.test("dryProposer: prints the proposal and writes nothing", async () => {
  const printed: ActionFile[] = [];
  const done = await dryProposer((action) => printed.push(action), {
    clock: fakeClock(),
  })(proposal, {
    announce: () => assert.fail("nothing appears"),
    failures: 0,
    signal: new AbortController().signal,
  });
  assert.deepEqual(printed, [done.is === "written" && done.file]);
  assert.equal(printed[0]?.action_id, ID);
});
