import { isReplyError, RedisProtocolError } from "../base/redis/errors.ts";
import { redisFailure } from "../base/redis/failure.ts";
import { redisConnection } from "../base/redis/connection.ts";
import type { ReplyBounds } from "../base/redis/reply_check.ts";
import type { RedisServer } from "../base/redis/target.ts";
import { createAdmission, type Refused } from "./admission.ts";
import { type RedisIntake, type RedisListenerOptions, redisListening } from "./listener.ts";

interface RedisIntakeOptions extends RedisListenerOptions {
  readonly channels: readonly string[];
  /** Called synchronously for each message; `bytes` are only valid during the call. */
  readonly onMessage: (bytes: Uint8Array, channel: string) => void;
  readonly pingEveryMs?: number;
  readonly pingDeadlineMs?: number; // a peer that is silent for this long after a PING is gone
}

/** As much as Redis keeps for a subscriber by default; what is cut is still refused as too large. */
const MESSAGE_BOUNDS: ReplyBounds = { most: 32 * 1_048_576, kept: 4 * 1_048_576 };

/**
 * A subscriber of `channels` at `url`, whatever happens to Redis or the way there.
 *
 * @throws SiteError for a URL that cannot be used.
 */
export function createRedisIntake(options: RedisIntakeOptions): RedisIntake {
  const { channels, log, pingEveryMs = 10_000, pingDeadlineMs = 10_000 } = options;

  // A fault in what is called back must not cost the connection.
  function onMessage(bytes: Uint8Array, channel: string): void {
    try {
      options.onMessage(bytes, channel);
    } catch (error) {
      log.error("intake_callback_failed", { what: "message", channel, error: String(error) });
    }
  }

  return redisListening({
    ...options,
    names: channels,
    lost: (heard, seconds) => ({ channels: heard, subscribed_seconds: seconds }),
    session: (server, signal) =>
      redisSession({
        ...server,
        channels,
        pingEveryMs,
        pingDeadlineMs,
        onMessage,
        onSubscribed: (subscribed) =>
          server.hearing(subscribed, (after_seconds) => {
            const { display: host } = server.endpoint;
            log.info("redis_subscribed", { host, channels: subscribed, after_seconds });
          }),
        onRefused: (channel, refused) =>
          server.complain("redis_channel_refused", { channel }, { ...refused }),
      }, signal),
  });
}

interface RedisSessionOptions
  extends
    RedisServer,
    Pick<RedisIntakeOptions, "channels" | "onMessage">,
    Required<Pick<RedisIntakeOptions, "pingEveryMs" | "pingDeadlineMs">> {
  readonly onSubscribed: (subscribed: readonly string[]) => void;
  /** A channel is refused while another is subscribed; called at every try, at some of the pings. */
  readonly onRefused: (channel: string, refused: Refused) => void;
}

/**
 * One connection: connects, authenticates, subscribes and listens, until the connection ends or
 * `signal` aborts. Never rejects; on return the socket is closed and no timer of the clock is left.
 *
 * A user needs +subscribe (and its channels) only; AUTH is always allowed, and a refused PING still
 * tells that the peer lives.
 *
 * @returns the first thing that went wrong, null when `signal` ended it.
 */
export async function redisSession(
  options: RedisSessionOptions,
  signal: AbortSignal,
): Promise<unknown> {
  const { channels, clock, connectTimeoutMs } = options;
  if (signal.aborted) return null;

  const nameOf = channelNames(channels);
  const connection = redisConnection({
    ...options,
    bounds: MESSAGE_BOUNDS,
    signal,
    onPublished: (bytes, channel) => options.onMessage(bytes, nameOf(channel)),
  });

  async function subscribe(channel: string): Promise<void> {
    const how = { stage: "subscribe", ms: connectTimeoutMs } as const;
    const count = await connection.ask((client) => client.subscribe(channel), how);
    if (typeof count !== "number") {
      throw new RedisProtocolError("an answer to SUBSCRIBE without a count");
    }
  }

  const admission = createAdmission({
    names: channels,
    clock,
    ask: subscribe,
    isRefusal: isReplyError,
    failureOf: (error, channel) => redisFailure(error, { ...options, channel }),
    onRefused: options.onRefused,
    onAdmitted: options.onSubscribed,
  });

  async function ping(): Promise<void> {
    try {
      const how = { stage: "ping", ms: options.pingDeadlineMs, whileSilent: true } as const;
      await connection.ask((client) => client.ping(), how);
    } catch (error) {
      // LOADING, NOPERM and the like come from a living peer. NOAUTH tells that what is behind
      // this connection is no longer what was subscribed to.
      if (!isReplyError(error) || error.message.startsWith("NOAUTH")) throw error;
    }
  }

  async function listen(): Promise<never> {
    await connection.open();
    await connection.confirmPrimary();
    await admission.admit(channels);
    for (;;) {
      await connection.pause(options.pingEveryMs);
      await ping();
      if (admission.isDue()) await admission.admit(admission.refused());
    }
  }

  try {
    return await listen();
  } catch (error) {
    return error;
  } finally {
    connection.close();
  }
}

/** Decodes channel names; those in `channels` cost no decoding. */
function channelNames(channels: readonly string[]): (bytes: Uint8Array) => string {
  const known = channels.map((name) => ({ name, expected: new TextEncoder().encode(name) }));
  const decoder = new TextDecoder();
  return (bytes) => {
    for (const { name, expected } of known) {
      if (bytes.length !== expected.length) continue;
      let at = bytes.length;
      while (at > 0 && bytes[at - 1] === expected[at - 1]) at--;
      if (at === 0) return name;
    }
    return decoder.decode(bytes);
  };
}
