import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { realFiles } from "../../../lib/base/disk/files.ts";
import { publish, TEMPORARY_NAME } from "../../../lib/base/disk/publish.ts";
import { type MemoryFiles, memoryFiles, type Step } from "../../support/memory_files.ts";
import { sandbox } from "../../support/sandbox.ts";
import { systemError } from "../../support/system_error.ts";

type Publication = Parameters<typeof publish>[2];

const FOLDER = "/pending";
const TEXT = '{"a":1}';

let nonces = 0;
const nonce = () => `n${++nonces}`;

function inMemory(existing: Record<string, string> = {}): MemoryFiles {
  const files = memoryFiles();
  files.put("/pending/README", "");
  for (const [name, text] of Object.entries(existing)) files.put(join(FOLDER, name), text);
  return files;
}

const plan = (changes: Partial<Publication> = {}): Publication => ({
  folder: FOLDER,
  base: "plan-x-1",
  text: () => TEXT,
  ...changes,
});

/** The first `times` steps of this kind on a matching path fail. */
function failing(op: Step["op"], error: Error, times = Infinity) {
  let left = times;
  return (step: Step) => step.op === op && left-- > 0 ? error : "works";
}

const visible = (files: MemoryFiles) =>
  files.paths().filter((path) => path.endsWith(".json")).map((path) => path.slice(9));
const leftovers = (files: MemoryFiles) => files.paths().filter((path) => path.endsWith(".tmp"));

Deno.test("publish: writes under a free name and leaves nothing else", async () => {
  const files = inMemory();
  assert.deepEqual(await publish(files, nonce, plan()), { stem: "plan-x-1" });
  assert.equal(files.text("/pending/plan-x-1.json"), TEXT);
  assert.deepEqual(leftovers(files), []);
});

Deno.test("publish: a taken name becomes -2, -3; what is there stays, an empty file too", async () => {
  const files = inMemory({ "plan-x-1.json": "", "plan-x-1-2.json": "theirs" });
  const text = (stem: string) => `{"id":"${stem}"}`;
  assert.deepEqual(await publish(files, nonce, plan({ text })), { stem: "plan-x-1-3" });
  assert.equal(files.text("/pending/plan-x-1.json"), "");
  assert.equal(files.text("/pending/plan-x-1-2.json"), "theirs");
  assert.equal(files.text("/pending/plan-x-1-3.json"), '{"id":"plan-x-1-3"}');
});

Deno.test("publish: a name that is taken elsewhere is not used", async () => {
  const files = inMemory();
  const taken = (stem: string) => Promise.resolve(stem !== "plan-x-1-4");
  assert.deepEqual(await publish(files, nonce, plan({ taken })), { stem: "plan-x-1-4" });
});

Deno.test("publish: another program that takes the name at the last moment keeps it", async () => {
  const files = inMemory();
  const announced: string[] = [];
  const announce = (stem: string) => {
    announced.push(stem);
    if (stem === "plan-x-1") files.put("/pending/plan-x-1.json", "theirs");
  };
  assert.deepEqual(await publish(files, nonce, plan({ announce })), { stem: "plan-x-1-2" });
  assert.deepEqual(announced, ["plan-x-1", "plan-x-1-2"]);
  assert.equal(files.text("/pending/plan-x-1.json"), "theirs");
  assert.deepEqual(leftovers(files), []);
});

Deno.test("publish: is announced when the text is on the disk and before it can be seen", async () => {
  const files = inMemory();
  const steps: string[] = [];
  files.fate = ({ op }) => (steps.push(op), "works");
  const announce = () => {
    steps.push("announce");
    assert.deepEqual(visible(files), []);
  };
  await publish(files, nonce, plan({ announce }));
  assert.deepEqual(steps, [
    "kind",
    "create",
    "write",
    "write",
    "sync",
    "announce",
    "link",
    "remove",
    "syncFolder",
  ]);
});

Deno.test("publish: every failure leaves no file under a final name, and no leftover", async () => {
  for (const code of ["ENOSPC", "EROFS", "EACCES", "EIO"] as const) {
    for (const op of ["kind", "create", "write", "sync", "link"] as const) {
      const files = inMemory();
      const error = systemError(code);
      files.fate = failing(op, error);
      await assert.rejects(publish(files, nonce, plan()), (thrown) => thrown === error);
      assert.deepEqual([visible(files), leftovers(files)], [[], []], `${code} at ${op}`);
    }
  }
});

Deno.test("publish: after a failed sync the next try has a new temporary file", async () => {
  const files = inMemory();
  const created: string[] = [];
  const fails = failing("sync", systemError("EIO"), 1);
  files.fate = (step) => {
    if (step.op === "create") created.push(step.path);
    return fails(step);
  };
  await assert.rejects(publish(files, nonce, plan()));
  await publish(files, nonce, plan());
  assert.equal(created.length, 2);
  assert.notEqual(created[0], created[1]);
  assert.ok(created.every((path) => TEMPORARY_NAME.test(path.slice(9))));
});

Deno.test("publish: a leftover that cannot be removed does not undo the publication", async () => {
  const files = inMemory();
  files.fate = failing("remove", systemError("EIO"));
  assert.deepEqual(await publish(files, nonce, plan()), { stem: "plan-x-1" });
  assert.deepEqual(visible(files), ["plan-x-1.json"]);
});

Deno.test("publish: a folder that cannot be synced is told, and nothing is published twice", async () => {
  const files = inMemory();
  const error = systemError("EIO");
  files.fate = failing("syncFolder", error);
  assert.deepEqual(await publish(files, nonce, plan()), { stem: "plan-x-1", unsynced: error });
  assert.deepEqual(visible(files), ["plan-x-1.json"]);
});

Deno.test("publish: without links it renames, and still replaces nothing", async () => {
  const files = inMemory();
  const noLinks = failing("link", systemError("EPERM"));
  files.fate = noLinks;
  assert.deepEqual(await publish(files, nonce, plan()), { stem: "plan-x-1" });
  assert.deepEqual(await publish(files, nonce, plan({ text: () => "2" })), { stem: "plan-x-1-2" });
  assert.equal(files.text("/pending/plan-x-1.json"), TEXT);
  assert.deepEqual(leftovers(files), []);

  const announce = (stem: string) => {
    if (stem === "plan-x-1-3") files.put("/pending/plan-x-1-3.json", "theirs");
  };
  assert.deepEqual(await publish(files, nonce, plan({ announce })), { stem: "plan-x-1-4" });
  assert.equal(files.text("/pending/plan-x-1-3.json"), "theirs");
});

Deno.test("publish: however a filesystem says that it has no links, and for nothing else", async () => {
  for (const code of ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"] as const) {
    const files = inMemory();
    files.fate = failing("link", systemError(code));
    assert.deepEqual(await publish(files, nonce, plan()), { stem: "plan-x-1" }, code);
  }
  const files = inMemory();
  files.fate = failing("link", systemError("EIO"));
  await assert.rejects(publish(files, nonce, plan()), { code: "EIO" });
});

Deno.test("publish: after a crash or a power cut at any step, the whole file or none", async () => {
  for (const links of [true, false]) {
    for (let crashAt = 1;; crashAt++) {
      const files = inMemory();
      let steps = 0;
      files.fate = ({ op }) => {
        if (++steps === crashAt) return "crash";
        return op === "link" && !links ? systemError("EPERM") : "works";
      };
      const ended = await Promise.race([
        publish(files, nonce, plan()).then(() => "published"),
        files.crashed.then(() => "crashed"),
      ]);
      const found = [
        files.afterKill(),
        files.afterPowerCut(() => 0),
        files.afterPowerCut(() => 1),
        files.afterPowerCut(alternating()),
      ];
      for (const after of found) {
        const text = after.text("/pending/plan-x-1.json");
        assert.ok(text === undefined || text === TEXT, `step ${crashAt}: ${text}`);
        if (ended === "published") assert.equal(text, TEXT, "published, and lost");
      }
      if (ended === "published") break;
      assert.ok(crashAt < 100);
    }
  }
});

function alternating() {
  let calls = 0;
  return () => ++calls % 2;
}

Deno.test("publish: on a real disk, ten at once under one name are ten files", async () => {
  using sand = sandbox();
  const published = await Promise.all(
    Array.from(
      { length: 10 },
      (_, i) => publish(realFiles, nonce, plan({ folder: sand.path, text: () => `{"i":${i}}` })),
    ),
  );
  const names = [...Deno.readDirSync(sand.path)].map((entry) => entry.name).sort();
  assert.deepEqual(names, published.map(({ stem }) => `${stem}.json`).sort());
  assert.equal(names.length, 10);
  published.forEach(({ stem }, i) =>
    assert.equal(Deno.readTextFileSync(join(sand.path, `${stem}.json`)), `{"i":${i}}`)
  );
});
