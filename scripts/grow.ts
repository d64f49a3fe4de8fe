/**
 * Measures 1, 2 and 4 planners on one Redis; `deno task grow --help` says how.
 *
 * @module
 */
import { systemClock } from "../lib/base/clock.ts";
import { type Interruption, print, runProgram, sayer } from "./bench/program.ts";
import { GROW_HELP, type GrowOptions, type Intake, parseGrowArguments } from "./grow/arguments.ts";
import { reportGrowth } from "./grow/report.ts";
import { type GrowResult, measureGrowth } from "./grow/run.ts";

const say = sayer("grow");

/** What must be ended and removed, also when the measurement is interrupted. */
let open = new AsyncDisposableStack();

async function measureOnce(
  options: GrowOptions,
  { intake, planners }: { readonly intake: Intake; readonly planners: number },
): Promise<GrowResult> {
  const folder = await Deno.makeTempDir({ prefix: "planner-agent-grow-" });
  await using stack = open = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const project = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
  const about = { ...options, intake, planners, folder, project, clock: systemClock, stack };
  return await measureGrowth(about);
}

async function grow(options: GrowOptions, interruption: Interruption): Promise<number> {
  const results: GrowResult[] = [];
  for (const intake of options.intakes) {
    for (const planners of options.planners) {
      if (interruption.stopping) return 1;
      say(`${intake}, ${planners} planners`);
      results.push(await measureOnce(options, { intake, planners }));
    }
  }
  if (options.json) print(JSON.stringify({ options, results }, null, 2));
  else print(reportGrowth(results));
  return results.some(({ problems }) => problems.length > 0) ? 1 : 0;
}

await runProgram({
  parsed: parseGrowArguments(Deno.args),
  help: GROW_HELP,
  say,
  run: grow,
  cleanUp: () => open.disposeAsync(),
  sayError: (message, { stopping }) => stopping || say(message),
});
