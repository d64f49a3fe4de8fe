import { join } from "node:path/posix";
import assert from "node:assert/strict";
import { PROJECT, run } from "./support/binary.ts";
import { program, systemTest } from "./support/requirement.ts";

/** A folder with the script of a shell and a `planner-agent` that knows two ids. */
async function scripts(shell: string) {
  const folder = await Deno.makeTempDir({ prefix: "planner-agent-completions-" });
  const main = join(PROJECT, "main.ts");
  const arguments_ = ["run", "--quiet", "--frozen", "-A", main, "completions", shell];
  const script = join(folder, `script.${shell}`);
  await Deno.writeTextFile(script, await run(Deno.execPath(), arguments_));
  const stub = '#!/bin/sh\n[ "$*" = "pending --ids" ] && printf "plan-a-b-1\\nplan-c-d-2\\n"\n';
  await Deno.writeTextFile(join(folder, "planner-agent"), stub, { mode: 0o755 });
  return {
    script,
    env: { PATH: `${folder}:/usr/local/bin:/usr/bin:/bin`, HOME: folder },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

for (const shell of ["bash", "zsh", "fish"]) {
  systemTest(`completions: ${shell} finds no fault in its script`, [program(shell)], async () => {
    await using made = await scripts(shell);
    assert.equal(await run(shell, ["-n", made.script], made.env), "");
  });
}

systemTest("completions: bash completes commands, options and ids", [program("bash")], async () => {
  await using made = await scripts("bash");
  const code = `
    source "$0"
    compopt() { :; }
    try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _planner_agent; echo "\${COMPREPLY[*]}"; }
    try planner-agent sh
    try planner-agent show plan-c
    try planner-agent show --j
    try planner-agent replay --channel x
    try planner-agent completions z
  `;
  assert.equal(
    await run("bash", ["--norc", "-c", code, made.script], made.env),
    "show\nplan-c-d-2\n--json\n\nzsh\n",
  );
});

systemTest("completions: fish completes commands, options and ids", [program("fish")], async () => {
  await using made = await scripts("fish");
  const code = `
    source $argv[1]
    complete -C 'planner-agent sho'
    complete -C 'planner-agent show plan-c'
    complete -C 'planner-agent show --j'
    complete -C 'planner-agent completions z'
  `;
  assert.equal(
    (await run("fish", ["--no-config", "-c", code, made.script], made.env))
      .replace(/\t.*/g, ""),
    "show\nplan-c-d-2\n--json\nzsh\n",
  );
});
