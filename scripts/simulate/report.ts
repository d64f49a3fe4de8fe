/**
 * The numbers of simulations for people.
 *
 * @module
 */
import { alignColumns } from "../bench/report.ts";
import type { SimulateOptions } from "./arguments.ts";
import { type BreakingPoint, MOST_NODES } from "./breaking_point.ts";
import type { SimulationResult } from "./run.ts";
import { ALL } from "./waits.ts";

const whole = (value: number) => Math.round(value).toLocaleString("en-US");

/** Seconds as people say them: `1.5 s`, `12 min`, `2.5 h`. */
export function inWords(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}

/** What was simulated, a line. */
export function reportHead({ shape, machine, speed, answerTokens, seed }: SimulateOptions): string {
  return `${whole(shape.nodes)} nodes with ${shape.servicesPerNode} services each, ` +
    `${shape.hours} h, ${machine}: reads ${speed.promptRate} and writes ${speed.answerRate} ` +
    `tokens/s, ${answerTokens} tokens an answer; seed ${seed}`;
}

/** A column for each simulation. */
export function reportResults(results: readonly SimulationResult[]): string {
  const row = (name: string, cell: (result: SimulationResult) => string) => [
    name,
    ...results.map(cell),
  ];
  const outcomes = Object.keys(results[0]?.outcomes ?? {}).filter((outcome) =>
    results.some((result) => (result.outcomes[outcome] ?? 0) > 0)
  );
  const severities = [...new Set(results.flatMap(({ waits }) => Object.keys(waits)))];
  const order = [ALL, "critical", "error", "warning"];
  severities.sort((one, other) => order.indexOf(one) - order.indexOf(other));
  const rows = [
    row("planners", ({ planners }) => whole(planners)),
    row("Ollamas", ({ ollamas }) => whole(ollamas)),
    row("events in", ({ events }) => whole(events)),
    ...outcomes.map((outcome) => row(`  ${outcome}`, (r) => whole(r.outcomes[outcome] ?? 0))),
    row("  waiting at the end", ({ waiting }) => whole(waiting)),
    row("  unread at the end", ({ unread }) => whole(unread)),
    row("LLM calls", ({ llmCalls }) => whole(llmCalls)),
    row("  prompt tokens each", ({ promptTokensPerCall }) => whole(promptTokensPerCall)),
    row("  seconds each", ({ secondsPerCall }) => secondsPerCall.toFixed(1)),
    row("  LLM utilisation", ({ utilisation }) => `${(100 * utilisation).toFixed(1)}%`),
    row("proposed twice", ({ duplicates }) => whole(duplicates)),
    row("proposed when over", ({ proposedOver }) => whole(proposedOver)),
    ...severities.flatMap((name) =>
      (["p50", "p95", "p99", "max"] as const).map((at) =>
        row(`wait, ${name}, ${at}`, ({ waits }) => {
          const summary = waits[name];
          return summary ? inWords(summary[at]) : "-";
        })
      )
    ),
  ];
  return alignColumns(rows).join("\n");
}

export interface Found extends BreakingPoint {
  readonly planners: number;
  readonly ollamas: number;
}

/** A line for each number of planners. */
export function reportFound(found: readonly Found[], withinSeconds: number): string {
  const rows = found.map(({ planners, ollamas, nodes, tooMany }) => [
    whole(planners),
    whole(ollamas),
    tooMany === undefined ? `${whole(MOST_NODES)} or more` : whole(nodes),
    tooMany === undefined ? "-" : whole(tooMany),
  ]);
  const head = ["planners", "Ollamas", `in time (p95 up to ${inWords(withinSeconds)})`, "too many"];
  return alignColumns([head, ...rows]).join("\n");
}
