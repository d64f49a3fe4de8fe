import assert from "node:assert/strict";
import { explainWriteFailure, isSystemFailure } from "../../../lib/base/disk/write_failure.ts";
import { systemError } from "../../support/system_error.ts";

Deno.test("explainWriteFailure: a full disk can be out of space or of inodes", () => {
  assert.deepEqual(explainWriteFailure(systemError("ENOSPC")), {
    code: "ENOSPC",
    error: "No space left on device (os error 28)",
    remedy:
      "The disk is full: free space (df -h) or inodes (df -i) on the filesystem of RUNTIME_PATH.",
  });
});

Deno.test("explainWriteFailure: each code has a remedy of its own", () => {
  const remedies = {
    EROFS: /read-only.*dmesg.*remount/,
    EACCES: /may not write.*installer/,
    EPERM: /may not write.*installer/,
    ENOENT: /missing.*installer/,
    ENOTDIR: /where a folder belongs/,
    ELOOP: /leads to itself.*move it/,
    EIO: /dmesg.*SD card/,
  } as const;
  for (const code of Object.keys(remedies) as (keyof typeof remedies)[]) {
    const failure = explainWriteFailure(systemError(code));
    assert.equal(failure.code, code);
    assert.match(failure.remedy, remedies[code]);
  }
});

Deno.test("explainWriteFailure: the number in the message tells where there is no code", () => {
  assert.equal(explainWriteFailure(new Error("full (os error 28)")).code, "ENOSPC");
  assert.equal(explainWriteFailure(new Error("quota (os error 122)")).code, "EDQUOT");
  assert.equal(explainWriteFailure(new Error("strange (os error 99)")).code, "other");
});

Deno.test("explainWriteFailure: a denied permission is the build's, not the disk's", () => {
  const failure = explainWriteFailure(new Deno.errors.NotCapable("Requires write access"));
  assert.equal(failure.code, "NotCapable");
  assert.match(failure.remedy, /--runtime-path/);
});

Deno.test("explainWriteFailure: anything that is thrown has an answer", () => {
  const other = { code: "other", remedy: "See the error." };
  assert.deepEqual(explainWriteFailure("gone"), { ...other, error: "gone" });
  assert.deepEqual(explainWriteFailure(undefined), { ...other, error: "undefined" });
  const odd = Object.assign(new Error("odd"), { code: "constructor" });
  assert.deepEqual(explainWriteFailure(odd), { ...other, error: "odd" });
});

Deno.test("isSystemFailure: what the system or the runtime refused, not faults of the program", () => {
  const refused = [
    systemError("EACCES"),
    systemError("EEXIST"),
    new Deno.errors.NotCapable("Requires write access"),
    Object.assign(new Error("too many open files"), { code: "EMFILE" }),
  ];
  const faults = [new TypeError("x is undefined"), "EACCES", undefined, { code: "EACCES" }];
  assert.deepEqual(refused.map(isSystemFailure), [true, true, true, true]);
  assert.deepEqual(faults.map(isSystemFailure), [false, false, false, false]);
});
