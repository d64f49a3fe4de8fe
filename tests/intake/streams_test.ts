import assert from "node:assert/strict";
import { claimIdleMs } from "../../lib/intake/streams.ts";
import { settle } from "../support/clock.ts";
import { startProxy } from "../support/proxy.ts";
import { CHANNELS } from "../support/channels.ts";
import {
  add,
  awaitBlocked,
  awaitPending,
  eventually,
  GROUP,
  pendingIn,
  redisTest,
  streamReader,
} from "../support/stream_reader.ts";

const [HEALTH, WORLD] = CHANNELS;

redisTest("streams intake: hands on entries of every stream, of both shapes", async (redis) => {
  const early = await add(redis, HEALTH, '{"type":"early"}');
  await using reader = streamReader(redis.url());
  const first = await reader.received(1);
  assert.deepEqual(
    [first.stream, first.id, first.deliveries, first.text],
    [HEALTH, early, 1, '{"type":"early"}'],
  );
  const flat = ["type", "down", "node", "piha", "payload", '{"n":1}'];
  await redis.command("XADD", WORLD, "*", ...flat);
  const second = await reader.received(2);
  assert.deepEqual(
    [second.stream, JSON.parse(second.text)],
    [WORLD, { type: "down", node: "piha", payload: { n: 1 } }],
  );
  await awaitPending(redis, HEALTH, 0);
  await awaitPending(redis, WORLD, 0);
  const host = `127.0.0.1:${redis.port}`;
  assert.deepEqual(reader.log.lines, [
    ...CHANNELS.map((stream) => ({
      level: "info",
      event: "stream_group_created",
      stream,
      group: GROUP,
      after: "0-0",
    })),
    {
      level: "info",
      event: "streams_reading",
      host,
      streams: [HEALTH, WORLD],
      group: GROUP,
      consumer: "solaria",
      after_seconds: 0,
    },
  ]);
  assert.deepEqual(reader.states, [
    { kind: "connecting" },
    { kind: "subscribed", channels: [HEALTH, WORLD], refused: [] },
  ]);
  await reader.stop();
  assert.deepEqual(reader.state(), { kind: "stopped" });
  assert.equal(reader.clock.waiting, 0);
});

redisTest("streams intake: acknowledges what is settled, and nothing before", async (redis) => {
  await using reader = streamReader(redis.url(), { fate: () => undefined });
  await reader.log.seen("streams_reading");
  const ids = [];
  for (const data of ["a", "b", "c"]) ids.push(await add(redis, HEALTH, data));
  const [a, b, c] = [await reader.received(1), await reader.received(2), await reader.received(3)];
  assert.deepEqual((await pendingIn(redis, HEALTH)).map(({ id }) => id), ids);
  b.settle("settled");
  await awaitPending(redis, HEALTH, 2);
  a.settle("left");
  c.settle("settled");
  c.settle("left"); // The first call counts.
  a.settle("settled");
  await awaitPending(redis, HEALTH, 1);
  assert.deepEqual((await pendingIn(redis, HEALTH)).map(({ id }) => id), [a.id]);
});

redisTest("streams intake: never has more than the limit in hand", async (redis) => {
  for (let i = 0; i < 10; i++) await add(redis, i % 2 === 0 ? HEALTH : WORLD, String(i));
  await using reader = streamReader(redis.url(), { limit: 3, fate: () => undefined });
  const both = async () =>
    [
      ...await pendingIn(redis, HEALTH),
      ...await pendingIn(redis, WORLD),
    ].length;
  for (let nth = 1; nth <= 10; nth++) {
    const entry = await reader.received(nth);
    assert.ok(await both() <= 3);
    if (nth % 3 === 0) {
      assert.equal(reader.entries.length, nth);
      for (const held of reader.entries.slice(-3)) held.settle("settled");
    } else if (nth === 10) entry.settle("settled");
  }
  assert.deepEqual(reader.texts().sort(), [..."0123456789"]);
  await eventually("all acknowledged", async () => await both() === 0);
});

redisTest("streams intake: several planners share the entries, each goes to one", async (redis) => {
  await using one = streamReader(redis.url(), { consumer: "piha", limit: 8 });
  await using two = streamReader(redis.url(), { consumer: "solaria", limit: 8 });
  await one.log.seen("streams_reading");
  await two.log.seen("streams_reading");
  const sent = Array.from({ length: 200 }, (_, i) => String(i));
  for (const data of sent) await add(redis, HEALTH, data);
  await eventually("all", () => Promise.resolve(one.entries.length + two.entries.length >= 200));
  await awaitPending(redis, HEALTH, 0);
  const got = [...one.texts(), ...two.texts()];
  assert.deepEqual(got.sort(), sent.sort());
  const consumers = await redis.command("XINFO", "CONSUMERS", HEALTH, GROUP);
  assert.equal(Array.isArray(consumers) && consumers.length, 2);
});

redisTest(
  "streams intake: a callback that throws is logged, and the entry is left",
  async (redis) => {
    await using reader = streamReader(redis.url(), {
      onEntry(bytes) {
        if (bytes.length === 3) throw new Error("no good");
      },
      onState() {
        throw new Error("nor this");
      },
    });
    await add(redis, HEALTH, "bad");
    await add(redis, HEALTH, "good");
    await reader.received(2);
    await awaitPending(redis, HEALTH, 1);
    assert.deepEqual(
      reader.log.of("intake_callback_failed").map(({ what, error }) => [what, error]),
      [
        ["state", "Error: nor this"],
        ["state", "Error: nor this"],
        ["entry", "Error: no good"],
      ],
    );
  },
);

redisTest(
  "streams intake: entries that are no events come as messages that are refused",
  async (redis) => {
    await using reader = streamReader(redis.url());
    const many = Array.from({ length: 1_000 }, (_, i) => [`f${i}`, "1"]).flat();
    await redis.command("XADD", HEALTH, "*", ...many);
    await add(redis, HEALTH, "x".repeat(2_000_000));
    await redis.command("XADD", HEALTH, "*", "type", new Uint8Array([0xff]));
    await redis.command("XADD", HEALTH, "*", "", "");
    await reader.received(4);
    await awaitPending(redis, HEALTH, 0);
    assert.deepEqual(reader.entries.map(({ bytes }) => bytes), [4_096, 2_000_000, 15, 7]);
    assert.ok(reader.texts()[0]?.startsWith("fields: f0=1 f1=1 "));
  },
);

redisTest(
  "streams intake: what is settled at the end is acknowledged before it stops",
  async (redis) => {
    const reader = streamReader(redis.url(), { fate: () => undefined });
    for (const data of ["a", "b"]) await add(redis, HEALTH, data);
    const [a] = [await reader.received(1), await reader.received(2)];
    a.settle("settled");
    await reader.stop();
    assert.equal((await pendingIn(redis, HEALTH)).length, 1);
    assert.equal(reader.clock.waiting, 0);
  },
);

redisTest(
  "streams intake: a stop waits for the answer to the last acknowledgement",
  async (redis) => {
    const proxy = startProxy(redis.port);
    const reader = streamReader(`redis://127.0.0.1:${proxy.port}`, { fate: () => undefined });
    await add(redis, HEALTH, "a");
    const entry = await reader.received(1);
    proxy.freeze();
    entry.settle("settled");
    let isOver = false;
    const stopped = reader.stop().then(() => isOver = true);
    await settle();
    assert.equal(isOver, false);
    proxy.resume();
    await stopped;
    assert.equal((await pendingIn(redis, HEALTH)).length, 0);
    await proxy.close();
  },
);

redisTest("streams intake: lingers for what is still being settled", async (redis) => {
  const reader = streamReader(redis.url(), { fate: () => undefined, lingerMs: 7_000 });
  for (const data of ["a", "b"]) await add(redis, HEALTH, data);
  const [a, b] = [await reader.received(1), await reader.received(2)];
  const lingering = reader.armed(7_000);
  const stopped = reader.stop();
  await lingering;
  await awaitBlocked(redis, 0);
  await add(redis, HEALTH, "too late");
  a.settle("settled");
  await awaitPending(redis, HEALTH, 1);
  b.settle("settled");
  await stopped; // At once: the clock did not move.
  assert.equal((await pendingIn(redis, HEALTH)).length, 0);
  assert.deepEqual(reader.texts(), ["a", "b"]);
  assert.equal(reader.clock.waiting, 0);
});

redisTest(
  "streams intake: a new group begins with what is not older than the look back",
  async (redis) => {
    const now = Date.UTC(2026, 0, 2, 3, 4, 5); // The test clock's.
    for (const [ms, data] of [[now - 3_600_001, "old"], [now - 3_600_000, "edge"], [now, "new"]]) {
      await redis.command("XADD", HEALTH, `${ms}-1`, "data", String(data));
    }
    await using reader = streamReader(redis.url(), { lookbackMs: 3_600_000 });
    await reader.received(2);
    assert.deepEqual(reader.texts(), ["edge", "new"]);
    const created = await reader.log.seen("stream_group_created");
    assert.equal(created.after, `${now - 3_600_000}-0`);
  },
);

redisTest("streams intake: stops at once while a read waits", async (redis) => {
  const reader = streamReader(redis.url(), { blockMs: 5_000 });
  await awaitBlocked(redis);
  await reader.stop();
  assert.equal(reader.clock.waiting, 0);
  assert.deepEqual(reader.log.of("redis_lost"), []);
});

Deno.test("claimIdleMs: is longer than the longest diagnosis", () => {
  assert.equal(claimIdleMs({ links: 1, attempts: 2, timeoutSeconds: 600 }), 1_260_000);
  assert.equal(claimIdleMs({ links: 3, attempts: 1, timeoutSeconds: 10 }), 90_000);
});
