import assert from "node:assert/strict";
import { failingOnce } from "../../../lib/base/disk/failing_once.ts";
import { recordingLog } from "../../support/log.ts";
import { systemError } from "../../support/system_error.ts";

Deno.test("failingOnce: of failures in a row the first is logged, after a success the next again", async () => {
  const log = recordingLog();
  const attempt = failingOnce(log, "thing_failed");
  const worked: boolean[] = [];
  for (const code of ["EROFS", "EIO", undefined, "ENOSPC"] as const) {
    const write = () => code ? Promise.reject(systemError(code)) : Promise.resolve();
    worked.push(await attempt(write));
  }
  assert.deepEqual(worked, [false, false, true, false]);
  assert.deepEqual(log.lines.map(({ level, event, code }) => [level, event, code]), [
    ["warning", "thing_failed", "EROFS"],
    ["warning", "thing_failed", "ENOSPC"],
  ]);
});
