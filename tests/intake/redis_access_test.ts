import assert from "node:assert/strict";
import { CHANNELS } from "../support/channels.ts";
import { aclLine, changed, denied, grant, LOGIN, rightsOf, undenied } from "../support/docs_acl.ts";
import { startRedis } from "../support/redis.ts";
import { listener } from "../support/redis_listener.ts";
import { redisTest } from "../support/stream_reader.ts";

const [HEALTH, WORLD] = CHANNELS;

Deno.test("redis intake: a rotated password is told from a missing one, and survived", async () => {
  await using redis = await startRedis({ requirepass: "s3cret/Old" });
  await using heard = listener(redis.url("default:s3cret%2FOld"));
  await heard.log.seen("redis_subscribed");
  await redis.setPassword("s3cret/New");
  await redis.cutSubscribers();
  assert.equal((await heard.log.seen("redis_lost")).reason, "closed");
  for (let nth = 1; nth <= 8; nth++) {
    assert.ok(await heard.retry() <= 30_000);
    const failed = await heard.log.seen("redis_unavailable", nth);
    assert.deepEqual([failed.reason, failed.level], ["wrong_password", "error"]);
    assert.ok(Number(failed.retry_in_seconds) <= 30);
  }
  await redis.setPassword("s3cret/Old");
  await heard.retry();
  await heard.log.seen("redis_subscribed", 2);

  const said = JSON.stringify(heard.log.lines);
  for (const secret of ["s3cret", "default:", "Old", "%2F"]) {
    assert.ok(!said.includes(secret), secret);
  }
});

Deno.test("redis intake: without a password where one is wanted it says NOAUTH", async () => {
  await using redis = await startRedis({ requirepass: "pw" });
  await using heard = listener(redis.url());
  const failed = await heard.log.seen("redis_unavailable");
  assert.deepEqual([failed.reason, failed.level], ["no_auth", "error"]);
  assert.match(String(failed.detail), /redis:\/\/user:password@host/);
  await redis.setPassword("");
  await heard.retry();
  await heard.log.seen("redis_subscribed");
});

Deno.test("redis intake: a password that nobody asks for is said once", async () => {
  await using redis = await startRedis();
  await using heard = listener(redis.url(":pw"));
  await heard.log.seen("redis_subscribed");
  await redis.cutSubscribers();
  await heard.log.seen("redis_lost");
  await heard.retry();
  await heard.log.seen("redis_subscribed", 2);
  assert.equal(heard.log.of("redis_password_unused").length, 1);
});

const LINE = aclLine("INTAKE=pubsub");

redisTest("redis intake: all it does, it does as the user of docs/redis.md", async (redis) => {
  await grant(redis, LINE);
  await undenied(redis.port, async () => {
    await using heard = listener(redis.url(LOGIN));
    await heard.log.seen("redis_subscribed");
    await heard.ping(1);
    await heard.ping(2);
    await redis.cutSubscribers();
    await heard.log.seen("redis_lost");
    await heard.retry();
    await heard.log.seen("redis_subscribed", 2);
    for (const [nth, channel] of CHANNELS.entries()) {
      await redis.publish(channel, "heard");
      await heard.received(nth + 1);
    }
  });
});

redisTest("redis intake: each of its rights but PING's is needed, and named", async (redis) => {
  assert.deepEqual(rightsOf(LINE), [`&${HEALTH}`, `&${WORLD}`, "+subscribe", "+ping"]);
  for (const right of [`&${HEALTH}`, `&${WORLD}`, "+subscribe"] as const) {
    await grant(redis, changed(LINE, right));
    await using heard = listener(redis.url(LOGIN));
    const event = right === "+subscribe" ? "redis_unavailable" : "redis_channel_refused";
    const { level, reason, detail } = await heard.log.seen(event);
    assert.deepEqual([level, reason], ["error", "no_permission"], right);
    assert.ok(String(detail).endsWith(` Grant it: ACL SETUSER ... ${right}`), String(detail));
  }
  await grant(redis, changed(LINE, "+ping"));
  await using heard = listener(redis.url(LOGIN));
  await heard.log.seen("redis_subscribed");
  await heard.ping(1);
  await redis.publish(HEALTH, "heard");
  await heard.received(1);
  assert.deepEqual(heard.log.lines.filter(({ level }) => level !== "info"), []);
  assert.deepEqual(await denied(redis), ["ping"]);
});

Deno.test("redis intake: a refused PING tells that Redis lives", async () => {
  const users = [`agent on >pw resetchannels &${HEALTH} &${WORLD} -@all +subscribe`];
  await using redis = await startRedis({ users });
  await using heard = listener(redis.url("agent:pw"));
  await heard.log.seen("redis_subscribed");
  await heard.ping(1);
  await heard.ping(2);
  await redis.publish(WORLD, "heard");
  await heard.received(1);
  assert.equal(heard.state().kind, "subscribed");
});

Deno.test("redis intake: one refused channel does not make it deaf to the other", async () => {
  const users = [`agent on >pw resetchannels &${HEALTH} +subscribe +ping`];
  await using redis = await startRedis({ users });
  await using heard = listener(redis.url("agent:pw"));
  const subscribed = await heard.log.seen("redis_subscribed");
  assert.deepEqual(subscribed.channels, [HEALTH]);
  const refused = await heard.log.seen("redis_channel_refused");
  assert.deepEqual([refused.channel, refused.reason], [WORLD, "no_permission"]);
  assert.match(String(refused.detail), /ACL SETUSER \.\.\. &world_updates/);
  await redis.publish(HEALTH, "heard");
  await heard.received(1);

  for (const nth of [1, 2, 3]) await heard.ping(nth);
  assert.equal(heard.log.of("redis_channel_refused").length, 1);
  await redis.command("ACL", "SETUSER", "agent", `&${WORLD}`);
  for (const nth of [4, 5, 6]) await heard.ping(nth);
  const whole = await heard.log.seen("redis_subscribed", 2);
  assert.deepEqual(whole.channels, [HEALTH, WORLD]);
  assert.deepEqual(heard.state(), {
    kind: "subscribed",
    channels: [...CHANNELS],
    refused: [],
  });
  await redis.publish(WORLD, "heard, too");
  await heard.received(2);
});

Deno.test("redis intake: a refused channel is asked for every 30 s, not with every ping", async () => {
  const users = [`agent on >pw resetchannels &${HEALTH} +subscribe +ping`];
  await using redis = await startRedis({ users });
  await using heard = listener(redis.url("agent:pw"));
  await heard.log.seen("redis_channel_refused");
  for (let nth = 1; nth <= 10; nth++) await heard.ping(nth);
  const counted = String(await redis.command("INFO", "commandstats"));
  assert.equal(/^cmdstat_subscribe:.*rejected_calls=(\d+)/m.exec(counted)?.[1], "4");
});

Deno.test("redis intake: refused at the first and at a later subscription, it goes on trying", async () => {
  await using redis = await startRedis({ users: ["agent on >pw resetchannels +subscribe +ping"] });
  await using heard = listener(redis.url("agent:pw"));
  const first = await heard.log.seen("redis_unavailable");
  assert.deepEqual([first.reason, first.level], ["no_permission", "error"]);
  assert.match(String(first.detail), /may not read the channel health_events/);
  await redis.command("ACL", "SETUSER", "agent", `&${HEALTH}`, `&${WORLD}`);
  await heard.retry();
  await heard.log.seen("redis_subscribed");

  await redis.command("ACL", "SETUSER", "agent", "resetchannels", "-subscribe");
  await redis.cutSubscribers();
  await heard.log.seen("redis_lost");
  await heard.retry();
  const later = await heard.log.seen("redis_unavailable", 2);
  assert.equal(later.reason, "no_permission");
  assert.match(String(later.detail), /may not run subscribe/);
  await redis.command("ACL", "SETUSER", "agent", `&${HEALTH}`, `&${WORLD}`, "+subscribe");
  await heard.retry();
  await heard.log.seen("redis_subscribed", 2);
  assert.ok(!JSON.stringify(heard.log.lines).includes("agent"));
});
