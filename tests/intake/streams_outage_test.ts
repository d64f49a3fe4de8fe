import assert from "node:assert/strict";
import { CHANNELS } from "../support/channels.ts";
import { startProxy } from "../support/proxy.ts";
import { scriptedRedis } from "../support/scripted_redis.ts";
import {
  add,
  age,
  awaitBlocked,
  awaitPending,
  eventually,
  GROUP,
  pendingIn,
  redisTest,
  streamReader,
} from "../support/stream_reader.ts";

const [HEALTH, WORLD] = CHANNELS;

redisTest(
  "streams intake: a cut connection loses nothing and delivers nothing twice",
  async (redis) => {
    const proxy = startProxy(redis.port);
    await using reader = streamReader(`redis://127.0.0.1:${proxy.port}`, { fate: () => undefined });
    for (const data of ["a", "b"]) await add(redis, HEALTH, data);
    const [a, b] = [await reader.received(1), await reader.received(2)];
    await proxy.refuse();
    const lost = await reader.log.seen("redis_lost");
    assert.deepEqual([lost.reason, lost.attempt, lost.streams], ["closed", 1, [HEALTH, WORLD]]);
    a.settle("settled");
    await add(redis, HEALTH, "c");
    await reader.retry();
    assert.equal((await reader.log.seen("redis_unavailable")).reason, "refused");
    proxy.accept();
    await reader.retry();
    const again = await reader.log.seen("streams_reading", 2);
    assert.equal(again.after_seconds, 3.8); // 1.25 and 2.5 s of waiting
    const c = await reader.received(3);
    await awaitPending(redis, HEALTH, 2);
    for (const entry of [b, c]) entry.settle("settled");
    await awaitPending(redis, HEALTH, 0);
    assert.deepEqual(reader.entries.map(({ text, deliveries }) => [text, deliveries]), [
      ["a", 1],
      ["b", 1],
      ["c", 1],
    ]);
    await reader.stop();
    assert.equal(reader.clock.waiting, 0);
    await proxy.close();
  },
);

redisTest(
  "streams intake: entries whose answer was lost on the way come after it",
  async (redis) => {
    const proxy = startProxy(redis.port);
    await using reader = streamReader(`redis://127.0.0.1:${proxy.port}`, { blockMs: 5_000 });
    await awaitBlocked(redis);
    proxy.freeze();
    await add(redis, HEALTH, "on its way");
    await awaitPending(redis, HEALTH, 1);
    proxy.cut();
    proxy.resume();
    await reader.log.seen("redis_lost");
    assert.equal(reader.entries.length, 0);
    await reader.retry();
    const entry = await reader.received(1);
    assert.deepEqual([entry.text, entry.deliveries], ["on its way", 2]);
    await awaitPending(redis, HEALTH, 0);
    await reader.stop();
    await proxy.close();
  },
);

redisTest(
  "streams intake: a link that goes silent is noticed by the read's own deadline",
  async (redis) => {
    const proxy = startProxy(redis.port);
    await using reader = streamReader(`redis://127.0.0.1:${proxy.port}`, {
      blockMs: 5_000,
      answerTimeoutMs: 10_000,
    });
    await awaitBlocked(redis);
    proxy.freeze();
    await reader.clock.advance(15_000);
    const lost = await reader.log.seen("redis_lost");
    assert.deepEqual([lost.reason, lost.level], ["timeout", "warning"]);
    assert.match(String(lost.detail), /did not answer XREADGROUP within 15 s\. Is the link up\?$/);
    // The proxy takes connections and is silent.
    const asked = reader.armed(10_000);
    await reader.retry();
    await asked;
    await reader.clock.advance(10_000);
    assert.match(
      String((await reader.log.seen("redis_unavailable")).detail),
      /did not answer XPENDING within 10 s/,
    );
    proxy.resume();
    await reader.retry();
    await reader.log.seen("streams_reading", 2);
    await reader.stop();
    assert.equal(reader.clock.waiting, 0);
    await proxy.close();
  },
);

redisTest(
  "streams intake: a Redis that was killed keeps groups and entries in its AOF",
  async (redis) => {
    await using reader = streamReader(redis.url(), { fate: () => undefined });
    const sent = ["a", "b", "c"];
    for (const data of sent) await add(redis, HEALTH, data);
    await reader.received(3);
    reader.entries[0]?.settle("settled");
    await awaitPending(redis, HEALTH, 2);
    await redis.kill();
    await reader.log.seen("redis_lost");
    reader.entries[1]?.settle("settled");
    await redis.start();
    await eventually("loaded", () => redis.command("PING").then(() => true, () => false));
    await add(redis, HEALTH, "d");
    await reader.retry();
    await reader.received(4);
    reader.entries[2]?.settle("settled");
    await awaitPending(redis, HEALTH, 1);
    reader.entries[3]?.settle("settled");
    await awaitPending(redis, HEALTH, 0);
    assert.deepEqual(reader.texts(), [...sent, "d"]);
    assert.equal(reader.log.of("stream_group_created").length, 2);
  },
  { appendOnly: true },
);

redisTest(
  "streams intake: a stream that is deleted while it is read begins anew",
  async (redis) => {
    await using reader = streamReader(redis.url(), { blockMs: 5_000 });
    await add(redis, HEALTH, "before");
    await reader.received(1);
    await awaitPending(redis, HEALTH, 0);
    await awaitBlocked(redis);
    // At once, so that the new stream is there before the reader looks.
    await redis.command("EVAL", `redis.call('DEL', '${HEALTH}')`, "0");
    await add(redis, HEALTH, "behind");
    assert.equal((await reader.received(2)).text, "behind");
    const created = await reader.log.seen("stream_group_created", 3);
    assert.deepEqual([created.stream, created.after], [HEALTH, "0-0"]);
    await awaitPending(redis, HEALTH, 0);
    assert.deepEqual([reader.log.of("redis_lost"), reader.texts().length], [[], 2]);
  },
);

redisTest("streams intake: a group that is destroyed goes on where it was", async (redis) => {
  await using reader = streamReader(redis.url());
  await add(redis, HEALTH, "before");
  const { id } = await reader.received(1);
  await awaitPending(redis, HEALTH, 0);
  await redis.command("XGROUP", "DESTROY", HEALTH, GROUP);
  await add(redis, HEALTH, "behind");
  assert.equal((await reader.received(2)).text, "behind");
  const created = await reader.log.seen("stream_group_created", 3);
  assert.deepEqual([created.stream, created.after], [HEALTH, id]);
  await awaitPending(redis, HEALTH, 0);
  assert.equal(reader.entries.length, 2);
});

redisTest("streams intake: an acknowledgement that Redis forgot is given again", async (redis) => {
  await using reader = streamReader(redis.url());
  const id = await add(redis, HEALTH, "once");
  await reader.received(1);
  await awaitPending(redis, HEALTH, 0);
  // As after a failover to a replica that had not heard of it.
  await age(redis, HEALTH, { id, ms: 0, consumer: "solaria" });
  assert.equal((await pendingIn(redis, HEALTH)).length, 1);
  await redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  await reader.log.seen("redis_lost");
  await reader.retry();
  await awaitPending(redis, HEALTH, 0);
  assert.equal(reader.entries.length, 1);
});

redisTest("streams intake: a full hand still looks after what it has", async (redis) => {
  await using reader = streamReader(redis.url(), { limit: 1, fate: () => undefined });
  await add(redis, HEALTH, "slow");
  await add(redis, HEALTH, "waits");
  const { id, settle } = await reader.received(1);
  await age(redis, HEALTH, { id, ms: 450_000, consumer: "solaria" });
  await reader.clock.advance(60_000);
  await eventually("touched", async () => {
    return (await pendingIn(redis, HEALTH)).every(({ idleMs }) => idleMs < 300_000);
  });
  assert.equal(reader.entries.length, 1);
  settle("settled");
  assert.equal((await reader.received(2)).text, "waits");
});

Deno.test("streams intake: an answer of another shape ends the connection", async () => {
  const server = scriptedRedis((words) => words[0] === "XPENDING" ? [[1, 2]] : "OK");
  await using reader = streamReader(`redis://127.0.0.1:${server.port}`);
  const failed = await reader.log.seen("redis_unavailable");
  assert.equal(failed.reason, "protocol");
  assert.match(String(failed.detail), /an answer to XPENDING of another shape/);
  await reader.stop();
  assert.equal(reader.clock.waiting, 0);
  await server.close();
});
