import assert from "node:assert/strict";
import { CHANNELS } from "../../support/channels.ts";
import { bulk, type Reply } from "../../support/resp.ts";
import { scriptedRedis } from "../../support/scripted_redis.ts";
import { add, awaitPending, redisTest, streamReader } from "../../support/stream_reader.ts";

const [HEALTH] = CHANNELS;
const MIB = 1_048_576;

redisTest("streams intake: an entry that cannot be taken is buried by its id", async (redis) => {
  await using reader = streamReader(redis.url());
  await reader.log.seen("streams_reading");
  const huge = await add(redis, HEALTH, "y".repeat(65 * MIB));
  await add(redis, HEALTH, "behind it");
  for (let lost = 1; lost <= 2; lost++) {
    await reader.log.seen("redis_lost", lost);
    await reader.retry();
  }
  await reader.received(1);
  await awaitPending(redis, HEALTH, 0);
  assert.deepEqual(reader.texts(), ["behind it"]);
  for (const { reason, detail } of reader.log.of("redis_lost")) {
    assert.equal(reason, "too_large");
    assert.match(String(detail), /sent a reply of more than 67108864 bytes, which is given up/);
  }
  const [dead, ...others] = reader.log.of("stream_entry_dead");
  const reason = "too large to be taken in, or copied";
  assert.deepEqual([dead?.id, dead?.reason, others], [huge, reason, []]);
  assert.equal(await redis.command("XLEN", `${HEALTH}:dead`), 1);
});

redisTest("streams intake: a group is made behind entries of any size", async (redis) => {
  await add(redis, HEALTH, "y".repeat(65 * MIB));
  await using reader = streamReader(redis.url(), { lookbackMs: 1 });
  await reader.log.seen("streams_reading");
  assert.deepEqual(reader.log.of("redis_lost"), []);
});

Deno.test("streams intake: a Redis that answers all but the read is asked ever less often", async () => {
  for (const refusal of ["NOGROUP No such key", "WRONGTYPE Operation"]) {
    const answers: Readonly<Record<string, Reply>> = {
      ...{ XPENDING: [], XACK: 0, XGROUP: "OK", XAUTOCLAIM: [bulk("0-0"), [], []] },
    };
    const server = scriptedRedis(([name = ""], connection) => {
      if (name !== "XREADGROUP") return answers[name] ?? [];
      connection.sendRaw(bulk(`-${refusal}\r\n`));
      return undefined;
    });
    const reader = streamReader(`redis://127.0.0.1:${server.port}`);
    const waits: number[] = [];
    for (let lost = 1; lost <= 5; lost++) {
      const { detail } = await reader.log.seen("redis_lost", lost);
      assert.match(String(detail), /NOGROUP|holds something else than a stream/);
      waits.push(await reader.retry());
    }
    assert.deepEqual(waits.map((ms) => ms / (waits[0] ?? 0)), [1, 2, 4, 8, 16]);
    const reads = server.commands.filter(([name]) => name === "XREADGROUP").length;
    assert.ok(reads <= 12, String(reads));
    await reader.stop();
    await server.close();
  }
});
