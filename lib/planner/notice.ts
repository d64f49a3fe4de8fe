/**
 * Proposals that no event asked for: the agent itself wants a person to look.
 *
 * @module
 */
import type { Backlog } from "../queue/backlog.ts";
import type { UsedUp } from "../gate/budgets.ts";
import type { Clock } from "../base/clock.ts";
import type { Storm } from "../gate/storms.ts";
import type { Target } from "../event/target.ts";
import type { WaitingEvent } from "../event/event.ts";
import type { Log } from "../base/log/log.ts";
import { type Propose, proposeUntilWritten } from "../proposal/proposer.ts";

/** What a notice is about; also the type of the event that it stands for. */
type NoticeType = "diagnosis_budget_used_up" | "self_isolated" | "services_down_together";

/** Services that a notice names. */
const MOST_NAMED = 10;
const MOST_STORMS = 100;
const SAY_AGAIN_MS = 3_600_000;

interface NoticeOptions {
  readonly nodeName: string;
  readonly stormWindowSeconds: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly backlog: Pick<Backlog, "waiting">;
  readonly propose: Propose;
  readonly signal: AbortSignal;
}

interface Notices {
  /** Says that nothing more is diagnosed for now; once an hour at most. */
  budgetUsedUp(spent: UsedUp): void;
  /** Says that not the nodes but our own link is down. */
  isolated(): void;
  /** Says that several services of a node went bad together. */
  storm(storm: Storm): void;
  /** The node whose storm a proposal tells of; undefined for any other proposal. */
  stormOf(actionId: string): string | undefined;
}

export function createNotices(options: NoticeOptions): Notices {
  const { nodeName, clock, log } = options;
  const storms = new Map<string, string>();
  let quietUntil = 0;

  function notify(type: NoticeType, { node, service }: Target, reason: string) {
    const event: WaitingEvent = {
      node,
      service,
      type,
      severity: type === "services_down_together" ? "error" : "warning",
      timestamp: Math.floor(clock.now() / 1000),
      heardAt: clock.now(),
      happenedAt: clock.now(),
      channel: "",
      excerpt: "",
    };
    const diagnosis = {
      action: "notify",
      node,
      service,
      reason,
      confidence: 1,
      requires_human: true,
    } as const;
    return proposeUntilWritten(
      { event, diagnosis, changes: [], modelUsed: "rules", attempts: [], waitedMs: 0 },
      { propose: options.propose, clock, signal: options.signal },
    );
  }

  return {
    budgetUsedUp({ what, until }) {
      if (clock.monotonic() < quietUntil) return;
      // A budget comes free in small steps, each used up at once: a person hears of it once an hour.
      quietUntil = Math.max(until, clock.monotonic() + SAY_AGAIN_MS);
      const minutes = Math.max(1, Math.ceil((until - clock.monotonic()) / 60_000));
      const held = options.backlog.waiting;
      const reason = `the budget of ${what} is used up: events of ${held} services are held, for ` +
        `${minutes} minutes at least`;
      log.warning("diagnosis_budget_used_up", { held, minutes, reason });
      const service = "planner-agent";
      void notify("diagnosis_budget_used_up", { node: nodeName, service }, reason);
    },
    isolated() {
      const reason =
        "Redis was lost and most nodes went offline right after it: the link of this " +
        "node is the likely fault, so the nodes' own events are held";
      log.warning("self_isolated", { node: nodeName, reason });
      void notify("self_isolated", { node: nodeName, service: "network" }, reason);
    },
    storm({ node, services }) {
      const named = services.slice(0, MOST_NAMED).join(", ");
      const more = services.length - MOST_NAMED;
      const reason = `${services.length} services of ${node} went bad within ` +
        `${options.stormWindowSeconds} s: ${named}${
          more > 0 ? ` and ${more} more` : ""
        }. What they ` +
        "share is the likely fault; they are held until this is decided, or for a while";
      log.warning("services_down_together", { node, services: services.length, reason });
      void notify("services_down_together", { node, service: node }, reason).then((file) => {
        if (!file) return;
        storms.set(file.action_id, node);
        for (const oldest of storms.keys()) {
          if (storms.size <= MOST_STORMS) break;
          storms.delete(oldest);
        }
      });
    },
    stormOf: (actionId) => storms.get(actionId),
  };
}
