import assert from "node:assert/strict";
import { CHANNELS } from "../../support/channels.ts";
import { writeAll } from "../../support/resp.ts";
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
} from "../../support/stream_reader.ts";

const [HEALTH] = CHANNELS;
/** Makes the first entry one that was delivered five times; answers nothing. */
const CLAIM_FIRST = `
  local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1][1]
  redis.call('XGROUP', 'SETID', KEYS[1], ARGV[1], first)
  redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, first, 'RETRYCOUNT', 5, 'FORCE', 'JUSTID')`;
/** How often a reader looks after what is pending. */
const SWEEP_EVERY_MS = 60_000;

redisTest(
  "streams intake: after a restart, what had no outcome comes first, once more",
  async (redis) => {
    const before = streamReader(redis.url(), {
      fate: ({ text }) => text === "b" ? "settled" : undefined,
    });
    for (const data of ["a", "b", "c"]) await add(redis, HEALTH, data);
    await before.received(3);
    await awaitPending(redis, HEALTH, 2);
    await before.stop();
    await add(redis, HEALTH, "new");
    await using after = streamReader(redis.url());
    await after.received(3);
    // Redis may have handed the new one to the reader before it noticed that this one is gone.
    assert.deepEqual(after.texts(), ["a", "c", "new"]);
    assert.deepEqual(after.entries.slice(0, 2).map(({ deliveries }) => deliveries), [2, 2]);
    await awaitPending(redis, HEALTH, 0);
  },
);

redisTest("streams intake: more of its own than the limit come page by page", async (redis) => {
  await redis.command("XGROUP", "CREATE", HEALTH, GROUP, "0", "MKSTREAM");
  const sent = Array.from({ length: 7 }, (_, i) => String(i));
  for (const data of sent) await add(redis, HEALTH, data);
  await handTo(redis, "solaria", HEALTH);
  await using reader = streamReader(redis.url(), { limit: 2, fate: () => undefined });
  for (let nth = 1; nth <= 7; nth++) {
    const entry = await reader.received(nth);
    if (nth % 2 === 1) continue;
    assert.equal(reader.entries.length, nth);
    for (const held of [reader.entries[nth - 2], entry]) held?.settle("settled");
  }
  assert.deepEqual(reader.texts(), sent);
});

redisTest(
  "streams intake: takes over what a planner that is gone left, not what is fresh",
  async (redis) => {
    await redis.command("XGROUP", "CREATE", HEALTH, GROUP, "0", "MKSTREAM");
    const [old, fresh] = [await add(redis, HEALTH, "old"), await add(redis, HEALTH, "fresh")];
    await handTo(redis, "piha", HEALTH);
    await age(redis, HEALTH, { id: old, ms: CLAIM_IDLE_MS + 1_000, consumer: "piha" });
    await using reader = streamReader(redis.url());
    const entry = await reader.received(1);
    assert.deepEqual([entry.text, entry.deliveries], ["old", 2]);
    const taken = await reader.log.seen("stream_entries_taken_over");
    assert.deepEqual([taken.stream, taken.entries], [HEALTH, 1]);
    await awaitPending(redis, HEALTH, 1);

    await age(redis, HEALTH, { id: fresh, ms: CLAIM_IDLE_MS + 1_000, consumer: "piha" });
    await reader.clock.advance(SWEEP_EVERY_MS);
    assert.equal((await reader.received(2)).text, "fresh");
    await awaitPending(redis, HEALTH, 0);
  },
);

redisTest("streams intake: of two planners, one takes over", async (redis) => {
  await redis.command("XGROUP", "CREATE", HEALTH, GROUP, "0", "MKSTREAM");
  const ids = [];
  for (let i = 0; i < 50; i++) ids.push(await add(redis, HEALTH, String(i)));
  await handTo(redis, "gone", HEALTH);
  for (const id of ids) {
    await age(redis, HEALTH, { id, ms: CLAIM_IDLE_MS + 1_000, consumer: "gone" });
  }
  await using one = streamReader(redis.url(), { consumer: "piha" });
  await using two = streamReader(redis.url(), { consumer: "solaria" });
  await awaitPending(redis, HEALTH, 0);
  const got = [...one.entries, ...two.entries];
  assert.deepEqual(got.map(({ id }) => id).sort(), ids.sort());
});

redisTest("streams intake: what is in hand is kept, however long it takes", async (redis) => {
  await using reader = streamReader(redis.url(), { fate: () => undefined });
  await add(redis, HEALTH, "slow");
  const { id } = await reader.received(1);
  await age(redis, HEALTH, { id, ms: CLAIM_IDLE_MS * 0.75, consumer: "solaria" });
  await reader.clock.advance(SWEEP_EVERY_MS);
  await eventually("touched", async () => {
    const [entry] = await pendingIn(redis, HEALTH);
    return entry !== undefined && entry.idleMs < CLAIM_IDLE_MS / 2;
  });
  const [entry] = await pendingIn(redis, HEALTH);
  assert.deepEqual([entry?.consumer, entry?.deliveries], ["solaria", 1]);
  assert.equal(reader.entries.length, 1);
});

redisTest(
  "streams intake: what was left comes again once it was idle long enough",
  async (redis) => {
    await using reader = streamReader(redis.url(), {
      fate: ({ deliveries }) => deliveries < 3 ? "left" : "settled",
    });
    await add(redis, HEALTH, "again");
    for (const nth of [1, 2]) {
      const { id, deliveries } = await reader.received(nth);
      assert.equal(deliveries, nth);
      await age(redis, HEALTH, { id, ms: CLAIM_IDLE_MS, consumer: "solaria", deliveries });
      await reader.clock.advance(SWEEP_EVERY_MS);
    }
    assert.equal((await reader.received(3)).deliveries, 3);
    await awaitPending(redis, HEALTH, 0);
  },
);

redisTest(
  "streams intake: past the delivery limit an entry goes to the dead letters",
  async (redis) => {
    await redis.command("XGROUP", "CREATE", HEALTH, GROUP, "0", "MKSTREAM");
    const [poison, last] = [await add(redis, HEALTH, "poison"), await add(redis, HEALTH, "last")];
    const foreign = await add(redis, HEALTH, "poison of another");
    await handTo(redis, "solaria", HEALTH);
    await age(redis, HEALTH, { id: poison, ms: 0, consumer: "solaria", deliveries: 5 });
    await age(redis, HEALTH, { id: last, ms: 0, consumer: "solaria", deliveries: 4 });
    const idle = CLAIM_IDLE_MS + 1_000;
    await age(redis, HEALTH, { id: foreign, ms: idle, consumer: "piha", deliveries: 9 });
    await using reader = streamReader(redis.url());
    await awaitPending(redis, HEALTH, 0);
    assert.deepEqual(reader.entries.map(({ text, deliveries }) => [text, deliveries]), [[
      "last",
      5,
    ]]);
    const kept = await redis.command("XRANGE", `${HEALTH}:dead`, "-", "+");
    assert.deepEqual(
      Array.isArray(kept) && kept.map((entry) => Array.isArray(entry) && entry[1]),
      [
        ["poison", poison, 5],
        ["poison of another", foreign, 9],
      ].map(([data, id, deliveries]) => [
        ...["data", data],
        ...["dead_reason", `delivered ${deliveries} times without an outcome`],
        ...["dead_stream", HEALTH],
        ...["dead_id", id],
        ...["dead_deliveries", `${deliveries}`],
        ...["dead_consumer", "solaria"],
      ]),
    );
    const dead = reader.log.of("stream_entry_dead");
    assert.deepEqual(dead[0], {
      level: "warning",
      event: "stream_entry_dead",
      stream: HEALTH,
      id: poison,
      reason: "delivered 5 times without an outcome",
      deliveries: 5,
      kept_in: `${HEALTH}:dead`,
    });
    await reader.stop();
    const told = reader.log.of("stream_entry_dead");
    assert.deepEqual(told.map(({ id, deliveries, repeated }) => [id, deliveries, repeated]), [
      [poison, 5, undefined],
      [foreign, 9, undefined],
    ]);
  },
);

redisTest(
  "streams intake: an entry of two hundred thousand fields is buried whole",
  async (redis) => {
    await redis.command("XGROUP", "CREATE", HEALTH, GROUP, "0", "MKSTREAM");
    const count = 200_000;
    const words = ["XADD", HEALTH, "*", ...Array.from({ length: 2 * count }, () => "x")];
    const wire = words.map((word) => `$${word.length}\r\n${word}\r\n`).join("");
    const raw = await Deno.connect({ hostname: "127.0.0.1", port: redis.port });
    await writeAll(raw, new TextEncoder().encode(`*${words.length}\r\n${wire}`));
    await eventually("added", async () => await redis.command("XLEN", HEALTH) === 1);
    raw.close();
    await redis.command("EVAL", CLAIM_FIRST, "1", HEALTH, GROUP, "solaria");
    await using reader = streamReader(redis.url());
    await reader.log.seen("stream_entry_dead");
    await awaitPending(redis, HEALTH, 0);
    const size = "return #redis.call('XRANGE', KEYS[1], '-', '+')[1][2]";
    assert.equal(await redis.command("EVAL", size, "1", `${HEALTH}:dead`), 2 * count + 10);
    assert.deepEqual(reader.entries, []);
  },
);

redisTest("streams intake: an entry that cannot be buried is not acknowledged", async (redis) => {
  await redis.command("XGROUP", "CREATE", HEALTH, GROUP, "0", "MKSTREAM");
  await redis.command("SET", `${HEALTH}:dead`, "no stream");
  const id = await add(redis, HEALTH, "poison");
  await handTo(redis, "solaria", HEALTH);
  await age(redis, HEALTH, { id, ms: 0, consumer: "solaria", deliveries: 5 });
  await using reader = streamReader(redis.url());
  const failed = await reader.log.seen("stream_dead_letter_failed");
  assert.deepEqual([failed.level, failed.stream], ["error", `${HEALTH}:dead`]);
  assert.match(String(failed.detail), /^The key health_events:dead holds something else/);
  await add(redis, HEALTH, "goes on");
  assert.equal((await reader.received(1)).text, "goes on");
  await awaitPending(redis, HEALTH, 1);

  await redis.command("DEL", `${HEALTH}:dead`);
  await age(redis, HEALTH, { id, ms: CLAIM_IDLE_MS, consumer: "solaria", deliveries: 6 });
  await reader.clock.advance(SWEEP_EVERY_MS);
  await awaitPending(redis, HEALTH, 0);
  assert.equal(await redis.command("XLEN", `${HEALTH}:dead`), 1);
});

redisTest(
  "streams intake: entries that were trimmed unread are told and acknowledged",
  async (redis) => {
    await redis.command("XGROUP", "CREATE", HEALTH, GROUP, "0", "MKSTREAM");
    const ids = [];
    for (const data of ["own", "foreign", "kept"]) ids.push(await add(redis, HEALTH, data));
    const [own = "", foreign = ""] = ids;
    await handTo(redis, "solaria", HEALTH);
    await age(redis, HEALTH, { id: foreign, ms: CLAIM_IDLE_MS + 1_000, consumer: "piha" });
    await redis.command("XDEL", HEALTH, own, foreign);
    await using reader = streamReader(redis.url());
    assert.equal((await reader.received(1)).text, "kept");
    await awaitPending(redis, HEALTH, 0);
    const told = await reader.log.seen("stream_entry_gone");
    assert.deepEqual([told.level, told.stream, told.entries], ["warning", HEALTH, 1]);
    await reader.stop();
    assert.deepEqual(reader.log.of("stream_entry_gone").map(({ repeated }) => repeated), [
      undefined,
      1,
    ]);
  },
);

redisTest(
  "streams intake: no read waits for longer than what is in hand may lie",
  async (redis) => {
    const answerTimeoutMs = 100_000_000;
    await using reader = streamReader(redis.url(), {
      ...{ answerTimeoutMs, claimIdleMs: 400, blockMs: 60_000 },
    });
    // The deadline of a read tells for how long Redis may wait.
    const first = await Promise.race([
      reader.armed(answerTimeoutMs + 100).then(() => "a look at it in time"),
      reader.armed(answerTimeoutMs + 60_000).then(() => "the whole time"),
    ]);
    assert.equal(first, "a look at it in time");
  },
);
