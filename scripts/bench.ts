/**
 * Measures an agent, alone or beside another; `deno task bench --help` says how.
 *
 * @module
 */
import { systemClock } from "../lib/clock.ts";
import { HELP, type Options, parseArguments } from "./bench/arguments.ts";
import { bareSubscriber, ownAgent, splitCommand } from "./bench/commands.ts";
import type { Outcome, Scenario, SideName } from "./bench/measures.ts";
import { formatTable, summarize } from "./bench/report.ts";
import { measure } from "./bench/scenarios.ts";
import { openWorld } from "./bench/world.ts";

const encoder = new TextEncoder();
const print = (text: string) => void Deno.stdout.writeSync(encoder.encode(`${text}\n`));
const say = (text: string) => void Deno.stderr.writeSync(encoder.encode(`${text}\n`));

/** What must be ended and removed when the benchmark is interrupted, and who waits for it. */
let open = new AsyncDisposableStack();
let running: Promise<unknown> = Promise.resolve();
let stopping = false;

interface Side {
  readonly name: SideName;
  readonly command: readonly string[];
  readonly only: ReadonlySet<Scenario>;
}

function sidesOf({ agent, beside, only }: Options): Side[] {
  const deno = Deno.execPath();
  const project = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
  const sides: Side[] = [
    { name: "agent", command: agent ? splitCommand(agent) : ownAgent(deno, project), only },
  ];
  if (beside) sides.push({ name: "beside", command: splitCommand(beside), only });
  if (only.has("ceiling")) {
    sides.push({
      name: "bare",
      command: bareSubscriber(deno, project),
      only: new Set(["benign", "cooldown"]),
    });
  }
  return sides;
}

async function runOnce(side: Side, options: Options): Promise<Outcome> {
  open = new AsyncDisposableStack();
  await using stack = open;
  try {
    const world = await openWorld(side.command, { ...options, stack, clock: systemClock });
    return await measure(world, {
      ...options,
      only: side.only,
      proposes: side.name !== "bare",
      random: Math.random,
    });
  } catch (error) {
    return { values: {}, notes: [error instanceof Error ? error.message : String(error)] };
  }
}

/** The exit status: 1 when a side could not be measured at all. */
async function bench(options: Options, sides: readonly Side[]): Promise<number> {
  const load = Deno.loadavg().map((value) => Number(value.toFixed(2)));
  const runs: Record<SideName, Outcome[]> = { agent: [], beside: [], bare: [] };
  for (let nth = 1; nth <= options.runs; nth++) {
    for (const side of sides) {
      if (stopping) return 1;
      say(`run ${nth} of ${options.runs}: ${side.name}`);
      const outcome = runOnce(side, options);
      running = outcome;
      runs[side.name].push(await outcome);
    }
  }
  if (stopping) return 1;
  const report = summarize(runs);
  const failed = sides.some(({ name }) =>
    runs[name].every((run) => run.values.peakMiB === undefined)
  );
  const machine = { cpus: navigator.hardwareConcurrency, loadBefore: load };
  if (options.json) {
    const { messages, idleSeconds } = options;
    const commands = Object.fromEntries(sides.map((side) => [side.name, side.command.join(" ")]));
    print(JSON.stringify({ machine, messages, idleSeconds, commands, runs, ...report }, null, 2));
    return failed ? 1 : 0;
  }
  print(
    `medians of ${options.runs} runs, ${options.messages} messages a drain, ` +
      `${machine.cpus} CPUs, load before ${load.join(" ")}\n\n${formatTable(report)}`,
  );
  return failed ? 1 : 0;
}

async function main(argv: readonly string[]): Promise<number> {
  const parsed = parseArguments(argv);
  switch (parsed.kind) {
    case "help":
      print(HELP.trimEnd());
      return 0;
    case "wrong":
      say(`${parsed.problems.join("\n")}\n\n${HELP.trimEnd()}`);
      return 2;
    case "run":
      return await bench(parsed.options, sidesOf(parsed.options));
  }
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, async () => {
    if (stopping) return;
    stopping = true;
    say(`${signal}: stopping`);
    await open.disposeAsync().catch(() => {});
    await running.catch(() => {});
    Deno.exit(signal === "SIGINT" ? 130 : 143);
  });
}

const status = await main(Deno.args).catch((error: unknown) => {
  say(`bench: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
});
// The interrupt's handler ends the program itself.
if (!stopping) Deno.exit(status);
