import assert from "node:assert/strict";
import { LockError, packageOf, pruneConfig, pruneLock } from "../../scripts/compile/lock.ts";

const LOCK = {
  version: "5",
  specifiers: { "npm:a@1": "1.2.0", "npm:t@4": "4.0.0", "npm:@s/p@2": "2.0.1_b@3.0.0" },
  npm: {
    "@s/p@2.0.1_b@3.0.0": { integrity: "sha512-p", dependencies: ["b"] },
    "a@1.2.0": {
      integrity: "sha512-a",
      dependencies: ["b", "c@1.0.0"],
      optionalDependencies: ["o"],
    },
    "b@3.0.0": { integrity: "sha512-b", dependencies: ["a"] },
    "c@1.0.0": { integrity: "sha512-c" },
    "c@2.0.0": { integrity: "sha512-c2" },
    "o@1.0.0": { integrity: "sha512-o" },
    "r@1.0.0": { integrity: "sha512-r" },
    "t@4.0.0": { integrity: "sha512-t", dependencies: ["r", "c@2.0.0"] },
  },
  workspace: { dependencies: ["npm:a@1", "npm:t@4"] },
};

const prune = (specifiers: string[], lock: unknown = LOCK) =>
  pruneLock(JSON.stringify(lock), specifiers);

Deno.test("pruneLock: keeps what the specifiers reach, cycles and optional packages too", () => {
  const pruned = prune(["npm:a@1"]);
  assert.deepEqual(pruned.specifiers, { "npm:a@1": "1.2.0" });
  assert.deepEqual(Object.keys(pruned.npm), ["a@1.2.0", "b@3.0.0", "c@1.0.0", "o@1.0.0"]);
  assert.deepEqual(pruned.npm["c@1.0.0"], { integrity: "sha512-c" });
});

Deno.test("pruneLock: scoped names and versions with peers", () => {
  assert.deepEqual(Object.keys(prune(["npm:@s/p@2"]).npm), [
    "@s/p@2.0.1_b@3.0.0",
    "a@1.2.0",
    "b@3.0.0",
    "c@1.0.0",
    "o@1.0.0",
  ]);
});

Deno.test("pruneLock: nothing imported, nothing kept", () => {
  assert.deepEqual(prune([]), { version: "5", specifiers: {}, npm: {} });
});

Deno.test("pruneLock: leaves the test library out of this project's lock", async () => {
  const text = await Deno.readTextFile(new URL("../../deno.lock", import.meta.url));
  const all = JSON.parse(text) as typeof LOCK;
  const runtime = Object.keys(all.specifiers).filter((name) => !name.startsWith("npm:fast-check@"));
  assert.equal(runtime.length, Object.keys(all.specifiers).length - 1);
  const pruned = pruneLock(text, runtime);
  assert.deepEqual(
    Object.keys(all.npm).filter((key) => !Object.hasOwn(pruned.npm, key)).map((key) =>
      packageOf(key).name
    ),
    ["fast-check", "pure-rand"],
  );
});

Deno.test("pruneLock: refuses what it does not know", () => {
  const refuses = (lock: unknown, specifiers: string[], message: RegExp) =>
    assert.throws(() => prune(specifiers, lock), (error) => {
      assert(error instanceof LockError);
      assert.match(error.message, message);
      return true;
    });
  refuses({ ...LOCK, version: "6" }, [], /version "6", expected "5"/);
  refuses([], [], /expected "5"/);
  refuses({ ...LOCK, jsr: { "@std/path@1.0.0": {} } }, [], /jsr entries/);
  refuses({ ...LOCK, remote: { "https://x/y.ts": "1" } }, [], /remote entries/);
  refuses({ version: "5" }, [], /specifiers or npm is missing/);
  refuses(LOCK, ["npm:z@1"], /npm:z@1 is not locked/);
  refuses(
    { ...LOCK, npm: { "a@1.2.0": { integrity: "", dependencies: ["gone"] } } },
    ["npm:a@1"],
    /0 packages answer to "gone"/,
  );
  refuses(
    { ...LOCK, npm: { ...LOCK.npm, "a@1.2.0": { integrity: "", dependencies: ["c"] } } },
    ["npm:a@1"],
    /2 packages answer to "c"/,
  );
});

Deno.test("packageOf: name and version, peers left out", () => {
  assert.deepEqual(packageOf("@s/p@2.0.1_b@3.0.0"), { name: "@s/p", version: "2.0.1" });
  assert.deepEqual(packageOf("ms@2.1.3"), { name: "ms", version: "2.1.3" });
  assert.throws(() => packageOf("ms"), LockError);
});

Deno.test("pruneConfig: keeps name, version and the imports in use", () => {
  const config = {
    name: "planner-agent",
    version: "1.2.3",
    license: "MIT",
    exports: "./main.ts",
    imports: { a: "npm:a@1", t: "npm:t@4" },
    tasks: { test: "deno test" },
    lock: { path: "deno.lock" },
  };
  assert.deepEqual(pruneConfig(JSON.stringify(config), ["npm:a@1"]), {
    name: "planner-agent",
    version: "1.2.3",
    license: "MIT",
    exports: "./main.js",
    nodeModulesDir: "none",
    imports: { a: "npm:a@1" },
  });
  assert.throws(() => pruneConfig("{}", []), LockError);
});
