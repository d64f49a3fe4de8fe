/**
 * How streams are read, and what is known of them beyond one connection.
 *
 * @module
 */
import type { Clock } from "../../base/clock.ts";
import { foldedLines } from "../../base/log/fold.ts";
import type { Log } from "../../base/log/log.ts";
import type { ListenedServer } from "../listener.ts";
import type { StreamGroup } from "./group.ts";
import { createHand, type Fate } from "./hand.ts";

/**
 * Called synchronously for each entry. Call `settle` once its outcome is durable, during the call
 * or at any time after it; its first call counts. `deliveries` is 1 for the first time. An entry
 * counts as `left` when this throws.
 */
type OnEntry = (
  bytes: Uint8Array,
  stream: string,
  settle: (fate: Fate) => void,
  delivery: { readonly id: string; readonly deliveries: number },
) => void;

/** Times are milliseconds. */
export interface StreamsSettings {
  readonly streams: readonly string[];
  readonly group: string; // the consumer group; planners of one group share the entries
  /** This planner's name in the group: the same at each start, and no other planner's. */
  readonly consumer: string;
  readonly onEntry: OnEntry;
  readonly limit: number; // most entries that are delivered and not acknowledged
  readonly claimIdleMs: number; // what a planner did not touch for this long is taken over
  readonly lookbackMs: number; // how old entries may be when a group is made
  readonly lingerMs: number; // after the end, how long outcomes are waited for
  readonly blockMs: number; // how long one read waits for entries
  readonly answerTimeoutMs: number; // deadline of each reply
  readonly clock: Clock;
  readonly log: Log;
}

type StreamsMemory = ReturnType<typeof createStreamsMemory>;

export function createStreamsMemory(
  { limit, clock, log }: Pick<StreamsSettings, "limit" | "clock" | "log">,
) {
  const fold = foldedLines(log, clock);
  const dead = fold("warning", "stream_entry_dead");
  const gone = fold("warning", "stream_entry_gone");
  return {
    hand: createHand(limit, clock),
    /** The newest entry read of each stream. */
    lastRead: new Map<string, string>(),
    /** Entries too large to be taken in: each ends the connection that it comes on. */
    tooLarge: {
      /** One did: what is fetched again comes one by one, to find out which. */
      searching: false,
      /** Those that were found, by their keys. */
      found: new Set<string>(),
    },
    /** Lines about entries that were given up, and that were trimmed before they had an outcome. */
    lines: { dead, gone },
    flush() {
      dead.flush();
      gone.flush();
    },
  };
}

/** What one connection reads with. */
export interface StreamsReading {
  readonly settings: StreamsSettings;
  readonly memory: StreamsMemory;
  readonly server: ListenedServer;
  readonly reading: StreamGroup;
}
