/**
 * The agent's budgets: diagnoses an hour and proposals a day.
 *
 * @module
 */
import { type Budget, createBudget } from "./budget.ts";
import type { Clock } from "../base/clock.ts";
import type { Config } from "../config/config.ts";
import type { Hold } from "./suppression.ts";

/** A budget that is used up. */
export interface UsedUp {
  /** For people: what is used up, and the variable that sets it. */
  readonly what: string;
  /** Until then nothing is diagnosed, monotonic milliseconds. */
  readonly until: number;
}

export interface Budgets {
  diagnosing(): void;
  proposed(): void;
  /** Whether a further diagnosis must wait. */
  usedUp(): UsedUp | undefined;
  /** The same as a reason why nothing is diagnosed. */
  holding(): Hold | undefined;
}

const HOUR_MS = 3_600_000;

export function createBudgets(clock: Clock, config: Config): Budgets {
  const diagnoses = createBudget({ limit: config.diagnosesPerHour, windowMs: HOUR_MS });
  const proposals = createBudget({ limit: config.proposalsPerDay, windowMs: 24 * HOUR_MS });
  const state = (budget: Budget, what: string) => {
    const until = budget.freeAt(clock.monotonic());
    return until > 0 ? { what: `${budget.limit} ${what}`, until } : undefined;
  };
  const usedUp = () =>
    state(proposals, "proposals a day (PROPOSALS_PER_DAY)") ??
      state(diagnoses, "diagnoses an hour (DIAGNOSES_PER_HOUR)");
  return {
    diagnosing: () => diagnoses.spend(clock.monotonic()),
    proposed: () => proposals.spend(clock.monotonic()),
    usedUp,
    holding() {
      const spent = usedUp();
      return spent && { until: spent.until, why: `used up: ${spent.what}` };
    },
  };
}
