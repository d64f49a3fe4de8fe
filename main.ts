/**
 * planner-agent's command line.
 *
 * @module
 */
import { dispatch } from "./lib/cli/command.ts";
import { run } from "./lib/cli/run/run.ts";
import { systemIo } from "./lib/cli/system_io.ts";

if (import.meta.main) {
  const command = Deno.args[0] ?? (Deno.stdout.isTerminal() ? "help" : "run");
  // The agent itself loads nothing of the other commands: memory is short on a node.
  const commands = command === "run"
    ? [run] as const
    : (await import("./lib/cli/commands.ts")).COMMANDS;
  Deno.exit(await dispatch(Deno.args, commands, systemIo()));
}
