/**
 * Whether several planners did what one must: everything once.
 *
 * @module
 */
import type { Stopped } from "../soak/tally.ts";

export interface GrowEvidence {
  /** Targets that need a proposal. */
  readonly services: number;
  /** Targets of all proposals, with repetitions. */
  readonly proposed: readonly string[];
  /** Messages that all planners together must have received. */
  readonly expected: number;
  /** How each planner ended; undefined when it did not say so. */
  readonly stopped: readonly (Stopped | undefined)[];
}

export interface GrowVerdict {
  readonly proposals: number;
  /** Proposals for a target that had one. */
  readonly duplicates: number;
  /** Targets without a proposal. */
  readonly lost: number;
  /** What must not be, a sentence each. */
  readonly problems: readonly string[];
}

export function verdictOf(
  { services, proposed, expected, stopped }: GrowEvidence,
): GrowVerdict {
  const targets = new Set(proposed).size;
  const [duplicates, lost] = [proposed.length - targets, services - targets];
  const problems: string[] = [];
  if (duplicates > 0) problems.push(`${duplicates} proposals too many`);
  if (lost !== 0) problems.push(`${targets} services have a proposal, not ${services}`);
  const ended = stopped.filter((one) => one !== undefined);
  if (ended.length < stopped.length) {
    problems.push(`${stopped.length - ended.length} planners did not end in good order`);
  } else {
    const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
    const received = sum(ended.map((one) => one.received));
    const outcomes = sum(ended.map((one) => sum(Object.values(one.outcomes))));
    if (received !== expected) problems.push(`${received} events were received, not ${expected}`);
    if (outcomes !== received) problems.push(`${outcomes} of ${received} events have an outcome`);
  }
  return { proposals: proposed.length, duplicates, lost, problems };
}
