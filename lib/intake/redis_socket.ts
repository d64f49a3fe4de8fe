/**
 * The socket below ioredis: Deno's own TCP or TLS, as the stream that ioredis expects.
 *
 * Deno's node:net reads on for as long as there is something to read, and nothing else gets its
 * turn meanwhile: under a flood, no answer of an LLM would be heard and no proposal written.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { setImmediate } from "node:timers";
import { AbstractConnector } from "ioredis";

/** What ioredis and the deadlines of its users ask of a socket. */
export interface RedisSocket extends Duplex {
  /** Bytes received so far. */
  bytesRead: number;
  /** Does nothing: the connection is without delay from its start. */
  setNoDelay(): void;
  /** Does nothing: this Deno has no TCP keepalive. */
  setKeepAlive(): void;
}

/** Most bytes between two turns of the event loop: some hundred messages, milliseconds on a Pi. */
const READ_BYTES = 64 * 1024;

/** Lets everything else that waits have its turn: timers, other sockets, files. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A connection as a node stream; destroying it closes the connection at once. */
export function redisSocket(conn: Deno.Conn): RedisSocket {
  const received = new Uint8Array(READ_BYTES);
  const socket = Object.assign(
    new Duplex({
      allowHalfOpen: false,
      read: () => void receive(),
      write: (bytes, _encoding, done) => void send(bytes).then(() => done(), done),
      final: (done) => void conn.closeWrite().then(() => done(), done),
      destroy(error, done) {
        conn.close();
        done(error);
      },
    }),
    { bytesRead: 0, setNoDelay() {}, setKeepAlive() {} },
  );

  async function receive(): Promise<void> {
    try {
      await turn();
      if (socket.destroyed) return;
      const count = await conn.read(received);
      if (count === null) return void socket.push(null);
      socket.bytesRead += count;
      socket.push(Buffer.from(received.subarray(0, count)));
    } catch (error) {
      // What a closed connection still says is of no interest.
      if (!socket.destroyed) socket.destroy(error instanceof Error ? error : Error(String(error)));
    }
  }

  async function send(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
  }

  return socket;
}

/** Where to connect; as ioredis hands its options on. */
interface Address {
  readonly host: string;
  readonly port: number;
  /** Present for TLS. */
  readonly tls?: unknown;
}

async function connect({ host, port, tls }: Address, signal: AbortSignal): Promise<Deno.Conn> {
  const tcp = await Deno.connect({ hostname: host, port, signal });
  tcp.setNoDelay();
  if (!tls) return tcp;
  const secure = await Deno.startTls(tcp, { hostname: host });
  const close = () => secure.close();
  signal.addEventListener("abort", close);
  try {
    await secure.handshake();
    return secure;
  } catch (error) {
    if (!signal.aborted) secure.close();
    throw error;
  } finally {
    signal.removeEventListener("abort", close);
  }
}

/** What ioredis connects with; it wants a class. */
export class RedisConnector extends AbstractConnector {
  readonly #address: Address;
  readonly #closing = new AbortController();

  constructor(options: unknown) {
    // Milliseconds until a socket that was ended and is still open is destroyed.
    super(2_000);
    this.#address = options as Address;
  }

  override async connect(): Promise<typeof this.stream> {
    const { signal } = this.#closing;
    const conn = await connect(this.#address, signal);
    if (signal.aborted) {
      conn.close();
      throw signal.reason;
    }
    // The type asks for all of node's Socket; ioredis uses what a RedisSocket has.
    this.stream = redisSocket(conn) as Duplex as Socket;
    return this.stream;
  }

  override disconnect(): void {
    this.#closing.abort();
    super.disconnect();
  }
}
