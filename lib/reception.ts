/**
 * The front door: turns a message into an event, or counts and logs why it is none.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import type { OnEnding } from "./ending.ts";
import type { HealthEvent } from "./event.ts";
import { foldedLine } from "./fold.ts";
import type { Log } from "./log.ts";
import { readMessage, type Refusal } from "./message.ts";
import type { Counters } from "./outcome.ts";
import { parseEvent } from "./parse_event.ts";
import { svcKey, targetKey } from "./target.ts";

/** Keys of an object that is no event, as many as a log line shows. */
const SHOWN_KEYS = 20;

export interface ReceptionOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: Pick<Counters, "received">;
  readonly onEvent: (event: HealthEvent, key: string) => void;
  readonly onEnding: OnEnding;
}

export interface Reception {
  /** Takes one message off a channel. Never throws for what a message holds. */
  receive(bytes: Uint8Array, channel: string, settled?: () => void): void;
  /** The same for a message that was refused before it was whole. */
  refuse(refusal: Refusal, channel: string, settled?: () => void): void;
  /** Logs what is folded. */
  flush(): void;
}

export function createReception(options: ReceptionOptions): Reception {
  const { clock, log, counters, onEvent, onEnding } = options;
  const malformed = foldedLine(clock, (fields) => log.warning("malformed_message", fields));
  const unparseable = foldedLine(clock, (fields) => log.warning("unparseable_event", fields));

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
    receive(bytes, channel, settled) {
      const message = readMessage(bytes);
      if (!message.ok) return refuse(message.refusal, channel, settled);

      counters.received();
      const parsed = parseEvent(message.value, channel, clock.now());
      if (!parsed.ok) {
        const keys = Object.keys(message.value).slice(0, SHOWN_KEYS);
        const reason = parsed.refusal;
        unparseable.log(`${channel}\0${reason}\0${keys}`, () => ({ channel, reason, keys }));
        return onEnding({ outcome: "unparseable", channel, detail: reason, settled });
      }
      const { event, replacedTime } = parsed;
      if (replacedTime) {
        const { reason, sent } = replacedTime;
        log.info("event_time_replaced", { svc_key: svcKey(event), reason, sent });
      }
      onEvent(settled ? { ...event, settled } : event, targetKey(event));
    },
    refuse,
    flush() {
      for (const line of [malformed, unparseable]) line.flush();
    },
  };
}
