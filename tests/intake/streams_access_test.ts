import assert from "node:assert/strict";
import { CHANNELS } from "../support/channels.ts";
import { aclLine, changed, grant, LOGIN, rightsOf, undenied } from "../support/docs_acl.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { respClient } from "../support/resp.ts";
import {
  add,
  age,
  awaitPending,
  CLAIM_IDLE_MS,
  eventually,
  GROUP,
  handTo,
  pendingIn,
  redisTest,
  streamReader,
} from "../support/stream_reader.ts";

const [HEALTH, WORLD] = CHANNELS;

const LINE = aclLine("INTAKE=streams");
const KEYS = CHANNELS.flatMap((stream) => [`~${stream}`, `~${stream}:dead`]);

/** A user `agent` with every command of the line, on these keys. */
function userWith(...keys: readonly string[]): string {
  const commands = rightsOf(LINE).filter((right) => right.startsWith("+"));
  return ["agent on >pw resetchannels", ...keys, ...commands].join(" ");
}

/** Something of everything: new, own, left by another, poison, trimmed. */
async function everything(redis: TestRedis, stream: string): Promise<void> {
  await redis.command("XGROUP", "CREATE", stream, GROUP, "0", "MKSTREAM");
  for (const data of ["own", "poison", "left", "trimmed"]) {
    const id = await add(redis, stream, data);
    await handTo(redis, "solaria", stream);
    const ms = CLAIM_IDLE_MS + 1;
    if (data === "poison") {
      await age(redis, stream, { id, ms: 0, consumer: "solaria", deliveries: 5 });
    }
    if (data === "left") await age(redis, stream, { id, ms, consumer: "piha" });
    if (data === "trimmed") await redis.command("XDEL", stream, id);
  }
  await add(redis, stream, "new");
}

redisTest("streams intake: all it does, it does as the user of docs/redis.md", async (redis) => {
  await grant(redis, LINE);
  for (const stream of CHANNELS) await everything(redis, stream);
  await undenied(redis.port, async () => {
    await using reader = streamReader(redis.url(LOGIN));
    await reader.received(6);
    for (const stream of CHANNELS) {
      await awaitPending(redis, stream, 0);
      assert.equal(await redis.command("XLEN", `${stream}:dead`), 1);
    }
    assert.deepEqual(reader.texts().sort(), ["left", "left", "new", "new", "own", "own"]);
    await reader.log.seen("stream_entry_gone");
    await redis.command("DEL", HEALTH);
    await reader.log.seen("stream_group_created");
    await add(redis, HEALTH, "newer");
    await reader.received(7);
    await awaitPending(redis, HEALTH, 0);
    const errors = reader.log.lines.filter(({ level }) => level === "error");
    assert.deepEqual(errors, []);
    assert.deepEqual(reader.log.of("redis_lost"), []);
  });
});

redisTest("streams intake: what takes long is kept from others, as that user", async (redis) => {
  await grant(redis, LINE);
  await undenied(redis.port, async () => {
    await using reader = streamReader(redis.url(LOGIN), { fate: () => undefined });
    const id = await add(redis, HEALTH, "slow");
    const { settle } = await reader.received(1);
    await age(redis, HEALTH, { id, ms: CLAIM_IDLE_MS - 1, consumer: "solaria" });
    await reader.clock.advance(CLAIM_IDLE_MS / 4);
    await eventually("it is touched", async () => {
      return ((await pendingIn(redis, HEALTH))[0]?.idleMs ?? 0) < CLAIM_IDLE_MS / 2;
    });
    settle("settled");
    await awaitPending(redis, HEALTH, 0);
  });
});

/** Runs everything as a user with another right, or none, for one of its line. */
async function complaintOf(redis: TestRedis, right: string, instead?: string): Promise<void> {
  const missing = right.replace(/^%.~/, "~");
  await redis.command("FLUSHALL");
  // The other stream is still to be made.
  await everything(redis, right.includes(WORLD) ? WORLD : HEALTH);
  await grant(redis, changed(LINE, right, instead));
  await using reader = streamReader(redis.url(LOGIN));
  await eventually(`a complaint about ${instead ?? right}`, () => {
    const errors = reader.log.lines.filter((line) => line.reason === "no_permission");
    return Promise.resolve(errors.some(({ detail }) => String(detail).endsWith(` ${missing}`)));
  });
}

redisTest(
  "streams intake: each of its rights is needed, and named where it lacks",
  async (redis) => {
    const rights = rightsOf(LINE);
    assert.equal(rights.length, 12);
    for (const right of rights) await complaintOf(redis, right);
    for (const stream of CHANNELS) {
      for (const access of ["%R", "%W"]) {
        await complaintOf(
          redis,
          `~${stream}`,
          `${access}~${stream}`,
        );
      }
    }
  },
);

redisTest(
  "streams intake: that user can neither forge events nor read dead ones",
  async (redis) => {
    await grant(redis, LINE, aclLine("COORDINATION=redis"));
    const client = await respClient(redis.port);
    await client.command("AUTH", ...LOGIN.split(":"));
    for (const stream of CHANNELS) {
      for (
        const words of [
          ["XADD", stream, "*", "data", "forged"],
          ["XRANGE", `${stream}:dead`, "-", "+"],
          ["DEL", stream],
          ["EVAL", "return redis.call('DEL', KEYS[1])", "1", stream],
        ]
      ) await assert.rejects(client.command(...words), /^RespError: NOPERM/, words.join(" "));
    }
    client.close();
  },
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
    assert.deepEqual(reader.state(), {
      kind: "subscribed",
      channels: [HEALTH],
      refused: [WORLD],
    });
    await add(redis, HEALTH, "heard");
    assert.equal((await reader.received(1)).text, "heard");
    const rejected = async () =>
      String(await redis.command("INFO", "commandstats")).match(/rejected_calls=[1-9]\d*/g);
    const before = await rejected();
    for (let nth = 2; nth <= 9; nth++) {
      await add(redis, HEALTH, "heard");
      await reader.received(nth);
    }
    assert.deepEqual(await rejected(), before, "what is refused is asked for every 30 s");
    assert.notEqual(before, null);

    await reader.clock.advance(30_000);
    await redis.command("ACL", "SETUSER", "agent", `~${WORLD}`);
    await reader.clock.advance(30_000);
    await reader.log.seen("streams_reading", 2);
    assert.equal((await reader.received(10)).text, "heard later");
    assert.equal(reader.log.of("redis_stream_refused").length, 1);
    assert.deepEqual(reader.log.of("redis_lost"), []);
  },
  { users: [userWith(`~${HEALTH}`)] },
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
  // Nor does another time end the connection.
  await redis.command("ACL", "SETUSER", "agent", "resetkeys", `~${HEALTH}`);
  await eventually("noticed", () => {
    const { kind, ...state } = reader.state();
    return Promise.resolve(
      kind !== "subscribed" || "refused" in state && `${state.refused}` === WORLD,
    );
  });
  assert.deepEqual(reader.log.of("redis_lost"), []);
}, { users: [userWith(...KEYS)] });

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
  { users: [userWith("~other")] },
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
