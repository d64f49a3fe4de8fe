import { UsageError } from "../io.ts";
import type { Values } from "../command.ts";
import type { ChainReport } from "./report.ts";

/** Limits past which `eval` fails: the option, what it bounds, and how much of that there is. */
const LIMITS: readonly [name: string, of: string, found: (report: ChainReport) => number][] = [
  ["max-wrong-interventions", "wrong interventions", (report) => report.wrong_interventions],
  ["max-wrong-ignores", "wrong ignores", (report) => report.wrong_ignores],
  ["min-right", "percent right", ({ events, right }) => events > 0 ? 100 * right / events : 0],
];

export const LIMIT_OPTIONS = Object.fromEntries(
  LIMITS.map(([name]) => [name, { type: "string" as const }]),
);

/** The limits that were given, by option. @throws {UsageError} for what is no whole number. */
export function limitsIn(values: Values): ReadonlyMap<string, number> {
  const limits = new Map<string, number>();
  for (const [name] of LIMITS) {
    const text = values[name];
    if (text === undefined) continue;
    const most = name === "min-right" ? 100 : 999_999;
    if (typeof text !== "string" || !/^\d{1,6}$/.test(text) || Number(text) > most) {
      const takes = `takes a whole number up to ${most}`;
      throw new UsageError(`eval: --${name} ${takes}, got ${JSON.stringify(text)}`);
    }
    limits.set(name, Number(text));
  }
  return limits;
}

/** Every limit that a chain does not keep, one sentence each. */
export function passedLimits(report: ChainReport, limits: ReadonlyMap<string, number>): string[] {
  return LIMITS.flatMap(([name, of, found]) => {
    const value = found(report);
    const limit = limits.get(name) ?? value;
    if (name.startsWith("max-") ? value <= limit : value >= limit) return [];
    return [`${report.chain}: ${Math.round(10 * value) / 10} ${of}, against --${name} ${limit}`];
  });
}
