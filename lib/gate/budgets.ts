/**
 * The agent's budgets: at most so many diagnoses an hour and proposals a day, whatever happens.
 * Limits for one target do not bound a fault that walks through all of them. A tenth of each is
 * kept for what is critical.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { elapsedSince } from "./cooldown.ts";
import type { Hold } from "./hold.ts";

/** What there is a budget of; what is looked at first comes first. */
const KINDS = ["proposal", "diagnosis"] as const;
type Kind = typeof KINDS[number];

/** One diagnosis or proposal was spent; times are milliseconds since 1970. */
export interface SpentRecord {
  readonly is: "spent";
  readonly of: Kind;
  readonly atMs: readonly number[];
}

/** At most `limit` in any `windowMs`, what is set aside included; a limit of 0 is no limit. */
function createBudget(limit: number, windowMs: number, name: string) {
  // A ring of the last `limit` times: the window is full when the oldest of them is inside it.
  const times = new Array<number>(limit).fill(-Infinity);
  // A tenth; of one or two there is nothing to keep.
  const forCritical = limit > 2 ? Math.ceil(limit / 10) : 0;
  let next = 0;
  let reserved = 0;
  return {
    /** For people: what it is of, and the variable that sets it. */
    name,
    isBounded: limit > 0,
    reserve: () => void reserved++,
    release: () => void reserved--,
    spend(at: number) {
      if (limit === 0) return;
      times[next] = at;
      next = (next + 1) % limit;
    },
    /** When a further one may be had, for a rank of severity; 0 when it may now. */
    freeAt(now: number, rank: number): number {
      if (limit === 0) return 0;
      const taken = reserved + (rank === 0 ? 0 : forCritical);
      // All are set aside: once one of them ends, a turn asks again.
      if (taken >= limit) return Infinity;
      const oldest = times[(next + taken) % limit] ?? -Infinity;
      return oldest + windowMs > now ? oldest + windowMs : 0;
    },
    spent: (now: number) => times.filter((at) => now - at < windowMs).sort((a, b) => a - b),
  };
}

export interface UsedUp {
  /** For people: what is used up, and the variable that sets it. */
  readonly what: string;
  /** Until then nothing is diagnosed, monotonic milliseconds. */
  readonly until: number;
}

interface BudgetsOptions {
  readonly clock: Clock;
  /** 0 stands for no limit. */
  readonly diagnosesPerHour: number;
  readonly proposalsPerDay: number;
  readonly saved?: Iterable<SpentRecord>;
  readonly remember?: (record: SpentRecord) => void;
}

export type Budgets = ReturnType<typeof createBudgets>;
/** What one event may cost: a diagnosis and a proposal, set aside for it. */
export type Allowance = ReturnType<Budgets["open"]>;

const HOUR_MS = 3_600_000;

export function createBudgets(options: BudgetsOptions) {
  const { clock, diagnosesPerHour, proposalsPerDay, saved = [], remember = () => {} } = options;
  const budgets = {
    diagnosis: createBudget(
      diagnosesPerHour,
      HOUR_MS,
      `${diagnosesPerHour} diagnoses an hour (DIAGNOSES_PER_HOUR)`,
    ),
    proposal: createBudget(
      proposalsPerDay,
      24 * HOUR_MS,
      `${proposalsPerDay} proposals a day (PROPOSALS_PER_DAY)`,
    ),
  };
  const [wall, now] = [clock.now(), clock.monotonic()];
  for (const { of, atMs } of saved) {
    for (const ms of atMs) budgets[of].spend(now - elapsedSince(ms, wall));
  }

  /** Whether a further diagnosis of an event of this rank must wait. */
  function usedUp(rank: number): UsedUp | undefined {
    const now = clock.monotonic();
    for (const kind of KINDS) {
      const until = budgets[kind].freeAt(now, rank);
      if (until > 0) return { what: budgets[kind].name, until };
    }
    return undefined;
  }

  return {
    /** Sets aside what an event may cost. */
    open() {
      const left = new Set(KINDS);
      for (const kind of left) budgets[kind].reserve();
      const take = (kind: Kind) => {
        if (!left.delete(kind)) return;
        budgets[kind].release();
        budgets[kind].spend(clock.monotonic());
        if (budgets[kind].isBounded) remember({ is: "spent", of: kind, atMs: [clock.now()] });
      };
      return {
        /** A model is about to be asked. */
        asking: () => take("diagnosis"),
        /** A proposal is safe. */
        proposed: () => take("proposal"),
        close() {
          for (const kind of left) budgets[kind].release();
          left.clear();
        },
      };
    },
    usedUp,
    /** A used-up budget as the reason why nothing is diagnosed. */
    holding(rank: number): Hold | undefined {
      const spent = usedUp(rank);
      return spent && { until: spent.until, why: `used up: ${spent.what}` };
    },
    *snapshot(): Generator<SpentRecord> {
      const [wall, now] = [clock.now(), clock.monotonic()];
      for (const kind of KINDS) {
        const spent = budgets[kind].spent(now);
        if (spent.length > 0) {
          yield { is: "spent", of: kind, atMs: spent.map((at) => wall - (now - at)) };
        }
      }
    },
  };
}
