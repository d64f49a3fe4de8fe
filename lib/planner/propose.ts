/**
 * The stage `propose`: a decision becomes a proposal that waits for a person, or nothing where it
 * is to ignore the event. Either way the target cools down.
 *
 * @module
 */
import type { ActionIndex } from "../proposal/read/action_index.ts";
import type { Clock } from "../base/clock.ts";
import { besideOthers } from "./beside_others.ts";
import type { Backlog, Running } from "../queue/backlog.ts";
import type { Budgets } from "../gate/budgets.ts";
import type { Claim } from "../coordination/coordination.ts";
import type { Decision } from "./decide.ts";
import type { Answer } from "./diagnose.ts";
import type { PlannerLog } from "./log.ts";
import type { OnEnding } from "../observe/ending.ts";
import { readableReason } from "../proposal/action_file.ts";
import type { Propose } from "../proposal/proposer.ts";
import type { Suppression } from "../gate/suppression.ts";

interface ProposalOptions {
  readonly cooldownSeconds: number;
  readonly clock: Pick<Clock, "now">;
  readonly backlog: Pick<Backlog, "startCooldown" | "keepCooldown" | "announce">;
  readonly budgets: Pick<Budgets, "proposed">;
  readonly suppression: Pick<Suppression, "isFlapping" | "told">;
  /** What other programs propose for a target. */
  readonly othersFor: ActionIndex["othersFor"];
  /** Puts a diagnosis before a person. */
  readonly propose: Propose;
  readonly tell: PlannerLog;
  readonly end: OnEnding;
  /** Aborted when the agent stops. */
  readonly signal: AbortSignal;
}

/** Resolves with false when the event is left for the next run of the agent. */
type ProposeDecision = (
  running: Running,
  made: { readonly answer: Answer; readonly decision: Decision; readonly claim: Claim },
) => Promise<boolean>;

export function createProposal(options: ProposalOptions): ProposeDecision {
  const { clock, backlog, budgets, suppression, othersFor, propose, tell, end, signal } = options;
  const cooldownMs = options.cooldownSeconds * 1000;

  return async (running, { answer, decision, claim }) => {
    const { key, event } = running.entry;
    const { provenance, diagnosed } = answer;
    const { changes } = decision;
    const about = { channel: event.channel, event, ...(diagnosed && { diagnosed }) };
    if (changes.length > 0) tell.policyApplied(event, changes);
    backlog.startCooldown(key);
    const beside = besideOthers(decision, await othersFor(event), clock.now());
    if ("objected" in beside) {
      tell.objected(event, key, beside.objected);
      backlog.keepCooldown(running);
      await claim.settle(cooldownMs);
      const { outcome, detail = "" } = beside.objected;
      end({ ...about, outcome, detail });
      return true;
    }
    const { diagnosis } = beside.decision;

    if (diagnosis.action === "ignore") {
      tell.ignored(diagnosis, event, provenance.modelUsed);
      backlog.keepCooldown(running);
      await claim.settle(cooldownMs);
      end({ ...about, outcome: "ignored", detail: readableReason(diagnosis.reason) });
      return true;
    }
    const proposal = await propose(
      { ...provenance, diagnosis, changes, others: beside.others },
      {
        fence: () => claim.fence(cooldownMs),
        announce: (actionId) => backlog.announce(running, actionId),
        signal,
      },
    );
    if (!proposal) return false;
    budgets.proposed();
    if (!diagnosed && suppression.isFlapping(key)) suppression.told(event);
    backlog.keepCooldown(running);
    await claim.settle(cooldownMs);
    end({ ...about, outcome: "proposed", proposal });
    return true;
  };
}
