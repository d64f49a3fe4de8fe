/**
 * planner-agent's command line.
 *
 * @module
 */
import { type Command, dispatch } from "./lib/cli/command.ts";
import { run } from "./lib/cli/run/run.ts";
import { systemIo } from "./lib/cli/system_io.ts";

/**
 * A command loads none of the others but `run`: memory and time are short on a node. `run` is
 * imported in the usual way, because a compiled agent starts a quarter faster so.
 */
const ALONE = new Map<string, () => Promise<Command>>([
  ["run", () => Promise.resolve(run)],
  ["replay", async () => (await import("./lib/cli/replay/replay.ts")).replay],
  ["check", async () => (await import("./lib/cli/check/check.ts")).check],
  ["status", async () => (await import("./lib/cli/status/status.ts")).status],
  ["pending", async () => (await import("./lib/cli/pending/pending.ts")).pending],
  ["show", async () => (await import("./lib/cli/show/show.ts")).show],
  ["explain", async () => (await import("./lib/cli/explain/explain.ts")).explain],
  ["stats", async () => (await import("./lib/cli/stats/stats.ts")).stats],
  ["silences", async () => (await import("./lib/cli/silences/silences.ts")).silences],
  ["silence", async () => (await import("./lib/cli/silences/silence.ts")).silence],
  ["check-event", async () => (await import("./lib/cli/check_event/check_event.ts")).checkEvent],
  ["eval", async () => (await import("./lib/cli/eval/eval.ts")).evaluate],
  ["permissions", async () => (await import("./lib/cli/permissions/permissions.ts")).permissions],
]);

if (import.meta.main) {
  const named = Deno.args[0] ?? (Deno.stdout.isTerminal() ? "help" : "run");
  const alone = await ALONE.get(named)?.();
  const commands = alone ? [alone] as const : (await import("./lib/cli/commands.ts")).COMMANDS;
  Deno.exit(await dispatch(Deno.args, commands, systemIo()));
}
