/**
 * Limits past which `eval` fails, for those who run it by themselves.
 *
 * @module
 */
import { UsageError } from "../io.ts";
import type { Values } from "../command.ts";
import type { ChainReport } from "./report.ts";

/** Option, and what it bounds. */
const LIMITS = {
  "max-wrong-interventions": { of: "wrong interventions", most: true },
  "max-wrong-ignores": { of: "wrong ignores", most: true },
  "min-right": { of: "percent right", most: false },
} as const;
type Limit = keyof typeof LIMITS;

const NAMES = Object.keys(LIMITS) as Limit[];

export const LIMIT_OPTIONS: Readonly<Record<Limit, { readonly type: "string" }>> = {
  "max-wrong-interventions": { type: "string" },
  "max-wrong-ignores": { type: "string" },
  "min-right": { type: "string" },
};

type Limits = ReadonlyMap<Limit, number>;

/** @throws {UsageError} for what is no whole number. */
export function limitsIn(values: Values): Limits {
  const limits = new Map<Limit, number>();
  for (const name of NAMES) {
    const text = values[name];
    if (text === undefined) continue;
    if (typeof text !== "string" || !/^\d{1,6}$/.test(text)) {
      throw new UsageError(`eval: --${name} takes a whole number, got ${JSON.stringify(text)}`);
    }
    limits.set(name, Number(text));
  }
  return limits;
}

/** Every limit that a chain does not keep, one sentence each. */
export function passedLimits(report: ChainReport, limits: Limits): string[] {
  const found: Record<Limit, number> = {
    "max-wrong-interventions": report.wrong_interventions,
    "max-wrong-ignores": report.wrong_ignores,
    "min-right": report.events > 0 ? 100 * report.right / report.events : 0,
  };
  return [...limits].flatMap(([name, limit]) => {
    const { of, most } = LIMITS[name];
    if (most ? found[name] <= limit : found[name] >= limit) return [];
    const value = Math.round(10 * found[name]) / 10;
    return [`${report.chain}: ${value} ${of}, against --${name} ${limit}`];
  });
}
