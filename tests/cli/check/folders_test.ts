import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { checkFolders } from "../../../lib/cli/check/folders.ts";
import { realFiles } from "../../../lib/base/disk/files.ts";
import { makeRuntime } from "../../support/agent.ts";
import { memoryFiles } from "../../support/memory_files.ts";
import { plantLink } from "../../support/plant_link.ts";
import { sandbox } from "../../support/sandbox.ts";
import { systemError } from "../../support/system_error.ts";

type Room = Awaited<ReturnType<NonNullable<FoldersOptions["room"]>>>;

type FoldersOptions = Parameters<typeof checkFolders>[0];

const ROOM: Room = { bavail: 5e6, bsize: 1000, ffree: 100_000, files: 200_000 };

async function examine(options: Partial<FoldersOptions> = {}) {
  const findings = await checkFolders({
    root: "/r",
    files: memoryFiles(),
    nonce: () => "n",
    room: () => Promise.resolve(ROOM),
    ...options,
  });
  return findings.map(({ level, subject, code = "", detail }) => ({
    level,
    subject,
    code,
    detail,
  }));
}

function disk() {
  const files = memoryFiles();
  const action = ["pending", "approved", "running", "completed", "failed", "rejected", "cancelled"];
  for (const name of action) files.put(`/r/actions/${name}/keep`, "");
  for (const name of ["events", "state"]) files.put(`/r/${name}/keep`, "");
  return files;
}

Deno.test("checkFolders: an installed RUNTIME_PATH is well, and nothing is left behind", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  const findings = await examine({ root: folder.path, files: realFiles });
  const written = "writable: 64 KiB written, synced and removed";
  assert.deepEqual(findings.map(({ level, subject, detail }) => [level, subject, detail]), [
    ["ok", "actions/pending", written],
    ["ok", "events", written],
    ["ok", "state", written],
    ["ok", "actions", "6 folders are there"],
    ["ok", "disk", "5.0 GB and 100000 inodes free"],
  ]);
  for (const name of ["actions/pending", "events", "state"]) {
    assert.deepEqual([...Deno.readDirSync(join(folder.path, name))], []);
  }
});

Deno.test("checkFolders: what is missing, and a file in a folder's place", async () => {
  const files = memoryFiles();
  files.put("/r/events", "");
  files.put("/r/actions/pending/keep", "");
  const codes = (await examine({ files })).map(({ subject, code }) => `${subject} ${code}`);
  assert.deepEqual(codes.slice(0, 4), [
    "actions/pending ",
    "events folder_missing",
    "state folder_missing",
    "actions/approved folder_unused",
  ]);
});

Deno.test("checkFolders: a link in a folder's place is told, and nothing is written through it", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  const [pending, approved] = ["pending", "approved"].map((n) => join(folder.path, "actions", n));
  Deno.removeSync(pending ?? "");
  plantLink(approved ?? "", pending ?? "");
  const [found] = await examine({ root: folder.path, files: realFiles });
  assert.deepEqual([found?.code, found?.detail], [
    "folder_missing",
    `${pending} is a link, not a folder`,
  ]);
});

Deno.test("checkFolders: a disk that refuses is told with its remedy and leaves nothing", async () => {
  const remedies: Record<string, RegExp> = {
    ENOSPC: /disk is full/,
    EROFS: /read-only/,
    EACCES: /installer/,
  };
  for (const code of ["ENOSPC", "EROFS", "EACCES"] as const) {
    const files = disk();
    const before = files.paths();
    files.fate = ({ op, path }) =>
      op === "sync" && path.startsWith("/r/state/") ? systemError(code) : "works";
    const findings = await checkFolders({
      root: "/r",
      files,
      nonce: () => "n",
      room: () => Promise.resolve(ROOM),
    });
    const found = findings.filter(({ level }) => level === "failure");
    assert.deepEqual(found.map((f) => [f.subject, f.code]), [["state", "folder_not_writable"]]);
    assert.match(found[0]?.remedy ?? "", remedies[code] ?? /^$/);
    assert.deepEqual(files.paths(), before);
  }
});

Deno.test("checkFolders: what cannot even be begun is told as the disk says it", async () => {
  const files = disk();
  files.fate = ({ op, path }) =>
    op === "create" && path.startsWith("/r/events/") ? systemError("ENOSPC") : "works";
  const found = (await examine({ files })).filter(({ level }) => level === "failure");
  assert.deepEqual(found.map(({ subject, code }) => [subject, code]), [
    ["events", "folder_not_writable"],
  ]);
  assert.match(found[0]?.detail ?? "", /No space left/);
});

Deno.test("checkFolders: a folder that can be written and not read is a failure", async () => {
  const files = disk();
  files.fate = ({ op, path }) =>
    op === "list" && path === "/r/actions/pending" ? systemError("EACCES") : "works";
  const found = (await examine({ files })).filter(({ level }) => level !== "ok");
  assert.deepEqual(found.map(({ subject, code }) => [subject, code]), [
    ["actions/pending", "folder_not_writable"],
  ]);
});

Deno.test("checkFolders: where an installer made the folders it is recommended", async () => {
  const findings = await checkFolders({
    root: "/r",
    files: memoryFiles(),
    nonce: () => "n",
    room: () => Promise.resolve(ROOM),
  });
  for (const { subject, remedy = "" } of findings.slice(0, 9)) {
    assert.match(remedy, /installer/, subject);
  }
});

Deno.test("checkFolders: a decided folder that may not be read is a failure", async () => {
  const files = disk();
  files.fate = ({ op, path }) =>
    op === "list" && path === "/r/actions/failed" ? systemError("EACCES") : "works";
  const found = (await examine({ files })).filter(({ level }) => level !== "ok");
  assert.deepEqual(found.map(({ subject, code }) => [subject, code]), [
    ["actions/failed", "folder_not_readable"],
  ]);
});

Deno.test("checkFolders: little room, and room that may not be asked for", async () => {
  const of = async (room: () => Promise<Room>) =>
    (await examine({ files: disk(), room })).filter(({ subject }) => subject === "disk")
      .map(({ level, code, detail }) => [level, code, detail]);
  assert.deepEqual(await of(() => Promise.resolve({ ...ROOM, bavail: 99e3 })), [
    ["warning", "disk_nearly_full", "99 MB and 100000 inodes free"],
  ]);
  assert.deepEqual(await of(() => Promise.resolve({ ...ROOM, ffree: 9_999 })), [
    ["warning", "inodes_nearly_out", "5.0 GB and 9999 inodes free"],
  ]);
  assert.deepEqual(await of(() => Promise.resolve({ ...ROOM, ffree: 0, files: 0 })), [
    ["ok", "", "5.0 GB free"],
  ]);
  const refused = await of(() => Promise.reject(new Deno.errors.NotCapable("no")));
  assert.deepEqual(refused[0]?.slice(0, 2), ["skipped", ""]);
});

Deno.test("checkFolders: from source no installer is recommended, but what makes the folder", async () => {
  const files = memoryFiles();
  files.put("/r/actions/pending/keep", "");
  const findings = await checkFolders({
    root: "/r",
    files,
    nonce: () => "n",
    room: () => Promise.resolve(ROOM),
    installed: false,
  });
  const remedies = new Map(findings.map(({ subject, remedy }) => [subject, remedy]));
  assert.equal(remedies.get("events"), "'planner-agent run' makes it, or: mkdir -p /r/events");
  assert.equal(
    remedies.get("actions/approved"),
    "'planner-agent run' makes it, or: mkdir -p /r/actions/approved",
  );
});
