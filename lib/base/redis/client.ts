/**
 * ioredis, held to the protocol alone.
 *
 * When to connect, how long to wait and what to do about a failure is decided here. Its own
 * reconnecting and resubscribing stay off: a resubscription that is refused is an unhandled
 * rejection there (redis/ioredis#2187).
 *
 * @module
 */
import { Redis, type RedisOptions } from "ioredis";
import type { RedisEndpoint } from "./endpoint.ts";
import { redisConnector } from "./connector.ts";
import type { Admit } from "./socket.ts";

/** ioredis' options, without the reply shapes of RESP3. */
type RedisClientOptions = RedisOptions & { replyMapping?: "legacy" };

/** Makes ioredis' client; another one is for tests of what a socket cannot be made to show. */
export type CreateRedisClient = (options: RedisClientOptions) => Redis;

export const newRedisClient: CreateRedisClient = (options) => new Redis(options);

/** A client that does what it is told, once, and nothing of its own accord. */
export function clientOptions(
  { host, port, tls }: RedisEndpoint,
  admit: Admit,
): RedisClientOptions {
  return {
    Connector: redisConnector(admit),
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
