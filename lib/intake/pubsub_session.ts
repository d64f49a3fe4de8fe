/**
 * One connection that is subscribed, from connecting to its end.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { CreateRedisClient } from "../base/redis/client.ts";
import type { RedisCredentials, RedisEndpoint } from "../base/redis/endpoint.ts";
import { isReplyError, RedisProtocolError } from "../base/redis/errors.ts";
import { redisLink } from "../base/redis/link.ts";
import { confirmPrimary } from "../base/redis/target.ts";
import { MESSAGE_BOUNDS } from "./bounds.ts";
import { channelNames } from "./channel_names.ts";

interface RedisSessionOptions {
  readonly endpoint: RedisEndpoint;
  readonly credentials: RedisCredentials | null;
  readonly channels: readonly string[];
  readonly clock: Clock;
  readonly pingEveryMs: number;
  readonly pingDeadlineMs: number;
  /** Deadline of each step before the first subscription: connecting, AUTH, SUBSCRIBE. */
  readonly connectTimeoutMs: number;
  /** A refused channel is asked for again after this, at the next ping. */
  readonly refusedRetryMs: number;
  readonly createClient?: CreateRedisClient | undefined;
  /** `bytes` are only valid during the call. */
  readonly onMessage: (bytes: Uint8Array, channel: string) => void;
  readonly onPasswordUnused: () => void;
  readonly onSubscribed: (subscribed: readonly string[]) => void;
  /** A channel is refused while another is subscribed; called at every try. */
  readonly onRefused: (channel: string, error: unknown) => void;
}

/** How a session ended. */
interface RedisSessionEnd {
  /** The first thing that went wrong; null when `signal` ended it. */
  readonly error: unknown;
  /** The channel whose refusal ended it. */
  readonly channel?: string;
}

class ChannelRefusedError extends Error {
  override readonly name = "ChannelRefusedError";
  constructor(readonly channel: string, override readonly cause: unknown) {
    super(`${channel} refused`);
  }
}

/**
 * Connects, authenticates, subscribes and listens, until the connection ends or `signal` aborts.
 * Never rejects; on return the socket is closed and no timer of the clock is left.
 *
 * A user needs +subscribe (and its channels) only; AUTH is always allowed, and a refused PING still
 * tells that the peer lives.
 */
export async function redisSession(
  options: RedisSessionOptions,
  signal: AbortSignal,
): Promise<RedisSessionEnd> {
  const { endpoint, channels, clock, connectTimeoutMs } = options;
  if (signal.aborted) return { error: null };

  const channelName = channelNames(channels);
  const link = redisLink({
    ...options,
    bounds: MESSAGE_BOUNDS,
    signal,
    onPublished: (bytes, channel) => options.onMessage(bytes, channelName(channel)),
  });

  /** Asks for each channel by its own command; the refused ones are returned. */
  async function subscribe(wanted: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
    const refused = new Map<string, unknown>();
    await Promise.all(wanted.map(async (channel) => {
      try {
        const count = await link.ask((client) => client.subscribe(channel), {
          stage: "subscribe",
          ms: connectTimeoutMs,
        });
        if (typeof count !== "number") {
          throw new RedisProtocolError("an answer to SUBSCRIBE without a count");
        }
      } catch (error) {
        if (!isReplyError(error)) throw error;
        refused.set(channel, error);
      }
    }));
    return refused;
  }

  async function ping(): Promise<void> {
    try {
      await link.ask((client) => client.ping(), {
        stage: "ping",
        ms: options.pingDeadlineMs,
        whileSilent: true,
      });
    } catch (error) {
      // LOADING, NOPERM and the like come from a living peer. NOAUTH tells that what is behind
      // this connection is no longer what was subscribed to.
      if (!isReplyError(error) || error.message.startsWith("NOAUTH")) throw error;
    }
  }

  async function listen(): Promise<never> {
    await link.open();
    await confirmPrimary(
      endpoint,
      () => link.ask((client) => client.role(), { stage: "role", ms: connectTimeoutMs }),
    );
    let refused = await subscribe(channels);
    for (const [channel, error] of refused) {
      if (refused.size === channels.length) throw new ChannelRefusedError(channel, error);
      options.onRefused(channel, error);
    }
    const subscribed = () => channels.filter((channel) => !refused.has(channel));
    options.onSubscribed(subscribed());
    let askedAt = clock.monotonic();
    for (;;) {
      await link.pause(options.pingEveryMs);
      await ping();
      if (refused.size === 0 || clock.monotonic() - askedAt < options.refusedRetryMs) continue;
      const before = refused.size;
      refused = await subscribe([...refused.keys()]);
      askedAt = clock.monotonic();
      for (const [channel, error] of refused) options.onRefused(channel, error);
      if (refused.size < before) options.onSubscribed(subscribed());
    }
  }

  try {
    return await listen();
  } catch (error) {
    return error instanceof ChannelRefusedError
      ? { error: error.cause, channel: error.channel }
      : { error };
  } finally {
    link.close();
  }
}
