/**
 * Simulates a day of many nodes; `deno task simulate --help` says how.
 *
 * @module
 */
import { print, runProgram, sayer } from "./bench/program.ts";
import {
  parseSimulateArguments,
  SIMULATE_HELP,
  type SimulateOptions,
} from "./simulate/arguments.ts";
import { findBreakingPoint, isInTime } from "./simulate/breaking_point.ts";
import { type Found, reportFound, reportHead, reportResults } from "./simulate/report.ts";
import { simulate, type SimulationResult } from "./simulate/run.ts";

const say = sayer("simulate");

function run(options: SimulateOptions, planners: number, nodes = options.shape.nodes) {
  return simulate({
    ...options,
    planners,
    ollamas: options.ollamas ?? planners,
    shape: { ...options.shape, nodes },
  });
}

/** 1, with the reasons told, when something must not be. */
function statusOf(results: readonly SimulationResult[]): number {
  const problems = results.flatMap(({ planners, problems, duplicates }) =>
    [...problems, ...duplicates > 0 ? [`${duplicates} proposals too many`] : []]
      .map((problem) => `${planners} planners: ${problem}`)
  );
  problems.forEach(say);
  return problems.length > 0 ? 1 : 0;
}

async function compare(options: SimulateOptions): Promise<number> {
  const results: SimulationResult[] = [];
  for (const planners of options.planners) results.push(await run(options, planners));
  if (options.json) print(JSON.stringify({ options, results }, null, 2));
  else print(`${reportHead(options)}\n\n${reportResults(results)}`);
  return statusOf(results);
}

async function find(options: SimulateOptions): Promise<number> {
  const found: Found[] = [];
  let status = 0;
  for (const planners of options.planners) {
    const point = await findBreakingPoint(async (nodes) => {
      const result = await run(options, planners, nodes);
      status = Math.max(status, statusOf([result]));
      const isHeld = isInTime(result, options.withinSeconds);
      say(`${planners} planners, ${nodes} nodes: ${isHeld ? "in time" : "too many"}`);
      return isHeld;
    });
    found.push({ planners, ollamas: options.ollamas ?? planners, ...point });
  }
  if (options.json) print(JSON.stringify({ options, found }, null, 2));
  else print(reportFound(found, options.withinSeconds));
  return status;
}

await runProgram({
  parsed: parseSimulateArguments(Deno.args),
  help: SIMULATE_HELP,
  say,
  run: (options) => options.find ? find(options) : compare(options),
  cleanUp: () => Promise.resolve(),
  sayError: (message) => say(message),
});
