/**
 * What the pipeline is made from.
 *
 * @module
 */
import type { ActionIndex } from "../proposal/read/action_index.ts";
import type { Budgets } from "../gate/budgets.ts";
import type { Backlog } from "../queue/backlog.ts";
import type { Coordination } from "../coordination/coordination.ts";
import type { Clock } from "../base/clock.ts";
import type { Config } from "../config/config.ts";
import type { Counters } from "../observe/outcome.ts";
import type { Cured } from "../gate/cured.ts";
import type { Decide } from "./decide.ts";
import type { Diagnose } from "./diagnose.ts";
import type { Observer } from "../observe/ending.ts";
import type { WaitingEvent } from "../event/event.ts";
import type { Memory } from "../gate/memory.ts";
import type { NodeAliases } from "../event/parse.ts";
import type { Log } from "../base/log/log.ts";
import type { Propose } from "../proposal/proposer.ts";
import type { ProposedBefore } from "../proposal/read/proposed_before.ts";
import type { Suppression } from "../gate/suppression.ts";

export interface PlannerParts {
  readonly settings: Pick<
    Config,
    | "nodeName"
    | "stormWindowSeconds"
    | "logLevel"
    | "cooldownSeconds"
    | "concurrency"
    | "promptPayloadBytes"
    | "queueLimit"
    | "eventTtlSeconds"
    | "maxPendingPerService"
  >;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly counters: Counters;
  readonly aliases: NodeAliases;
  readonly observer: Required<Pick<Observer, "onEnding" | "onParked">>;
  readonly suppression: Suppression;
  readonly cured: Cured;
  readonly budgets: Budgets;
  readonly backlog: Backlog;
  /** Who of several planners may work on a target. */
  readonly coordination: Pick<Coordination, "claim">;
  /** Whether an event that was handed out before was proposed for then. */
  readonly proposedBefore: ProposedBefore;
  /** How many proposals for an event's target, at least as grave, wait for a person. */
  readonly countPending: (event: WaitingEvent) => Promise<number>;
  /** What other programs propose for an event's target. */
  readonly othersFor: ActionIndex["othersFor"];
  readonly memory: Pick<Memory, "heard">;
  readonly diagnose: Diagnose;
  readonly policy: Decide;
  readonly propose: Propose;
}
