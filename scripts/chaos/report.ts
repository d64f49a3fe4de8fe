/**
 * The results of seeds in words: a line each, so that it can be read while others run.
 *
 * @module
 */
import type { RunResult } from "./run.ts";

const COLUMNS = ["seed", "events", "services", "kills", "faults", "LLM calls", "proposals"]
  .concat(["again", "uncounted", "alone", "dead", "seconds", "verdict"]);

function line(cells: readonly string[]): string {
  return cells.map((cell, nth) => cell.padStart(COLUMNS[nth]?.length ?? 0)).join("  ");
}

export function reportHead(): string {
  return line(COLUMNS);
}

export function reportSeed(seed: number, result: RunResult): string {
  const { events, services, kills, faults, llmCalls, proposals, again, uncounted, alone, dead } =
    result;
  const numbers = [
    seed,
    events,
    services,
    kills,
    faults,
    llmCalls,
    proposals,
    again,
    uncounted,
    alone,
    dead,
  ];
  const verdict = result.violations.length === 0 ? "ok" : "FAILED";
  return line([...numbers.map(String), result.seconds.toFixed(0), verdict]);
}

/** What is wrong with a seed, and how to see it again. */
export function reportFailure(
  violations: readonly string[],
  { command, folder }: { readonly command: string; readonly folder: string },
): string {
  return [
    ...violations.map((violation) => `      ${violation}`),
    `      disks and logs: ${folder}`,
    `      again: ${command}`,
  ].join("\n");
}
