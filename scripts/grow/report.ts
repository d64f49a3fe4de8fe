/**
 * The measurements of several planners for people.
 *
 * @module
 */
import { alignColumns } from "../bench/report.ts";
import type { GrowResult } from "./run.ts";

const whole = (value: number) =>
  Number.isFinite(value) ? Math.round(value).toLocaleString("en-US") : "-";

/** A line for each measurement, and the problems below. */
export function reportGrowth(results: readonly GrowResult[]): string {
  const head = [
    ...["intake", "planners", "Ollamas", "events/s", "LLM calls", "proposals"],
    ...["twice", "lost", "decided after", "memory"],
  ];
  const rows = results.map((result) => [
    result.intake,
    whole(result.planners),
    whole(result.ollamas),
    whole(result.eventsPerSecond),
    whole(result.llmCalls),
    whole(result.proposals),
    whole(result.duplicates),
    whole(result.lost),
    `${result.decidedSeconds.toFixed(1)} s`,
    `${whole(result.memoryMiB)} MiB`,
  ]);
  const problems = results.flatMap(({ intake, planners, problems }) =>
    problems.map((problem) => `${intake}, ${planners} planners: ${problem}`)
  );
  return [...alignColumns([head, ...rows]), ...problems].join("\n");
}
