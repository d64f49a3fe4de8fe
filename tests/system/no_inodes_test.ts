import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { makeRuntime } from "../support/agent.ts";
import { PROJECT, run } from "./support/binary.ts";
import { lineStream } from "./support/lines.ts";
import { program, type Requirement, systemTest } from "./support/requirement.ts";
import type { LogLine } from "./support/surroundings.ts";

const EVENT = {
  type: "service_unhealthy",
  node: "piha",
  service: "mosquitto",
  severity: "error",
  timestamp: "2026-01-02T03:04:05Z",
};
const NAME = `plan-piha-mosquitto-${Date.UTC(2026, 0, 2, 3, 4, 5) / 1000}.json`;
/** The folder itself takes one more. */
const INODES = 8;

/** Whether this process may mount; asked by doing it. */
function mountRights(): Requirement {
  const name = "the right to mount";
  if (!program("mount").met || !program("umount").met) return { name, met: false };
  const folder = Deno.makeTempDirSync({ prefix: "planner-agent-mount-" });
  const of = (command: string, args: string[]) =>
    new Deno.Command(command, { args, stderr: "null" }).outputSync().success;
  const met = of("mount", ["-t", "tmpfs", "tmpfs", folder]);
  if (met) of("umount", [folder]);
  Deno.removeSync(folder);
  return { name, met };
}

/** A RUNTIME_PATH whose actions/pending is a small disk of its own, all its inodes taken. */
async function fullDisk() {
  const root = await Deno.makeTempDir({ prefix: "planner-agent-inodes-" });
  makeRuntime(root);
  const pending = join(root, "actions/pending");
  const options = `size=1m,nr_inodes=${INODES + 1}`;
  await run("mount", ["-t", "tmpfs", "-o", options, "tmpfs", pending]);
  const taken = Array.from({ length: INODES }, (_, n) => join(pending, `taken-${n}`));
  for (const path of taken) await Deno.writeTextFile(path, "");
  await assert.rejects(Deno.writeTextFile(join(pending, "more"), ""), { code: "ENOSPC" });
  return {
    root,
    pending,
    async free(count: number) {
      for (const path of taken.splice(0, count)) await Deno.remove(path);
    },
    /** Names of all files but those that fill the disk. */
    names: () =>
      [...Deno.readDirSync(pending)].map(({ name }) => name)
        .filter((name) => !name.startsWith("taken-")),
    async [Symbol.asyncDispose]() {
      await run("umount", [pending]);
      await Deno.remove(root, { recursive: true });
    },
  };
}

/** Replays the event; `onFailure` is called for each proposal that could not be written. */
async function replay(root: string, onFailure: (line: LogLine, nth: number) => Promise<void>) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--frozen", "-A", join(PROJECT, "main.ts"), "replay", "-"],
    env: { PATH: "/usr/bin:/bin", RUNTIME_PATH: root, LLM_CHAIN: "rules" },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = new Response(child.stdout).text();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(EVENT)));
  await writer.close();
  let failures = 0;
  for await (
    const text of child.stderr.pipeThrough(new TextDecoderStream()).pipeThrough(lineStream())
  ) {
    const line = JSON.parse(text) as LogLine;
    if (line.event === "action_write_failed") await onFailure(line, ++failures);
  }
  return { code: (await child.status).code, output: await output, failures };
}

const NEEDS = [mountRights()];

systemTest("no inodes: the proposal is kept, and written once there is room", NEEDS, async () => {
  await using disk = await fullDisk();
  const { code, output, failures } = await replay(disk.root, async (line) => {
    assert.match(String(line.remedy), /space \(df -h\) or inodes \(df -i\)/);
    assert.deepEqual(disk.names(), []);
    await disk.free(INODES);
  });
  assert.deepEqual([code, failures], [0, 1], output);
  assert.match(output, /1 received: 1 proposed\n$/);
  assert.deepEqual(disk.names(), [NAME]);
  const proposal = JSON.parse(await Deno.readTextFile(join(disk.pending, NAME)));
  assert.equal(`${proposal.action_id}.json`, NAME);
});

systemTest("no inodes: one is too few for the file and its final name", NEEDS, async () => {
  await using disk = await fullDisk();
  await disk.free(1);
  const { code, failures } = await replay(disk.root, async () => {
    // Nothing under the final name, and no temporary file that keeps the last inode.
    assert.deepEqual(disk.names(), []);
    await disk.free(INODES);
  });
  assert.deepEqual([code, failures], [0, 1]);
  assert.deepEqual(disk.names(), [NAME]);
});
