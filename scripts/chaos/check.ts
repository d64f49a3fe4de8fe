/**
 * Whether what a run left behind is what was promised.
 *
 * Delivery is at least once, so a planner that ends between an outcome and its acknowledgement
 * makes the event come again. "Accounted for exactly once in outcome" is therefore:
 *
 * - every entry was handed out and acknowledged, or is among the dead letters after as many
 *   deliveries as the limit says;
 * - each service has as many recorded outcomes as it had events, and at most one more for each time
 *   that one of its entries was handed out again, which takes an interruption: what comes again
 *   ends as "cooldown" or "coalesced"; where a planner was killed, what repeated an outcome of its
 *   service may lack its own, for only a count stood for it;
 * - each service whose events called for a proposal has one, and none has two within a cooldown,
 *   unless the later event was worse, or a planner said that it could not ask Redis and wrote one
 *   of them meanwhile; none is for a fault that its planner had heard to be over, by the time at
 *   which both happened, whenever and in whatever order they were sent;
 * - every key on Redis is a stream's, or a claim's with an end.
 *
 * @module
 */
import type { Evidence, PlannerEvidence } from "./evidence.ts";
import { checkOutcomes } from "./outcome_check.ts";
import type { Plan } from "./plan.ts";
import { checkProposals, type ProposalCheckOptions } from "./proposal_check.ts";
import { nameOf, told } from "./violation.ts";

export interface CheckOptions extends ProposalCheckOptions {
  readonly deliveryLimit: number;
}

export interface Verdict {
  /** A sentence each; none for a run that kept every promise. */
  readonly violations: readonly string[];
  readonly proposals: number;
  /** Outcomes beyond one an event. */
  readonly again: number;
  /** Events that only a count stood for when their planner was killed. */
  readonly uncounted: number;
  /** Second proposals of planners that acted alone. */
  readonly alone: number;
  readonly dead: number;
}

export function check(plan: Plan, evidence: Evidence, options: CheckOptions): Verdict {
  const { planners, streams } = evidence;
  const outcomes = checkOutcomes(plan, evidence);
  const proposals = checkProposals(plan, evidence, options);
  return {
    violations: [
      ...checkStreams(plan, evidence, options),
      ...outcomes.violations,
      ...proposals.violations,
      ...told("keys on Redis without the prefix or without an end", evidence.strayKeys),
      ...planners.flatMap((planner) => checkLives(planner)),
      ...planners.flatMap((planner) => checkFiles(planner)),
    ],
    proposals: planners.reduce((sum, planner) => sum + planner.proposals.length, 0),
    again: outcomes.again,
    uncounted: outcomes.uncounted,
    alone: proposals.alone,
    dead: streams.reduce((sum, { dead }) => sum + dead.length, 0),
  };
}

function checkStreams(plan: Plan, evidence: Evidence, { deliveryLimit }: CheckOptions): string[] {
  const { streams, interruptions } = evidence;
  const violations: string[] = [];
  const entries = streams.reduce((sum, stream) => sum + stream.entries, 0);
  if (entries !== plan.events.length) {
    violations.push(`the streams hold ${entries} entries, not ${plan.events.length}`);
  }
  for (const { stream, unread, pending, dead } of streams) {
    if (unread > 0) violations.push(`${stream}: ${unread} entries were never handed out`);
    if (pending > 0) violations.push(`${stream}: ${pending} entries are not acknowledged`);
    const early = dead.filter(({ deliveries }) =>
      deliveries < deliveryLimit || interruptions.length < deliveryLimit
    );
    violations.push(...told(`${stream}: given up without cause`, early.map(nameOf)));
  }
  return violations;
}

function checkLives({ name, lives, waiting }: PlannerEvidence): string[] {
  const violations: string[] = [];
  for (const [nth, { ending, code, restored, counts }] of lives.entries()) {
    const life = `${name}, life ${nth + 1}`;
    if (ending === "none") violations.push(`${life}: ended by itself with status ${code}`);
    if (ending !== "stopped") continue;
    if (code !== 0) violations.push(`${life}: ended with status ${code}`);
    if (!counts) {
      violations.push(`${life}: did not say that it was stopped`);
      continue;
    }
    const { received, outcomes } = counts;
    if (outcomes + waiting !== received + restored) {
      violations.push(
        `${life}: ${outcomes} outcomes and ${waiting} waiting of ${received} received ` +
          `and ${restored} restored`,
      );
    }
  }
  if (waiting > 0) violations.push(`${name}: ${waiting} events still wait`);
  if (lives.at(-1)?.ending !== "stopped") violations.push(`${name}: was not running at the end`);
  return violations;
}

function checkFiles({ name, broken, leftovers }: PlannerEvidence): string[] {
  return [
    ...told(`${name}: files that are no JSON`, broken),
    ...told(`${name}: temporary files left`, leftovers),
  ];
}
