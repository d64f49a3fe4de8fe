import assert from "node:assert/strict";
import { once } from "node:events";
import { type CreateRedisClient, newRedisClient } from "../../../lib/base/redis/client.ts";
import { redisAddress } from "../../../lib/base/redis/address.ts";
import { RedisClosedError, RedisTimeoutError } from "../../../lib/base/redis/errors.ts";
import { redisConnection } from "../../../lib/base/redis/connection.ts";
import { fakeClock } from "../../support/clock.ts";
import { bulk, RespError } from "../../support/resp.ts";
import type { RespConnection } from "../../support/resp_server.ts";
import { type Script, scriptedRedis } from "../../support/scripted_redis.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** A connection to a server that answers so, on a hand-moved clock. */
function lab(
  script: Script = () => "OK",
  login = "",
  signal?: AbortSignal,
  primaryOf?: string,
) {
  const clients: ReturnType<CreateRedisClient>[] = [];
  const connections: RespConnection[] = [];
  const server = scriptedRedis(script, (connection) => void connections.push(connection));
  const clock = fakeClock();
  const lost: unknown[] = [];
  const heard: string[] = [];
  let onHeard = () => {};
  const text = (words: Uint8Array) => new TextDecoder().decode(words);
  const url = `redis://${login}127.0.0.1:${server.port}`;
  const connection = redisConnection({
    endpoint: { ...redisAddress(url).endpoint, ...primaryOf !== undefined && { primaryOf } },
    credentials: redisAddress(url).credentials,
    clock,
    connectTimeoutMs: 5_000,
    signal,
    createClient(options) {
      const client = newRedisClient(options);
      clients.push(client);
      return client;
    },
    onPasswordUnused: () => heard.push("password unused"),
    onLost: (error) => lost.push(error),
    onPublished(message, channel) {
      heard.push(`${text(channel)} ${text(message)}`);
      onHeard();
    },
  });
  return {
    connection,
    clock,
    lost,
    heard,
    commands: server.commands,
    seen: server.seen,
    /** Sends bytes to the connection and resolves when they have arrived. */
    async send(text: string) {
      const [client] = clients;
      assert.ok(client);
      const arrived = once(client.stream, "data");
      connections[0]?.sendRaw(bytes(text));
      await arrived;
    },
    /** Sends bytes to the connection and resolves when a message was heard. */
    publish(raw: Uint8Array, then = () => {}) {
      const { promise, resolve } = Promise.withResolvers<void>();
      onHeard = () => {
        then();
        resolve();
      };
      connections[0]?.sendRaw(raw);
      return promise;
    },
    raw: (sent: Uint8Array) => connections[0]?.sendRaw(sent),
    hangUp: () => connections[0]?.close(),
    isDestroyed: () => clients[0]?.stream.destroyed,
    async [Symbol.asyncDispose]() {
      connection.close();
      await server.close();
      assert.equal(clock.waiting, 0);
    },
  };
}

/** What a promise rejects with. */
function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(() => assert.fail("it resolved"), (error) => error);
}

/** Answers everything but these. */
function silentOn(...names: readonly string[]): Script {
  return ([name = ""]) => names.includes(name) ? undefined : "OK";
}

Deno.test("redisConnection: sends nothing of its own accord but AUTH, as in the URL", async () => {
  for (
    const [login, sent] of [
      ["", []],
      [":p%40ss@", [["AUTH", "p@ss"]]],
      ["user:pass@", [["AUTH", "user", "pass"]]],
    ] as const
  ) {
    await using it = lab(undefined, login);
    await it.connection.open();
    await it.connection.ask((client) => client.ping(), { stage: "ping", ms: 1_000 });
    assert.deepEqual(it.commands, [...sent, ["PING"]]);
    assert.deepEqual([it.heard, it.lost], [[], []]);
  }
});

Deno.test("redisConnection: a password that nobody asks for is told and does no harm", async () => {
  for (
    const said of [
      "ERR Client sent AUTH, but no password is set",
      "ERR AUTH <password> called without any password configured for the default user.",
    ]
  ) {
    await using it = lab(([name]) => name === "AUTH" ? new RespError(said) : "OK", ":pw@");
    await it.connection.open();
    assert.deepEqual(it.heard, ["password unused"], said);
  }
});

Deno.test("redisConnection: a password that is wrong is thrown as Redis said it", async () => {
  const wrong = new RespError("WRONGPASS invalid username-password pair or user is disabled.");
  await using it = lab(() => wrong, ":pw@");
  await assert.rejects(it.connection.open(), { name: "ReplyError", message: wrong.message });
  assert.deepEqual([it.heard, it.lost], [[], []]);
});

Deno.test("redisConnection: a refusal is thrown, and the connection goes on", async () => {
  const refusal = new RespError("NOPERM this user has no permissions to run the 'get' command");
  await using it = lab(([name]) => name === "GET" ? refusal : 7);
  await it.connection.open();
  const wait = { stage: "ping", ms: 1_000 } as const;
  await assert.rejects(it.connection.ask((client) => client.get("k"), wait), {
    message: /^NOPERM/,
  });
  await assert.rejects(it.connection.call(["GET", "k"], 1_000), { message: /^NOPERM/ });
  assert.equal(await it.connection.ask((client) => client.publish("c", "m"), wait), 7);
  assert.deepEqual(it.lost, []);
});

Deno.test("redisConnection: a command goes out and comes back as bytes", async () => {
  await using it = lab(() => [bulk("a\u00e9"), 3, null]);
  await it.connection.open();
  const answer = await it.connection.call(["XADD", "s", bytes("\u00e9")], 1_000);
  assert.ok(Array.isArray(answer));
  assert.deepEqual(new Uint8Array(answer[0]), bytes("a\u00e9"));
  assert.deepEqual(answer.slice(1), [3, null]);
  assert.deepEqual(it.commands, [["XADD", "s", "\u00e9"]]);
});

Deno.test("redisConnection: a deadline is kept, whatever else comes in", async () => {
  await using it = lab(silentOn("EVAL"));
  await it.connection.open();
  const question = it.connection.ask((client) => client.eval("return 1", 0), {
    stage: "ping",
    ms: 2_000,
  });
  const outcome = assert.rejects(question, { name: "RedisTimeoutError", stage: "ping", ms: 2_000 });
  await it.seen("EVAL");
  await it.clock.advance(1_999);
  await it.send("$1000\r\nhalf of it");
  assert.equal(it.lost.length, 0);
  await it.clock.advance(1);
  await outcome;
  assert.deepEqual(it.lost.map((error) => error instanceof RedisTimeoutError), [true]);
});

Deno.test("redisConnection: whileSilent, a deadline starts anew while bytes come in", async () => {
  await using it = lab(silentOn("PING"));
  await it.connection.open();
  const wait = { stage: "ping", ms: 2_000, whileSilent: true } as const;
  const question = it.connection.ask((client) => client.ping(), wait);
  await it.seen("PING");
  await it.send("$6\r\nso");
  await it.clock.advance(2_000);
  await it.send(" sl");
  await it.clock.advance(2_000);
  await it.send("o\r\n");
  assert.equal(await question, "so slo");
  assert.deepEqual(it.lost, []);
});

Deno.test("redisConnection: bytes that are no answer do not put off a deadline without end", async () => {
  await using it = lab(silentOn("PING"));
  await it.connection.open();
  const question = it.connection.call(["PING"], 2_000);
  const outcome = assert.rejects(question, { name: "RedisTimeoutError", command: "PING" });
  await it.seen("PING");
  await it.send("$1000\r\n");
  for (let deadline = 1; deadline < 12; deadline++) {
    await it.clock.advance(2_000);
    assert.equal(it.lost.length, 0);
    await it.send("x");
  }
  await it.clock.advance(2_000);
  assert.equal(it.lost.length, 1);
  await outcome;
});

Deno.test("redisConnection: what no Redis sends ends the connection, and nothing else", async () => {
  for (
    const raw of [
      "$-1\r\n",
      "*0\r\n",
      "*1\r\n$-1\r\n",
      ">1\r\n$-1\r\n",
      "*1000000000\r\n",
      "HTTP/1.1 ",
    ]
  ) {
    await using it = lab();
    await it.connection.open();
    const ended = errorOf(it.connection.pause(60_000));
    it.raw(bytes(raw));
    assert.equal((await ended as Error).name, "RedisProtocolError", raw);
    assert.equal(it.lost.length, 1);
  }
});

Deno.test("redisConnection: a call is given up on when the peer goes silent, by its name", async () => {
  await using it = lab(silentOn("XRANGE", "PING"));
  await it.connection.open();
  const calls = [
    it.connection.call(["XRANGE", "s", "-", "+"], 2_000),
    it.connection.call(["PING"], 60_000),
  ];
  const outcomes = calls.map((call) => assert.rejects(call, { command: "XRANGE", ms: 2_000 }));
  await it.seen("PING");
  await it.send("*5\r\n");
  await it.clock.advance(3_999);
  assert.equal(it.lost.length, 0);
  await it.clock.advance(1);
  assert.deepEqual(it.lost.map((error) => error instanceof RedisTimeoutError && error.command), [
    "XRANGE",
  ]);
  await Promise.all(outcomes);
  await assert.rejects(it.connection.pause(1), { command: "XRANGE" });
});

Deno.test("redisConnection: AUTH gets the deadline of connecting, and no longer", async () => {
  await using it = lab(silentOn("AUTH"), ":pw@");
  const opening = assert.rejects(it.connection.open(), { stage: "auth", ms: 5_000 });
  await it.seen("AUTH");
  await it.send("$9\r\n");
  await it.clock.advance(5_000);
  await opening;
});

Deno.test("redisConnection: a peer that hangs up ends what waits, and is told once", async () => {
  await using it = lab(silentOn("PING"));
  await it.connection.open();
  const waiting = [it.connection.call(["PING"], 60_000), it.connection.pause(60_000)]
    .map((one) => assert.rejects(one));
  await it.seen("PING");
  it.hangUp();
  await Promise.all(waiting);
  assert.equal(it.lost.length, 1);
  assert.equal(it.clock.waiting, 0);
});

Deno.test("redisConnection: a peer that hangs up while nothing is asked is noticed", async () => {
  await using it = lab();
  await it.connection.open();
  const pausing = it.connection.pause(60_000);
  const outcome = assert.rejects(pausing, (error) => {
    assert.ok(error instanceof RedisClosedError);
    assert.equal(error.stage, "ping");
    return true;
  });
  await it.connection.call(["PING"], 1_000);
  it.hangUp();
  await outcome;
});

Deno.test("redisConnection: closed, whatever waits or comes later rejects with null", async () => {
  await using it = lab(silentOn("GET"));
  await it.connection.open();
  const wait = { stage: "ping", ms: 9_000 } as const;
  const waiting = [
    it.connection.ask((client) => client.get("k"), wait),
    it.connection.pause(9_000),
  ];
  const errors = Promise.all(waiting.map(errorOf));
  it.connection.close();
  assert.equal(it.clock.waiting, 0);
  assert.deepEqual(await errors, [null, null]);
  it.connection.close();
  assert.equal(await errorOf(it.connection.call(["PING"], 1_000)), null);
  assert.deepEqual(it.lost, []);
});

Deno.test("redisConnection: closed for a reason, what waits rejects with it", async () => {
  await using it = lab();
  await it.connection.open();
  const reason = new Error("the answer was refused");
  const pausing = errorOf(it.connection.pause(9_000));
  it.connection.close(reason);
  assert.equal(await pausing, reason);
});

Deno.test("redisConnection: a signal closes it, also before it was opened", async () => {
  const stop = new AbortController();
  await using it = lab(undefined, "", stop.signal);
  await it.connection.open();
  const pausing = errorOf(it.connection.pause(9_000));
  stop.abort();
  assert.equal(await pausing, null);
  await using late = lab(undefined, "", stop.signal);
  assert.equal(await errorOf(late.connection.open()), null);
  assert.deepEqual([it.lost, late.lost], [[], []]);
});

Deno.test("redisConnection: closed, it lets go of its socket at once and of the signal", async () => {
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  Object.assign(signal, {
    addEventListener(...args: Parameters<typeof addEventListener>) {
      listeners++;
      addEventListener.apply(signal, args);
    },
    removeEventListener(...args: Parameters<typeof removeEventListener>) {
      listeners--;
      removeEventListener.apply(signal, args);
    },
  });
  await using it = lab(undefined, "", signal);
  await it.connection.open();
  assert.deepEqual([it.isDestroyed(), listeners], [false, 1]);
  it.connection.close();
  assert.deepEqual([it.isDestroyed(), listeners], [true, 0]);
});

Deno.test("redisConnection: an error that is not Redis' own ends the connection", async () => {
  await using it = lab();
  await it.connection.open();
  const broken = new Error("the parser is at odds");
  const wait = { stage: "ping", ms: 1_000 } as const;
  assert.equal(await errorOf(it.connection.ask(() => Promise.reject(broken), wait)), broken);
  assert.deepEqual(it.lost, [broken]);
  assert.equal(it.isDestroyed(), true);
});

Deno.test("redisConnection: closed by what it heard, it hears nothing more", async () => {
  await using it = lab(() => [bulk("subscribe"), bulk("c"), 1]);
  await it.connection.open();
  await it.connection.ask((client) => client.subscribe("c"), { stage: "subscribe", ms: 1_000 });
  const message = "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$3\r\none\r\n";
  await it.publish(bytes(message.repeat(3)), () => it.connection.close());
  assert.deepEqual(it.heard, ["c one"]);
});

Deno.test("redisConnection: what a sentinel named is asked for its role, and no other server", async () => {
  const answers = {
    "is not the primary": [bulk("slave"), bulk("127.0.0.1"), 6379, bulk("connected"), 0],
    "of another shape": 7,
    primary: [bulk("master"), 0, []],
    "may not ask": new RespError("NOPERM this user has no permissions to run the 'role' command"),
  };
  const found: unknown[] = [];
  for (const [what, reply] of Object.entries(answers)) {
    await using it = lab(() => reply, "", undefined, "homelab");
    await it.connection.open();
    found.push([what, await it.connection.confirmPrimary().catch((error) => error.name)]);
    assert.deepEqual(it.commands, [["ROLE"]]);
  }
  assert.deepEqual(found, [
    ["is not the primary", "RedisReplicaError"],
    ["of another shape", "RedisReplicaError"],
    ["primary", undefined],
    ["may not ask", undefined],
  ]);
  await using other = lab();
  await other.connection.open();
  await other.connection.confirmPrimary();
  assert.deepEqual(other.commands, []);
});

Deno.test("redisConnection: a pause ends when its time has come", async () => {
  await using it = lab();
  await it.connection.open();
  let over = false;
  const pause = it.connection.pause(1_000).then(() => over = true);
  await it.clock.advance(999);
  assert.equal(over, false);
  await it.clock.advance(1);
  await pause;
});

Deno.test("redisConnection: what is published on a subscribed channel is heard", async () => {
  await using it = lab(() => [bulk("subscribe"), bulk("c"), 1]);
  await it.connection.open();
  await it.connection.ask((client) => client.subscribe("c"), { stage: "subscribe", ms: 1_000 });
  await it.publish(bytes("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$3\r\none\r\n"));
  assert.deepEqual(it.heard, ["c one"]);
});
