/**
 * Whether what a run left behind is what was promised.
 *
 * Delivery is at least once, so a planner that ends between an outcome and its acknowledgement
 * makes the event come again. "Accounted for exactly once in outcome" is therefore:
 *
 * - every entry was handed out and acknowledged, or is among the dead letters after as many
 *   deliveries as the limit says;
 * - each service has at least as many recorded outcomes as it had events, and more only where a
 *   planner that recorded some of them was interrupted around then: what comes again ends as
 *   "cooldown" or "coalesced";
 * - each service whose events called for a proposal has one, and none has two within a cooldown,
 *   unless a planner said that it could not ask Redis and wrote one of them meanwhile.
 *
 * @module
 */
import { type Target, targetKey } from "../../lib/target.ts";
import type {
  Evidence,
  Interruption,
  PlannerEvidence,
  ProposalEvidence,
  Span,
} from "./evidence.ts";
import type { Plan } from "./plan.ts";

export interface CheckOptions {
  readonly cooldownMs: number;
  readonly deliveryLimit: number;
  /** How long events may come again after an interruption, milliseconds. */
  readonly aftermathMs: number;
}

export interface Verdict {
  /** A sentence each; none for a run that kept every promise. */
  readonly violations: readonly string[];
  readonly proposals: number;
  /** Outcomes beyond one an event. */
  readonly again: number;
  /** Second proposals of planners that acted alone. */
  readonly alone: number;
  readonly dead: number;
}

/** Outcomes are in the history some time after they happened. */
const RECORDED_WITHIN_MS = 1_500;
/** The time of a file may be so much behind. */
const COARSE_MS = 20;
/** A violation names so many examples. */
const SHOWN = 3;

export function check(plan: Plan, evidence: Evidence, options: CheckOptions): Verdict {
  const { planners, streams } = evidence;
  const outcomes = checkOutcomes(plan, evidence, options);
  const proposals = checkProposals(plan, evidence, options);
  return {
    violations: [
      ...checkStreams(plan, evidence, options),
      ...outcomes.violations,
      ...proposals.violations,
      ...planners.flatMap((planner) => checkLives(planner)),
      ...planners.flatMap((planner) => checkFiles(planner)),
    ],
    proposals: planners.reduce((sum, planner) => sum + planner.proposals.length, 0),
    again: outcomes.again,
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

function checkOutcomes(plan: Plan, evidence: Evidence, options: CheckOptions) {
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
function excusable(target: Target, evidence: Evidence, { aftermathMs }: CheckOptions): number {
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

function checkProposals(plan: Plan, evidence: Evidence, { cooldownMs }: CheckOptions) {
  const written = evidence.planners.flatMap(({ proposals, alone }) =>
    proposals.map((proposal) => ({ ...proposal, isAlone: isAlone(proposal, alone) }))
  );
  const byTarget = Map.groupBy(written, targetKey);
  const dead = new Set(evidence.streams.flatMap((stream) => stream.dead).map(targetKey));
  const lost = plan.services.filter((service) =>
    (service.kind === "single" || service.kind === "busy") &&
    !byTarget.has(targetKey(service)) && !dead.has(targetKey(service))
  );
  const twice: string[] = [];
  let alone = 0;
  for (const proposals of byTarget.values()) {
    proposals.sort((one, other) => one.atMs - other.atMs);
    for (const [nth, proposal] of proposals.entries()) {
      const before = proposals[nth - 1];
      if (!before || proposal.atMs - before.atMs >= cooldownMs) continue;
      if (proposal.isAlone || before.isAlone) alone++;
      else twice.push(`${before.actionId} and ${proposal.actionId}`);
    }
  }
  const known = new Set(plan.services.map(targetKey));
  const strange = written.filter((proposal) => !known.has(targetKey(proposal)));
  return {
    alone,
    violations: [
      ...told("services without the proposal that they need", lost.map(nameOf)),
      ...told("two proposals within a cooldown", twice),
      ...told("proposals for services that do not exist", strange.map(nameOf)),
      ...evidence.planners.flatMap((planner) => untold(planner, evidence)),
    ],
  };
}

/** Proposals that are not in the history of the planner that wrote them. */
function untold(planner: PlannerEvidence, { interruptions }: Evidence): string[] {
  const known = new Set(planner.outcomes.map(({ actionId }) => actionId));
  const kills = interruptions.filter((interruption) =>
    interruption.kind === "kill" && concerns(interruption, planner.name)
  );
  const missing = planner.proposals.filter(({ actionId, atMs }) =>
    !known.has(actionId) &&
    !kills.some((kill) => isWithin(atMs, kill, { before: RECORDED_WITHIN_MS, after: 0 }))
  );
  const about = `${planner.name}: proposals that its history does not know`;
  return told(about, missing.map(({ actionId }) => actionId));
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

function isAlone({ atMs }: ProposalEvidence, alone: readonly Span[]): boolean {
  // It may have decided in the span to write what appeared after it.
  const slack = { before: COARSE_MS, after: RECORDED_WITHIN_MS };
  return alone.some((span) => isWithin(atMs, span, slack));
}

function concerns({ planner }: Interruption, name: string): boolean {
  return planner === undefined || planner === name;
}

function isWithin(
  atMs: number,
  { fromMs, toMs }: Span,
  { before, after }: { readonly before: number; readonly after: number },
): boolean {
  return atMs >= fromMs - before && atMs <= toMs + after;
}

function nameOf({ node, service }: Target): string {
  return `${node}/${service}`;
}

/** One sentence about all of them; none when there are none. */
function told(what: string, examples: readonly string[]): string[] {
  if (examples.length === 0) return [];
  const more = examples.length > SHOWN ? ` and ${examples.length - SHOWN} more` : "";
  return [`${what}: ${examples.slice(0, SHOWN).join(", ")}${more}`];
}
