import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { NotAFileError, realFiles, tryLock } from "../../../lib/base/disk/files.ts";
import { ownFolders } from "../../../lib/base/disk/own_folders.ts";
import { createStore, NotAFolderError } from "../../../lib/base/disk/store.ts";
import { makeRuntime } from "../../support/agent.ts";
import { plantLink } from "../../support/plant_link.ts";
import { sandbox } from "../../support/sandbox.ts";

/** A RUNTIME_PATH with a store that has made sure of its folders. */
async function lab() {
  const folder = sandbox();
  const root = folder.path;
  makeRuntime(root);
  const files = ownFolders(realFiles, root);
  let nonces = 0;
  const store = createStore({ root, files, nonce: () => `n${++nonces}` });
  await store.makeFolders();
  return {
    store,
    files,
    at: (path: string) => join(root, path),
    in: (path: string) => [...Deno.readDirSync(join(root, path))].map(({ name }) => name).sort(),
    propose: () => store.publishAction({ base: "plan-x", text: () => "{}", announce() {} }),
    tell: () => store.publishEvent("2026-01-02/piha/evt-x", "{}"),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

Deno.test("ownFolders: nothing is proposed through a link that took a folder's place", async () => {
  for (const [path, target] of [["actions/pending", "approved"], ["actions", "events"]] as const) {
    using it = await lab();
    Deno.removeSync(it.at(path), { recursive: true });
    plantLink(target, it.at(path));
    await assert.rejects(it.propose(), { name: "NotAFolderError" }, path);
    assert.deepEqual(it.in(path === "actions" ? "events" : "actions/approved"), []);
  }
});

Deno.test("ownFolders: no event and nothing of the state is written through a link", async () => {
  using it = await lab();
  await it.tell();
  for (const path of ["events", "state"]) {
    Deno.removeSync(it.at(path), { recursive: true });
    plantLink("actions/approved", it.at(path));
  }
  await assert.rejects(it.tell(), NotAFolderError);
  await assert.rejects(it.store.heartbeat(0), NotAFolderError);
  await assert.rejects(it.store.replaceState("x", ""), NotAFolderError);
  assert.throws(() => it.files.openAppend(it.at("state/x")), NotAFolderError);
  assert.deepEqual(it.in("actions/approved"), []);
});

Deno.test("ownFolders: nothing at all is changed through a link, whatever is asked for", async () => {
  using it = await lab();
  const { files } = it;
  const [from, to] = [it.at("events/x"), it.at("state/x")];
  Deno.writeTextFileSync(from, "x");
  Deno.removeSync(it.at("state"), { recursive: true });
  plantLink("actions/approved", it.at("state"));
  Deno.writeTextFileSync(it.at("actions/approved/theirs"), "{}");
  const changes: Record<string, () => unknown> = {
    writeNew: () => files.writeNew(to, ""),
    writeUnsynced: () => files.writeUnsynced(to, ""),
    link: () => files.link(from, to),
    rename: () => files.rename(from, to),
    renameNow: () => files.renameNow(from, to),
    openAppend: () => files.openAppend(to),
    remove: () => files.remove(it.at("state/theirs")),
    makeFolder: () => files.makeFolder(to),
    touch: () => files.touch(to, 0),
  };
  for (const [name, change] of Object.entries(changes)) {
    await assert.rejects(async () => await change(), NotAFolderError, name);
  }
  assert.deepEqual(it.in("actions/approved"), ["theirs"]);
  assert.equal(Deno.readTextFileSync(from), "x");
});

Deno.test("ownFolders: a link deeper down is none of the agent's folders, either", async () => {
  using it = await lab();
  Deno.mkdirSync(it.at("events/2026-01-02"));
  plantLink("../../actions/approved", it.at("events/2026-01-02/piha"));
  await assert.rejects(it.tell(), NotAFolderError);
  assert.deepEqual(it.in("actions/approved"), []);
});

Deno.test("ownFolders: another folder under the name is refused, the former one is not", async () => {
  using it = await lab();
  await it.propose();
  Deno.renameSync(it.at("actions/pending"), it.at("actions/before"));
  Deno.renameSync(it.at("actions/approved"), it.at("actions/pending"));
  await assert.rejects(it.propose(), { name: "FolderReplacedError" });
  assert.deepEqual(it.in("actions/pending"), []);
  Deno.renameSync(it.at("actions/pending"), it.at("actions/approved"));
  Deno.renameSync(it.at("actions/before"), it.at("actions/pending"));
  await it.propose();
  assert.deepEqual(it.in("actions/pending"), ["plan-x-2.json", "plan-x.json"]);
});

Deno.test("ownFolders: a folder that was tidied away is made again", async () => {
  using it = await lab();
  Deno.removeSync(it.at("actions/pending"));
  await it.propose();
  await it.propose();
  assert.deepEqual(it.in("actions/pending"), ["plan-x-2.json", "plan-x.json"]);
});

Deno.test("ownFolders: one that the agent makes takes the place of one that was moved away", async () => {
  using it = await lab();
  await it.propose();
  Deno.renameSync(it.at("actions/pending"), it.at("actions/before"));
  await it.propose();
  await it.propose();
  assert.deepEqual(it.in("actions/pending"), ["plan-x-2.json", "plan-x.json"]);
});

Deno.test("own files: a link in the place of one is neither followed nor opened", async () => {
  using it = await lab();
  const outside = it.at("outside");
  Deno.writeTextFileSync(outside, "x");
  Deno.utimeSync(outside, 1, 1);
  for (const name of ["planner-agent.heartbeat", "planner-agent.lock", "lines"]) {
    plantLink(outside, it.at(`state/${name}`));
  }
  await assert.rejects(it.store.heartbeat(0), NotAFileError);
  await assert.rejects(tryLock(it.at("state/planner-agent.lock")), NotAFileError);
  assert.throws(() => it.files.openAppend(it.at("state/lines")), NotAFileError);
  assert.equal(await it.files.readText(it.at("state/lines"), 10), undefined);
  assert.equal(Deno.statSync(outside).mtime?.getTime(), 1_000);
  assert.equal(Deno.readTextFileSync(outside), "x");
});

Deno.test("readConfig: a link is followed within config/, and not out of it", async () => {
  using it = await lab();
  Deno.writeTextFileSync(it.at("config/mine.json"), "mine");
  Deno.writeTextFileSync(it.at("state/theirs.json"), "theirs");
  plantLink("mine.json", it.at("config/policy.json"));
  plantLink("../state/theirs.json", it.at("config/topology.json"));
  plantLink("nowhere", it.at("config/silences.json"));
  assert.equal(await it.store.readConfig("policy.json"), "mine");
  await assert.rejects(it.store.readConfig("topology.json"), { name: "UnreadableFileError" });
  await assert.rejects(it.store.readConfig("silences.json"), { name: "UnreadableFileError" });
});
