/**
 * The agent's budgets: at most so many diagnoses an hour and proposals a day, whatever happens.
 * Limits for one target do not bound a fault that walks through all of them. A tenth of each is
 * kept for what is critical.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { elapsedSince } from "./cooldown.ts";
import type { Hold } from "./suppression.ts";

/** What a budget is of. */
type Of = "diagnosis" | "proposal";

/** One diagnosis or proposal was spent; times are milliseconds since 1970. */
export interface SpentRecord {
  readonly is: "spent";
  readonly of: Of;
  readonly atMs: readonly number[];
}

/** Times are monotonic milliseconds. */
interface Budget {
  /** Sets one aside. */
  reserve(): void;
  /** Gives back what was set aside, unspent. */
  release(): void;
  /** Spends what was set aside. */
  spend(at: number): void;
  /** When a further one may be had, for a rank of severity; 0 when it may now. */
  freeAt(now: number, rank: number): number;
  /** When those within the window were spent. */
  spent(now: number): number[];
}

/** At most `limit` in any `windowMs`, what is set aside included; a limit of 0 is no limit. */
function createBudget({ limit, windowMs }: { limit: number; windowMs: number }): Budget {
  // A ring of the last `limit` times: the window is full when the oldest of them is inside it.
  const times = new Array<number>(limit).fill(-Infinity);
  // A tenth; of one or two there is nothing to keep.
  const forCritical = limit > 2 ? Math.ceil(limit / 10) : 0;
  let next = 0;
  let reserved = 0;
  return {
    reserve: () => void reserved++,
    release: () => void reserved--,
    spend(at) {
      reserved--;
      if (limit === 0) return;
      times[next] = at;
      next = (next + 1) % limit;
    },
    freeAt(now, rank) {
      if (limit === 0) return 0;
      const taken = reserved + (rank === 0 ? 0 : forCritical);
      // All are set aside: once one of them ends, a turn asks again.
      if (taken >= limit) return Infinity;
      const oldest = times[(next + taken) % limit] ?? -Infinity;
      return oldest + windowMs > now ? oldest + windowMs : 0;
    },
    spent: (now) => times.filter((at) => now - at < windowMs).sort((a, b) => a - b),
  };
}

/** A budget that is used up. */
export interface UsedUp {
  /** For people: what is used up, and the variable that sets it. */
  readonly what: string;
  /** Until then nothing is diagnosed, monotonic milliseconds. */
  readonly until: number;
}

/** What one event may cost: a diagnosis and a proposal, set aside for it. */
export interface Allowance {
  /** A model is about to be asked. */
  asking(): void;
  /** A proposal is safe. */
  proposed(): void;
  /** Gives back what was not spent. */
  close(): void;
}

export interface Budgets {
  /** Sets aside what an event may cost. */
  open(): Allowance;
  /** Whether a further diagnosis of an event of this rank must wait. */
  usedUp(rank: number): UsedUp | undefined;
  /** A used-up budget as the reason why nothing is diagnosed. */
  holding(rank: number): Hold | undefined;
  /** Everything that must survive a restart. */
  snapshot(): Generator<SpentRecord>;
}

interface BudgetsOptions {
  readonly clock: Clock;
  /** 0 stands for no limit. */
  readonly diagnosesPerHour: number;
  readonly proposalsPerDay: number;
  /** What an earlier run spent. */
  readonly saved?: Iterable<SpentRecord>;
  /** Writes down what is spent. */
  readonly remember?: (record: SpentRecord) => void;
}

const HOUR_MS = 3_600_000;

export function createBudgets(options: BudgetsOptions): Budgets {
  const { clock, diagnosesPerHour, proposalsPerDay, saved = [], remember = () => {} } = options;
  const limits = { diagnosis: diagnosesPerHour, proposal: proposalsPerDay };
  const budgets = {
    diagnosis: createBudget({ limit: limits.diagnosis, windowMs: HOUR_MS }),
    proposal: createBudget({ limit: limits.proposal, windowMs: 24 * HOUR_MS }),
  };
  const names = {
    diagnosis: `${diagnosesPerHour} diagnoses an hour (DIAGNOSES_PER_HOUR)`,
    proposal: `${proposalsPerDay} proposals a day (PROPOSALS_PER_DAY)`,
  };
  for (const { of, atMs } of saved) {
    for (const ms of atMs) {
      budgets[of].reserve();
      budgets[of].spend(clock.monotonic() - elapsedSince(ms, clock.now()));
    }
  }

  function spend(of: Of) {
    budgets[of].spend(clock.monotonic());
    if (limits[of] > 0) remember({ is: "spent", of, atMs: [clock.now()] });
  }

  function usedUp(rank: number): UsedUp | undefined {
    const now = clock.monotonic();
    for (const kind of ["proposal", "diagnosis"] as const) {
      const until = budgets[kind].freeAt(now, rank);
      if (until > 0) return { what: names[kind], until };
    }
    return undefined;
  }

  return {
    open() {
      const left = new Set<Of>(["diagnosis", "proposal"]);
      for (const of of left) budgets[of].reserve();
      const take = (of: Of) => void (left.delete(of) && spend(of));
      return {
        asking: () => take("diagnosis"),
        proposed: () => take("proposal"),
        close() {
          for (const of of left) budgets[of].release();
          left.clear();
        },
      };
    },
    usedUp,
    holding(rank) {
      const spent = usedUp(rank);
      return spent && { until: spent.until, why: `used up: ${spent.what}` };
    },
    *snapshot() {
      const [wall, now] = [clock.now(), clock.monotonic()];
      for (const  of of["diagnosis", "proposal"] as const) {
        const spent = budgets[of].spent(now);
        if (spent.length > 0) yield { is: "spent", of, atMs: spent.map((at) => wall - (now - at)) };
      }
    },
  };
}
