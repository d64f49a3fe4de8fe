/**
 * An event's turn, from when it leaves the queue until it has ended or waits again. Whatever
 * becomes known meanwhile counts: after every wait it is asked whether the event is still to be
 * diagnosed, and a model that is being asked in vain is stopped at once.
 *
 * @module
 */
import type { Allowance } from "../gate/budgets.ts";
import type { Running } from "../queue/running.ts";
import type { Endings } from "./endings.ts";
import { ChainExhaustedError } from "../llm/contract.ts";
import { firstOf, type Objected, type Objection, RECOVERED } from "../gate/objection.ts";
import type { PlannerLog } from "./log.ts";
import type { PlannerParts } from "./parts.ts";
import { ClaimLostError } from "../proposal/proposer.ts";
import { leftOf, type QueueEntry } from "../queue/entry.ts";
import { svcKey, type Target } from "../event/target.ts";

/** Nobody wants the event diagnosed or proposed any more, or not now. */
class NoLongerWantedError extends Error {
  override readonly name = "NoLongerWantedError";
  constructor(target: Target) {
    super(`what was heard meanwhile makes a proposal for ${svcKey(target)} needless for now`);
  }
}

type TurnsParts = Pick<
  PlannerParts,
  "clock" | "backlog" | "suppression" | "budgets" | "observer"
>;

interface TurnsOptions {
  /** The stages of a turn; resolves with what waits again, if anything does. */
  readonly stages: (running: Running, allowance: Allowance) => Promise<QueueEntry | undefined>;
  readonly objections: readonly Objection[];
  readonly endings: Endings;
  readonly tell: PlannerLog;
  /** Aborted when the agent stops. */
  readonly signal: AbortSignal;
  /** An entry after a further failure; undefined when it is given up. */
  readonly afterFailure: (entry: QueueEntry) => QueueEntry | undefined;
  readonly onEnd: () => void;
}

export function createTurns(
  { clock, backlog, suppression, budgets, observer }: TurnsParts,
  { objections, endings, tell, signal, ...options }: TurnsOptions,
) {
  const asked = new Set<Running>();

  /** What is objected to an event that has its turn, by all that is known now. */
  function whyNot(running: Running): Objected | undefined {
    const { key, event } = running.entry;
    return backlog.isOver(running) ? RECOVERED : firstOf(objections, event, key);
  }

  const isToWait = (running: Running) =>
    backlog.isOvertaken(running) || suppression.heldUntil(running.entry) > clock.monotonic();
  /** A model is asked for what is known without one by now. */
  const isKnown = (running: Running) =>
    asked.has(running) && suppression.verdict(running.entry.event) !== undefined;

  function afterFailure(running: Running, error: unknown): QueueEntry | undefined {
    const { entry, left, stopped } = running;
    const { key, event } = entry;
    const objected = whyNot(running);
    if (objected) {
      // To what waits behind it there need be no objection.
      const rest = left && leftOf(left, (fault) => firstOf(objections, fault, key) !== undefined);
      return endings.object(event, key, objected, rest);
    }
    if (isToWait(running) || stopped.signal.aborted) return left;
    if (error instanceof ChainExhaustedError && signal.aborted) return left;
    if (error instanceof ClaimLostError) {
      tell.claimLost(event);
      return left;
    }
    if (error instanceof ChainExhaustedError) tell.exhausted(event, error);
    else tell.fault(event, error);
    const again = left && options.afterFailure(left);
    if (!again) endings.expire(entry);
    return again;
  }

  return {
    async take(running: Running) {
      const { entry } = running;
      const allowance = budgets.open();
      let again: QueueEntry | undefined;
      try {
        again = await options.stages(running, allowance);
      } catch (error) {
        again = afterFailure(running, error);
      }
      allowance.close();
      const offered = backlog.finish(running, again);
      endings.offered(offered);
      if (again && again.failures > entry.failures && offered.coalesced !== again.event) {
        tell.parked(again, again.notBefore - clock.monotonic());
        observer.onParked(again.event);
      }
      options.onEnd();
    },
    /** Throws when an event is not to be diagnosed or proposed for any more, or not now. */
    check(running: Running) {
      if (whyNot(running) || isToWait(running)) throw new NoLongerWantedError(running.entry.event);
    },
    /** Asks a model for a running event, for as long as it is wanted. */
    async asking<Answer>(
      running: Running,
      ask: (signal: AbortSignal) => Promise<Answer>,
    ): Promise<Answer> {
      asked.add(running);
      try {
        return await ask(AbortSignal.any([signal, running.stopped.signal]));
      } finally {
        asked.delete(running);
      }
    },
    /** Stops what is being diagnosed in vain: a slow model is free for the next at once. */
    stopUnwanted() {
      for (const running of [...backlog.active()]) {
        if (whyNot(running) || isToWait(running) || isKnown(running)) running.stopped.abort();
      }
    },
  };
}
