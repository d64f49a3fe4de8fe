import assert from "node:assert/strict";
import { Redis } from "ioredis";
import { CHANNELS } from "../support/channels.ts";
import { startProxy } from "../support/proxy.ts";
import {
  add,
  age,
  awaitPending,
  eventually,
  GROUP,
  handTo,
  pendingIn,
  redisTest,
  streamReader,
} from "../support/stream_reader.ts";

const [HEALTH] = CHANNELS;

redisTest(
  "streams intake: restarts do not count as deliveries, however many",
  async (redis) => {
    await redis.command("XGROUP", "CREATE", HEALTH, GROUP, "0", "MKSTREAM");
    for (const data of ["fresh", "suspect"]) await add(redis, HEALTH, data);
    await handTo(redis, "solaria", HEALTH);
    const [, suspect] = await pendingIn(redis, HEALTH);
    const about = { id: suspect?.id ?? "", ms: 0, consumer: "solaria" };
    await age(redis, HEALTH, { ...about, deliveries: 4 });
    for (let start = 0; start < 7; start++) {
      const reader = streamReader(redis.url(), { fate: () => undefined });
      await reader.received(2);
      await eventually("taken back", async () => {
        const pending = await pendingIn(redis, HEALTH);
        return pending.map(({ deliveries }) => deliveries).join() === "1,4";
      });
      await reader.stop();
    }
    assert.equal(await redis.command("XLEN", `${HEALTH}:dead`), 0);
  },
);

redisTest(
  "streams intake: what ends its planner while it is handed over counts, and takes none along",
  async (redis) => {
    await redis.command("XGROUP", "CREATE", HEALTH, GROUP, "0", "MKSTREAM");
    for (const data of ["a", "poison", "b"]) await add(redis, HEALTH, data);
    await handTo(redis, "solaria", HEALTH);
    let lives = 0;
    const seen: string[] = [];
    for (let dead = 0; dead === 0; lives++) {
      assert.ok(lives < 10, "it is never given up");
      const proxy = startProxy(redis.port);
      await using reader = streamReader(`redis://127.0.0.1:${proxy.port}`, {
        fate: ({ text }) => {
          seen.push(text);
          // As if the process was gone: nothing of it reaches Redis any more.
          if (text === "poison") proxy.freeze();
          return undefined;
        },
      });
      const before = seen.length;
      await eventually("the end of a life", async () => {
        dead = Number(await redis.command("XLEN", `${HEALTH}:dead`));
        return dead > 0 || seen.slice(before).includes("poison");
      });
      if (dead > 0) await reader.received(2);
      await proxy.close();
    }
    assert.equal(lives, 5);
    const kept = JSON.stringify(await redis.command("XRANGE", `${HEALTH}:dead`, "-", "+"));
    assert.deepEqual([kept.includes("poison"), kept.match(/dead_id/g)?.length], [true, 1]);
    const left = await pendingIn(redis, HEALTH);
    assert.equal(left.length, 2);
    for (const { deliveries } of left) assert.ok(deliveries < 5, `${deliveries} deliveries`);
  },
);

redisTest(
  "streams intake: of another stream, an entry of a known id is another entry",
  async (redis) => {
    await using reader = streamReader(redis.url(), {
      fate: ({ text }) => text === "in hand" ? undefined : "settled",
    });
    await reader.log.seen("streams_reading");
    for (const [id, data] of [["5-1", "done"], ["5-2", "in hand"]]) {
      await redis.command("XADD", HEALTH, String(id), "data", String(data));
    }
    const held = await reader.received(2);
    await awaitPending(redis, HEALTH, 1);
    await redis.command("DEL", HEALTH);
    await reader.log.seen("stream_group_created", 3);
    for (const [id, data] of [["5-1", "new"], ["5-2", "in hand"]]) {
      await redis.command("XADD", HEALTH, String(id), "data", String(data));
    }
    await reader.received(4);
    assert.deepEqual(reader.texts(), ["done", "in hand", "new", "in hand"]);
    // What is settled now was an entry of the stream that is gone.
    held.settle("settled");
    await add(redis, HEALTH, "last");
    await reader.received(5);
    await eventually("acknowledged", async () => (await pendingIn(redis, HEALTH)).length === 1);
    assert.deepEqual((await pendingIn(redis, HEALTH)).map(({ id }) => id), ["5-2"]);
  },
);

redisTest("streams intake: a clock that is ahead passes nothing over", async (redis) => {
  await add(redis, HEALTH, "old");
  await using reader = streamReader(redis.url(), { lookbackMs: -1e12 });
  const created = await reader.log.seen("stream_group_created");
  assert.equal(created.after, "$");
  await reader.log.seen("streams_reading");
  await add(redis, HEALTH, "new");
  await reader.received(1);
  assert.deepEqual(reader.texts(), ["new"]);
  await awaitPending(redis, HEALTH, 0);
});

redisTest(
  "streams intake: what is added while the group is made is handed over, once",
  async (redis) => {
    const now = Date.UTC(2026, 0, 2, 3, 4, 5); // The test clock's.
    let slipped = false;
    await using reader = streamReader(redis.url(), {
      lookbackMs: 3_600_000,
      createClient(options) {
        const client = new Redis(options);
        const call = client.callBuffer.bind(client);
        client.callBuffer = async (name: string, ...rest: unknown[]) => {
          const args = rest.flat().map(String);
          if (name === "XGROUP" && args[1] === HEALTH && !slipped) {
            slipped = true;
            await redis.command("XADD", HEALTH, `${now}-1`, "data", "slipped");
          }
          return await call(name, args);
        };
        return client;
      },
    });
    await reader.received(1);
    await add(redis, HEALTH, "next");
    await reader.received(2);
    assert.deepEqual(reader.texts(), ["slipped", "next"]);
    await awaitPending(redis, HEALTH, 0);
  },
);
