/**
 * Runs an example as its unit does: the command line of `ExecStart=`, with this run's folders and
 * ports in place of the installed ones, so that the permissions which are tested are those shipped.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path/posix";

export const EXAMPLES = join(import.meta.dirname ?? ".", "..", "..", "..", "examples");
const INSTALLED = "/usr/local/lib/planner-agent/examples";

/** The words of a unit's `ExecStart=`. */
export function execStart(unit: string): string[] {
  const text = Deno.readTextFileSync(join(EXAMPLES, unit)).replace(/\\\n\s*/g, "");
  const line = /^ExecStart=(.*)$/m.exec(text)?.[1];
  assert.ok(line, `${unit} has an ExecStart=`);
  return line.split(/\s+/);
}

export interface UnitRun {
  /** What stands in the unit and what this run has in its place. */
  readonly places: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Further arguments. */
  readonly further?: readonly string[];
}

/** The command of a unit that runs Deno, for this run. */
export function unitCommand(unit: string, { places, env = {}, further = [] }: UnitRun) {
  const [program, ...words] = execStart(unit);
  assert.equal(program, "/usr/local/bin/deno");
  const all = { ...places, [INSTALLED]: EXAMPLES };
  const args = words.map((word) =>
    Object.entries(all).reduce((text, [from, to]) => text.replaceAll(from, to), word)
  );
  return new Deno.Command(Deno.execPath(), {
    args: [...args, ...further],
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", PATH: Deno.env.get("PATH") ?? "", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Its lines of JSON, and what it said beside them. */
export async function outputOf(command: Deno.Command) {
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const lines = text(stdout).split("\n").filter(Boolean).map((line) => JSON.parse(line));
  return { code, lines: lines as Record<string, unknown>[], errors: text(stderr) };
}
