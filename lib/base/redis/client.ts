/**
 * ioredis, kept to the protocol alone, over this program's own connections. It never reconnects, and
 * so resubscribes and resends nothing: a resubscription that is refused is an unhandled rejection
 * there (redis/ioredis#2187).
 *
 * @module
 */
import type { Socket } from "node:net";
import type { Writable } from "node:stream";
import { AbstractConnector, Redis, type RedisOptions } from "ioredis";
import { connect } from "../connect.ts";
import type { RedisEndpoint } from "./address.ts";
import { type Admit, redisSocket } from "./socket.ts";

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
    enableOfflineQueue: false,
    enableReadyCheck: false,
    disableClientInfo: true,
  };
}

/** What ioredis connects with; it wants a class, and hands it its own options. */
function redisConnector(admit: Admit) {
  return class RedisConnector extends AbstractConnector {
    readonly #options: { readonly host: string; readonly port: number; readonly tls?: unknown };
    readonly #closing = new AbortController();

    constructor(options: unknown) {
      // Milliseconds until a socket that was ended and is still open is destroyed.
      super(2_000);
      this.#options = options as RedisEndpoint;
    }

    override async connect(): Promise<typeof this.stream> {
      const { signal } = this.#closing;
      const { host: hostname, port, tls } = this.#options;
      const conn = await connect({ hostname, port, tls: Boolean(tls) }, signal);
      if (signal.aborted) {
        conn.close();
        throw signal.reason;
      }
      // The type asks for all of node's Socket; ioredis uses what a RedisSocket has.
      this.stream = redisSocket(conn, admit) as Writable as Socket;
      return this.stream;
    }

    override disconnect(): void {
      this.#closing.abort();
      super.disconnect();
    }
  };
}
