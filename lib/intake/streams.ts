/**
 * The streams intake: reads Redis Streams in a consumer group, whatever happens to Redis or the way
 * there. Each entry is delivered at least once, until its outcome is durable.
 *
 * @module
 */
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

/** The URL's database number is left out. */
interface StreamsIntakeOptions extends RedisListenerOptions {
  readonly streams: readonly string[];
  /** The consumer group; planners of one group share the entries. */
  readonly group: string;
  /** This planner's name in the group: the same at each start, and no other planner's. */
  readonly consumer: string;
  /** An entry counts as `left` when this throws. */
  readonly onEntry: OnEntry;
  /** Most entries that are delivered and not acknowledged. @default {256} */
  readonly limit?: number;
  /**
   * An entry is taken over from a planner that did not touch it for this long, in milliseconds; a
   * living one touches what it has in hand. See {@linkcode claimIdleMs}.
   */
  readonly claimIdleMs: number;
  /**
   * An entry that was delivered this often goes to the dead letters: to planners that are gone
   * since, or that ended while it was handed over. A restart does not count. @default {5}
   */
  readonly deliveryLimit?: number;
  /** How old entries may be when a group is made, in milliseconds. @default {3_600_000} */
  readonly lookbackMs?: number;
  /** After the end, how long outcomes are waited for, in milliseconds. @default {0} */
  readonly lingerMs?: number;
  /** How long one read waits for entries. @default {5_000} */
  readonly blockMs?: number;
  /** Deadline of each answer, in milliseconds. @default {10_000} */
  readonly answerTimeoutMs?: number;
}

const CLAIM_MARGIN_MS = 60_000;

/**
 * How long an entry must lie untouched before another planner takes it: longer than a diagnosis by
 * a chain of so many links takes, should it be cut off from Redis meanwhile. Milliseconds.
 */
export function claimIdleMs(
  { links, attempts, timeoutSeconds }: {
    readonly links: number;
    readonly attempts: number;
    readonly timeoutSeconds: number;
  },
): number {
  return links * attempts * timeoutSeconds * 1_000 + CLAIM_MARGIN_MS;
}

/**
 * A reader of `streams` at `url`; needs Redis 6.2 or newer.
 *
 * @throws SiteError for a URL that cannot be used.
 */
export function createStreamsIntake(options: StreamsIntakeOptions): RedisIntake {
  const { streams, group, consumer, clock, log } = options;
  const hand = createHand(options.limit ?? 256, clock);
  const lastRead = new Map<string, string>();
  const tooLarge = { searching: false, found: new Set<string>() };
  const fold = foldedLines(log, clock);
  const dead = fold("warning", "stream_entry_dead");
  const gone = fold("warning", "stream_entry_gone");

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
    failureOf: streamFailure,
    lost: (read, seconds) => ({ streams: read, read_seconds: seconds }),
    onStop() {
      for (const line of [dead, gone]) line.flush();
    },
    async session(connection, signal) {
      const { host, context } = connection;
      const { error, stream } = await streamsSession({
        ...connection,
        streams,
        group,
        consumer,
        clock,
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
        onRefused(stream, error) {
          if (!connection.once(`refused ${stream}`)) return;
          log.error("redis_stream_refused", {
            host,
            stream,
            ...streamFailure(error, { ...context, stream }),
            retry_in_seconds: REFUSED_RETRY_MS / 1000,
          });
        },
        onGroupCreated: (stream, after) =>
          log.info("stream_group_created", { stream, group, after }),
        onTakenOver: (stream, entries) =>
          log.info("stream_entries_taken_over", { stream, entries }),
        onGone: (stream, count) => gone.log(stream, () => ({ stream, entries: count })),
        onDead: (stream, entry) =>
          dead.log(stream, () => ({ stream, ...entry, kept_in: deadLetterStream(stream) })),
        onBuryFailed(stream, error) {
          if (!connection.once(`bury ${stream}`)) return;
          const to = deadLetterStream(stream);
          const failure = streamFailure(error, { ...context, stream: to });
          log.error("stream_dead_letter_failed", { host, stream: to, ...failure });
        },
      }, signal);
      return error === null ? null : streamFailure(error, { ...context, stream });
    },
  });
}
