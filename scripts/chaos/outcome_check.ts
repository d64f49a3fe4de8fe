/**
 * Whether every event came to an end, and none more often than interruptions explain.
 *
 * @module
 */
import { type Target, targetKey } from "../../lib/target.ts";
import { concerns, type Evidence, isWithin, RECORDED_WITHIN_MS } from "./evidence.ts";
import type { Plan } from "./plan.ts";
import { nameOf, told } from "./violation.ts";

export interface OutcomeCheckOptions {
  /** How long events may come again after an interruption, milliseconds. */
  readonly aftermathMs: number;
}

/** What is wrong with the outcomes, and how many there are beyond one an event. */
export function checkOutcomes(
  plan: Plan,
  evidence: Evidence,
  options: OutcomeCheckOptions,
) {
  const { planners, streams } = evidence;
  const expected = countsOf(plan.events.map((event) => ({ ...event, count: 1 })));
  const dead = countsOf(streams.flatMap((stream) => stream.dead).map((d) => ({ ...d, count: 1 })));
  const recorded = countsOf(planners.flatMap((planner) => planner.outcomes));
  const missing: string[] = [];
  const unexplained: string[] = [];
  let again = 0;
  for (const [key, { count, target }] of expected) {
    const found = (recorded.get(key)?.count ?? 0) + (dead.get(key)?.count ?? 0);
    if (found < count) missing.push(`${nameOf(target)} (${found} of ${count})`);
    const excess = Math.max(0, found - count);
    again += excess;
    if (excess > excusable(target, evidence, options)) {
      unexplained.push(`${nameOf(target)} (${found} of ${count})`);
    }
  }
  const strange = [...recorded].filter(([key]) => !expected.has(key));
  return {
    again,
    violations: [
      ...told("events without an outcome", missing),
      ...told("outcomes that no interruption explains", unexplained),
      ...told("outcomes of services that had no event", strange.map(([, r]) => nameOf(r.target))),
    ],
  };
}

/** How many of a target's outcomes were recorded around an interruption of who recorded them. */
function excusable(
  target: Target,
  evidence: Evidence,
  { aftermathMs }: OutcomeCheckOptions,
): number {
  const key = targetKey(target);
  let count = 0;
  for (const { name, outcomes } of evidence.planners) {
    const spans = evidence.interruptions.filter((interruption) => concerns(interruption, name));
    for (const outcome of outcomes) {
      if (targetKey(outcome) !== key) continue;
      const around = spans.some((span) =>
        isWithin(outcome.atMs, span, { before: RECORDED_WITHIN_MS, after: aftermathMs })
      );
      if (around) count += outcome.count;
    }
  }
  return count;
}

interface Count {
  count: number;
  readonly target: Target;
}

function countsOf(all: readonly (Target & { readonly count: number })[]): Map<string, Count> {
  const counts = new Map<string, Count>();
  for (const { node, service, count } of all) {
    const target = { node, service };
    const known = counts.get(targetKey(target));
    if (known) known.count += count;
    else counts.set(targetKey(target), { count, target });
  }
  return counts;
}
