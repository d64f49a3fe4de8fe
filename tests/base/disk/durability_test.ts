/**
 * What reaches the disk, seen where the runtime hands it to the system: a model of a disk cannot
 * tell whether the real one is asked.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { realFiles } from "../../../lib/base/disk/files.ts";
import { createStore } from "../../../lib/base/disk/store.ts";
import { sandbox } from "../../support/sandbox.ts";

type Call = "write" | "writeSync" | "sync" | "syncData";
const TEXT = "größer 🚀\n";
const BYTES = new TextEncoder().encode(TEXT).length;

/** Counts the calls on open files until disposed; a write takes `mostBytes` at a time. */
function watched(mostBytes = Infinity) {
  const calls: Call[] = [];
  const { prototype } = Deno.FsFile;
  const { write, writeSync, sync, syncData } = prototype;
  const part = (bytes: Uint8Array) => bytes.subarray(0, Math.min(bytes.length, mostBytes));
  Object.assign(prototype, {
    write(this: Deno.FsFile, bytes: Uint8Array) {
      calls.push("write");
      return write.call(this, part(bytes));
    },
    writeSync(this: Deno.FsFile, bytes: Uint8Array) {
      calls.push("writeSync");
      return writeSync.call(this, part(bytes));
    },
    sync(this: Deno.FsFile) {
      calls.push("sync");
      return sync.call(this);
    },
    syncData(this: Deno.FsFile) {
      calls.push("syncData");
      return syncData.call(this);
    },
  });
  return {
    calls,
    [Symbol.dispose]: () => void Object.assign(prototype, { write, writeSync, sync, syncData }),
  };
}

Deno.test("realFiles.writeNew: on the disk before it returns, and no oftener asked for", async () => {
  using folder = sandbox();
  using disk = watched();
  await realFiles.writeNew(join(folder.path, "a"), TEXT);
  assert.deepEqual(disk.calls, ["write", "sync"]);
});

Deno.test("realFiles.writeNew: a system that takes a part at a time gets the rest, then syncs", async () => {
  using folder = sandbox();
  using disk = watched(3);
  await realFiles.writeNew(join(folder.path, "a"), TEXT);
  assert.equal(Deno.readTextFileSync(join(folder.path, "a")), TEXT);
  assert.deepEqual(disk.calls, [...Array(Math.ceil(BYTES / 3)).fill("write"), "sync"]);
});

Deno.test("realFiles.openAppend: what is appended in parts is whole; sync reaches the disk", async () => {
  using folder = sandbox();
  using disk = watched(3);
  const file = realFiles.openAppend(join(folder.path, "a"));
  file.append(TEXT);
  assert.deepEqual(disk.calls, Array(Math.ceil(BYTES / 3)).fill("writeSync"));
  await file.sync();
  assert.equal(disk.calls.at(-1), "syncData");
  file.close();
  assert.equal(Deno.readTextFileSync(join(folder.path, "a")), TEXT);
});

Deno.test("realFiles.syncFolder: the folder itself is synced", async () => {
  using folder = sandbox();
  using disk = watched();
  await realFiles.syncFolder(folder.path);
  assert.deepEqual(disk.calls, ["sync"]);
});

Deno.test("store: a proposal is on the disk under its name, an event file with its new folders", async () => {
  using folder = sandbox();
  const store = createStore({ root: folder.path, files: realFiles, nonce: () => "0a1b2c3d" });
  await store.makeFolders();
  using disk = watched();
  await store.publishAction({ base: "plan-a-1", text: () => TEXT, announce: () => {} });
  // The file, then the folder that names it.
  assert.deepEqual(disk.calls.splice(0), ["write", "sync", "sync"]);
  await store.publishEvent("2026-01-02/piha/evt-1", TEXT);
  // The folders above those of the day and the node first.
  assert.deepEqual(disk.calls.splice(0), ["sync", "sync", "write", "sync", "sync"]);
  await store.publishEvent("2026-01-02/piha/evt-2", TEXT);
  assert.deepEqual(disk.calls, ["write", "sync", "sync"]);
});
