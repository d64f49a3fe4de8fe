/**
 * Whether every event came to an end, and none more often than its entry was handed out.
 *
 * @module
 */
import { type Target, targetKey } from "../../lib/event/target.ts";
import { concerns, type Evidence } from "./evidence.ts";
import type { Plan } from "./plan.ts";
import { nameOf, told } from "./violation.ts";

/** What is wrong with the outcomes, and how many there are beyond one an event. */
export function checkOutcomes(plan: Plan, evidence: Evidence) {
  const { planners, streams, interruptions } = evidence;
  const expected = countsOf(plan.events.map((event) => ({ ...event, count: 1 })));
  const dead = countsOf(streams.flatMap((stream) => stream.dead).map((d) => ({ ...d, count: 1 })));
  const recorded = countsOf(planners.flatMap((planner) => planner.outcomes));
  const redelivered = countsOf(evidence.redeliveries);
  const needless = interruptions.length === 0 ? [...redelivered.values()] : [];
  const missing: string[] = [];
  const unexplained: string[] = [];
  let again = 0;
  let uncounted = 0;
  let unnamed = planners.reduce((sum, planner) => sum + planner.unnamed, 0);
  for (const [key, { count, target }] of expected) {
    const found = (recorded.get(key)?.count ?? 0) + (dead.get(key)?.count ?? 0);
    const lacking = Math.max(0, count - found);
    if (lacking > 0 && lacking <= unnamed) {
      unnamed -= lacking;
      uncounted += lacking;
    } else if (lacking > 0 && countsLost(key, evidence)) uncounted += lacking;
    else if (lacking > 0) missing.push(`${nameOf(target)} (${found} of ${count})`);
    const excess = Math.max(0, found - count);
    again += excess;
    if (excess > (redelivered.get(key)?.count ?? 0)) {
      unexplained.push(`${nameOf(target)} (${found} of ${count})`);
    }
  }
  const strange = [...recorded].filter(([key]) => !expected.has(key));
  return {
    again,
    uncounted,
    violations: [
      ...told("events without an outcome", missing),
      ...told("more outcomes than its entries were handed out", unexplained),
      ...told("handed out again without cause", needless.map(({ target }) => nameOf(target))),
      ...told("outcomes of services that had no event", strange.map(([, r]) => nameOf(r.target))),
    ],
  };
}

/**
 * Events that repeat a line of the history are counted in memory for some minutes, which a kill
 * ends: then the line stands for them.
 */
function countsLost(key: string, { planners, interruptions }: Evidence): boolean {
  return planners.some(({ name, outcomes }) =>
    interruptions.some((each) => each.kind === "kill" && concerns(each, name)) &&
    outcomes.some((each) =>
      targetKey(each) === key && each.outcome !== "proposed" && each.outcome !== "ignored"
    )
  );
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
