/**
 * Soaks an agent in messages; `deno task soak --help` says how.
 *
 * @module
 */
import { systemClock } from "../lib/clock.ts";
import { ownAgent, splitCommand } from "./bench/commands.ts";
import { openWorld } from "./bench/world.ts";
import { parseSoakArguments, SOAK_HELP, type SoakOptions } from "./soak/arguments.ts";
import { unsteadyChat } from "./soak/chat.ts";
import { SILENCES } from "./soak/mix.ts";
import { reportSoak } from "./soak/report.ts";
import { runSoak, SOAK_ENVIRONMENT } from "./soak/run.ts";

const encoder = new TextEncoder();
const print = (text: string) => void Deno.stdout.writeSync(encoder.encode(`${text}\n`));
const say = (text: string) => void Deno.stderr.writeSync(encoder.encode(`soak: ${text}\n`));

/** What must be ended and removed, also when the soak is interrupted. */
const open = new AsyncDisposableStack();
let stopping = false;

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

async function main(argv: readonly string[]): Promise<number> {
  const parsed = parseSoakArguments(argv);
  switch (parsed.kind) {
    case "help":
      print(SOAK_HELP.trimEnd());
      return 0;
    case "wrong":
      say(`${parsed.problems.join("\n")}\n\n${SOAK_HELP.trimEnd()}`);
      return 2;
    case "run":
      return await soak(parsed.options);
  }
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, async () => {
    if (stopping) return;
    stopping = true;
    say(`${signal}: stopping`);
    await open.disposeAsync().catch(() => {});
    Deno.exit(signal === "SIGINT" ? 130 : 143);
  });
}

const status = await main(Deno.args).catch((error: unknown) => {
  if (!stopping) say(error instanceof Error ? error.message : String(error));
  return 1;
});
// The interrupt's handler ends the program itself.
if (!stopping) Deno.exit(status);
