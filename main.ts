/**
 * planner-agent's command line.
 *
 * @module
 */
import { dispatch } from "./lib/cli/command.ts";
import { commandsFor } from "./lib/cli/commands.ts";
import { systemIo } from "./lib/cli/system_io.ts";

if (import.meta.main) {
  const named = Deno.args[0] ?? (Deno.stdout.isTerminal() ? "help" : "run");
  const status = await dispatch(Deno.args, await commandsFor(named), systemIo());
  // What was not written is no success, whatever the command found.
  Deno.exit(status || Deno.exitCode);
}
