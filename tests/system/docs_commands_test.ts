import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { readDocs, type ShellBlock, shellBlocks } from "../support/docs.ts";
import { makeRuntime } from "../support/agent.ts";
import { freePort, PROJECT } from "./support/binary.ts";
import { program, systemTest } from "./support/requirement.ts";
import { openShell, removed, until } from "./support/shell.ts";

const docs = readDocs(PROJECT);

function blocksToRun(path: string): ShellBlock[] {
  return shellBlocks(docs.get(path) ?? "").filter(({ note }) => note.startsWith("run"));
}

systemTest(
  "docs: README's quick start leads from nothing to an executed proposal",
  [program("redis-server"), program("redis-cli")],
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "planner-agent-quick-start-" });
    const port = freePort();
    const log = `${folder}/agent.log`;
    const blocks = new Map(
      blocksToRun("README.md").map(({ note, code }) => [
        note.replace("run: ", ""),
        code.replaceAll("/tmp/homelab", `${folder}/homelab`).replaceAll("6399", String(port))
          .replaceAll("/tmp/planner-agent.log", log),
      ]),
    );
    assert.deepEqual([...blocks.keys()], ["start", "send", "look", "approve", "execute", "stop"]);
    const pending = `${folder}/homelab/actions/pending`;
    await using shell = openShell();
    const type = (name: string) => shell.type(blocks.get(name) ?? "");
    try {
      await type("start");
      await until(() => Deno.readTextFileSync(log).includes('"event":"planner_started"'));
      assert.equal(await type("send"), "1");
      await until(() => [...Deno.readDirSync(pending)].some(({ name }) => /^plan-/.test(name)));
      const seen = await type("look");
      assert.match(seen, /^1 proposal waits for a person$/m);
      assert.match(seen, /^ {4}mv \S+\/pending\/plan-vps-traefik-\d+\.json \S+\/approved\/$/m);
      await type("approve");
      // A person who types this is slower than the agent, which writes its history each second.
      await until(() => [...Deno.readDirSync(`${folder}/homelab/state/history`)].length > 0);
      const told = await type("execute");
      assert.match(told, /^restart +rules +1 +0 +1 +0 +1 +0 /m);
      assert.match(told, /proposed +service_unhealthy, error$/m);
    } finally {
      await type("stop").catch(() => {});
      await until(() => removed(folder));
    }
  },
);

systemTest("docs: the other commands that say so run, a page after the other", [], async () => {
  const folder = await Deno.makeTempDir({ prefix: "planner-agent-docs-" });
  try {
    makeRuntime(folder);
    await Deno.writeTextFile(join(folder, "state/planner-agent.heartbeat"), "");
    await using shell = openShell();
    await shell.type(
      `export RUNTIME_PATH=${folder}; alias planner-agent='./scripts/deno run -A main.ts'`,
    );
    let ran = 0;
    for (const path of docs.keys()) {
      if (path === "README.md") continue;
      for (const { code } of blocksToRun(path)) {
        assert.notEqual(await shell.type(code.replaceAll("/opt/homelab", folder)), "", code);
        ran++;
      }
    }
    assert.ok(ran >= 2, `${ran} blocks`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
