import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { tryPlanted } from "../../lib/permissions/prove.ts";
import { makeRuntime } from "../support/agent.ts";
import { plantLink } from "../support/plant_link.ts";
import { sandbox } from "../support/sandbox.ts";

Deno.test("tryPlanted: the program stops what goes through a link, and leaves the rest alone", async () => {
  using folder = sandbox();
  const runtimePath = folder.path;
  makeRuntime(runtimePath);
  const site = { redisUrl: "redis://127.0.0.1", ollamaHosts: [], runtimePath };
  const untouched = await tryPlanted(site);
  assert.deepEqual([...new Set(untouched.map(({ stoppedBy }) => stoppedBy))], ["not tried"]);
  assert.equal(untouched.length, 6);

  Deno.removeSync(join(runtimePath, "actions/pending"));
  plantLink("approved", join(runtimePath, "actions/pending"));
  Deno.removeSync(join(runtimePath, "events"));
  plantLink("actions/approved", join(runtimePath, "events"));
  plantLink("/etc/passwd", join(runtimePath, "state/planner-agent.heartbeat"));
  plantLink("../new", join(runtimePath, "state/planner-agent.lock"));
  const planted = await tryPlanted(site);
  assert.deepEqual(
    planted.map(({ path, stoppedBy }) => [path.slice(runtimePath.length + 1), stoppedBy]),
    [
      ["actions", "not tried"],
      ["actions/pending", "program"],
      ["events", "program"],
      ["state", "not tried"],
      ["state/planner-agent.heartbeat", "program"],
      ["state/planner-agent.lock", "program"],
    ],
  );
  assert.deepEqual([...Deno.readDirSync(join(runtimePath, "actions/approved"))], []);
});
