import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { systemClock } from "../../lib/base/clock.ts";
import { redisAddress } from "../../lib/base/redis/address.ts";
import { redisFailure } from "../../lib/base/redis/failure.ts";
import { redisConnection } from "../../lib/base/redis/connection.ts";
import { redisSession } from "../../lib/intake/pubsub.ts";
import { bulk, encodeReply, type Reply, RespError } from "../support/resp.ts";
import { type Script, scriptedRedis } from "../support/scripted_redis.ts";
import { inTime, runs } from "./runs.ts";

const reply: fc.Arbitrary<Reply> = fc.letrec<{ reply: Reply }>((tie) => ({
  reply: fc.oneof(
    { maxDepth: 10, withCrossShrink: true },
    fc.constantFrom<Reply>(null, "OK", 0, -1, new RespError("ERR no"), bulk("message")),
    fc.maxSafeInteger(),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie("reply"), { maxLength: 4 }),
    fc.tuple(tie("reply"), tie("reply"), tie("reply")).map(([, channel, body]) => [
      bulk("message"),
      channel,
      body,
    ]),
  ),
})).reply;

const odd = fc.constantFrom(
  ...[
    "$-1\r\n",
    "*-1\r\n",
    "*0\r\n",
    "*1\r\n$-1\r\n",
    ">1\r\n$-1\r\n",
    "*1000000000\r\n",
    "*x\r\n",
  ],
  ...[
    "$1000000000\r\n",
    "$999\r\n",
    "_\r\n",
    "#t\r\n",
    "%1\r\n+a\r\n+b\r\n",
    ",1\r\n",
    "(1\r\n",
    "\r\n",
  ],
  ...[
    "+OK",
    ":",
    "$",
    "*",
    "HTTP/1.1 400 Bad\r\n\r\n",
    "*3\r\n$7\r\nmessage\r\n:5\r\n$2\r\n{}\r\n",
  ],
  ...["-MOVED 1 10.0.0.1:1\r\n", "-ASK 1 10.0.0.1:1\r\n", "-LOADING\r\n", "-NOAUTH\r\n", "-\r\n"],
  "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n",
  "*3\r\n$11\r\nunsubscribe\r\n$1\r\nc\r\n:0\r\n",
  "*1\r\n".repeat(5_000),
).map((text) => new TextEncoder().encode(text));

/** Replies, well-formed, broken in one byte, cut, odd, or no replies at all. */
const bytes: fc.Arbitrary<Uint8Array> = fc.array(
  fc.oneof(
    reply.map(encodeReply),
    fc.tuple(reply, fc.nat(), fc.nat(255)).map(([sound, at, byte]) => {
      const raw = encodeReply(sound);
      raw[at % raw.length] = byte;
      return raw;
    }),
    fc.tuple(reply, fc.nat()).map(([sound, at]) => {
      const raw = encodeReply(sound);
      return raw.subarray(0, at % raw.length);
    }),
    odd,
    fc.uint8Array({ maxLength: 60 }),
  ),
  { minLength: 1, maxLength: 6 },
).map((parts) => Buffer.concat(parts));

/** A server that sends what it is told to, and then hangs up. */
function hostile() {
  let sending: Uint8Array = new Uint8Array(0);
  let well: Script = () => undefined;
  const server = scriptedRedis((words, connection) => {
    const answer = well(words, connection);
    if (answer !== undefined) return answer;
    connection.sendRaw(sending);
    connection.close();
    return undefined;
  });
  return {
    url: `redis://127.0.0.1:${server.port}`,
    send(raw: Uint8Array, until: Script = () => undefined) {
      sending = raw;
      well = until;
    },
    close: server.close,
  };
}

function isToldApart(error: unknown, url: string): void {
  const { reason, detail } = redisFailure(error, {
    endpoint: redisAddress(url).endpoint,
    secrets: [],
  });
  assert.ok(reason.length > 0 && detail.length > 10);
  // deno-lint-ignore no-control-regex
  assert.ok(!/[\x00-\x1f\x7f-\x9f]/.test(detail), JSON.stringify(detail));
}

Deno.test("fuzz: whatever a command is answered, it is an answer or the end of the connection", async () => {
  const server = hostile();
  await fc.assert(
    fc.asyncProperty(bytes, async (raw) => {
      server.send(raw);
      const lost: unknown[] = [];
      const connection = redisConnection({
        endpoint: redisAddress(server.url).endpoint,
        credentials: null,
        clock: systemClock,
        connectTimeoutMs: 5_000,
        onLost: (error) => lost.push(error),
      });
      await connection.open();
      const asked = ["XRANGE", "XRANGE"].map((name) =>
        connection.call([name], 5_000).catch((error) => isToldApart(error, server.url))
      );
      await inTime(() => Promise.all(asked));
      await inTime(() => connection.pause(5_000).catch((error) => isToldApart(error, server.url)));
      assert.equal(lost.length, 1);
    }),
    runs(120),
  );
  await server.close();
});

Deno.test("fuzz: whatever a subscriber is sent, it hears messages or the connection ends", async () => {
  const server = hostile();
  await fc.assert(
    fc.asyncProperty(bytes, fc.boolean(), async (raw, subscribed) => {
      server.send(
        raw,
        ([name, channel = ""]) =>
          subscribed && name === "SUBSCRIBE" && channel === "a"
            ? [bulk("subscribe"), bulk(channel), 1]
            : undefined,
      );
      const error = await inTime(() =>
        redisSession({
          endpoint: redisAddress(server.url).endpoint,
          credentials: null,
          secrets: [],
          channels: ["a", "b"],
          clock: systemClock,
          pingEveryMs: 5_000,
          pingDeadlineMs: 5_000,
          connectTimeoutMs: 5_000,
          onMessage: (message, channel) => {
            assert.ok(message instanceof Uint8Array && typeof channel === "string");
          },
          onPasswordUnused() {},
          onSubscribed() {},
          onRefused() {},
        }, new AbortController().signal)
      );
      isToldApart(error, server.url);
    }),
    runs(120),
  );
  await server.close();
});
