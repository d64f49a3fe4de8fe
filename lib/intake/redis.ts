/**
 * The Redis intake: stays subscribed, whatever happens to Redis or the way there.
 *
 * @module
 */
import { Redis } from "ioredis";
import { type Backoff, backoffDelay } from "../backoff.ts";
import { type Clock, sleep } from "../clock.ts";
import type { Log } from "../log.ts";
import { redisEndpoint } from "./redis_endpoint.ts";
import { type RedisFailure, redisFailure, type RedisFailureReason } from "./redis_failure.ts";
import { type RedisClientOptions, redisSession } from "./redis_session.ts";
import { redisTarget } from "./redis_target.ts";

/** What the intake is doing. */
export type RedisState =
  | { readonly kind: "connecting" }
  /** Hears at least one channel; `refused` names those it may not read. */
  | {
    readonly kind: "subscribed";
    readonly channels: readonly string[];
    readonly refused: readonly string[];
  }
  | {
    readonly kind: "waiting";
    readonly failure: RedisFailure;
    /** Failed tries in a row. */
    readonly attempt: number;
    readonly retryInMs: number;
  }
  | { readonly kind: "stopped" };

export interface RedisIntakeOptions {
  /** REDIS_URL, with user and password where Redis wants them. */
  readonly url: string;
  readonly channels: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  /** 0 to below 1, as Math.random. */
  readonly random: () => number;
  /** Called synchronously for each message; `bytes` are only valid during the call. */
  readonly onMessage: (bytes: Uint8Array, channel: string) => void;
  readonly onState?: (state: RedisState) => void;
  readonly pingEveryMs?: number;
  /** A peer that is silent for this long after a PING is gone. */
  readonly pingDeadlineMs?: number;
  /** Deadline of connecting, of AUTH and of SUBSCRIBE, each. */
  readonly connectTimeoutMs?: number;
  /** Makes ioredis' client; for tests of failures that a socket cannot be made to show. */
  readonly createClient?: (options: RedisClientOptions) => Redis;
}

export interface RedisIntake {
  /** Listens until `signal` aborts; never rejects. Call once. */
  run(signal: AbortSignal): Promise<void>;
  state(): RedisState;
}

/** At least a second apart; with a try's own deadline of 5 s, never 31 s without a try. */
const BACKOFF: Backoff = { firstMs: 1_250, mostMs: 25_000, jitter: 0.2 };
/** A session that lasted this long starts the backoff anew. */
const STEADY_MS = 10_000;
const REFUSED_RETRY_MS = 30_000;

/** Failures that stay until a person does something. */
const FOR_A_PERSON: ReadonlySet<RedisFailureReason> = new Set([
  "not_permitted",
  "certificate",
  "no_auth",
  "wrong_password",
  "no_permission",
  "protected_mode",
]);

/**
 * A subscriber of `channels` at `url`.
 *
 * @throws SiteError for a URL that cannot be used.
 */
export function createRedisIntake(options: RedisIntakeOptions): RedisIntake {
  const { url, channels, clock, log } = options;
  const target = redisTarget(url, {
    clock,
    createClient: options.createClient,
  });
  const { credentials, secrets } = target;
  const connectTimeoutMs = options.connectTimeoutMs ?? 5_000;
  /** Where the session is; for what is said of it. */
  let endpoint = redisEndpoint(url);
  let host = target.display;
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

  // A fault in what is called back must not cost the connection.
  function receive(bytes: Uint8Array, channel: string): void {
    try {
      options.onMessage(bytes, channel);
    } catch (error) {
      log.error("intake_callback_failed", { what: "message", channel, error: String(error) });
    }
  }

  /** One connection, from its first to its last moment; null when `signal` ended it. */
  async function session(signal: AbortSignal, deafSince: number) {
    let subscribedAt: number | null = null;
    let heard: readonly string[] = [];
    const complained = new Set<string>();
    host = target.display;
    try {
      endpoint = await target.locate({ deadlineMs: connectTimeoutMs, signal });
    } catch (error) {
      if (signal.aborted) return null;
      return { failure: redisFailure(error, { endpoint, secrets }), heard, listenedMs: null };
    }
    host = endpoint.display;
    const end = await redisSession({
      endpoint,
      credentials,
      channels,
      clock,
      pingEveryMs: options.pingEveryMs ?? 10_000,
      pingDeadlineMs: options.pingDeadlineMs ?? 10_000,
      connectTimeoutMs,
      refusedRetryMs: REFUSED_RETRY_MS,
      createClient: options.createClient ?? ((settings) => new Redis(settings)),
      onMessage: receive,
      onPasswordUnused() {
        if (!passwordUnused) {
          log.warning("redis_password_unused", {
            host,
            detail: "REDIS_URL has a password, but this Redis asks for none. Is it the right one?",
          });
        }
        passwordUnused = true;
      },
      onSubscribed(subscribed) {
        subscribedAt ??= clock.monotonic();
        heard = subscribed;
        log.info("redis_subscribed", {
          host,
          channels: subscribed,
          after_seconds: seconds(clock.monotonic() - deafSince),
        });
        const refused = channels.filter((channel) => !subscribed.includes(channel));
        enter({ kind: "subscribed", channels: subscribed, refused });
      },
      onRefused(channel, error) {
        if (complained.has(channel)) return;
        complained.add(channel);
        log.error("redis_channel_refused", {
          host,
          channel,
          ...redisFailure(error, { endpoint, secrets, channel }),
          retry_in_seconds: seconds(REFUSED_RETRY_MS),
        });
      },
    }, signal);
    if (end.error === null) return null;
    const failure = redisFailure(end.error, { endpoint, secrets, channel: end.channel });
    return { failure, heard, listenedMs: subscribedAt && clock.monotonic() - subscribedAt };
  }

  async function run(signal: AbortSignal): Promise<void> {
    let attempt = 0;
    let deafSince = clock.monotonic();
    while (!signal.aborted) {
      enter({ kind: "connecting" });
      const end = await session(signal, deafSince);
      if (end === null) break;
      const { failure, heard, listenedMs } = end;
      if (listenedMs !== null) deafSince = clock.monotonic();
      attempt = listenedMs !== null && listenedMs >= STEADY_MS ? 1 : attempt + 1;
      const retryInMs = backoffDelay(BACKOFF, attempt, options.random);
      const fields = { host, ...failure, retry_in_seconds: seconds(retryInMs), attempt };
      if (listenedMs !== null) {
        log.warning("redis_lost", {
          ...fields,
          channels: heard,
          subscribed_seconds: seconds(listenedMs),
        });
      } else {
        log[FOR_A_PERSON.has(failure.reason) ? "error" : "warning"]("redis_unavailable", fields);
      }
      enter({ kind: "waiting", failure, attempt, retryInMs });
      await sleep(clock, retryInMs, signal);
    }
    enter({ kind: "stopped" });
  }

  return { run, state: () => state };
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
