import assert from "node:assert/strict";
import { CHANNELS } from "../support/channels.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";
import {
  add,
  age,
  awaitPending,
  CLAIM_IDLE_MS,
  eventually,
  GROUP,
  handTo,
  redisTest,
  streamReader,
} from "../support/stream_reader.ts";

const [HEALTH, WORLD] = CHANNELS;

/** What README tells to grant, no more. */
const COMMANDS = [
  "xreadgroup",
  "xack",
  "xpending",
  "xclaim",
  "xautoclaim",
  "xrange",
  "xadd",
  "xgroup|create",
];
const KEYS = CHANNELS.flatMap((stream) => [`~${stream}`, `~${stream}:dead`]);

function user(commands: readonly string[], keys: readonly string[] = KEYS): string {
  return ["agent on >pw resetchannels", ...keys, ...commands.map((name) => `+${name}`)].join(" ");
}

/** A group with something of everything: new, own, left by another, poison, trimmed. */
async function everything(redis: TestRedis): Promise<void> {
  await redis.command("XGROUP", "CREATE", HEALTH, GROUP, "0", "MKSTREAM");
  for (const data of ["own", "poison", "left", "trimmed"]) {
    const id = await add(redis, HEALTH, data);
    await handTo(redis, "solaria", HEALTH);
    const ms = CLAIM_IDLE_MS + 1;
    if (data === "poison") {
      await age(redis, HEALTH, { id, ms: 0, consumer: "solaria", deliveries: 5 });
    }
    if (data === "left") await age(redis, HEALTH, { id, ms, consumer: "piha" });
    if (data === "trimmed") await redis.command("XDEL", HEALTH, id);
  }
  await add(redis, HEALTH, "new");
}

redisTest(
  "streams intake: all it does, it does with the commands and keys of the README",
  async (redis) => {
    await everything(redis);
    await using reader = streamReader(redis.url("agent:pw"));
    await reader.received(3);
    await awaitPending(redis, HEALTH, 0);
    assert.deepEqual(reader.texts().sort(), ["left", "new", "own"]);
    assert.equal(await redis.command("XLEN", `${HEALTH}:dead`), 1);
    await reader.log.seen("stream_entry_gone");
    await redis.command("DEL", HEALTH);
    await reader.log.seen("stream_group_created", 2);
    const levels = reader.log.lines.filter(({ level }) => level === "error");
    assert.deepEqual(levels, []);
    assert.deepEqual(reader.log.of("redis_lost"), []);
  },
  { users: [user(COMMANDS)] },
);

redisTest(
  "streams intake: each of these commands is needed, and named where it is missing",
  async (redis) => {
    for (const missing of COMMANDS) {
      await redis.command("FLUSHALL");
      await everything(redis);
      const rest = COMMANDS.filter((name) => name !== missing);
      await redis.command("ACL", "SETUSER", "agent", "reset");
      await redis.command("ACL", "SETUSER", ...user(rest).split(" "));
      await using reader = streamReader(redis.url("agent:pw"));
      await eventually(`a complaint about ${missing}`, () => {
        const errors = reader.log.lines.filter((line) => line.reason === "no_permission");
        return Promise.resolve(errors.some(({ detail }) => String(detail).endsWith(`+${missing}`)));
      });
    }
  },
  { users: [user(COMMANDS)] },
);

redisTest(
  "streams intake: one refused stream does not make it deaf to the other",
  async (redis) => {
    await add(redis, WORLD, "heard later");
    await using reader = streamReader(redis.url("agent:pw"));
    const reading = await reader.log.seen("streams_reading");
    assert.deepEqual(reading.streams, [HEALTH]);
    const refused = await reader.log.seen("redis_stream_refused");
    assert.deepEqual(
      [refused.level, refused.stream, refused.reason, refused.retry_in_seconds],
      ["error", WORLD, "no_permission", 30],
    );
    assert.match(String(refused.detail), /Grant it: ACL SETUSER \.\.\. ~world_updates$/);
    assert.deepEqual(reader.intake.state(), {
      kind: "subscribed",
      channels: [HEALTH],
      refused: [WORLD],
    });
    await add(redis, HEALTH, "heard");
    assert.equal((await reader.received(1)).text, "heard");

    await reader.clock.advance(30_000);
    await redis.command("ACL", "SETUSER", "agent", `~${WORLD}`);
    await reader.clock.advance(30_000);
    await reader.log.seen("streams_reading", 2);
    assert.equal((await reader.received(2)).text, "heard later");
    assert.equal(reader.log.of("redis_stream_refused").length, 1);
    assert.deepEqual(reader.log.of("redis_lost"), []);
  },
  { users: [user(COMMANDS, [`~${HEALTH}`])] },
);

redisTest("streams intake: a key that is lost while it is read is noticed", async (redis) => {
  await using reader = streamReader(redis.url("agent:pw"), { fate: () => undefined });
  await add(redis, WORLD, "in hand");
  const { settle } = await reader.received(1);
  await redis.command("ACL", "SETUSER", "agent", "resetkeys", `~${HEALTH}`);
  const refused = await reader.log.seen("redis_stream_refused");
  assert.deepEqual([refused.stream, refused.reason], [WORLD, "no_permission"]);
  settle("settled");
  await add(redis, HEALTH, "heard");
  assert.equal((await reader.received(2)).text, "heard");
  await redis.command("ACL", "SETUSER", "agent", `~${WORLD}`);
  await reader.clock.advance(30_000);
  await awaitPending(redis, WORLD, 0);
  assert.deepEqual([reader.entries.length, reader.log.of("redis_lost")], [2, []]);
}, { users: [user(COMMANDS)] });

redisTest(
  "streams intake: where every stream is refused, it says so and tries again",
  async (redis) => {
    await using reader = streamReader(redis.url("agent:pw"));
    const failed = await reader.log.seen("redis_unavailable");
    assert.deepEqual([failed.level, failed.reason], ["error", "no_permission"]);
    assert.match(String(failed.detail), /may not use the stream health_events\. Grant it/);
    await redis.command("ACL", "SETUSER", "agent", ...KEYS);
    await reader.retry();
    await reader.log.seen("streams_reading");
  },
  { users: [user(COMMANDS, ["~other"])] },
);

redisTest("streams intake: a group that another made first is as good", async (redis) => {
  const made = ["piha", "solaria", "vps"].map((consumer) =>
    streamReader(redis.url(), { consumer })
  );
  for (const reader of made) await reader.log.seen("streams_reading");
  await add(redis, HEALTH, "once");
  await eventually("one has it", () => {
    return Promise.resolve(made.some(({ entries }) => entries.length > 0));
  });
  await awaitPending(redis, HEALTH, 0);
  for (const reader of made) await reader.stop();
  assert.equal(made.flatMap(({ entries }) => entries).length, 1);
  assert.deepEqual(made.flatMap(({ log }) => log.of("redis_unavailable")), []);
});

redisTest("streams intake: a key that is no stream is refused by name", async (redis) => {
  await redis.command("SET", WORLD, "text");
  await using reader = streamReader(redis.url());
  const refused = await reader.log.seen("redis_stream_refused");
  assert.match(String(refused.detail), /^The key world_updates holds something else than a stream/);
  await add(redis, HEALTH, "heard");
  await reader.received(1);
  await redis.command("DEL", WORLD);
  await add(redis, WORLD, "mended");
  await reader.clock.advance(30_000);
  assert.equal((await reader.received(2)).text, "mended");
});

redisTest("streams intake: a replica is told from the primary", async (redis) => {
  await redis.command("XGROUP", "CREATE", HEALTH, GROUP, "0", "MKSTREAM");
  await redis.command("XGROUP", "CREATE", WORLD, GROUP, "0", "MKSTREAM");
  await using primary = await startRedis();
  await using reader = streamReader(redis.url());
  await reader.log.seen("streams_reading");
  await redis.command("CONFIG", "SET", "replica-serve-stale-data", "yes");
  await redis.command("REPLICAOF", "127.0.0.1", `${primary.port}`);
  const lost = await reader.log.seen("redis_lost");
  assert.match(
    String(lost.detail),
    / is a replica, which takes no .* REDIS_URL has to name the primary\.$/,
  );
});
