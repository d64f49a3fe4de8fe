/**
 * The agent's budgets: at most so many diagnoses an hour and proposals a day, whatever happens.
 * Limits for one target do not bound a fault that walks through all of them.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Hold } from "./suppression.ts";

/** Times are monotonic milliseconds. */
interface Budget {
  /** Takes one. Call only when {@linkcode Budget.freeAt} is 0. */
  spend(now: number): void;
  /** When the next one may be taken, 0 when it may now. */
  freeAt(now: number): number;
}

/** At most `limit` in any `windowMs`; a limit of 0 stands for no limit. */
export function createBudget({ limit, windowMs }: { limit: number; windowMs: number }): Budget {
  // A ring of the last `limit` times: the window is full when the oldest of them is inside it.
  const times = new Array<number>(limit).fill(-Infinity);
  let next = 0;
  return {
    spend(now) {
      if (limit === 0) return;
      times[next] = now;
      next = (next + 1) % limit;
    },
    freeAt(now) {
      const oldest = times[next] ?? -Infinity;
      return oldest + windowMs > now ? oldest + windowMs : 0;
    },
  };
}

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

interface BudgetsOptions {
  readonly clock: Clock;
  /** 0 stands for no limit. */
  readonly diagnosesPerHour: number;
  readonly proposalsPerDay: number;
}

const HOUR_MS = 3_600_000;

export function createBudgets(
  { clock, diagnosesPerHour, proposalsPerDay }: BudgetsOptions,
): Budgets {
  const diagnoses = createBudget({ limit: diagnosesPerHour, windowMs: HOUR_MS });
  const proposals = createBudget({ limit: proposalsPerDay, windowMs: 24 * HOUR_MS });
  const state = (budget: Budget, what: string) => {
    const until = budget.freeAt(clock.monotonic());
    return until > 0 ? { what, until } : undefined;
  };
  const usedUp = () =>
    state(proposals, `${proposalsPerDay} proposals a day (PROPOSALS_PER_DAY)`) ??
      state(diagnoses, `${diagnosesPerHour} diagnoses an hour (DIAGNOSES_PER_HOUR)`);
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
