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
  Deno.exit(await dispatch(Deno.args, await commandsFor(named), systemIo()));
}
