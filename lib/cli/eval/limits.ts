/**
 * Limits past which `eval` fails, for those who run it by themselves.
 *
 * @module
 */
import { UsageError } from "../io.ts";
import type { Values } from "../command.ts";
import type { ChainReport } from "./report.ts";

/** By option, what it bounds. */
const LIMITS = {
  "max-wrong-interventions": {
    of: "wrong interventions",
    isMost: true,
    in: (report: ChainReport) => report.wrong_interventions,
  },
  "max-wrong-ignores": {
    of: "wrong ignores",
    isMost: true,
    in: (report: ChainReport) => report.wrong_ignores,
  },
  "min-right": {
    of: "percent right",
    isMost: false,
    in: ({ events, right }: ChainReport) => events > 0 ? 100 * right / events : 0,
  },
};
const NAMES = Object.keys(LIMITS) as (keyof typeof LIMITS)[];

export const LIMIT_OPTIONS = Object.fromEntries(
  NAMES.map((name) => [name, { type: "string" as const }]),
);

/** The limits that were given. @throws {UsageError} for what is no whole number. */
export function limitsIn(values: Values) {
  return NAMES.filter((name) => values[name] !== undefined).map((name) => {
    const text = values[name];
    if (typeof text !== "string" || !/^\d{1,6}$/.test(text)) {
      throw new UsageError(`eval: --${name} takes a whole number, got ${JSON.stringify(text)}`);
    }
    return { name, limit: Number(text) };
  });
}

/** Every limit that a chain does not keep, one sentence each. */
export function passedLimits(report: ChainReport, limits: ReturnType<typeof limitsIn>): string[] {
  return limits.flatMap(({ name, limit }) => {
    const { of, isMost, in: found } = LIMITS[name];
    const value = found(report);
    if (isMost ? value <= limit : value >= limit) return [];
    return [`${report.chain}: ${Math.round(10 * value) / 10} ${of}, against --${name} ${limit}`];
  });
}
