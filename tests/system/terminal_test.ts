import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { textWidth } from "../../lib/cli/view/width.ts";
import { proposalFile } from "../support/proposal_file.ts";
import {
  type Binary,
  binary,
  environment,
  freshRuntime,
  requirements,
  runAgent,
} from "./support/binary.ts";
import { program, systemTest } from "./support/requirement.ts";
import { onTerminal } from "./support/terminal.ts";

const ID = "plan-piha-mosquitto-1767323045";
const NEEDS = [...requirements("x86_64"), program("python3")];

/** The commands that draw for people, none of which needs a network. */
const COMMANDS = [["pending"], ["show", ID], ["stats"], ["status"], ["explain", "piha"]];

/** A binary with proposals to look at. */
async function prepared(): Promise<Binary> {
  const agent = await binary("x86_64");
  await freshRuntime(agent);
  const put = (place: string, text: string) =>
    Deno.writeTextFile(join(agent.runtimePath, "actions", place), text);
  const reason = "the container was killed by the kernel: out of memory; it will be again ".repeat(
    4,
  );
  await put(`pending/${ID}.json`, proposalFile({}, { reason }));
  await put("pending/plan-vps-traefik-1767323046.json", "{");
  await put(
    "rejected/plan-vps-redis-1767323047.json",
    proposalFile({ action_id: "plan-vps-redis-1767323047" }),
  );
  return agent;
}

const draw = (agent: Binary, args: readonly string[], columns = 80, env = {}) =>
  onTerminal([...agent.command, ...args], { columns, env: { ...environment(agent), ...env } });

/** Without what only colours. */
// deno-lint-ignore no-control-regex
const bare = (text: string) => text.replace(/\x1b\[\d*m/g, "");

systemTest("terminal: colours on a terminal only, and not with NO_COLOR", NEEDS, async () => {
  const agent = await prepared();
  for (const args of COMMANDS) {
    const [terminal, refused, pipe] = await Promise.all([
      draw(agent, args),
      draw(agent, args, 80, { NO_COLOR: "1" }),
      runAgent(agent, args),
    ]);
    const about = args.join(" ");
    assert.equal(terminal.code, pipe.code, about);
    assert.equal(refused.text.includes("\x1b"), false, about);
    assert.equal(`${pipe.stdout}${pipe.stderr}`.includes("\x1b"), false, about);
    assert.equal(bare(terminal.text).includes("\x1b"), false, `${about}: colours and nothing else`);
  }
  for (const args of [["pending"], ["show", ID], ["stats"]]) {
    assert.equal((await draw(agent, args)).text.includes("\x1b["), true, args.join(" "));
  }
});

systemTest("terminal: what is drawn is at most as wide as the terminal", NEEDS, async () => {
  const agent = await prepared();
  for (const columns of [60, 80, 132]) {
    for (const args of COMMANDS) {
      const { text } = await draw(agent, args, columns);
      for (const line of bare(text).split("\n")) {
        // A command to copy is never broken.
        if (line.startsWith("    mv ")) continue;
        assert.equal(textWidth(line) <= columns, true, `${args.join(" ")} at ${columns}: ${line}`);
      }
    }
  }
  const [narrow, wide] = await Promise.all([
    draw(agent, ["pending"], 60),
    draw(agent, ["pending"], 160),
  ]);
  assert.equal(narrow.text.length < wide.text.length, true, "a wider one shows more of the reason");
});

systemTest("terminal: --json is the same on a terminal and in a pipe", NEEDS, async () => {
  const agent = await prepared();
  for (const args of [["show", ID], ["stats"]]) {
    const [terminal, pipe] = await Promise.all([
      draw(agent, [...args, "--json"], 40),
      runAgent(agent, [...args, "--json"]),
    ]);
    assert.equal(terminal.text, pipe.stdout, args.join(" "));
    JSON.parse(pipe.stdout);
  }
});

systemTest("terminal: the command that show prints approves the proposal", NEEDS, async () => {
  const agent = await prepared();
  const { stdout } = await runAgent(agent, ["show", ID]);
  const [, command = ""] = /\n {2}approve:\n {4}(.*)\n/.exec(stdout) ?? [];
  const { success } = await new Deno.Command("sh", { args: ["-c", command] }).output();
  assert.equal(success, true, command);
  const after = await runAgent(agent, ["show", ID, "--json"]);
  assert.equal(JSON.parse(after.stdout).folder, "approved");
});

systemTest("terminal: the bare name shows what there is, and starts nothing", NEEDS, async () => {
  const agent = await prepared();
  const { code, text } = await draw(agent, []);
  assert.equal(code, 0);
  assert.match(bare(text), /^Usage: planner-agent \[COMMAND\] \[OPTIONS\]\r?\n/);
});
