import assert from "node:assert/strict";
import { keepMetricsFile } from "../../../lib/observe/metrics/file.ts";
import { createStore } from "../../../lib/base/disk/store.ts";
import { fakeClock, settle } from "../../support/clock.ts";
import { recordingLog } from "../../support/log.ts";
import { memoryFiles } from "../../support/memory_files.ts";
import { systemError } from "../../support/system_error.ts";

const PATH = "/r/state/planner-agent.prom";

async function keeping() {
  const files = memoryFiles();
  const store = createStore({ root: "/r", files, nonce: () => "n" });
  await store.makeFolders();
  const clock = fakeClock();
  const log = recordingLog();
  let made = 0;
  const file = keepMetricsFile({
    metrics: { text: (gauges) => `${JSON.stringify({ made: ++made, ...gauges })}\n` },
    clock,
    log,
    files,
    store,
    backlog: { waiting: 5, running: 1, parked: () => Array(2) },
    counters: { counts: () => ({ received: 9, outcomes: {} as never }) },
  });
  await settle();
  return { files, clock, log, file, read: () => JSON.parse(files.text(PATH) ?? "null") };
}

Deno.test("metrics file: written at once, every 10 s, and when it is closed", async () => {
  const { files, clock, file, read } = await keeping();
  const gauges = { received: 9, queued: 3, parked: 2, running: 1, pending: 0 };
  assert.deepEqual(read(), { made: 1, ...gauges });
  await clock.advance(9_999);
  assert.equal(read().made, 1);
  await clock.advance(1);
  assert.equal(read().made, 2);
  await file.close();
  assert.equal(read().made, 3);
  assert.equal(clock.waiting, 0);
  assert.deepEqual(files.paths(), [PATH]);
});

Deno.test("metrics file: proposals that wait, and since when; a file's age is asked once", async () => {
  const { files, clock, read } = await keeping();
  const put = async (name: string, writtenMs: number) => {
    files.put(`/r/actions/pending/${name}`, "");
    await files.touch(`/r/actions/pending/${name}`, writtenMs);
  };
  await put("plan-b.json", 2_000);
  await put("plan-a.json", 3_000);
  await put("notes.txt", 1);
  await put(".plan-c.n.tmp", 1);
  const asked: string[] = [];
  files.fate = ({ op, path }) => {
    if (op === "kind" && path.includes("pending")) asked.push(path);
    return "works";
  };
  await clock.advance(10_000);
  assert.deepEqual([read().pending, read().oldestPendingMs], [2, 2_000]);
  await files.remove("/r/actions/pending/plan-b.json");
  await clock.advance(10_000);
  assert.deepEqual([read().pending, read().oldestPendingMs], [1, 3_000]);
  assert.deepEqual(asked, ["/r/actions/pending/plan-a.json", "/r/actions/pending/plan-b.json"]);
});

Deno.test("metrics file: a failure is logged once, until it works again", async () => {
  const { files, clock, log, file, read } = await keeping();
  files.fate = ({ op, path }) =>
    op !== "remove" && path.startsWith("/r/state") ? systemError("EROFS") : "works";
  await clock.advance(30_000);
  assert.deepEqual(log.of("metrics_write_failed").map(({ level, code }) => [level, code]), [
    ["warning", "EROFS"],
  ]);
  files.fate = () => "works";
  await clock.advance(10_000);
  assert.equal(read().made, 5);
  files.fate = () => systemError("EIO");
  await file.close();
  assert.equal(log.of("metrics_write_failed").length, 2);
});

Deno.test("metrics file: the age of 10,000 proposals is looked up, all are counted", async () => {
  const { files, clock, read } = await keeping();
  let asked = 0;
  for (let nth = 0; nth < 10_001; nth++) {
    files.put(`/r/actions/pending/plan-${String(nth).padStart(5, "0")}.json`, "");
  }
  files.fate = ({ op, path }) => {
    if (op === "kind" && path.includes("/pending/")) asked++;
    return "works";
  };
  await clock.advance(10_000);
  while (read().made < 2) await settle();
  assert.deepEqual([read().pending, asked], [10_001, 10_000]);
});

Deno.test("metrics file: a slow disk skips a turn, and the end waits for it and writes once more", async () => {
  const { clock, file, files, read } = await keeping();
  const { writeUnsynced } = files;
  let goOn = () => {};
  let begun = 0;
  files.writeUnsynced = async (path, text) => {
    begun++;
    await new Promise<void>((resolve) => goOn = resolve);
    await writeUnsynced(path, text);
  };
  await clock.advance(30_000);
  assert.equal(begun, 1);
  const closed = file.close();
  goOn();
  for (let turn = 0; turn < 20 && begun < 2; turn++) await settle();
  assert.deepEqual([begun, read().made], [2, 2]);
  goOn();
  await closed;
  assert.equal(read().made, 3);
});

Deno.test("metrics file: a proposal that a person moves meanwhile has no age", async () => {
  const { clock, files, read } = await keeping();
  const { times } = files;
  for (const id of ["plan-a", "plan-b"]) files.put(`/r/actions/pending/${id}.json`, "");
  await files.touch("/r/actions/pending/plan-b.json", 7_000);
  files.times = async (path) => path.includes("plan-a") ? undefined : await times(path);
  await clock.advance(10_000);
  assert.deepEqual([read().pending, read().oldestPendingMs], [2, 7_000]);
});
