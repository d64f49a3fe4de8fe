/**
 * One connection to Redis, from connecting to its end.
 *
 * ioredis does the protocol; when to connect, how long to wait and what to do about a failure is
 * decided here. Its own reconnecting and resubscribing stay off: a resubscription that is refused
 * is an unhandled rejection there (redis/ioredis#2187).
 *
 * @module
 */
import { Redis, type RedisOptions } from "ioredis";
import type { Clock } from "../clock.ts";
import { channelNames } from "./channel_names.ts";
import type { RedisCredentials, RedisEndpoint } from "./redis_endpoint.ts";
import { confirmPrimary } from "./redis_role.ts";
import { RedisConnector } from "./redis_socket.ts";
import {
  RedisClosedError,
  RedisProtocolError,
  type RedisStage,
  RedisTimeoutError,
} from "./redis_failure.ts";

/** ioredis' options, without the reply shapes of RESP3. */
export type RedisClientOptions = RedisOptions & { replyMapping?: "legacy" };

export interface RedisSessionOptions {
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
  readonly createClient: (options: RedisClientOptions) => Redis;
  /** `bytes` are only valid during the call. */
  readonly onMessage: (bytes: Uint8Array, channel: string) => void;
  readonly onPasswordUnused: () => void;
  readonly onSubscribed: (subscribed: readonly string[]) => void;
  /** A channel is refused while another is subscribed; called at every try. */
  readonly onRefused: (channel: string, error: unknown) => void;
}

/** How a session ended. */
export interface RedisSessionEnd {
  /** The first thing that went wrong; null when `signal` ended it. */
  readonly error: unknown;
  /** The channel whose refusal ended it. */
  readonly channel?: string;
}

class ChannelRefused extends Error {
  constructor(readonly channel: string, override readonly cause: unknown) {
    super(`${channel} refused`);
  }
}

/** A client that does what it is told, once, and nothing of its own accord. */
export function clientOptions({ host, port, tls }: RedisEndpoint): RedisClientOptions {
  return {
    Connector: RedisConnector,
    host,
    port,
    ...(tls ? { tls: {} } : {}),
    protocol: 2,
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: null,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    disableClientInfo: true,
    connectTimeout: 0,
  };
}

/** Whether AUTH was refused only because this Redis asks for no password. */
export function isPasswordUnused(error: unknown): boolean {
  const unused = /without any password configured|no password is set/;
  return isReply(error) && unused.test(error.message);
}

function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError";
}

/**
 * Connects, authenticates, subscribes and listens, until the connection ends or `signal` aborts.
 * Never rejects; on return the socket is closed and no timer of the clock is left.
 *
 * RESP2 without HELLO: pub/sub needs no more, every Redis speaks it, and proxies that hang up on
 * HELLO do not matter. A user needs +subscribe (and its channels) only; AUTH is always allowed,
 * and a refused PING still tells that the peer lives.
 */
export async function redisSession(
  options: RedisSessionOptions,
  signal: AbortSignal,
): Promise<RedisSessionEnd> {
  const { endpoint, credentials, channels, clock } = options;
  if (signal.aborted) return { error: null };

  let stage: RedisStage = "connect";
  let ended: { readonly error: unknown } | null = null;
  const waiting = new Set<(error: unknown) => void>();
  const channelName = channelNames(channels);

  const client = options.createClient(clientOptions(endpoint));
  client.on("error", end);
  client.on("close", () => end(new RedisClosedError(stage)));
  client.on("messageBuffer", receive);
  const abort = () => end(null);
  signal.addEventListener("abort", abort);

  /** The first call decides; later ones are echoes of the closing socket. */
  function end(error: unknown): void {
    if (ended) return;
    ended = { error };
    client.off("messageBuffer", receive);
    // ioredis sets a timer to close what is closed already.
    if (client.status !== "end") client.disconnect();
    // disconnect() waits for a FIN that a vanished peer never sends.
    (client.stream as typeof client.stream | undefined)?.destroy();
    for (const reject of [...waiting]) reject(error);
  }

  function receive(channel: Uint8Array | undefined, bytes: Uint8Array | undefined): void {
    if (channel && bytes) options.onMessage(bytes, channelName(channel));
  }

  /** A promise that `end` rejects. `start` returns what undoes it, called once it is settled. */
  function untilEnd<T>(
    start: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (ended) return reject(ended.error);
      const settle = () => {
        waiting.delete(fail);
        undo();
      };
      const fail = (error: unknown) => {
        settle();
        reject(error);
      };
      waiting.add(fail);
      const undo = start((value) => {
        settle();
        resolve(value);
      }, fail);
    });
  }

  function answer<T>(at: RedisStage, ms: number, ask: () => Promise<T>): Promise<T> {
    stage = at;
    return untilEnd((resolve, reject) => {
      let heard = bytesRead();
      let cancel = clock.after(ms, overdue);
      ask().then(resolve, reject);
      return () => cancel();

      function overdue() {
        // A slow link may need longer than this to bring a PING's answer behind a flood.
        if (at !== "ping" || bytesRead() === heard) return end(new RedisTimeoutError(at, ms));
        heard = bytesRead();
        cancel = clock.after(ms, overdue);
      }
    });
  }

  function pause(ms: number): Promise<void> {
    return untilEnd((resolve) => clock.after(ms, () => resolve()));
  }

  function bytesRead(): number {
    return (client.stream as typeof client.stream | undefined)?.bytesRead ?? 0;
  }

  async function authenticate({ user, password }: RedisCredentials): Promise<void> {
    const ask = () => user === null ? client.auth(password) : client.auth(user, password);
    try {
      await answer("auth", options.connectTimeoutMs, ask);
    } catch (error) {
      if (!isPasswordUnused(error)) throw error;
      options.onPasswordUnused();
    }
  }

  /** Asks for each channel by its own command; the refused ones are returned. */
  async function subscribe(wanted: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
    const refused = new Map<string, unknown>();
    await Promise.all(wanted.map(async (channel) => {
      try {
        const count = await answer(
          "subscribe",
          options.connectTimeoutMs,
          () => client.subscribe(channel),
        );
        if (typeof count !== "number") {
          throw new RedisProtocolError("an answer to SUBSCRIBE without a count");
        }
      } catch (error) {
        if (!isReply(error)) throw error;
        refused.set(channel, error);
      }
    }));
    return refused;
  }

  async function ping(): Promise<void> {
    try {
      await answer("ping", options.pingDeadlineMs, () => client.ping());
    } catch (error) {
      // LOADING, NOPERM and the like come from a living peer. NOAUTH tells that what is behind
      // this connection is no longer what was subscribed to.
      if (!isReply(error) || error.message.startsWith("NOAUTH")) throw error;
    }
  }

  async function listen(): Promise<never> {
    await answer("connect", options.connectTimeoutMs, () => client.connect());
    if (credentials) await authenticate(credentials);
    await confirmPrimary(
      endpoint,
      () => answer("role", options.connectTimeoutMs, () => client.role()),
    );
    let refused = await subscribe(channels);
    for (const [channel, error] of refused) {
      if (refused.size === channels.length) throw new ChannelRefused(channel, error);
      options.onRefused(channel, error);
    }
    const subscribed = () => channels.filter((channel) => !refused.has(channel));
    options.onSubscribed(subscribed());
    let askedAt = clock.monotonic();
    for (;;) {
      await pause(options.pingEveryMs);
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
    end(error);
  } finally {
    signal.removeEventListener("abort", abort);
  }
  const error = (ended as { readonly error: unknown } | null)?.error ?? null;
  return error instanceof ChannelRefused
    ? { error: error.cause, channel: error.channel }
    : { error };
}
