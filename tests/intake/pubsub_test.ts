import assert from "node:assert/strict";
import { bulk } from "../support/resp.ts";
import { CHANNELS } from "../support/channels.ts";
import { startRedis } from "../support/redis.ts";
import { listener, PING_EVERY_MS } from "../support/redis_listener.ts";
import { healthy, scriptedRedis } from "../support/scripted_redis.ts";

const [HEALTH, WORLD] = CHANNELS;

Deno.test("redis intake: subscribes to every channel and hands on the very bytes", async () => {
  await using redis = await startRedis();
  const bytes: Uint8Array[] = [];
  const heard = listener(redis.url(), { onMessage: (message) => void bytes.push(message.slice()) });
  await redis.awaitSubscribed();
  assert.equal(await redis.publish(HEALTH, new Uint8Array([0, 0xff, 13, 10, 0xc3])), 1);
  assert.equal(await redis.publish(WORLD, "zwei"), 1);
  await redis.publish(HEALTH, "");
  await heard.received(3);
  assert.deepEqual(bytes.map((message) => [...message]), [[0, 0xff, 13, 10, 0xc3], [
    ...bulk("zwei"),
  ], []]);
  assert.deepEqual(heard.messages.slice(1), ["world_updates zwei", "health_events "]);
  assert.deepEqual(heard.log.lines, [{
    level: "info",
    event: "redis_subscribed",
    host: `127.0.0.1:${redis.port}`,
    channels: [HEALTH, WORLD],
    after_seconds: 0,
  }]);
  assert.deepEqual(heard.states, [
    { kind: "connecting" },
    { kind: "subscribed", channels: [HEALTH, WORLD], refused: [] },
  ]);
  await heard.stop();
  assert.deepEqual(heard.state(), { kind: "stopped" });
  assert.equal(heard.clock.waiting, 0);
  await redis.awaitSubscribed(CHANNELS, 0);
});

Deno.test("redis intake: a callback that throws is logged and costs nothing else", async () => {
  await using redis = await startRedis();
  await using heard = listener(redis.url(), {
    onMessage(bytes) {
      if (bytes.length === 3) throw new Error("no good");
    },
    onState() {
      throw new Error("nor this");
    },
  });
  await redis.awaitSubscribed();
  await redis.publish(HEALTH, "bad");
  await redis.publish(WORLD, "good");
  await heard.received(2);
  assert.deepEqual(heard.messages, ["health_events bad", "world_updates good"]);
  assert.deepEqual(
    heard.log.of("intake_callback_failed").map(({ what, error }) => [what, error]),
    [
      ["state", "Error: nor this"],
      ["state", "Error: nor this"],
      ["message", "Error: no good"],
    ],
  );
});

Deno.test("redis intake: a Redis that drops each connection at once is called ever more seldom", async () => {
  const waits: number[] = [];
  let subscribed = 0;
  const server = scriptedRedis((words, connection) => {
    // Once it hears its channels, the connection ends: short, and no success of any kind.
    if (words[0] === "SUBSCRIBE" && ++subscribed % CHANNELS.length === 0) {
      connection.send(healthy(words));
      connection.close();
      return undefined;
    }
    return healthy(words);
  });
  await using heard = listener(`redis://127.0.0.1:${server.port}`);
  for (let nth = 1; nth <= 6; nth++) {
    await heard.log.seen("redis_lost", nth);
    waits.push(await heard.retry());
  }
  assert.deepEqual(waits, [1_250, 2_500, 5_000, 10_000, 20_000, 25_000]);
  await heard.stop();
  await server.close();
});

Deno.test("redis intake: subscribes again after Redis restarted", async () => {
  await using redis = await startRedis();
  await using heard = listener(redis.url());
  await redis.awaitSubscribed();
  await redis.kill();
  const lost = await heard.log.seen("redis_lost");
  assert.deepEqual([lost.reason, lost.attempt, lost.channels], ["closed", 1, [HEALTH, WORLD]]);
  await heard.retry();
  const refused = await heard.log.seen("redis_unavailable");
  assert.deepEqual([refused.reason, refused.attempt, refused.level], ["refused", 2, "warning"]);
  await redis.start();
  await heard.retry();
  const again = await heard.log.seen("redis_subscribed", 2);
  assert.equal(again.after_seconds, 3.8); // 1.25 and 2.5 s of waiting
  await redis.publish(HEALTH, "back");
  await heard.received(1);
});

for (const at of ["connect", "AUTH", "SUBSCRIBE", "PING"]) {
  Deno.test(`redis intake: hung up on at ${at}, tries again and lives`, async () => {
    const server = scriptedRedis(
      (words, connection) => {
        if (connection.nth < 3 && words[0] === at) return void connection.close();
        return healthy(words);
      },
      (connection) => {
        if (at === "connect" && connection.nth < 3) connection.close();
      },
    );
    const heard = listener(`redis://:pw@127.0.0.1:${server.port}`);
    for (const nth of [1, 2]) {
      if (at === "PING") {
        await heard.log.seen("redis_subscribed", nth);
        await heard.clock.advance(PING_EVERY_MS);
      }
      const line = await heard.log.seen(at === "PING" ? "redis_lost" : "redis_unavailable", nth);
      assert.equal(line.reason, "closed");
      await heard.retry();
    }
    await heard.log.seen("redis_subscribed", at === "PING" ? 3 : 1);
    assert.equal(server.accepted, 3);
    await heard.stop();
    await server.close();
  });
}

for (const silentAt of ["AUTH", "SUBSCRIBE", "PING"]) {
  Deno.test(`redis intake: stops at once while it waits for the answer to ${silentAt}`, async () => {
    const server = scriptedRedis((words) => words[0] === silentAt ? undefined : healthy(words));
    const heard = listener(`redis://:pw@127.0.0.1:${server.port}`);
    if (silentAt === "PING") {
      await heard.log.seen("redis_subscribed");
      await heard.clock.advance(PING_EVERY_MS);
    }
    await server.seen(silentAt);
    await heard.stop();
    assert.equal(heard.clock.waiting, 0);
    assert.deepEqual(heard.log.of("redis_unavailable"), []);
    await server.close();
  });
}

Deno.test("redis intake: stops at once while it waits to try again, and before it began", async () => {
  const server = scriptedRedis((_, connection) => void connection.close());
  const heard = listener(`redis://127.0.0.1:${server.port}`);
  await heard.log.seen("redis_unavailable");
  await heard.stop();
  assert.equal(heard.clock.waiting, 0);
  await heard.intake.run(AbortSignal.abort());
  assert.equal(server.accepted, 1);
  await server.close();
});

Deno.test("redis intake: a server that speaks something else is told apart", async () => {
  const server = scriptedRedis((_, connection) => {
    connection.sendRaw(bulk("HTTP/1.1 400 Bad Request\r\n\r\n"));
    return undefined;
  });
  const heard = listener(`redis://127.0.0.1:${server.port}`);
  const failed = await heard.log.seen("redis_unavailable");
  assert.equal(failed.reason, "protocol");
  await heard.stop();
  await server.close();
});

Deno.test("redis intake: needs no HELLO, no CLIENT and no INFO", async () => {
  const server = scriptedRedis(healthy);
  const heard = listener(`redis://agent:p%40ss@127.0.0.1:${server.port}/3`);
  await heard.log.seen("redis_subscribed");
  await heard.ping(1);
  assert.deepEqual(server.commands, [
    ["AUTH", "agent", "p@ss"],
    ["SUBSCRIBE", HEALTH],
    ["SUBSCRIBE", WORLD],
    ["PING"],
  ]);
  await heard.stop();
  await server.close();
});
