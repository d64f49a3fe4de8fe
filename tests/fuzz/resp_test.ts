import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { systemClock } from "../../lib/base/clock.ts";
import { redisAddress } from "../../lib/base/redis/address.ts";
import { redisFailure } from "../../lib/base/redis/failure.ts";
import { isReplyError } from "../../lib/base/redis/errors.ts";
import { redisConnection } from "../../lib/base/redis/connection.ts";
import { replyCheck } from "../../lib/base/redis/reply_check.ts";
import { redisSession } from "../../lib/intake/pubsub.ts";
import { bulk, encodeReply, type Reply, RespError } from "../support/resp.ts";
import { type Script, scriptedRedis } from "../support/scripted_redis.ts";
import { cuts, pieces } from "./hostile.ts";
import { depths, inTime, inTimeNow, runs } from "./runs.ts";
import { isClean } from "./terminal.ts";

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

/** Some of these, mostly well-formed; else broken in one byte, cut, odd, or nothing of the kind. */
function mostly(sound: fc.Arbitrary<Reply>, most: number): fc.Arbitrary<Uint8Array> {
  const encoded = sound.map(encodeReply);
  const part = fc.oneof(
    { weight: 12, arbitrary: encoded },
    fc.tuple(encoded, fc.nat(), fc.nat(255)).map(([raw, at, byte]) =>
      raw.with(at % raw.length, byte)
    ),
    fc.tuple(encoded, fc.nat()).map(([raw, at]) => raw.subarray(0, at % raw.length)),
    odd,
    fc.uint8Array({ maxLength: 60 }),
  );
  return fc.array(part, { minLength: 1, maxLength: most }).map((parts) => Buffer.concat(parts));
}

const channel = fc.constantFrom("a", "b", "a", "b", "", "x".repeat(300), "message");
const message = fc.tuple(
  channel,
  fc.oneof(fc.uint8Array({ maxLength: 80 }), fc.constant(new Uint8Array(500))),
).map(
  ([name, body]): Reply => [bulk("message"), bulk(name), body],
);
const greeting: Reply = [bulk("subscribe"), bulk("b"), 2];
const heard = fc.tuple(
  fc.constantFrom(encodeReply(greeting), encodeReply(greeting), new Uint8Array(0)),
  mostly(fc.oneof({ weight: 4, arbitrary: message }, reply), 4),
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
  isClean(detail, reason);
}

Deno.test("fuzz: whatever a command is answered, it is an answer or the end of the connection", async () => {
  const server = hostile();
  const depth = depths();
  await fc.assert(
    fc.asyncProperty(mostly(reply, 3), async (raw) => {
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
        connection.call([name], 5_000).then(
          () => depth.note("answer", true),
          (error) => {
            depth.note("answer", isReplyError(error));
            isToldApart(error, server.url);
          },
        )
      );
      await inTime(() => Promise.all(asked));
      await inTime(() => connection.pause(5_000).catch((error) => isToldApart(error, server.url)));
      assert.equal(lost.length, 1);
    }),
    runs(120),
  );
  await server.close();
  depth.atLeast({ answer: 0.2 });
});

Deno.test("fuzz: whatever a subscriber is sent, it hears messages or the connection ends", async () => {
  const server = hostile();
  const depth = depths();
  await fc.assert(
    fc.asyncProperty(heard, fc.nat(5), async (raw, subscribed) => {
      server.send(
        raw,
        ([name, channel = ""]) =>
          subscribed > 0 && name === "SUBSCRIBE" && channel === "a"
            ? [bulk("subscribe"), bulk(channel), 1]
            : undefined,
      );
      let messages = 0;
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
            messages++;
          },
          onPasswordUnused() {},
          onSubscribed() {},
          onRefused() {},
        }, new AbortController().signal)
      );
      isToldApart(error, server.url);
      depth.note("message", messages > 0);
    }),
    runs(120),
  );
  await server.close();
  depth.atLeast({ message: 0.2 });
});

/** What is handed on of these pieces, messages as if they had been passed; or what is wrong. */
function checked(parts: readonly Uint8Array[], asked: "subscription" | "reply"): string {
  const out: Uint8Array[] = [];
  const bounds = { most: 10_000, kept: 400 };
  const { expect, check } = replyCheck(bounds, (name, body) => {
    out.push(encodeReply([bulk("message"), bulk(name), body]));
  });
  for (let nth = 0; nth < 2; nth++) expect(asked, bounds);
  try {
    for (const part of parts) check(part, (piece) => out.push(piece.slice()));
  } catch (error) {
    assert.ok(/^Redis(?:Protocol|ReplyTooLarge)Error$/.test((error as Error).name), String(error));
    return (error as Error).name;
  }
  return Buffer.concat(out).toString("latin1");
}

Deno.test("fuzz: what Redis sends is taken or refused, however it is split", () => {
  const depth = depths();
  const asked = fc.constantFrom("subscription" as const, "reply" as const);
  fc.assert(
    fc.property(fc.oneof(heard, mostly(reply, 2)), asked, cuts, (raw, about, at) => {
      const whole = inTimeNow(() => checked([raw], about));
      assert.equal(inTimeNow(() => checked(pieces(raw, at), about)), whole);
      const single = Array.from(raw.subarray(0, 3_000), (byte) => Uint8Array.of(byte));
      if (raw.length <= single.length) assert.equal(inTimeNow(() => checked(single, about)), whole);
      depth.note("taken", !whole.endsWith("Error"));
    }),
    runs(1_000),
  );
  depth.atLeast({ taken: 0.2 });
});
