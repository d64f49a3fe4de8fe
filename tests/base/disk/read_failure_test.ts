import assert from "node:assert/strict";
import { readFailure } from "../../../lib/base/disk/read_failure.ts";
import { systemError } from "../../support/system_error.ts";

Deno.test("readFailure: what was in the way, why, and no error number where a group is the remedy", () => {
  const path = "/r/state";
  const denied = new Deno.errors.PermissionDenied("Permission denied (os error 13): lstat '/r/a'");
  assert.equal(
    readFailure(denied, path),
    "/r/a cannot be read: this user has no permission (see the group homelab)",
  );
  assert.equal(
    readFailure(systemError("EPERM"), path),
    "/r/state cannot be read: this user has no permission (see the group homelab)",
  );
  assert.equal(
    readFailure(new Deno.errors.NotCapable('Requires read access to "/r/state/x"'), path),
    "/r/state cannot be read: this program was not given the permission (see RUNTIME_PATH)",
  );
  assert.equal(
    readFailure(systemError("EIO", "/r/a\x1b[2J"), path),
    "/r/a cannot be read: Input/output error (os error 5)",
  );
  assert.equal(
    readFailure(new Error("no such \x1b[2Jplace\u202e"), path),
    "/r/state cannot be read: no such place",
  );
});
