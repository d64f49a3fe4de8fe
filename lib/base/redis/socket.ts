import { Buffer } from "node:buffer";
import { Writable } from "node:stream";
import { sleep, systemClock } from "../clock.ts";

const READ_BYTES = 64 * 1024;
/** Work on received bytes that may be done in one go, as after an outage. */
const BURST_MS = 500;
/** Beyond that, the work that each millisecond of rest allows. */
const WORK_PER_REST = 8;
const REST_MS = 1;

/** Hands the usable part of received bytes to `pass`; throws where the connection has to end. */
export type Admit = (received: Uint8Array, pass: (part: Uint8Array) => void) => void;

/**
 * Deno's own TCP or TLS as the stream that ioredis reads from; destroying it closes the connection
 * at once. From `resume` on, what `admit` lets pass is emitted as `data`; nothing is kept.
 *
 * Deno's node:net reads on for as long as there is something to read, and nothing else gets its
 * turn meanwhile: under a flood, no answer of an LLM would be heard and no proposal written.
 */
export function redisSocket(conn: Deno.Conn, admit: Admit, clock = systemClock) {
  const received = new Uint8Array(READ_BYTES);
  const closing = new AbortController();
  let reading: Promise<void> | undefined;
  const writable = new Writable({
    write: (bytes, _encoding, done) => void send(bytes).then(() => done(), done),
    final: (done) => void conn.closeWrite().then(() => done(), done),
    destroy(error, done) {
      closing.abort();
      conn.close();
      done(error);
    },
  });
  const socket = Object.assign(writable, {
    bytesRead: 0,
    resume: () => void (reading ??= receive()),
    // The connection is without delay from its start, and this Deno has no TCP keepalive.
    setNoDelay() {},
    setKeepAlive() {},
  });

  async function receive(): Promise<void> {
    let worked = 0;
    /** Waits for `what`; everything else gets its time meanwhile, which makes up for work. */
    async function resting<T>(what: Promise<T>): Promise<T> {
      const began = clock.monotonic();
      const result = await what;
      worked = Math.max(0, worked - WORK_PER_REST * (clock.monotonic() - began));
      return result;
    }
    try {
      while (!socket.destroyed) {
        const count = await resting(conn.read(received));
        if (count === null) return void socket.destroy();
        socket.bytesRead += count;
        const began = clock.monotonic();
        admit(received.subarray(0, count), (part) => socket.emit("data", Buffer.from(part)));
        worked = Math.min(BURST_MS, worked + clock.monotonic() - began);
        if (worked >= BURST_MS) await resting(sleep(clock, REST_MS, closing.signal));
      }
    } catch (error) {
      // Of no effect on one that was closed here.
      socket.destroy(error instanceof Error ? error : Error(String(error)));
    }
  }

  async function send(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
  }

  return socket;
}
