/**
 * Proposals that the agent makes of itself: it asks a person to look, without an event.
 *
 * @module
 */
import type { Backlog } from "../queue/backlog.ts";
import type { UsedUp } from "../gate/budgets.ts";
import type { Clock } from "../base/clock.ts";
import type { WaitingEvent } from "../event/event.ts";
import type { Log } from "../base/log/log.ts";
import type { Propose } from "../proposal/proposer.ts";

/** What a notice is about; also the type of the event that it stands for. */
type NoticeType = "diagnosis_budget_used_up" | "self_isolated";

const SAY_AGAIN_MS = 3_600_000;

interface NoticeOptions {
  readonly nodeName: string;
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
}

export function createNotices(options: NoticeOptions): Notices {
  const { nodeName, clock, log } = options;
  let quietUntil = 0;

  function notify(type: NoticeType, service: string, reason: string) {
    const event: WaitingEvent = {
      node: nodeName,
      service,
      type,
      severity: "warning",
      timestamp: Math.floor(clock.now() / 1000),
      channel: "",
      excerpt: "",
    };
    const diagnosis = {
      action: "notify",
      node: nodeName,
      service,
      reason,
      confidence: 1,
      requires_human: true,
    } as const;
    void options.propose(
      { event, diagnosis, changes: [], modelUsed: "rules", attempts: [], waitedMs: 0 },
      { announce: () => {}, signal: options.signal },
    );
  }

  return {
    budgetUsedUp({ what, until }) {
      if (clock.monotonic() < quietUntil) return;
      // The budget comes free one by one; that it is used up again is no news for a while.
      quietUntil = Math.max(until, clock.monotonic() + SAY_AGAIN_MS);
      const minutes = Math.max(1, Math.ceil((until - clock.monotonic()) / 60_000));
      const held = options.backlog.waiting;
      const reason = `the budget of ${what} is used up: events of ${held} services are held, for ` +
        `${minutes} minutes at least`;
      log.warning("diagnosis_budget_used_up", { held, minutes, reason });
      notify("diagnosis_budget_used_up", "planner-agent", reason);
    },
    isolated() {
      const reason =
        "Redis was lost and most nodes went offline right after it: the link of this " +
        "node is the likely fault, so the nodes' own events are held";
      log.warning("self_isolated", { node: nodeName, reason });
      notify("self_isolated", "network", reason);
    },
  };
}
