import assert from "node:assert/strict";
import { checkRedis } from "../../../lib/cli/check/redis.ts";
import { systemClock } from "../../../lib/base/clock.ts";
import { CHANNELS } from "../../support/channels.ts";
import { aclLine, changed, denied, grant, LOGIN, rightsOf } from "../../support/docs_acl.ts";
import type { TestRedis } from "../../support/redis.ts";
import { RespError } from "../../support/resp.ts";
import { scriptedRedis } from "../../support/scripted_redis.ts";
import { add, GROUP, redisTest } from "../../support/stream_reader.ts";

const [HEALTH, WORLD] = CHANNELS;
const LINE = aclLine("INTAKE=streams");
const MORE = aclLine("planner-agent check");

/** What is found out about the streams of this Redis, as this login. */
async function examine(redis: TestRedis, login?: string) {
  const { findings, clock } = await checkRedis({
    url: redis.url(login),
    channels: CHANNELS,
    streams: { group: GROUP, consumer: "solaria" },
    clock: systemClock,
    timeoutMs: 2_000,
  });
  const brief = findings.map(({ check, level, code = "" }) => `${check} ${level} ${code}`.trim());
  return { findings, clock, brief };
}

redisTest("check of streams: the least user may do it all, and nothing changes", async (redis) => {
  await grant(redis, LINE, MORE);
  await add(redis, HEALTH, "unread");
  await redis.command("XGROUP", "CREATE", HEALTH, GROUP, "0");
  const before = await redis.command("XINFO", "STREAM", HEALTH, "FULL");
  const { findings, clock, brief } = await examine(redis, LOGIN);
  assert.deepEqual(brief, ["redis ok", "redis_stream ok", "redis_stream ok", "redis_version ok"]);
  assert.deepEqual(findings.slice(0, 3).map(({ subject, detail }) => [subject, detail]), [
    [`127.0.0.1:${redis.port}`, "reachable, as planner-agent"],
    [HEALTH, "can be read, in the group planner"],
    [WORLD, "can be read, in the group planner"],
  ]);
  assert.ok(clock && Math.abs(clock.theirsMs - clock.oursMs) < 5_000);
  assert.deepEqual(await redis.command("XINFO", "STREAM", HEALTH, "FULL"), before);
  assert.deepEqual(await redis.command("KEYS", "*"), [HEALTH]);
  assert.deepEqual(await denied(redis), []);
});

redisTest(
  "check of streams: without its own line, version and clock are skipped",
  async (redis) => {
    await grant(redis, LINE);
    const { clock, brief } = await examine(redis, LOGIN);
    assert.deepEqual(brief.slice(1), [
      "redis_stream ok",
      "redis_stream ok",
      "redis_version skipped",
    ]);
    assert.equal(clock, undefined);
    assert.deepEqual(await denied(redis), ["info", "time"]);
    assert.deepEqual(rightsOf(MORE), ["+info", "+time"]);
  },
);

redisTest("check of streams: every right that lacks is a failure that names it", async (redis) => {
  for (const right of rightsOf(LINE)) {
    const missing = right.replace("%W", "");
    await grant(redis, changed(LINE, right));
    const { findings } = await examine(redis, LOGIN);
    const refused = findings.filter(({ code }) => code === "redis_stream_refused");
    assert.ok(refused.length > 0, right);
    for (const { level, remedy } of refused) {
      assert.deepEqual([level, remedy], ["failure", `Grant it: ACL SETUSER ... ${missing}`]);
    }
  }
});

redisTest("check of streams: a key that is no stream, and no Redis at all", async (redis) => {
  await redis.command("SET", WORLD, "text");
  const { findings, brief } = await examine(redis);
  assert.deepEqual(brief.slice(1, 3), [
    "redis_stream ok",
    "redis_stream failure redis_stream_refused",
  ]);
  assert.match(findings[2]?.detail ?? "", /^cannot be read: The key world_updates holds something/);
  await redis.command("CONFIG", "SET", "requirepass", "other");
  assert.deepEqual((await examine(redis)).brief, ["redis failure redis_unavailable"]);
  assert.deepEqual((await examine(redis, ":wrong")).brief, ["redis failure redis_unavailable"]);
});

redisTest("check of streams: a password that is not asked for is told", async (redis) => {
  const { brief } = await examine(redis, ":pw");
  assert.deepEqual(brief.slice(0, 2), ["redis ok", "redis warning redis_password_unused"]);
});

Deno.test("check of streams: a Redis that is too old for them is told", async () => {
  const server = scriptedRedis(([command]) =>
    new RespError(
      command === "XAUTOCLAIM" ? "ERR unknown command 'XAUTOCLAIM'" : "ERR Invalid stream ID",
    )
  );
  const { findings } = await checkRedis({
    url: `redis://127.0.0.1:${server.port}`,
    channels: [HEALTH],
    streams: { group: GROUP, consumer: "solaria" },
    clock: systemClock,
  });
  const refused = findings.filter(({ code }) => code === "redis_stream_refused");
  assert.deepEqual(refused.map(({ subject, detail }) => [subject, detail]), [
    [
      HEALTH,
      "cannot be read: This Redis lacks a command of streams. It takes Redis 6.2 or newer.",
    ],
  ]);
  await server.close();
});

Deno.test("checkRedis: a password that is not asked for is told, also where Redis is of no use then", async () => {
  const server = scriptedRedis(([command]) =>
    new RespError(
      command === "AUTH"
        ? "ERR Client sent AUTH, but no password is set"
        : "LOADING Redis is loading the dataset in memory",
    )
  );
  for (const streams of [undefined, { group: GROUP, consumer: "solaria" }]) {
    const { findings } = await checkRedis({
      url: `redis://:pw@127.0.0.1:${server.port}`,
      channels: CHANNELS,
      streams,
      clock: systemClock,
    });
    assert.deepEqual(findings.map(({ code }) => code), [
      "redis_password_unused",
      "redis_unavailable",
    ]);
  }
  await server.close();
});
