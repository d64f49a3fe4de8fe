import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { realFiles } from "../../../lib/base/disk/files.ts";
import {
  ACTION_FOLDERS,
  createStore,
  NotAFolderError,
  type Store,
} from "../../../lib/base/disk/store.ts";
import { plantLink } from "../../support/plant_link.ts";
import { type MemoryFiles, memoryFiles } from "../../support/memory_files.ts";
import { sandbox } from "../../support/sandbox.ts";
import { systemError } from "../../support/system_error.ts";

let nonces = 0;
const nonce = () => `n${++nonces}`;

async function inMemory(): Promise<{ files: MemoryFiles; store: Store }> {
  const files = memoryFiles();
  const store = createStore({ root: "/r", files, nonce });
  await store.makeFolders();
  return { files, store };
}

async function onDisk() {
  const folder = sandbox();
  const store = createStore({ root: folder.path, files: realFiles, nonce });
  await store.makeFolders();
  const at = (...parts: string[]) => join(folder.path, ...parts);
  return { store, at, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

const look = (writtenMs: number, changedMs: number) => ({
  kind: "file" as const,
  bytes: 1,
  writtenMs,
  changedMs,
});

const action = { base: "plan-x-1", text: (id: string) => `{"id":"${id}"}`, announce: () => {} };

Deno.test("store: makes the three folders it may write to, and no other", async () => {
  using disk = await onDisk();
  assert.deepEqual(
    ACTION_FOLDERS.join(" "),
    "pending approved running completed failed rejected cancelled",
  );
  const kinds = ACTION_FOLDERS.map((name) => realFiles.kind(disk.at("actions", name)));
  assert.deepEqual(await Promise.all(kinds), [
    "folder",
    ...ACTION_FOLDERS.slice(1).map(() => "none"),
  ]);
  assert.equal(await realFiles.kind(disk.at("events")), "folder");
  assert.equal(await realFiles.kind(disk.at("state")), "folder");
});

Deno.test("store.publishAction: an id that was ever given is not given again", async () => {
  for (const folder of ACTION_FOLDERS) {
    const { files, store } = await inMemory();
    files.put(`/r/actions/${folder}/plan-x-1.json`, "");
    files.put("/r/actions/rejected/plan-x-1-2.json", "{}");
    assert.deepEqual(await store.publishAction(action), {
      actionId: "plan-x-1-3",
      path: "/r/actions/pending/plan-x-1-3.json",
    }, folder);
    assert.equal(files.text("/r/actions/pending/plan-x-1-3.json"), '{"id":"plan-x-1-3"}');
    assert.equal(files.text(`/r/actions/${folder}/plan-x-1.json`), "");
  }
});

Deno.test("store.publishAction: makes pending/ again, but not where actions/ is gone, too", async () => {
  using disk = await onDisk();
  Deno.removeSync(disk.at("actions", "pending"));
  const { path } = await disk.store.publishAction(action);
  assert.equal(Deno.readTextFileSync(path), '{"id":"plan-x-1"}');
  // As when the disk that held it is not mounted.
  Deno.removeSync(disk.at("actions"), { recursive: true });
  await assert.rejects(disk.store.publishAction(action), Deno.errors.NotFound);
  assert.equal(await realFiles.kind(disk.at("actions")), "none");
});

Deno.test("store.findAction: finds a proposal wherever it is in its life", async () => {
  const { files, store } = await inMemory();
  assert.equal(await store.findAction("plan-x-1"), undefined);
  for (const folder of ACTION_FOLDERS.toReversed()) {
    files.put(`/r/actions/${folder}/plan-x-1.json`, "{}");
    assert.equal(await store.findAction("plan-x-1"), folder);
  }
});

Deno.test("store.publishEvent: makes its folders and overwrites nothing", async () => {
  using disk = await onDisk();
  const path = "2026-01-02/solaria/evt-solaria-1-remediation_started-x";
  assert.deepEqual(await disk.store.publishEvent(path, "one"), {
    stem: "evt-solaria-1-remediation_started-x",
  });
  assert.deepEqual(await disk.store.publishEvent(path, "two"), {
    stem: "evt-solaria-1-remediation_started-x-2",
  });
  assert.equal(Deno.readTextFileSync(disk.at("events", `${path}.json`)), "one");
  assert.equal(Deno.readTextFileSync(disk.at("events", `${path}-2.json`)), "two");
});

Deno.test("store.publishEvent: survives a power cut with the folders made for it", async () => {
  const { files, store } = await inMemory();
  await files.syncFolder("/");
  await files.syncFolder("/r");
  await store.publishEvent("2026-01-02/solaria/evt-1", "text");
  const after = files.afterPowerCut(() => 0);
  assert.equal(after.text("/r/events/2026-01-02/solaria/evt-1.json"), "text");
});

Deno.test("store.makeFolders: a link in place of a folder is refused", async () => {
  for (const name of ["actions/pending", "events", "state"]) {
    using disk = await onDisk();
    Deno.mkdirSync(disk.at("actions/approved"));
    Deno.removeSync(disk.at(name));
    plantLink(disk.at("actions/approved"), disk.at(name));
    await assert.rejects(disk.store.makeFolders(), NotAFolderError);
  }
});

Deno.test("store.publishEvent: a planted link or file in place of its folder is refused", async () => {
  using disk = await onDisk();
  Deno.mkdirSync(disk.at("elsewhere"));
  Deno.mkdirSync(disk.at("events", "2026-01-03"));
  Deno.writeTextFileSync(disk.at("events", "2026-01-04"), "");
  plantLink(disk.at("elsewhere"), disk.at("events", "2026-01-02"));
  plantLink(disk.at("elsewhere"), disk.at("events", "2026-01-03", "solaria"));
  plantLink(disk.at("nowhere"), disk.at("events", "2026-01-05"));
  for (const day of ["2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05"]) {
    await assert.rejects(disk.store.publishEvent(`${day}/solaria/evt-1`, "x"), NotAFolderError);
  }
  assert.deepEqual([...Deno.readDirSync(disk.at("elsewhere"))], []);
  assert.equal(await realFiles.kind(disk.at("nowhere")), "none");
});

Deno.test("store.sweep: removes what crashed writes left, and nothing else", async () => {
  using disk = await onDisk();
  const ours = [
    ["actions", "pending", ".plan-x-1.0a1b2c3d.tmp"],
    ["state", ".planner-agent.state.0a1b2c3d.tmp"],
    ["events", "2026-01-02", "solaria", ".evt-solaria-1-remediation_started-x.0a1b2c3d.tmp"],
  ];
  const others = [
    ["actions", "pending", "plan-x-1.json"],
    ["actions", "pending", "plan-y-1.tmp"],
    ["actions", "pending", ".notes.tmp"],
    ["state", "planner-agent.state"],
    ["events", "2026-01-02", "solaria", "evt-1.json"],
    ["events", "2026-01-02", "piha", ".half-written.tmp"],
    ["events", "index.json"],
    ["events", "2026-01-02", "README"],
    ["events", "zzz", "solaria", ".evt-x.tmp"],
    ["elsewhere", "solaria", ".evt-x.tmp"],
  ];
  for (const file of [...ours, ...others]) {
    Deno.mkdirSync(disk.at(...file.slice(0, -1)), { recursive: true });
    Deno.writeTextFileSync(disk.at(...file), "");
  }
  plantLink(disk.at("elsewhere"), disk.at("events", "2026-01-03"));
  plantLink(disk.at("elsewhere", "solaria"), disk.at("events", "2026-01-02", "other"));

  assert.equal(await disk.store.sweep(), 3);
  for (const file of ours) {
    assert.equal(await realFiles.kind(disk.at(...file)), "none", file.at(-1));
  }
  for (const file of others) {
    assert.equal(await realFiles.kind(disk.at(...file)), "file", file.join("/"));
  }
  assert.equal(await disk.store.sweep(), 0);
});

Deno.test("store.sweep: looks through the newest seven days, those of the last crash", async () => {
  const { files, store } = await inMemory();
  const leftover = (day: number) => `/r/events/2026-01-0${day}/piha/.evt-x.0a1b2c3d.tmp`;
  for (let day = 1; day <= 9; day++) files.put(leftover(day), "");
  assert.equal(await store.sweep(), 7);
  assert.deepEqual(files.paths(), [leftover(1), leftover(2)]);
});

Deno.test("store.sweep: a leftover that cannot be removed does not keep the agent from starting", async () => {
  const { files, store } = await inMemory();
  files.put("/r/actions/pending/.plan-a.1.tmp", "");
  files.put("/r/actions/pending/.plan-b.1.tmp", "");
  files.fate = ({ op, path }) =>
    op === "remove" && path.includes("plan-a") ? systemError("EACCES") : "works";
  assert.equal(await store.sweep(), 1);
  assert.deepEqual(files.paths(), ["/r/actions/pending/.plan-a.1.tmp"]);
});

Deno.test("store.sweep: what a crash leaves at any step of publishing is gone afterwards", async () => {
  for (let crashAt = 1;; crashAt++) {
    const { files, store } = await inMemory();
    let steps = 0;
    files.fate = () => ++steps === crashAt ? "crash" : "works";
    const work = store.publishAction(action).then(() =>
      store.publishEvent("2026-01-02/n/evt-1", "x")
    )
      .then(() => "published");
    const ended = await Promise.race([work, files.crashed.then(() => "crashed")]);
    if (ended === "published") break;
    const after = files.afterKill();
    await createStore({ root: "/r", files: after, nonce }).sweep();
    assert.deepEqual(
      after.paths().filter((path) => !path.endsWith(".json")),
      [],
      `step ${crashAt}`,
    );
  }
});

Deno.test("store.heartbeat: creates the file, then touches it", async () => {
  using disk = await onDisk();
  const path = disk.at("state", "planner-agent.heartbeat");
  await disk.store.heartbeat(Date.UTC(2026, 0, 2));
  assert.equal(await realFiles.kind(path), "file");
  for (const at of [Date.UTC(2026, 0, 2, 3), Date.UTC(2026, 0, 2, 4)]) {
    await disk.store.heartbeat(at);
    assert.equal(Deno.statSync(path).mtime?.getTime(), at);
  }
});

Deno.test("store.readConfig: an operator's file, or nothing", async () => {
  const { files, store } = await inMemory();
  files.put("/r/config/topology.json", "{}");
  assert.equal(await store.readConfig("topology.json"), "{}");
  assert.equal(await store.readConfig("policy.json"), undefined);
  files.put("/r/config/topology.json", "x".repeat(1024 * 1024));
  assert.equal((await store.readConfig("topology.json"))?.length, 1024 * 1024);
  // It may hold the rules: what is not read must not count as not there.
  files.put("/r/config/policy.json", "x".repeat(1024 * 1024 + 1));
  await assert.rejects(store.readConfig("policy.json"), {
    name: "UnreadableFileError",
    message: "it is no file of at most 1 MiB",
  });
});

Deno.test("store.configWrittenMs: when a file's text changed, not when it was moved there", async () => {
  const written = { ...memoryFiles(), times: () => Promise.resolve(look(1_000, 2_000)) };
  const store = createStore({ root: "/r", files: written, nonce });
  assert.equal(await store.configWrittenMs("policy.json"), 1_000);
  assert.equal(await (await inMemory()).store.configWrittenMs("policy.json"), 0);
});

Deno.test("store: proposals and event files are read up to 256 KiB, and other files not at all", async () => {
  const { files, store } = await inMemory();
  const [most, more] = ["x".repeat(256 * 1024), "x".repeat(256 * 1024 + 1)];
  files.put("/r/actions/pending/plan-a.json", most);
  files.put("/r/actions/pending/plan-b.json", more);
  assert.equal(await store.readPending("plan-a"), most);
  assert.equal(await store.readPending("plan-b"), undefined);
  for (const name of ["evt-a.json", "evt-b.json", "evt-c.json.bak", "other.json"]) {
    files.put(`/r/events/2026-01-02/piha/${name}`, name === "evt-b.json" ? more : name);
  }
  assert.deepEqual(await Array.fromAsync(store.eventFiles("2026-01-02/piha")), ["evt-a.json"]);
});

Deno.test("store.replaceState: costs no wait for the disk, as it is written every few seconds", async () => {
  const { files, store } = await inMemory();
  const steps: string[] = [];
  files.fate = ({ op }) => (steps.push(op), "works");
  await store.replaceState("planner-agent.x", "one");
  assert.deepEqual(steps, ["create", "write", "rename"]);
});

Deno.test("store.publishAction: where pending/ cannot be made again, the write says what is missing", async () => {
  const files = memoryFiles();
  const store = createStore({ root: "/r", files, nonce });
  await files.makeFolder("/r/actions");
  files.fate = ({ op }) => op === "makeFolder" ? systemError("EACCES") : "works";
  await assert.rejects(store.publishAction(action), Deno.errors.NotFound);
});

Deno.test("store.readConfig: a folder that is a link is not followed, and does not count as not there", async () => {
  using disk = await onDisk();
  Deno.mkdirSync(disk.at("elsewhere"));
  Deno.writeTextFileSync(disk.at("elsewhere", "policy.json"), "{}");
  for (const place of ["elsewhere", "nowhere"]) {
    plantLink(disk.at(place), disk.at("config"));
    for (const name of ["policy.json", "topology.json"]) {
      await assert.rejects(disk.store.readConfig(name), {
        name: "UnreadableFileError",
        message: "its folder is a link or a device; put the folder itself there",
      });
    }
    Deno.removeSync(disk.at("config"));
  }
});

Deno.test("store.replaceState: a whole file takes the place of the one before, also of a link", async () => {
  using disk = await onDisk();
  const victim = disk.at("victim");
  Deno.writeTextFileSync(victim, "untouched");
  plantLink(victim, disk.at("state", "planner-agent.x"));
  await disk.store.replaceState("planner-agent.x", "one");
  await disk.store.replaceState("planner-agent.x", "two");
  assert.equal(Deno.readTextFileSync(disk.at("state", "planner-agent.x")), "two");
  assert.equal(Deno.readTextFileSync(victim), "untouched");
  assert.deepEqual([...Deno.readDirSync(disk.at("state"))].map(({ name }) => name), [
    "planner-agent.x",
  ]);
});

Deno.test("store.replaceState: what a crash leaves is swept, what a full disk leaves is removed", async () => {
  const { files, store } = await inMemory();
  files.fate = ({ op }) => op === "rename" ? systemError("ENOSPC") : "works";
  await assert.rejects(store.replaceState("planner-agent.x", "one"));
  assert.deepEqual(files.paths(), []);
  files.fate = ({ op }) => op === "rename" ? "crash" : "works";
  void store.replaceState("planner-agent.x", "one");
  await files.crashed;
  const after = files.afterKill();
  assert.equal(after.paths().length, 1);
  assert.equal(await createStore({ root: "/r", files: after, nonce }).sweep(), 1);
  assert.deepEqual(after.paths(), []);
});
