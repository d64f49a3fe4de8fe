/**
 * The streams intake: reads Redis Streams in a consumer group, whatever happens to Redis or the way
 * there. Each entry is delivered at least once, until its outcome is durable.
 *
 * @module
 */
import { Redis } from "ioredis";
import { type Backoff, backoffDelay } from "../backoff.ts";
import { type Clock, sleep } from "../clock.ts";
import { foldedLine } from "../fold.ts";
import type { Log } from "../log.ts";
import type { RedisIntake, RedisState } from "./redis.ts";
import { redisEndpoint } from "./redis_endpoint.ts";
import type { RedisFailureReason } from "./redis_failure.ts";
import type { RedisClientOptions } from "./redis_session.ts";
import { redisTarget } from "./redis_target.ts";
import { streamFailure } from "./stream_failure.ts";
import { deadLetterStream } from "./stream_group.ts";
import { createHand, type Fate } from "./streams_hand.ts";
import { type Delivery, streamsSession } from "./streams_session.ts";

export type { Delivery, Fate };

export interface StreamsIntakeOptions {
  /** REDIS_URL, as for the Redis intake. Its database number is left out. */
  readonly url: string;
  readonly streams: readonly string[];
  /** The consumer group; planners of one group share the entries. */
  readonly group: string;
  /** This planner's name in the group: the same at each start, and no other planner's. */
  readonly consumer: string;
  readonly clock: Clock;
  readonly log: Log;
  /** 0 to below 1, as Math.random. */
  readonly random: () => number;
  /**
   * Called synchronously for each entry. Call `settle` once its outcome is durable, during the call
   * or at any time after it; its first call counts. What throws counts as `left`.
   */
  readonly onEntry: (
    bytes: Uint8Array,
    stream: string,
    settle: (fate: Fate) => void,
    delivery: Delivery,
  ) => void;
  readonly onState?: (state: RedisState) => void;
  /** Most entries that are delivered and not acknowledged. @default {256} */
  readonly limit?: number;
  /**
   * An entry is taken over from a planner that did not touch it for this long, in milliseconds; a
   * living one touches what it has in hand. See {@linkcode claimIdleMs}. @default {1_260_000}
   */
  readonly claimIdleMs?: number;
  /** An entry that was delivered this often goes to the dead letters. @default {5} */
  readonly deliveryLimit?: number;
  /** How old entries may be when a group is made, in milliseconds. @default {3_600_000} */
  readonly lookbackMs?: number;
  /** After the end, how long outcomes are waited for, in milliseconds. @default {0} */
  readonly lingerMs?: number;
  /** How long one read waits for entries. @default {5_000} */
  readonly blockMs?: number;
  /** Deadline of each answer, in milliseconds. @default {10_000} */
  readonly answerTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
  readonly createClient?: (options: RedisClientOptions) => Redis;
}

/** As for the Redis intake. */
const BACKOFF: Backoff = { firstMs: 1_250, mostMs: 25_000, jitter: 0.2 };
const STEADY_MS = 10_000;
const REFUSED_RETRY_MS = 30_000;
const CLAIM_MARGIN_MS = 60_000;

const FOR_A_PERSON: ReadonlySet<RedisFailureReason> = new Set([
  "not_permitted",
  "certificate",
  "no_auth",
  "wrong_password",
  "no_permission",
  "protected_mode",
]);

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
  const { url, streams, group, consumer, clock, log } = options;
  const target = redisTarget(url, {
    clock,
    keys: true,
    createClient: options.createClient,
  });
  const { credentials, secrets } = target;
  const connectTimeoutMs = options.connectTimeoutMs ?? 5_000;
  /** Where the session is; for what is said of it. */
  let endpoint = redisEndpoint(url);
  let host = target.display;
  const hand = createHand(options.limit ?? 256, clock);
  const lastRead = new Map<string, string>();
  const dead = foldedLine(clock, (fields) => log.warning("stream_entry_dead", fields));
  const gone = foldedLine(clock, (fields) => log.warning("stream_entry_gone", fields));
  let state: RedisState = { kind: "connecting" };
  let passwordUnused = false;

  function enter(next: RedisState): void {
    state = next;
    try {
      options.onState?.(next);
    } catch (error) {
      log.error("intake_callback_failed", { what: "state", error: String(error) });
    }
  }

  // A fault in what is called back must not cost the connection, nor the entry.
  const receive: StreamsIntakeOptions["onEntry"] = (bytes, stream, settle, delivery) => {
    try {
      options.onEntry(bytes, stream, settle, delivery);
    } catch (error) {
      log.error("intake_callback_failed", { what: "entry", stream, error: String(error) });
      settle("left");
    }
  };

  /** One connection, from its first to its last moment; null when `signal` ended it. */
  async function session(signal: AbortSignal, deafSince: number) {
    let readingSince: number | null = null;
    let read: readonly string[] = [];
    const complained = new Set<string>();
    const once = (about: string) => complained.has(about) ? false : complained.add(about);
    host = target.display;
    try {
      endpoint = await target.locate({ deadlineMs: connectTimeoutMs, signal });
    } catch (error) {
      if (signal.aborted) return null;
      return { failure: streamFailure(error, { endpoint, secrets }), read, readMs: null };
    }
    host = endpoint.display;
    const end = await streamsSession({
      endpoint,
      credentials,
      streams,
      group,
      consumer,
      clock,
      hand,
      lastRead,
      connectTimeoutMs,
      answerTimeoutMs: options.answerTimeoutMs ?? 10_000,
      blockMs: options.blockMs ?? 5_000,
      claimIdleMs: options.claimIdleMs ??
        claimIdleMs({ links: 1, attempts: 2, timeoutSeconds: 600 }),
      deliveryLimit: options.deliveryLimit ?? 5,
      lookbackMs: options.lookbackMs ?? 3_600_000,
      lingerMs: options.lingerMs ?? 0,
      refusedRetryMs: REFUSED_RETRY_MS,
      createClient: options.createClient ?? ((settings) => new Redis(settings)),
      onEntry: receive,
      onPasswordUnused() {
        if (!passwordUnused) {
          log.warning("redis_password_unused", {
            host,
            detail: "REDIS_URL has a password, but this Redis asks for none. Is it the right one?",
          });
        }
        passwordUnused = true;
      },
      onReading(readable) {
        readingSince ??= clock.monotonic();
        read = readable;
        const after_seconds = seconds(clock.monotonic() - deafSince);
        log.info("streams_reading", { host, streams: readable, group, consumer, after_seconds });
        const refused = streams.filter((stream) => !readable.includes(stream));
        enter({ kind: "subscribed", channels: readable, refused });
      },
      onRefused(stream, error) {
        if (!once(`refused ${stream}`)) return;
        log.error("redis_stream_refused", {
          host,
          stream,
          ...streamFailure(error, { endpoint, secrets, stream }),
          retry_in_seconds: seconds(REFUSED_RETRY_MS),
        });
      },
      onGroupCreated: (stream, after) => log.info("stream_group_created", { stream, group, after }),
      onTakenOver: (stream, entries) => log.info("stream_entries_taken_over", { stream, entries }),
      onGone: (stream, count) => gone.log(stream, () => ({ stream, entries: count })),
      onDead: (stream, entry) =>
        dead.log(stream, () => ({ stream, ...entry, kept_in: deadLetterStream(stream) })),
      onBuryFailed(stream, error) {
        if (!once(`bury ${stream}`)) return;
        const to = deadLetterStream(stream);
        const failure = streamFailure(error, { endpoint, secrets, stream: to });
        log.error("stream_dead_letter_failed", { host, stream: to, ...failure });
      },
    }, signal);
    if (end.error === null) return null;
    const failure = streamFailure(end.error, { endpoint, secrets, stream: end.stream });
    return { failure, read, readMs: readingSince && clock.monotonic() - readingSince };
  }

  async function run(signal: AbortSignal): Promise<void> {
    let attempt = 0;
    let deafSince = clock.monotonic();
    while (!signal.aborted) {
      enter({ kind: "connecting" });
      const end = await session(signal, deafSince);
      if (end === null) break;
      const { failure, read, readMs } = end;
      if (readMs !== null) deafSince = clock.monotonic();
      attempt = readMs !== null && readMs >= STEADY_MS ? 1 : attempt + 1;
      const retryInMs = backoffDelay(BACKOFF, attempt, options.random);
      const fields = { host, ...failure, retry_in_seconds: seconds(retryInMs), attempt };
      if (readMs !== null) {
        log.warning("redis_lost", { ...fields, streams: read, read_seconds: seconds(readMs) });
      } else {
        log[FOR_A_PERSON.has(failure.reason) ? "error" : "warning"]("redis_unavailable", fields);
      }
      enter({ kind: "waiting", failure, attempt, retryInMs });
      await sleep(clock, retryInMs, signal);
    }
    for (const line of [dead, gone]) line.flush();
    enter({ kind: "stopped" });
  }

  return { run, state: () => state };
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
