import "../../support/deadlines.ts";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { setImmediate } from "node:timers";
import type { Clock } from "../../../lib/base/clock.ts";
import { clientOptions } from "../../../lib/base/redis/client.ts";
import { redisSocket } from "../../../lib/base/redis/socket.ts";
import { DEAD_PORT } from "../../support/dead_port.ts";

const HOST = "127.0.0.1";
const { Connector: RedisConnector } = clientOptions(
  { host: HOST, port: 0, tls: false, display: HOST },
  (bytes, pass) => pass(bytes),
);
assert.ok(RedisConnector);

/** A connection, as the socket under test and as the peer's end. */
async function pair(clock?: Clock) {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  const { port } = listener.addr;
  const [conn, peer] = await Promise.all([
    Deno.connect({ hostname: HOST, port }),
    listener.accept(),
  ]);
  return { socket: redisSocket(conn, (bytes, pass) => pass(bytes), clock), peer };
}

async function send(peer: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await peer.write(bytes.subarray(at));
}

Deno.test("redisSocket: what comes in is handed on in order and counted", async () => {
  const { socket, peer } = await pair();
  const sent = Uint8Array.from({ length: 300_000 }, (_, nth) => nth % 251);
  const sending = send(peer, sent).then(() => peer.closeWrite());
  const chunks: Uint8Array[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.resume();
  await once(socket, "close");
  await sending;
  assert.deepEqual(new Uint8Array(Buffer.concat(chunks)), sent);
  assert.equal(socket.bytesRead, 300_000);
  peer.close();
});

Deno.test("redisSocket: a peer that never stops sending leaves everything else its time", async () => {
  let now = 0;
  const rests: [atMs: number, ms: number][] = [];
  const { socket, peer } = await pair({
    now: () => now,
    monotonic: () => now,
    after(ms, callback) {
      rests.push([now, ms]);
      now += ms;
      const timer = setTimeout(callback);
      return () => clearTimeout(timer);
    },
  });
  const flood = (async () => {
    const bytes = new Uint8Array(1024 * 1024);
    for (;;) await send(peer, bytes);
  })().catch(() => {});
  const enough = Promise.withResolvers<void>();
  socket.on("data", () => {
    // Each chunk takes 10 ms to be worked on.
    now += 10;
    if (now > 525) enough.resolve();
  });
  socket.resume();
  await enough.promise;
  assert.deepEqual(rests.slice(0, 3), [[500, 1], [511, 1], [522, 1]]);
  socket.destroy();
  peer.close();
  await flood;
});

Deno.test("redisSocket: what is written arrives whole", async () => {
  const { socket, peer } = await pair();
  const sent = Uint8Array.from({ length: 2_000_000 }, (_, nth) => nth % 251);
  socket.end(sent);
  const received = new Uint8Array(await new Response(peer.readable).arrayBuffer());
  assert.deepEqual(received, sent);
  socket.destroy();
});

Deno.test("redisSocket: what is taken in part is sent on", async () => {
  let sent = "";
  const conn = {
    write(bytes: Uint8Array) {
      sent += new TextDecoder().decode(bytes.subarray(0, 3));
      return Promise.resolve(Math.min(3, bytes.length));
    },
    close() {},
  };
  const socket = redisSocket(conn as unknown as Deno.Conn, () => {});
  const done = Promise.withResolvers<unknown>();
  socket.write("AUTH password\r\n", done.resolve);
  assert.equal(await done.promise ?? undefined, undefined);
  assert.equal(sent, "AUTH password\r\n");
  socket.destroy();
});

Deno.test("redisSocket: however long one piece took, no more than a burst is made up for", async () => {
  let now = 0;
  let reads = 0;
  let rests = 0;
  const enough = Promise.withResolvers<void>();
  const conn = {
    read: () => ++reads > 20 ? (enough.resolve(), new Promise(() => {})) : Promise.resolve(1),
    close() {},
  };
  const clock = {
    now: () => now,
    monotonic: () => now,
    after(ms: number, callback: () => void) {
      rests++;
      queueMicrotask(() => {
        now += ms;
        callback();
      });
      return () => {};
    },
  };
  const admit = () => void (now += reads === 1 ? 60_000 : 0);
  const socket = redisSocket(conn as unknown as Deno.Conn, admit, clock);
  socket.resume();
  await enough.promise;
  assert.deepEqual([reads, rests], [21, 1]);
  socket.destroy();
});

Deno.test("redisSocket: a peer that hangs up ends it without an error", async () => {
  const { socket, peer } = await pair();
  const errors: unknown[] = [];
  socket.on("error", (error) => errors.push(error));
  socket.resume();
  peer.close();
  await once(socket, "close");
  assert.deepEqual([errors, socket.destroyed], [[], true]);
});

Deno.test("redisSocket: destroyed while it reads, it closes at once and in silence", async () => {
  const { socket, peer } = await pair();
  const errors: unknown[] = [];
  socket.on("error", (error) => errors.push(error));
  socket.on("data", () => socket.destroy());
  socket.resume();
  await send(peer, new Uint8Array(10));
  await once(socket, "close");
  assert.equal(await peer.read(new Uint8Array(1)), null);
  assert.deepEqual(errors, []);
  peer.close();
});

Deno.test("redisSocket: writing to a peer that is gone is an error with its code", async () => {
  const { socket, peer } = await pair();
  peer.close();
  const failed = once(socket, "error");
  const write = () =>
    void (socket.destroyed || socket.write("anybody?", () => setImmediate(write)));
  write();
  const [error] = await failed;
  assert.ok(["EPIPE", "ECONNRESET"].includes(error.code), String(error));
});

Deno.test("RedisConnector: a refused connection rejects with its code", async () => {
  const connector = new RedisConnector({ host: HOST, port: DEAD_PORT });
  await assert.rejects(connector.connect(() => {}), { code: "ECONNREFUSED" });
});

Deno.test("RedisConnector: disconnecting ends a TLS handshake that nobody answers", async () => {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  const connector = new RedisConnector({ host: HOST, port: listener.addr.port, tls: {} });
  const connecting = connector.connect(() => {});
  const peer = await listener.accept();
  // The handshake has begun.
  await peer.read(new Uint8Array(1_024));
  connector.disconnect();
  await assert.rejects(connecting);
  peer.close();
});
