/**
 * Proposals that no event asked for: the agent itself wants a person to look.
 *
 * @module
 */
import { putLast } from "../base/bounded_map.ts";
import type { UsedUp } from "../gate/budgets.ts";
import type { Storm } from "../gate/storms.ts";
import type { Target } from "../event/target.ts";
import type { WaitingEvent } from "../event/event.ts";
import type { PlannerParts } from "./parts.ts";
import { proposeUntilWritten } from "../proposal/proposer.ts";

/** What a notice is about; also the type of the event that it stands for. */
type NoticeType = "diagnosis_budget_used_up" | "self_isolated" | "services_down_together";

/** Services that a notice names. */
const MOST_NAMED = 10;
const MOST_STORMS = 100;
const SAY_AGAIN_MS = 3_600_000;

type NoticeParts =
  & Pick<PlannerParts, "clock" | "log" | "propose">
  & { readonly settings: Pick<PlannerParts["settings"], "nodeName" | "stormWindowSeconds"> }
  & { readonly backlog: Pick<PlannerParts["backlog"], "waiting"> };

/** @param signal aborted when the agent stops */
export function createNotices(parts: NoticeParts, signal: AbortSignal) {
  const { clock, log, backlog, propose } = parts;
  const { nodeName, stormWindowSeconds } = parts.settings;
  /** The node of each storm, by the id of its proposal. */
  const storms = new Map<string, string>();
  let quietUntil = 0;

  function notify(type: NoticeType, { node, service }: Target, reason: string) {
    const now = clock.now();
    const event: WaitingEvent = {
      node,
      service,
      type,
      severity: type === "services_down_together" ? "error" : "warning",
      timestamp: Math.floor(now / 1000),
      heardAt: now,
      happenedAt: now,
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
      { propose, clock, signal },
    );
  }

  return {
    /** Says that nothing more is diagnosed for now; once an hour at most. */
    budgetUsedUp({ what, until }: UsedUp) {
      if (clock.monotonic() < quietUntil) return;
      // A budget comes free in small steps, each used up at once: a person hears of it once an hour.
      quietUntil = Math.max(until, clock.monotonic() + SAY_AGAIN_MS);
      const minutes = Math.max(1, Math.ceil((until - clock.monotonic()) / 60_000));
      const held = backlog.waiting;
      const reason = `the budget of ${what} is used up: events of ${held} services are held, for ` +
        `${minutes} minutes at least`;
      log.warning("diagnosis_budget_used_up", { held, minutes, reason });
      const service = "planner-agent";
      void notify("diagnosis_budget_used_up", { node: nodeName, service }, reason);
    },
    /** Says that not the nodes but our own link is down. */
    isolated() {
      const reason =
        "Redis was lost and most nodes went offline right after it: the link of this " +
        "node is the likely fault, so the nodes' own events are held";
      log.warning("self_isolated", { node: nodeName, reason });
      void notify("self_isolated", { node: nodeName, service: "network" }, reason);
    },
    /** Says that several services of a node went bad together. */
    storm({ node, services }: Storm) {
      const more = services.length - MOST_NAMED;
      const named = services.slice(0, MOST_NAMED).join(", ") +
        (more > 0 ? ` and ${more} more` : "");
      const reason = `${services.length} services of ${node} went bad within ` +
        `${stormWindowSeconds} s: ${named}. What they share is the likely fault; ` +
        "they are held until this is decided, or for a while";
      log.warning("services_down_together", { node, services: services.length, reason });
      void notify("services_down_together", { node, service: node }, reason).then((file) =>
        file && putLast(storms, file.action_id, node, MOST_STORMS)
      );
    },
    /** The node whose storm a proposal tells of; undefined for any other proposal. */
    stormOf: (actionId: string) => storms.get(actionId),
  };
}
