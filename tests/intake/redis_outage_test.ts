import assert from "node:assert/strict";
import { bulk, RespError } from "../support/resp.ts";
import { startProxy } from "../support/proxy.ts";
import { CHANNELS } from "../support/channels.ts";
import { startRedis } from "../support/redis.ts";
import { listener, PING_DEADLINE_MS, PING_EVERY_MS } from "../support/redis_listener.ts";
import { healthy, scriptedRedis } from "../support/scripted_redis.ts";

const [HEALTH] = CHANNELS;

Deno.test("redis intake: a link that goes silent is noticed within 30 s, and used within 31 s of its return", async () => {
  await using redis = await startRedis();
  const proxy = startProxy(redis.port);
  const heard = listener(`redis://127.0.0.1:${proxy.port}`);
  await heard.log.seen("redis_subscribed");
  await heard.ping(1);
  await heard.ping(2);

  proxy.freeze();
  const frozenAt = heard.clock.monotonic();
  await heard.clock.advance(PING_EVERY_MS);
  await heard.armed(PING_DEADLINE_MS, 3);
  await heard.clock.advance(PING_DEADLINE_MS);
  const lost = await heard.log.seen("redis_lost");
  assert.equal(lost.reason, "timeout");
  assert.match(String(lost.detail), /did not answer \(ping\) within 9\.999 s/);
  assert.ok(heard.clock.monotonic() - frozenAt <= 30_000);

  // Connections are taken by the proxy and never answered: the longest wait there is.
  for (let nth = 1; nth <= 6; nth++) {
    await heard.retry();
    await heard.armed(5_000, 2 + 2 * nth);
    await heard.clock.advance(5_000);
    const failed = await heard.log.seen("redis_unavailable", nth);
    assert.equal(failed.reason, "timeout");
  }
  const waiting = heard.state();
  assert.ok(waiting.kind === "waiting" && waiting.retryInMs === 25_000);

  proxy.resume();
  const backAt = heard.clock.monotonic();
  await heard.retry();
  await heard.log.seen("redis_subscribed", 2);
  assert.ok(heard.clock.monotonic() - backAt <= 31_000);
  await redis.awaitSubscribed();
  await redis.publish(HEALTH, "after the tunnel");
  await heard.received(1);
  await heard.stop();
  await proxy.close();
});

Deno.test("redis intake: a slow PING is no silence while messages come in", async () => {
  const server = scriptedRedis((words) => words[0] === "PING" ? undefined : healthy(words));
  const heard = listener(`redis://127.0.0.1:${server.port}`);
  await heard.log.seen("redis_subscribed");
  await heard.clock.advance(PING_EVERY_MS);
  await server.seen("PING");
  for (const connection of server.open) {
    connection.send([bulk("message"), bulk(HEALTH), bulk("on its way")]);
  }
  await heard.received(1);
  await heard.clock.advance(PING_DEADLINE_MS);
  assert.equal(heard.state().kind, "subscribed");
  await heard.clock.advance(PING_DEADLINE_MS);
  assert.equal((await heard.log.seen("redis_lost")).reason, "timeout");
  await heard.stop();
  assert.equal(heard.clock.waiting, 0);
  await server.close();
});

Deno.test("redis intake: 20 s of LOADING are lived through, at most one connection a second", async () => {
  const connectedAt: number[] = [];
  let loading = true;
  const server = scriptedRedis(
    (words) => loading ? new RespError("LOADING Redis is loading the dataset") : healthy(words),
    () => void connectedAt.push(heard.clock.monotonic()),
  );
  const heard = listener(`redis://agent:pw@127.0.0.1:${server.port}`, { random: () => 0.999 });
  const startedAt = heard.clock.monotonic();
  for (let nth = 1;; nth++) {
    const failed = await heard.log.seen("redis_unavailable", nth);
    assert.deepEqual([failed.reason, failed.attempt, failed.level], ["loading", nth, "warning"]);
    if (heard.clock.monotonic() - startedAt >= 20_000) break;
    await heard.retry();
  }
  loading = false;
  const readyAt = heard.clock.monotonic();
  await heard.retry();
  await heard.log.seen("redis_subscribed");
  assert.ok(heard.clock.monotonic() - readyAt <= 31_000);
  const apart = connectedAt.slice(1).map((at, i) => at - (connectedAt[i] ?? 0));
  assert.ok(apart.every((ms) => ms >= 1_000 && ms <= 30_000), String(apart));
  await heard.stop();
  await server.close();
});

Deno.test("redis intake: an error in answer to a PING comes from a living peer, NOAUTH does not", async () => {
  const errors = ["LOADING wait", "NOPERM no", "ERR what", "NOAUTH Authentication required."];
  let pings = 0;
  const server = scriptedRedis((words) =>
    words[0] === "PING" ? new RespError(errors[pings++] ?? "ERR") : healthy(words)
  );
  const heard = listener(`redis://127.0.0.1:${server.port}`);
  await heard.log.seen("redis_subscribed");
  for (const nth of [1, 2, 3]) await heard.ping(nth);
  assert.equal(heard.state().kind, "subscribed");
  await heard.clock.advance(PING_EVERY_MS);
  const lost = await heard.log.seen("redis_lost");
  assert.deepEqual([lost.reason, lost.subscribed_seconds, pings], ["no_auth", 40, 4]);
  await heard.stop();
  await server.close();
});

Deno.test("redis intake: neither name nor port at boot, 22 tries, then subscribed", async () => {
  await using redis = await startRedis();
  const proxy = startProxy(redis.port);
  await proxy.refuse();
  const heard = listener(`redis://127.0.0.1:${proxy.port}`);
  const delays: number[] = [];
  for (let nth = 1; nth <= 22; nth++) {
    const failed = await heard.log.seen("redis_unavailable", nth);
    assert.deepEqual(
      [failed.reason, failed.attempt, failed.host],
      ["refused", nth, `127.0.0.1:${proxy.port}`],
    );
    if (nth < 22) delays.push(await heard.retry());
  }
  assert.deepEqual(delays.slice(0, 7), [1_250, 2_500, 5_000, 10_000, 20_000, 25_000, 25_000]);
  assert.equal(Math.max(...delays), 25_000);
  assert.equal(heard.log.lines.length, 22);
  proxy.accept();
  await heard.retry();
  await heard.log.seen("redis_subscribed");
  await heard.stop();
  await proxy.close();
});

Deno.test("redis intake: a name that cannot be resolved is named as such", async () => {
  await using redis = await startRedis();
  const { Redis } = await import("ioredis");
  let tries = 0;
  const notFound = Object.assign(new Error("getaddrinfo ENOTFOUND piha.lan"), {
    code: "ENOTFOUND",
  });
  await using heard = listener("redis://piha.lan", {
    createClient(settings) {
      if (++tries > 2) return new Redis({ ...settings, host: "127.0.0.1", port: redis.port });
      const client = new Redis(settings);
      client.connect = () => Promise.reject(notFound);
      return client;
    },
  });
  for (const nth of [1, 2]) {
    const failed = await heard.log.seen("redis_unavailable", nth);
    assert.deepEqual([failed.reason, failed.host], ["no_such_host", "piha.lan:6379"]);
    await heard.retry();
  }
  await heard.log.seen("redis_subscribed");
});
