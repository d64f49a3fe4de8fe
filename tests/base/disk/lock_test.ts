import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { tryLock } from "../../../lib/base/disk/files.ts";
import { sandbox } from "../../support/sandbox.ts";

Deno.test("tryLock: who comes second gets no lock until the first gives it back", async () => {
  using folder = sandbox();
  const path = join(folder.path, "planner-agent.lock");
  const first = await tryLock(path);
  assert.ok(first);
  assert.equal(await tryLock(path), undefined);
  assert.equal(await tryLock(path), undefined, "a failed try must not take the lock away");
  first.release();
  const second = await tryLock(path);
  assert.ok(second);
  second.release();
});

Deno.test("tryLock: locks of different folders have nothing to do with each other", async () => {
  using folder = sandbox();
  const one = await tryLock(join(folder.path, "one"));
  const other = await tryLock(join(folder.path, "other"));
  assert.ok(one && other);
  one.release();
  other.release();
});

Deno.test("tryLock: a missing folder is an error, not a lock that is held", async () => {
  using folder = sandbox();
  await assert.rejects(tryLock(join(folder.path, "missing", "lock")), Deno.errors.NotFound);
});
