/**
 * What ioredis connects with: this program's own connections and sockets.
 *
 * @module
 */
import type { Socket } from "node:net";
import type { Writable } from "node:stream";
import { AbstractConnector } from "ioredis";
import { connect } from "../connect.ts";
import { type Admit, redisSocket } from "./socket.ts";

/** Where to connect; as ioredis hands its options on. */
interface Address {
  readonly host: string;
  readonly port: number;
  /** Present for TLS. */
  readonly tls?: unknown;
}

/** What ioredis connects with; it wants a class. */
export function redisConnector(admit: Admit) {
  return class RedisConnector extends AbstractConnector {
    readonly #address: Address;
    readonly #closing = new AbortController();

    constructor(options: unknown) {
      // Milliseconds until a socket that was ended and is still open is destroyed.
      super(2_000);
      this.#address = options as Address;
    }

    override async connect(): Promise<typeof this.stream> {
      const { signal } = this.#closing;
      const { host, port, tls } = this.#address;
      const conn = await connect({ hostname: host, port, tls: Boolean(tls) }, signal);
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
