/**
 * Whether each service that needs a proposal has one, none has two within a cooldown, and none is
 * for what its planner knew to be over.
 *
 * @module
 */
import { cures } from "../../lib/event/cures.ts";
import { severityRank } from "../../lib/event/severity.ts";
import { targetKey } from "../../lib/event/target.ts";
import { isBenign } from "../../lib/gate/objection.ts";
import {
  concerns,
  type Evidence,
  type Interruption,
  isWithin,
  type PlannerEvidence,
  type ProposalEvidence,
  RECORDED_WITHIN_MS,
  type Span,
} from "./evidence.ts";
import type { Kind, Plan } from "./plan.ts";
import { nameOf, told } from "./violation.ts";

/** The time of a file may be so much behind. */
const COARSE_MS = 20;
/** So long a planner waits for Redis to share its cooldown, before it records its proposal. */
const CLAIM_TOLD_WITHIN_MS = 2_000;

/** So long a planner takes from its last look at what it heard until the file is there. */
const WRITTEN_WITHIN_MS = 1_000;

const NEEDS_PROPOSAL: ReadonlySet<Kind> = new Set(["single", "busy", "returning"]);

export interface ProposalCheckOptions {
  readonly cooldownMs: number;
}

/** What is wrong with the proposals, and how many are second ones of planners that acted alone. */
export function checkProposals(
  plan: Plan,
  evidence: Evidence,
  { cooldownMs }: ProposalCheckOptions,
) {
  const written = evidence.planners.flatMap(({ proposals, alone }) =>
    proposals.map((proposal) => ({ ...proposal, isAlone: isAlone(proposal, alone) }))
  );
  const byTarget = Map.groupBy(written, targetKey);
  const dead = new Set(evidence.streams.flatMap((stream) => stream.dead).map(targetKey));
  const lost = plan.services.filter((service) =>
    NEEDS_PROPOSAL.has(service.kind) &&
    !byTarget.has(targetKey(service)) && !dead.has(targetKey(service))
  );
  const twice: string[] = [];
  let alone = 0;
  for (const proposals of byTarget.values()) {
    proposals.sort((one, other) => one.atMs - other.atMs);
    for (const [nth, proposal] of proposals.entries()) {
      const before = proposals[nth - 1];
      if (!before || proposal.atMs - before.atMs >= cooldownMs) continue;
      // A fault that is worse passes the cooldown of a lesser one.
      if (severityRank(proposal.severity) < severityRank(before.severity)) continue;
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
      ...evidence.planners.flatMap((planner) => knownToBeOver(planner, evidence)),
    ],
  };
}

/** Proposals that are not in the history of the planner that wrote them. */
function untold(planner: PlannerEvidence, { interruptions }: Evidence): string[] {
  const known = new Set(planner.outcomes.map(({ actionId }) => actionId));
  const own = interruptions.filter((interruption) => concerns(interruption, planner.name));
  const kills = own.filter(({ kind }) => kind === "kill");
  const missing = planner.proposals.filter(({ actionId, atMs }) =>
    !known.has(actionId) &&
    !kills.some((kill) => {
      const before = RECORDED_WITHIN_MS + heldUpMs(own, { fromMs: atMs, toMs: kill.fromMs });
      return isWithin(atMs, kill, { before, after: 0 });
    })
  );
  const about = `${planner.name}: proposals that its history does not know`;
  return told(about, missing.map(({ actionId }) => actionId));
}

/**
 * Proposals for faults that their planner knew to be over: it acknowledged good news that ends them
 * and happened later. Good news of what it never knew to be bad does not survive a kill.
 */
function knownToBeOver(planner: PlannerEvidence, { interruptions }: Evidence): string[] {
  const own = interruptions.filter((interruption) => concerns(interruption, planner.name));
  const news = Map.groupBy(planner.acknowledged, targetKey);
  const needless = planner.proposals.filter((proposal) =>
    (news.get(targetKey(proposal)) ?? []).some(({ type, happenedMs, atMs }) => {
      const known = { fromMs: atMs, toMs: proposal.atMs };
      return isBenign(type) && cures(type, proposal.type) && happenedMs > proposal.happenedMs &&
        !own.some(({ kind, fromMs, toMs }) =>
          kind === "kill" && fromMs <= known.toMs && toMs >= known.fromMs
        ) &&
        known.toMs - known.fromMs > WRITTEN_WITHIN_MS + heldUpMs(own, known);
    })
  );
  return told(`${planner.name}: proposals for what it knew to be over`, needless.map(nameOf));
}

/** For how long other faults can have kept a planner from recording something in the span. */
function heldUpMs(faults: readonly Interruption[], { fromMs, toMs }: Span): number {
  const during = faults.filter((fault) => fault.fromMs < toMs && fault.toMs >= fromMs);
  const pauses = during.filter(({ kind }) => kind === "pause");
  const isCutOff = during.some(({ kind }) => kind !== "pause" && kind !== "kill");
  const pausedMs = pauses.reduce((sum, pause) => sum + pause.toMs - pause.fromMs, 0);
  return pausedMs + (isCutOff ? CLAIM_TOLD_WITHIN_MS : 0);
}

function isAlone({ atMs }: ProposalEvidence, alone: readonly Span[]): boolean {
  // It may have decided in the span to write what appeared after it.
  const slack = { before: COARSE_MS, after: RECORDED_WITHIN_MS };
  return alone.some((span) => isWithin(atMs, span, slack));
}
