/**
 * The stage `propose`: a decision becomes a proposal that waits for a person, or nothing where it
 * is to ignore the event. Either way the target cools down.
 *
 * @module
 */
import type { Allowance } from "../gate/budgets.ts";
import { besideOthers } from "./beside_others.ts";
import type { Answer } from "./diagnose.ts";
import type { Running } from "../queue/running.ts";
import type { Claim } from "../coordination/coordination.ts";
import type { ClaimFor } from "./claim.ts";
import { sleep } from "../base/clock.ts";
import type { Decision } from "./decide.ts";
import type { Objected } from "../gate/objection.ts";
import type { OnEnding } from "../observe/ending.ts";
import type { Outcome } from "../observe/outcome.ts";
import type { PlannerParts } from "./parts.ts";
import type { PlannerLog } from "./log.ts";
import { readableReason } from "../proposal/action_file.ts";
import { ClaimLostError } from "../proposal/proposer.ts";
import { svcKey } from "../event/target.ts";

type ProposalParts = Pick<
  PlannerParts,
  "settings" | "clock" | "backlog" | "suppression" | "othersFor" | "propose"
>;

interface ProposalOptions {
  readonly claimFor: ClaimFor;
  /** Throws when an event is not to be proposed for any more, or not now. */
  readonly check: (running: Running) => void;
  /** The proposal cannot be written for now: others may have their turn. */
  readonly onAside: () => void;
  readonly tell: PlannerLog;
  readonly end: OnEnding;
  readonly signal: AbortSignal;
}

interface Made {
  readonly answer: Answer;
  readonly decision: Decision;
  readonly claim: Claim;
  readonly allowance: Allowance;
}

/**
 * Resolves with "ended", with "left" when the event is left for the next run of the agent, or with
 * what another planner's proposal objects to it.
 *
 * @throws {ClaimLostError} when another planner has the target now; nothing was written.
 */
type ProposeDecision = (running: Running, made: Made) => Promise<"ended" | "left" | Objected>;

export function createProposal(
  { settings, clock, backlog, suppression, othersFor, propose }: ProposalParts,
  { claimFor, check, onAside, tell, end, signal }: ProposalOptions,
): ProposeDecision {
  const cooldownMs = settings.cooldownSeconds * 1000;

  /** A claim anew, once nobody else works on the target; undefined when the agent stops. */
  async function claimAgain(running: Running): Promise<Claim | Objected | undefined> {
    for (;;) {
      const claimed = await claimFor(running.entry);
      if (claimed.kind === "claimed") return claimed.claim;
      if (claimed.kind === "objected") return claimed.objected;
      await rest(running, claimed.againMs);
      if (signal.aborted) return undefined;
      check(running);
    }
  }

  const rest = (running: Running, ms: number) =>
    sleep(clock, ms, AbortSignal.any([signal, running.stopped.signal]));

  return async (running, { answer, decision, claim: first, allowance }) => {
    const { key, event } = running.entry;
    const { provenance, diagnosed } = answer;
    const { changes } = decision;
    const about = { channel: event.channel, ...(diagnosed && { diagnosed }) };
    const beside = besideOthers(decision, await othersFor(event), clock.now());
    check(running);
    if (changes.length > 0) tell.policyApplied(event, changes);
    /** Nothing is proposed; the target cools down all the same. */
    const endWithout = async (outcome: Outcome, detail: string) => {
      backlog.keepCooldown(running);
      await first.settle(cooldownMs);
      end({ ...about, event, outcome, detail });
      return "ended" as const;
    };
    if ("objected" in beside) {
      tell.objected(event, key, beside.objected);
      return endWithout(beside.objected.outcome, beside.objected.detail ?? "");
    }
    const { diagnosis } = beside.decision;
    if (diagnosis.action === "ignore") {
      tell.ignored(diagnosis, event, provenance.modelUsed);
      return endWithout("ignored", readableReason(diagnosis.reason));
    }
    let claim = first;
    const proposal = { ...provenance, diagnosis, changes, others: beside.others };
    for (let failures = 0;; failures++) {
      const done = await propose(proposal, {
        async mayWrite() {
          if (!await claim.fence(cooldownMs)) return false;
          check(running);
          return true;
        },
        announce: (actionId) => backlog.announce(running, actionId),
        failures,
        signal,
      });
      if (done.is === "refused") {
        throw new ClaimLostError(`the claim on ${svcKey(event)} is lost to another planner`);
      }
      if (done.is === "written") {
        allowance.proposed();
        suppression.told(event, { flapping: !diagnosed });
        const { file: proposal, announced } = done;
        const isThere = await Promise.race([announced, Promise.resolve(false)]);
        backlog.keepCooldown(running, isThere ? undefined : announced);
        await claim.settle(cooldownMs);
        const { settled } = event;
        // Who waits for the receipt waits for both files.
        const safe = settled && (() => void announced.then((done) => void (done && settled())));
        const ended = safe ? { ...event, settled: safe } : event;
        end({ ...about, event: ended, outcome: "proposed", proposal });
        return "ended";
      }
      // Another planner of a pair may have a disk that takes it.
      await claim.release();
      backlog.setAside(running);
      onAside();
      await rest(running, done.retryMs);
      if (signal.aborted) return "left";
      check(running);
      const again = await claimAgain(running);
      if (!again) return "left";
      if ("outcome" in again) return again;
      claim = again;
    }
  };
}
