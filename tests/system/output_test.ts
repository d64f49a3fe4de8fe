import assert from "node:assert/strict";
import { binary, environment, freshRuntime, requirements } from "./support/binary.ts";
import { path, systemTest } from "./support/requirement.ts";

systemTest("output: what a full disk does not take is no success", [
  ...requirements("x86_64"),
  path("/dev/full"),
], async () => {
  const agent = await binary("x86_64");
  await freshRuntime(agent);
  for (const args of [["version"], ["pending", "--json"], ["completions", "bash"]]) {
    const { code, stderr } = await new Deno.Command("sh", {
      args: ["-c", 'exec "$@" > /dev/full', "sh", ...agent.command, ...args],
      clearEnv: true,
      env: environment(agent),
    }).output();
    assert.deepEqual([code, new TextDecoder().decode(stderr)], [
      1,
      "planner-agent: standard output cannot be written: No space left on device (os error 28)\n",
    ], args.join(" "));
  }
});
