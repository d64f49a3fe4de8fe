import assert from "node:assert/strict";
import { type Command } from "../../lib/cli/command.ts";
import { completionsFor } from "../../lib/cli/completions/completions.ts";
import { explain } from "../../lib/cli/explain/explain.ts";
import { pending } from "../../lib/cli/pending/pending.ts";
import { replay } from "../../lib/cli/replay/replay.ts";
import { run } from "../../lib/cli/run/run.ts";
import { show } from "../../lib/cli/show/show.ts";
import { stats } from "../../lib/cli/stats/stats.ts";
import { recordingIo, runCommand } from "../support/command.ts";
import { sandbox } from "../support/sandbox.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
const OTHERS: readonly Command[] = [run, replay, pending, show, explain, stats];
const COMMANDS = [...OTHERS, completionsFor(OTHERS)];

/** What `completions SHELL` prints in a program whose other commands are `others`. */
async function completionScript(shell: string, others: readonly Command[]): Promise<string> {
  const { io, said } = recordingIo();
  assert.equal(await completionsFor(others).run(io, {}, [shell]), 0);
  assert.equal(said.err, "");
  return said.out;
}

/** A line of a script, by its start. */
function line(script: string, start: string): string {
  return script.split("\n").find((text) => text.trim().startsWith(start))?.trim() ?? "";
}

/** What a bash script does for a command. */
const bashCase = async (name: string) =>
  (await completionScript("bash", OTHERS)).split(`\n    ${name})\n`)[1]?.split(";;")[0]?.trim();

Deno.test("completionScript: every command and option is in every shell's script", async () => {
  for (const shell of SHELLS) {
    const script = await completionScript(shell, OTHERS);
    for (const { name, options } of COMMANDS) {
      assert.match(script, new RegExp(`\\b${name}\\b`), `${shell} ${name}`);
      for (const option of [...Object.keys(options), "help", "version"]) {
        const flag = shell === "fish" ? `-l ${option}` : `--${option}`;
        assert.equal(script.includes(flag), true, `${shell} ${name} ${option}`);
      }
    }
    assert.equal(script.endsWith("\n"), true);
  }
});

Deno.test("completionScript: a new command is in it by itself", async () => {
  const added: Command = {
    name: "frobnicate",
    summary: "it's new: [really] \\ new",
    synopsis: "",
    help: "Does.\n\n  --level N   how much: it's [0] to [9]",
    options: { level: { type: "string", multiple: true }, quiet: { type: "boolean" } },
    completes: ["alpha", "beta"],
    run: () => Promise.resolve(0),
  };
  const [bash = "", zsh = "", fish = ""] = await Promise.all(
    SHELLS.map((shell) => completionScript(shell, [added])),
  );
  assert.match(
    bash,
    /frobnicate\)\n {6}flags="--level --quiet --help --version"\n {6}valued="--level"\n {6}words="alpha beta"/,
  );
  assert.equal(
    line(zsh, "_arguments '*--level"),
    "_arguments '*--level[how much\\: it'\\''s \\[0\\] to \\[9\\]]:value:' '--quiet' " +
      "'--help[explain the command]' '--version[print the version]' '1:word:(alpha beta)'",
  );
  assert.equal(
    line(fish, "complete -c planner-agent -n __fish_use_subcommand -a frobnicate"),
    "complete -c planner-agent -n __fish_use_subcommand -a frobnicate -d 'it\\'s new: [really] \\\\ new'",
  );
  assert.equal(
    line(fish, "complete -c planner-agent -n '__fish_seen_subcommand_from frobnicate' -l level"),
    "complete -c planner-agent -n '__fish_seen_subcommand_from frobnicate' -l level -x -d 'how much: it\\'s [0] to [9]'",
  );
});

Deno.test("completionScript: replay takes files, show takes ids, help takes commands", async () => {
  assert.equal(
    await bashCase("replay"),
    'flags="--dry-run --from-stream --since --write --channel --json --help --version"\n' +
      '      valued="--from-stream --since --channel"\n      files=yes',
  );
  assert.equal(
    await bashCase("show"),
    'flags="--json --help --version"\n      words="$(planner-agent pending --ids 2>/dev/null)"',
  );
  assert.equal(
    await bashCase("help"),
    'flags="--help --version"\n      words="run replay pending show explain stats completions"',
  );
});

Deno.test("completionScript: options are described in the command's own words", async () => {
  for (const command of OTHERS) {
    const script = await completionScript("fish", [command]);
    for (const option of Object.keys(command.options)) {
      assert.match(script, new RegExp(` -l ${option}( -x)? -d '.+'`), `${command.name} ${option}`);
    }
  }
});

Deno.test("planner-agent completions: prints the script of a shell, and has to know it", async () => {
  using folder = sandbox();
  const results = await Promise.all(
    [...SHELLS, "csh", "", "bash zsh"].map((shells) =>
      runCommand(["completions", ...shells.split(" ").filter(Boolean)], { root: folder.path })
    ),
  );
  assert.deepEqual(results.map(({ code }) => code), [0, 0, 0, 2, 2, 2]);
  assert.match(results[0]?.out ?? "", /\ncomplete -F _planner_agent planner-agent\n$/);
  assert.match(results[0]?.out ?? "", /\n {4}-\*\) words="\$flags" files="" ;;\n/);
  assert.match(results[2]?.out ?? "", /seen_subcommand_from show' -a '\(planner-agent pending/);
  assert.match(results[1]?.out ?? "", /^#compdef planner-agent\n/);
  assert.match(results[2]?.out ?? "", /\ncomplete -c planner-agent -f\n/);
  for (const wrong of results.slice(3)) {
    assert.deepEqual([wrong.out, wrong.err.split("\n")[0]], [
      "",
      "planner-agent: completions takes one of bash, zsh, fish",
    ]);
  }
});
