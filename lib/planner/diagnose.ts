/**
 * One event's way from the queue to its end: held, diagnosed, judged by the policy, proposed.
 *
 * @module
 */
import type { Backlog, Running } from "../queue/backlog.ts";
import type { Budgets } from "../gate/budgets.ts";
import { withCaution } from "../policy/caution.ts";
import type { Clock } from "../base/clock.ts";
import type { Config } from "../config/config.ts";
import type { Claim, Coordination } from "../coordination/coordination.ts";
import type { OnEnding } from "../observe/ending.ts";
import type { WaitingEvent } from "../event/event.ts";
import {
  knownAnswer,
  type ObservedAnswer,
  observedRoute,
  type ObservedRouteOptions,
} from "./ask.ts";
import { outcomesInWords } from "../policy/earlier.ts";
import type { OutcomesFor } from "../proposal/read/action_index.ts";
import type { PlannerLog } from "./log.ts";
import type { PolicyRule } from "../policy/policy.ts";
import { buildMessages } from "../llm/prompt.ts";
import { readableReason } from "../proposal/action_file.ts";
import { ClaimLostError, type Propose } from "../proposal/proposer.ts";
import type { ProposedBefore } from "../proposal/read/proposed_before.ts";
import type { QueueEntry } from "../queue/queue.ts";
import type { Quiet } from "../gate/suppression.ts";
import { NO_TRACES, type Trace, type Traces } from "../observe/trace.ts";

export interface DiagnoserOptions extends ObservedRouteOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly backlog: Backlog;
  readonly systemPrompt: string;
  readonly policy: readonly PolicyRule[];
  readonly quiet: Quiet;
  readonly budgets: Budgets;
  /** Puts a diagnosis before a person. */
  readonly propose: Propose;
  /** How many proposals for an event's target wait for a person. */
  readonly countPending: (event: WaitingEvent) => Promise<number>;
  /** Whether an event that was handed out before was proposed for then. @default never */
  readonly proposedBefore?: ProposedBefore | undefined;
  /** What became of earlier proposals for an event's target. */
  readonly outcomesFor: OutcomesFor;
  /** Who of several planners may work on a target. */
  readonly coordination: Coordination;
  /** Lets an event wait that another planner works on. */
  readonly postpone: (running: Running, delayMs: number) => void;
  readonly traces?: Traces | undefined;
  readonly tell: PlannerLog;
  readonly end: OnEnding;
}

/**
 * Makes the function that takes one event to its end; it resolves with false when the event is
 * left for the next run of the agent, and rejects with ChainExhausted when no link answered.
 */
export function createDiagnoser(options: DiagnoserOptions): (running: Running) => Promise<boolean> {
  const { config, clock, backlog, quiet, budgets, tell, end, signal } = options;
  const { traces = NO_TRACES } = options;
  const cooldownMs = config.cooldownSeconds * 1000;

  async function handle(running: Running): Promise<boolean> {
    const { key, event } = running.entry;
    const { channel } = event;
    // Asked again: since it came an operator may have silenced it, or a person been told.
    const muted = quiet.muted(event, key);
    if (muted) {
      tell.muted(event, key, muted);
      end({ outcome: muted.outcome, channel, event, detail: muted.detail });
      return true;
    }
    const remainingMs = backlog.cooldown(key);
    if (remainingMs > 0) {
      end({ outcome: "cooldown", channel, event, detail: tell.cooldown(event, key, remainingMs) });
      return true;
    }
    const proposedAs = event.redelivered && await options.proposedBefore?.(event);
    if (proposedAs) {
      end({ outcome: "cooldown", channel, event, detail: tell.proposedBefore(event, proposedAs) });
      return true;
    }
    const pending = config.maxPendingPerService > 0 ? await options.countPending(event) : 0;
    if (pending > 0 && pending >= config.maxPendingPerService) {
      end({ outcome: "held", channel, event, detail: tell.held(event, pending) });
      return true;
    }
    const asked = await options.coordination.claim(event);
    switch (asked.kind) {
      case "cooling": {
        backlog.joinCooldown(key, asked.remainingMs);
        // Who heard the same has told a person of it, when that cooldown began.
        if (quiet.isFlapping(key)) {
          quiet.told(event, Math.max(0, cooldownMs - asked.remainingMs));
        }
        tell.cooldown(event, key, asked.remainingMs);
        end({ outcome: "cooldown", channel, event, detail: `${asked.by} proposed for it` });
        return true;
      }
      case "taken":
        options.postpone(running, asked.againMs);
        return true;
      case "claimed":
        return await diagnoseClaimed(running, asked.claim);
    }
  }

  async function diagnoseClaimed(running: Running, claim: Claim): Promise<boolean> {
    const { entry } = running;
    try {
      return await traces.diagnosis(entry, async (trace) => {
        const answer = await diagnose(entry, trace);
        return await decide(running, { trace, answer, claim });
      });
    } catch (error) {
      if (!(error instanceof ClaimLostError)) throw error;
      tell.claimLost(entry.event);
      options.postpone(running, 0);
      return true;
    } finally {
      await claim.release();
    }
  }

  async function diagnose(
    entry: QueueEntry,
    { onAttempt }: Pick<Trace, "onAttempt">,
  ): Promise<ObservedAnswer> {
    const { event } = entry;
    const known = quiet.verdict(event);
    if (known) return knownAnswer(known, entry, options);
    budgets.diagnosing();
    const earlier = outcomesInWords(await options.outcomesFor(event), clock.now());
    const messages = buildMessages(options.systemPrompt, event, { earlier });
    return await observedRoute(entry, { ...options, messages, onAttempt });
  }

  async function judged(event: WaitingEvent, { content }: ObservedAnswer) {
    return withCaution(content, {
      event,
      policy: options.policy,
      // Asked again: the model took minutes, and a person may have decided meanwhile.
      outcomes: await options.outcomesFor(event),
      repeats: config.outcomeRepeats,
      windowSeconds: config.outcomeWindowSeconds,
      nowMs: clock.now(),
    });
  }

  async function decide(
    running: Running,
    { trace, answer, claim }: { trace: Trace; answer: ObservedAnswer; claim: Claim },
  ): Promise<boolean> {
    const { key, event } = running.entry;
    const { channel } = event;
    const { diagnosis, changes } = await trace.stage(
      "policy",
      () => judged(event, answer),
      ({ changes }) => ({ "planner.rules": changes.map(({ rule }) => rule).join() }),
    );
    if (changes.length > 0) tell.policyApplied(event, changes);
    backlog.startCooldown(key);

    const { provenance, diagnosed } = answer;
    const about = { channel, event, ...(diagnosed && { diagnosed }) };
    if (diagnosis.action === "ignore") {
      tell.ignored(diagnosis, event, provenance.modelUsed);
      backlog.keepCooldown(running);
      await claim.settle(cooldownMs);
      trace.ended("ignored");
      end({ ...about, outcome: "ignored", detail: readableReason(diagnosis.reason) });
      return true;
    }
    const proposal = await trace.stage("write", () =>
      options.propose(
        { ...provenance, diagnosis, changes },
        {
          fence: () => claim.fence(cooldownMs),
          announce: (actionId) => backlog.announce(running, actionId),
          signal,
        },
      ));
    if (!proposal) return false;
    trace.ended("proposed", {
      "planner.action": proposal.payload.action,
      "planner.action_id": proposal.action_id,
    });
    budgets.proposed();
    if (!diagnosed && quiet.isFlapping(key)) quiet.told(event);
    backlog.keepCooldown(running);
    await claim.settle(cooldownMs);
    end({ ...about, outcome: "proposed", proposal });
    return true;
  }

  return handle;
}
