/**
 * How an event ends: its log line, the counter, and whoever is told of it.
 *
 * @module
 */
import type { Counters } from "../observe/outcome.ts";
import type { Ending, Observer, OnEnding } from "../observe/ending.ts";
import type { HealthEvent, WaitingEvent } from "../event/event.ts";
import type { Objected } from "../gate/objection.ts";
import type { Offered } from "../queue/backlog.ts";
import type { PlannerLog } from "./log.ts";
import type { QueueEntry } from "../queue/entry.ts";

interface EndingsOptions {
  readonly counters: Pick<Counters, "ended">;
  readonly observer: Required<Pick<Observer, "onEnding">>;
  readonly tell: PlannerLog;
  /** Called after each ending. */
  readonly onEnd: () => void;
}

export interface Endings {
  readonly end: OnEnding;
  /** Ends an event for what was objected to it. */
  object(event: HealthEvent | WaitingEvent, key: string, objected: Objected): undefined;
  /** Ends the events that an offered one did away with. */
  offered(offered: Offered): void;
  /** Ends an event that was tried for long enough. */
  expire(entry: QueueEntry): void;
}

export function createEndings({ counters, observer, tell, onEnd }: EndingsOptions): Endings {
  function end(ending: Ending) {
    counters.ended(ending.outcome);
    observer.onEnding(ending);
    onEnd();
  }

  function endEvent(outcome: Ending["outcome"], event: HealthEvent | WaitingEvent, detail = "") {
    end({ outcome, channel: event.channel, event, ...(detail && { detail }) });
  }

  return {
    end,
    object(event, key, objected) {
      tell.objected(event, key, objected);
      endEvent(objected.outcome, event, objected.detail);
      return undefined;
    },
    offered({ coalesced, dropped }) {
      if (coalesced) endEvent("coalesced", coalesced);
      if (!dropped) return;
      tell.dropped(dropped);
      endEvent("dropped", dropped.event);
    },
    expire(entry) {
      tell.expired(entry);
      endEvent("expired", entry.event);
    },
  };
}
