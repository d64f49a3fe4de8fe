/**
 * The Redis intake: stays subscribed, whatever happens to Redis or the way there.
 *
 * @module
 */
import { redisFailure } from "../base/redis/failure.ts";
import {
  type RedisIntake,
  type RedisListenerOptions,
  redisListening,
  REFUSED_RETRY_MS,
} from "./listener.ts";
import { redisSession } from "./pubsub_session.ts";

interface RedisIntakeOptions extends RedisListenerOptions {
  readonly channels: readonly string[];
  /** Called synchronously for each message; `bytes` are only valid during the call. */
  readonly onMessage: (bytes: Uint8Array, channel: string) => void;
  readonly pingEveryMs?: number;
  /** A peer that is silent for this long after a PING is gone. */
  readonly pingDeadlineMs?: number;
}

/**
 * A subscriber of `channels` at `url`.
 *
 * @throws SiteError for a URL that cannot be used.
 */
export function createRedisIntake(options: RedisIntakeOptions): RedisIntake {
  const { channels, clock, log } = options;

  // A fault in what is called back must not cost the connection.
  function receive(bytes: Uint8Array, channel: string): void {
    try {
      options.onMessage(bytes, channel);
    } catch (error) {
      log.error("intake_callback_failed", { what: "message", channel, error: String(error) });
    }
  }

  return redisListening({
    ...options,
    names: channels,
    failureOf: redisFailure,
    lost: (heard, seconds) => ({ channels: heard, subscribed_seconds: seconds }),
    async session(connection, signal) {
      const { host, context } = connection;
      const end = await redisSession({
        ...connection,
        channels,
        clock,
        pingEveryMs: options.pingEveryMs ?? 10_000,
        pingDeadlineMs: options.pingDeadlineMs ?? 10_000,
        refusedRetryMs: REFUSED_RETRY_MS,
        onMessage: receive,
        onSubscribed: (subscribed) =>
          connection.hearing(subscribed, (after_seconds) => {
            log.info("redis_subscribed", { host, channels: subscribed, after_seconds });
          }),
        onRefused(channel, error) {
          if (!connection.once(channel)) return;
          log.error("redis_channel_refused", {
            host,
            channel,
            ...redisFailure(error, { ...context, channel }),
            retry_in_seconds: REFUSED_RETRY_MS / 1000,
          });
        },
      }, signal);
      return end.error === null
        ? null
        : redisFailure(end.error, { ...context, channel: end.channel });
    },
  });
}
