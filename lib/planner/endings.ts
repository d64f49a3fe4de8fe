/**
 * How an event ends: its log line, the counter, and whoever is told of it.
 *
 * @module
 */
import type { Ending } from "../observe/ending.ts";
import type { HealthEvent, WaitingEvent } from "../event/event.ts";
import type { Objected } from "../gate/objection.ts";
import type { Offered } from "../queue/backlog.ts";
import type { PlannerLog } from "./log.ts";
import type { PlannerParts } from "./parts.ts";
import type { QueueEntry } from "../queue/entry.ts";

export type Endings = ReturnType<typeof createEndings>;

export function createEndings(
  { counters, observer }: Pick<PlannerParts, "counters" | "observer">,
  { tell, onEnd }: { readonly tell: PlannerLog; readonly onEnd: () => void },
) {
  function end(ending: Ending) {
    counters.ended(ending.outcome);
    observer.onEnding(ending);
    onEnd();
  }

  function endEvent(outcome: Ending["outcome"], event: HealthEvent | WaitingEvent, detail = "") {
    const { channel } = event;
    end(detail ? { outcome, channel, event, detail } : { outcome, channel, event });
  }

  return {
    end,
    /** Ends an event for what was objected to it, unless something is `left` in its place. */
    object(
      event: HealthEvent | WaitingEvent,
      key: string,
      objected: Objected,
      left?: QueueEntry,
    ): QueueEntry | undefined {
      tell.objected(event, key, objected);
      if (!left) endEvent(objected.outcome, event, objected.detail);
      return left;
    },
    /** Ends the events that an offered one did away with. */
    offered({ coalesced, dropped }: Offered) {
      if (coalesced) endEvent("coalesced", coalesced);
      if (!dropped) return;
      tell.dropped(dropped);
      endEvent("dropped", dropped.event);
    },
    expire(entry: QueueEntry) {
      tell.expired(entry);
      endEvent("expired", entry.event);
    },
  };
}
