/**
 * The front door: turns a message into an event, or counts and logs why that cannot be done.
 *
 * @module
 */
import type { OnEnding } from "../observe/ending.ts";
import type { HealthEvent } from "../event/event.ts";
import { foldedLines } from "../base/log/fold.ts";
import { readMessage, type Refusal } from "../event/message.ts";
import { eachContainer } from "../event/containers.ts";
import { parseEvent } from "../event/parse.ts";
import type { PlannerParts } from "./parts.ts";
import { plainLine } from "../base/text/plain_line.ts";
import { svcKey, targetKey } from "../event/target.ts";
import { parseTimestamp } from "../event/timestamp.ts";

/** Keys of an object that is no event, as many as a log line shows. */
const SHOWN_KEYS = 20;
const LONGEST_KEY = 100;
/** Unknown severities that are logged in one run. */
const MOST_SEVERITIES = 100;

type ReceptionParts =
  & Pick<PlannerParts, "clock" | "log" | "aliases">
  & { readonly counters: Pick<PlannerParts["counters"], "received"> };

interface ReceptionOptions {
  readonly onEvent: (event: HealthEvent, key: string) => void;
  readonly onEnding: OnEnding;
}

/** What is known of a message beside its bytes and its channel. */
interface Arrival {
  /** Called once the message's outcome is durable. */
  readonly settled?: () => void;
  /**
   * When it was sent, in milliseconds since 1970: the time of an event without one. What cannot be
   * the time of an event, such as an entry's id that was made by hand, is now. @default now
   */
  readonly sentMs?: number;
  /** Whether it was handed out before. */
  readonly redelivered?: boolean;
}

export function createReception(
  { clock, log, counters, aliases }: ReceptionParts,
  { onEvent, onEnding }: ReceptionOptions,
) {
  const fold = foldedLines(log, clock);
  const malformed = fold("warning", "malformed_message");
  const unparseable = fold("warning", "unparseable_event");
  const replaced = fold("info", "event_time_replaced");
  const unknownSeverities = new Set<string>();

  /** An unknown severity is logged once, and only a bounded number of them. */
  function tellSeverity(sent: string, event: HealthEvent) {
    if (unknownSeverities.has(sent) || unknownSeverities.size >= MOST_SEVERITIES) return;
    unknownSeverities.add(sent);
    const { type, severity } = event;
    log.warning("unknown_severity", {
      svc_key: svcKey(event),
      type,
      sent,
      counts_as: severity === sent ? "info" : severity,
    });
  }

  /** Counts and logs a message that was refused before all of it had come. */
  function refuse({ kind, preview }: Refusal, channel: string, settled?: () => void) {
    counters.received();
    malformed.log(`${channel}\0${kind}\0${preview}`, () => ({
      channel,
      reason: kind,
      preview,
    }));
    onEnding({ outcome: "malformed", channel, detail: kind, settled });
  }

  return {
    /** Takes one message off a channel. Never throws for what a message holds. */
    receive(
      bytes: Uint8Array,
      channel: string,
      { settled, sentMs, redelivered }: Arrival = {},
    ): void {
      const message = readMessage(bytes);
      if (!message.ok) return refuse(message.refusal, channel, settled);

      counters.received();
      const heardMs = clock.now();
      const sent = sentMs === undefined ? heardMs : timeOf(sentMs, heardMs);
      const parsed = parseEvent(message.value, channel, sent, { aliases, heardMs });
      if (!parsed.ok) {
        const keys = Object.keys(message.value).slice(0, SHOWN_KEYS);
        const reason = parsed.refusal;
        unparseable.log(`${channel}\0${reason}\0${keys}`, () => ({
          channel,
          reason,
          keys: keys.map((key) => plainLine(key, LONGEST_KEY)),
        }));
        return onEnding({ outcome: "unparseable", channel, detail: reason, settled });
      }
      const { event, replacedTime, unknownSeverity } = parsed;
      const key = targetKey(event);
      if (replacedTime) {
        const { reason, sent } = replacedTime;
        replaced.log(`${reason}\0${key}`, () => ({ svc_key: svcKey(event), reason, sent }));
      }
      if (unknownSeverity !== undefined) tellSeverity(unknownSeverity, event);
      const events = eachContainer(event);
      if (events[0] === event && !settled && !redelivered) return onEvent(event, key);
      for (let more = 1; more < events.length; more++) counters.received();
      const settledOne = settled && sharedBy(events.length, settled);
      for (const each of events) {
        const arrived = {
          ...each,
          ...settledOne && { settled: settledOne() },
          ...redelivered && { redelivered },
        };
        onEvent(arrived, targetKey(each));
      }
    },
    refuse,
    flush() {
      for (const line of [malformed, unparseable, replaced]) line.flush();
    },
  };
}

/** For each of `count` events of one message: it is settled once all of them are. */
function sharedBy(count: number, settled: () => void): () => () => void {
  const done = new Set<symbol>();
  return () => {
    const own = Symbol();
    return () => {
      if (done.add(own).size === count) settled();
    };
  };
}

function timeOf(sentMs: number, nowMs: number): number {
  return Math.round(parseTimestamp(sentMs, nowMs).seconds * 1_000);
}
