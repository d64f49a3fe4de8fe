import assert from "node:assert/strict";
import { checkRedis } from "../../../lib/cli/check/redis.ts";
import { systemClock } from "../../../lib/base/clock.ts";
import { CHANNELS } from "../../support/channels.ts";
import { HAS_REDIS, type RedisSetup, startRedis } from "../../support/redis.ts";
import { DEAD_PORT } from "../../support/dead_port.ts";

/** What is found out about a Redis that is set up so, as this login. */
async function examine(setup: RedisSetup, login?: string) {
  await using redis = await startRedis(setup);
  return await examineUrl(redis.url(login), redis.port);
}

async function examineUrl(url: string, port: number) {
  const result = await checkRedis({
    url,
    channels: CHANNELS,
    clock: systemClock,
    timeoutMs: 2_000,
  });
  return {
    ...result,
    brief: result.findings.map(({ check, level, code = "" }) => `${check} ${level} ${code}`.trim()),
    text: result.findings.map(({ detail }) => detail).join("\n").replaceAll(`:${port}`, ":PORT"),
  };
}

Deno.test("checkRedis: a Redis where all is allowed", async () => {
  const { findings, brief, clock } = await examine({});
  assert.deepEqual(brief.slice(0, 4), [
    "redis ok",
    "redis_channel ok",
    "redis_channel ok",
    "redis_version ok",
  ]);
  assert.deepEqual(findings.slice(1, 3).map(({ subject }) => subject), [...CHANNELS]);
  if (!HAS_REDIS) return;
  assert.equal(brief[4], "redis_buffer ok");
  assert.equal(
    findings[4]?.detail,
    "keeps 32 MiB for a listener that is slow, 8 MiB for long " +
      "(client-output-buffer-limit pubsub 33554432 8388608 60)",
  );
  assert.ok(clock && Math.abs(clock.theirsMs - clock.oursMs) < 5_000);
});

Deno.test("checkRedis: the least user: what it may not ask is unknown, not a failure", async () => {
  const agent = "agent on >pw resetchannels &health_events &world_updates -@all +subscribe +ping";
  const { brief, text } = await examine({ users: [agent] }, "agent:pw");
  assert.deepEqual(brief, [
    "redis ok",
    "redis_channel ok",
    "redis_channel ok",
    "redis_version skipped",
    "redis_buffer skipped",
  ]);
  assert.match(text, /^reachable, as agent$/m);
  assert.match(text, /this user may not run INFO/);
  assert.match(text, /this user may not run CONFIG GET/);
});

Deno.test("checkRedis: one channel that may not be read is a failure that names the grant", async () => {
  const agent = "agent on >pw resetchannels &health_events -@all +subscribe +ping";
  const { findings } = await examine({ users: [agent] }, "agent:pw");
  const refused = findings.filter(({ code }) => code === "redis_channel_refused");
  assert.deepEqual(refused.map(({ subject, remedy }) => [subject, remedy]), [
    ["world_updates", "Grant it: ACL SETUSER ... &world_updates"],
  ]);
});

Deno.test("checkRedis: passwords that are missing, wrong or not asked for; none is shown", async () => {
  const missing = await examine({ requirepass: "topsecret" });
  assert.deepEqual(missing.brief, ["redis failure redis_unavailable"]);
  assert.match(missing.text, /wants a password/);
  const wrong = await examine({ requirepass: "topsecret" }, ":guessed");
  assert.deepEqual(wrong.brief, ["redis failure redis_unavailable"]);
  assert.match(wrong.text, /WRONGPASS/);
  const unused = await examine({}, ":guessed");
  assert.equal(unused.brief.filter((it) => it === "redis warning redis_password_unused").length, 1);
  for (const { findings } of [missing, wrong, unused]) {
    assert.doesNotMatch(JSON.stringify(findings), /topsecret|guessed/);
  }
});

Deno.test("checkRedis: nothing listens, and something that is silent", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const silent = checkRedis({
    url: `redis://127.0.0.1:${port}`,
    channels: CHANNELS,
    clock: systemClock,
    timeoutMs: 50,
  });
  const { findings } = await silent;
  assert.deepEqual(findings.map(({ code }) => code), ["redis_unavailable"]);
  assert.match(findings[0]?.detail ?? "", /did not answer/);
  listener.close();

  const refused = await examineUrl(`redis://127.0.0.1:${DEAD_PORT}`, DEAD_PORT);
  assert.deepEqual(refused.brief, ["redis failure redis_unavailable"]);
  assert.match(refused.text, /^Nothing listens on 127\.0\.0\.1:PORT/);
});

Deno.test({
  name: "checkRedis: a small output buffer for subscribers is a warning",
  ignore: !HAS_REDIS,
  async fn() {
    await using redis = await startRedis();
    await redis.command("CONFIG", "SET", "client-output-buffer-limit", "pubsub 1048576 524288 10");
    const { findings } = await examineUrl(redis.url(), redis.port);
    await redis.command("CONFIG", "SET", "client-output-buffer-limit", "pubsub 0 0 0");
    const { findings: unbounded } = await examineUrl(redis.url(), redis.port);
    assert.deepEqual(
      unbounded.filter(({ check }) => check === "redis_buffer").map(({ level, detail }) => [
        level,
        detail,
      ]),
      [[
        "ok",
        "keeps no limit for a listener that is slow, no limit for long " +
        "(client-output-buffer-limit pubsub 0 0 0)",
      ]],
    );
    const warnings = findings.filter(({ level }) => level === "warning");
    assert.deepEqual(warnings.map(({ code, detail }) => [code, detail]), [
      [
        "redis_buffer_small",
        "keeps 1 MiB for a listener that is slow, 0.5 MiB for long " +
        "(client-output-buffer-limit pubsub 1048576 524288 10)",
      ],
    ]);
  },
});
