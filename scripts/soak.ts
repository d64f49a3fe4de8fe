/**
 * Soaks an agent in messages; `deno task soak --help` says how.
 *
 * @module
 */
import { systemClock } from "../lib/base/clock.ts";
import { ownAgent, splitCommand } from "./bench/commands.ts";
import { print, runProgram, sayer } from "./bench/program.ts";
import { openWorld } from "./bench/world.ts";
import { parseSoakArguments, SOAK_HELP, type SoakOptions } from "./soak/arguments.ts";
import { unsteadyChat } from "./soak/chat.ts";
import { SILENCES } from "./soak/mix.ts";
import { reportSoak } from "./soak/report.ts";
import { runSoak, SOAK_ENVIRONMENT } from "./soak/run.ts";

const say = sayer("soak");

/** What must be ended and removed, also when the soak is interrupted. */
const open = new AsyncDisposableStack();

async function soak(options: SoakOptions): Promise<number> {
  const project = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
  const command = options.agent ? splitCommand(options.agent) : ownAgent(Deno.execPath(), project);
  await using stack = open;
  const world = await openWorld(command, {
    ...options,
    stack,
    clock: systemClock,
    env: SOAK_ENVIRONMENT,
    chat: unsteadyChat,
    prepare: (root) =>
      Deno.writeTextFile(`${root}/config/silences.json`, JSON.stringify(SILENCES, null, 2)),
  });
  const report = reportSoak(await runSoak(world, { ...options, say }));
  print(report.text);
  return report.exact ? 0 : 1;
}

await runProgram({
  parsed: parseSoakArguments(Deno.args),
  help: SOAK_HELP,
  say,
  run: soak,
  cleanUp: () => open.disposeAsync(),
  sayError: (message, { stopping }) => stopping || say(message),
});
