import { foldedLines } from "../base/log/fold.ts";
import {
  type RedisIntake,
  type RedisListenerOptions,
  redisListening,
  REFUSED_RETRY_MS,
} from "./listener.ts";
import { streamFailure } from "./streams/failure.ts";
import { deadLetterStream } from "./streams/group.ts";
import { createHand } from "./streams/hand.ts";
import { type OnEntry, streamsSession } from "./streams/session.ts";

/** Times are milliseconds. The URL's database number is left out. */
interface StreamsIntakeOptions extends RedisListenerOptions {
  readonly streams: readonly string[];
  readonly group: string; // the consumer group; planners of one group share the entries
  /** This planner's name in the group: the same at each start, and no other planner's. */
  readonly consumer: string;
  readonly onEntry: OnEntry; // an entry counts as `left` when this throws
  /** Most entries that are delivered and not acknowledged. @default {256} */
  readonly limit?: number;
  /** What a planner did not touch for this long is taken over; see {@linkcode claimIdleMs}. */
  readonly claimIdleMs: number;
  /**
   * An entry that was handed this often to planners that were gone before its outcome goes to the
   * dead letters. A restart does not count. @default {5}
   */
  readonly deliveryLimit?: number;
  /** How old entries may be when a group is made. @default {3_600_000} */
  readonly lookbackMs?: number;
  /** After the end, how long outcomes are waited for. @default {0} */
  readonly lingerMs?: number;
  /** How long one read waits for entries. @default {5_000} */
  readonly blockMs?: number;
  /** Deadline of each reply. @default {10_000} */
  readonly answerTimeoutMs?: number;
}

const CLAIM_MARGIN_MS = 60_000;

/**
 * How long an entry must lie untouched before another planner takes it: longer than a diagnosis by
 * a chain of so many links takes, should it be cut off from Redis meanwhile. Milliseconds.
 */
export function claimIdleMs(
  { links, attempts, timeoutSeconds }: Readonly<
    Record<"links" | "attempts" | "timeoutSeconds", number>
  >,
): number {
  return links * attempts * timeoutSeconds * 1_000 + CLAIM_MARGIN_MS;
}

/**
 * A reader of `streams` at `url` in a consumer group, whatever happens to Redis or the way there.
 * Each entry is delivered at least once, until its outcome is durable. Needs Redis 6.2 or newer.
 *
 * @throws SiteError for a URL that cannot be used.
 */
export function createStreamsIntake(options: StreamsIntakeOptions): RedisIntake {
  const { streams, group, consumer, clock, log } = options;
  const hand = createHand(options.limit ?? 256, clock);
  const lastRead = new Map<string, string>();
  const tooLarge = { searching: false, found: new Set<string>() };
  const fold = foldedLines(log, clock);
  const lines = {
    dead: fold("warning", "stream_entry_dead"),
    gone: fold("warning", "stream_entry_gone"),
  };

  // A fault in what is called back must not cost the connection, nor the entry.
  const receive: OnEntry = (bytes, stream, settle, delivery) => {
    try {
      options.onEntry(bytes, stream, settle, delivery);
    } catch (error) {
      log.error("intake_callback_failed", { what: "entry", stream, error: String(error) });
      settle("left");
    }
  };

  return redisListening({
    ...options,
    names: streams,
    keys: true,
    lost: (read, seconds) => ({ streams: read, read_seconds: seconds }),
    onStop() {
      lines.dead.flush();
      lines.gone.flush();
    },
    async session(connection, signal) {
      const host = connection.endpoint.display;
      const { error, stream } = await streamsSession({
        ...connection,
        streams,
        group,
        consumer,
        clock,
        log,
        lines,
        hand,
        lastRead,
        tooLarge,
        answerTimeoutMs: options.answerTimeoutMs ?? 10_000,
        blockMs: options.blockMs ?? 5_000,
        claimIdleMs: options.claimIdleMs,
        deliveryLimit: options.deliveryLimit ?? 5,
        lookbackMs: options.lookbackMs ?? 3_600_000,
        lingerMs: options.lingerMs ?? 0,
        refusedRetryMs: REFUSED_RETRY_MS,
        onEntry: receive,
        onReading: (readable) =>
          connection.hearing(readable, (after_seconds) => {
            const fields = { host, streams: readable, group, consumer, after_seconds };
            log.info("streams_reading", fields);
          }),
        onRefused: (stream, error) =>
          connection.complain("redis_stream_refused", { stream }, {
            ...streamFailure(error, { ...connection, stream }),
            retry_in_seconds: REFUSED_RETRY_MS / 1000,
          }),
        onBuryFailed(of, error) {
          const stream = deadLetterStream(of);
          const failure = streamFailure(error, { ...connection, stream });
          connection.complain("stream_dead_letter_failed", { stream }, { ...failure });
        },
      }, signal);
      return error === null ? null : streamFailure(error, { ...connection, stream });
    },
  });
}
