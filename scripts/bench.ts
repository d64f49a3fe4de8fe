/**
 * Measures an agent, alone or beside another; `deno task bench --help` says how.
 *
 * @module
 */
import { systemClock } from "../lib/base/clock.ts";
import { errorMessage } from "../lib/base/error_message.ts";
import { HELP, type Options, parseArguments } from "./bench/arguments.ts";
import { bareSubscriber, ownAgent, splitCommand } from "./bench/commands.ts";
import { completeProposals } from "./bench/decided.ts";
import type { Outcome, Scenario, SideName } from "./bench/measures.ts";
import { type Interruption, print, runProgram, sayer } from "./bench/program.ts";
import { formatTable, summarize } from "./bench/report.ts";
import { measure } from "./bench/scenarios.ts";
import { openWorld } from "./bench/world.ts";

const say = sayer();

/** What must be ended and removed when the benchmark is interrupted, and who waits for it. */
let open = new AsyncDisposableStack();
let running: Promise<unknown> = Promise.resolve();

interface Side {
  readonly name: SideName;
  readonly command: readonly string[];
  readonly only: ReadonlySet<Scenario>;
  /** Called with the runtime path before the agent starts. */
  readonly prepare?: (root: string) => Promise<void>;
}

function sidesOf({ agent, beside, only, decided }: Options): Side[] {
  const deno = Deno.execPath();
  const project = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
  const command = agent ? splitCommand(agent) : ownAgent(deno, project);
  const sides: Side[] = [{ name: "agent", command, only }];
  if (beside) sides.push({ name: "beside", command: splitCommand(beside), only });
  if (only.has("ceiling")) {
    sides.push({
      name: "bare",
      command: bareSubscriber(deno, project),
      only: new Set(["benign", "cooldown"]),
    });
  }
  if (decided !== undefined) {
    const prepare = (root: string) => completeProposals(root, decided);
    sides.push({ name: "decided", command, only, prepare });
  }
  return sides;
}

async function runOnce(side: Side, options: Options): Promise<Outcome> {
  open = new AsyncDisposableStack();
  await using stack = open;
  try {
    const world = await openWorld(side.command, {
      ...options,
      stack,
      clock: systemClock,
      prepare: side.prepare,
    });
    return await measure(world, {
      ...options,
      only: side.only,
      proposes: side.name !== "bare",
      random: Math.random,
    });
  } catch (error) {
    return { values: {}, notes: [errorMessage(error)] };
  }
}

/** The exit status: 1 when a side could not be measured at all. */
async function bench(options: Options, interruption: Interruption): Promise<number> {
  const sides = sidesOf(options);
  const load = Deno.loadavg().map((value) => Number(value.toFixed(2)));
  const runs: Record<SideName, Outcome[]> = { agent: [], beside: [], bare: [], decided: [] };
  for (let nth = 1; nth <= options.runs; nth++) {
    for (const side of sides) {
      if (interruption.stopping) return 1;
      say(`run ${nth} of ${options.runs}: ${side.name}`);
      const outcome = runOnce(side, options);
      running = outcome;
      runs[side.name].push(await outcome);
    }
  }
  if (interruption.stopping) return 1;
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

await runProgram({
  parsed: parseArguments(Deno.args),
  help: HELP,
  say,
  run: bench,
  async cleanUp() {
    await open.disposeAsync().catch(() => {});
    await running;
  },
  sayError: (message) => say(`bench: ${message}`),
});
