import type { Command } from "./command.ts";
import { run } from "./run/run.ts";

/**
 * A command loads none of the others but `run`: memory and time are short on a node. `run` is
 * imported in the usual way, because a compiled agent starts a quarter faster so. It is the first,
 * which runs when none is named; the others are in the order of the overview.
 */
const COMMANDS = new Map<string, () => Promise<Command>>([
  ["run", () => Promise.resolve(run)],
  ["replay", async () => (await import("./replay/replay.ts")).replay],
  ["check", async () => (await import("./check/check.ts")).check],
  ["status", async () => (await import("./status/status.ts")).status],
  ["pending", async () => (await import("./pending/pending.ts")).pending],
  ["show", async () => (await import("./show/show.ts")).show],
  ["explain", async () => (await import("./explain/explain.ts")).explain],
  ["stats", async () => (await import("./stats/stats.ts")).stats],
  ["silences", async () => (await import("./silences/silences.ts")).silences],
  ["silence", async () => (await import("./silences/silence.ts")).silence],
  ["check-event", async () => (await import("./check_event/check_event.ts")).checkEvent],
  ["eval", async () => (await import("./eval/eval.ts")).evaluate],
  ["permissions", async () => (await import("./permissions/permissions.ts")).permissions],
]);

type Commands = readonly [Command, ...Command[]];

/** The command that `name` names; all of them where it names none, or what is about all. */
export async function commandsFor(name: string): Promise<Commands> {
  const alone = await COMMANDS.get(name)?.();
  return alone ? [alone] : await allCommands();
}

/** Every command, in the order of the overview. */
export async function allCommands(): Promise<Commands> {
  const [, ...others] = await Promise.all([...COMMANDS.values()].map((load) => load()));
  const { completionsFor } = await import("./completions/completions.ts");
  return [run, ...others, completionsFor([run, ...others])];
}
