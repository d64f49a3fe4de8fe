/**
 * planner-agent's command line.
 *
 * @module
 */
import { dispatch } from "./lib/cli/command.ts";
import { replay } from "./lib/cli/replay.ts";
import { run } from "./lib/cli/run.ts";
import { systemIo } from "./lib/cli/system_io.ts";

if (import.meta.main) {
  Deno.exit(await dispatch(Deno.args, [run, replay], systemIo()));
}
