import assert from "node:assert/strict";
import { SiteError } from "../../../lib/base/host_port.ts";
import { RedisUnusableError } from "../../../lib/base/redis/failure.ts";
import type { RedisTargetOptions } from "../../../lib/base/redis/target.ts";
import { redisTarget } from "../../../lib/base/redis/target.ts";
import { CHANNELS } from "../../support/channels.ts";
import { fakeClock } from "../../support/clock.ts";
import { freePort, HAS_REDIS, startRedis } from "../../support/redis.ts";
import { listener } from "../../support/redis_listener.ts";
import { bulk, type Reply, RespError } from "../../support/resp.ts";
import { healthy, type Script, scriptedRedis } from "../../support/scripted_redis.ts";
import { eventually } from "../../support/stream_reader.ts";

const [HEALTH] = CHANNELS;

function naming(host: string, port: number | string): Reply {
  return [bulk(host), bulk(`${port}`)];
}

/** What asking sentinels that answer so leads to. */
async function locate(
  scripts: readonly Script[],
  { login = "", query = "", ...options }: Partial<RedisTargetOptions> & {
    readonly login?: string;
    readonly query?: string;
  } = {},
) {
  const servers = scripts.map((script) => scriptedRedis(script));
  const clock = fakeClock();
  const hosts = servers.map(({ port }) => `127.0.0.1:${port}`).join(",");
  const target = redisTarget(`redis+sentinel://${login}${hosts}/homelab${query}`, {
    clock,
    connectTimeoutMs: 2_000,
    ...options,
  });
  try {
    const found = await target.locate().then(({ endpoint }) => endpoint)
      .catch((error) => error instanceof RedisUnusableError ? error.failure : error);
    assert.equal(clock.waiting, 0);
    return { found, asked: servers.map(({ commands }) => commands), hosts: hosts.split(",") };
  } finally {
    for (const server of servers) await server.close();
  }
}

Deno.test("redisTarget: one server is where the URL says; a cluster's nodes take turns", async () => {
  const options = { clock: fakeClock(), connectTimeoutMs: 1_000 };
  const one = redisTarget("rediss://u:p@piha", options);
  assert.deepEqual((await one.locate()).endpoint, {
    host: "piha",
    port: 6379,
    tls: true,
    display: "piha:6379",
  });
  const cluster = redisTarget("redis+cluster://u:p@h1,h2", options);
  assert.equal(cluster.display, "h1:6379,h2:6379");
  assert.deepEqual(cluster.server.credentials, { user: "u", password: "p" });
  const places = [await cluster.locate(), await cluster.locate(), await cluster.locate()];
  assert.deepEqual(places.map(({ endpoint }) => endpoint.display), [
    "h1:6379",
    "h2:6379",
    "h1:6379",
  ]);
});

Deno.test("redisTarget: keys have no place in a cluster", () => {
  assert.throws(
    () =>
      redisTarget("redis+cluster://h1", {
        clock: fakeClock(),
        connectTimeoutMs: 1_000,
        keys: true,
      }),
    (error) => error instanceof SiteError && /only pub\/sub can be used/.test(error.message),
  );
});

Deno.test("redisTarget: the primary that the first sentinel names", async () => {
  const { found, asked } = await locate([() => naming("127.0.0.1", 6390), healthy]);
  assert.deepEqual(found, {
    host: "127.0.0.1",
    port: 6390,
    tls: false,
    display: "127.0.0.1:6390",
    primaryOf: "homelab",
  });
  assert.deepEqual(asked, [[["SENTINEL", "get-master-addr-by-name", "homelab"]], []]);
});

Deno.test("redisTarget: a sentinel that cannot tell is passed over", async () => {
  const scripts: Script[] = [
    (_, connection) => void connection.close(),
    () => null,
    () => new RespError("ERR unknown command 'SENTINEL', with args beginning with: 'secret'"),
    () => naming("127.0.0.1", 6390),
  ];
  const { found } = await locate(scripts);
  assert.equal(found.display, "127.0.0.1:6390");
});

Deno.test("redisTarget: each call begins with another sentinel", async () => {
  const first = scriptedRedis(() => naming("127.0.0.1", 6391));
  const second = scriptedRedis(() => naming("127.0.0.1", 6392));
  const hosts = `127.0.0.1:${first.port},127.0.0.1:${second.port}`;
  const options = { clock: fakeClock(), connectTimeoutMs: 1_000 };
  const target = redisTarget(`redis+sentinel://${hosts}/homelab`, options);
  const ports: number[] = [];
  for (let nth = 0; nth < 3; nth++) ports.push((await target.locate()).endpoint.port);
  assert.deepEqual(ports, [6391, 6392, 6391]);
  assert.equal(target.display, `homelab of ${hosts}`);
  await first.close();
  await second.close();
});

Deno.test("redisTarget: when none can tell, the one that answered is heard", async () => {
  const cut: Script = (_, connection) => void connection.close();
  const cases = [
    [() => null, "no_primary", /: it knows no primary homelab\. Is the name right/],
    [() => new RespError("ERR unknown command `SENTINEL`, with args"), "protocol", /but a Redis/],
    [() => new RespError("NOAUTH Authentication required."), "no_auth", /it wants a password/],
    [() => "OK", "protocol", /the address of a primary/],
    [() => naming("*", 6379), "protocol", /the address of a primary: \* 6379/],
    [() => naming("127.0.0.1", "x"), "protocol", /the address of a primary/],
  ] as const;
  for (const [script, reason, detail] of cases) {
    const { found, hosts } = await locate([cut, script, cut]);
    assert.equal(found.reason, reason);
    assert.match(found.detail, detail);
    assert.ok(found.detail.startsWith(`Sentinel ${hosts[1]}: `), found.detail);
  }
  const { found } = await locate([cut, cut]);
  assert.equal(found.reason, "closed");
});

Deno.test("redisTarget: a sentinel with a password gets the URL's, when it asks", async () => {
  let known = false;
  const guarded: Script = (words) => {
    if (words[0] === "AUTH") {
      known = words[1] === "agent" && words[2] === "p@ss";
      return known ? "OK" : new RespError("WRONGPASS invalid username-password pair");
    }
    return known ? naming("127.0.0.1", 6390) : new RespError("NOAUTH Authentication required.");
  };
  const { found: primary, asked } = await locate([guarded], { login: "agent:p%40ss@" });
  assert.equal(primary.port, 6390);
  const question = ["SENTINEL", "get-master-addr-by-name", "homelab"];
  assert.deepEqual(asked, [[question, ["AUTH", "agent", "p@ss"], question]]);
  known = false;
  // Another refusal asks for no password.
  const refusing: Script = () => new RespError("NOPERM no permissions to run 'sentinel'");
  const refused = await locate([refusing], { login: "agent:p%40ss@" });
  assert.deepEqual([refused.found.reason, refused.asked], ["no_permission", [[question]]]);
  const { found } = await locate([guarded], { login: "agent:hunter2@" });
  assert.equal(found.reason, "wrong_password");
  assert.match(found.detail, /has to take the user and password of its Redis, or to want none/);
  assert.doesNotMatch(found.detail, /hunter2/);
});

Deno.test("redisTarget: a primary outside of nodes=, or of the permissions, is told", async () => {
  const script = () => naming("127.0.0.1", 6390);
  const outside = await locate([script], { query: "?nodes=127.0.0.1:6391" });
  assert.equal(outside.found.reason, "not_permitted");
  assert.match(
    outside.found.detail,
    /it names 127\.0\.0\.1:6390 as the primary of homelab, which is none of the nodes=/,
  );
  const asked: string[] = [];
  const { found } = await locate([script], {
    mayConnect(hostPort) {
      asked.push(hostPort);
      return Promise.resolve(false);
    },
  });
  assert.deepEqual(asked, ["127.0.0.1:6390"]);
  assert.equal(found.reason, "not_permitted");
  assert.match(
    found.detail,
    /may not connect to\. Build it for a REDIS_URL whose nodes= has it\./,
  );
});

Deno.test("redisTarget: silent sentinels are given up on in time, and at once on a signal", async () => {
  const silent = scriptedRedis(() => undefined);
  const clock = fakeClock();
  const url = `redis+sentinel://127.0.0.1:${silent.port}/homelab`;
  const target = redisTarget(url, { clock, connectTimeoutMs: 2_000 });
  const late = target.locate().catch((error) => error.failure);
  await silent.seen("SENTINEL");
  await clock.advance(2_000);
  assert.equal((await late).reason, "timeout");

  const stop = new AbortController();
  const stopped = target.locate(stop.signal).then(() => "located", (error) => error);
  await silent.seen("SENTINEL", 2);
  stop.abort();
  // Not the failure of a sentinel: none has failed.
  assert.equal(await stopped, null);
  assert.equal(clock.waiting, 0);
  await silent.close();
});

Deno.test("redis intake: what a sentinel named is asked for its role; a replica is left", async () => {
  let role: Reply = [bulk("slave"), bulk("127.0.0.1"), 6379, bulk("connected"), 0];
  const server = scriptedRedis((words) => words[0] === "ROLE" ? role : healthy(words));
  const sentinel = scriptedRedis(() => naming("127.0.0.1", server.port));
  await using heard = listener(`redis+sentinel://127.0.0.1:${sentinel.port}/homelab`);
  const failed = await heard.log.seen("redis_unavailable");
  assert.deepEqual([failed.reason, failed.level], ["no_primary", "warning"]);
  assert.match(String(failed.detail), /as the primary of homelab, and it is a replica/);
  role = [bulk("master"), 0, []];
  await heard.retry();
  await heard.log.seen("redis_subscribed");
  // Who may not ask takes the sentinel's word.
  role = new RespError("NOPERM this user has no permissions to run the 'role' command");
  for (const connection of server.open) connection.close();
  await heard.log.seen("redis_lost");
  await heard.retry();
  await heard.log.seen("redis_subscribed", 2);
  await heard.stop();
  await server.close();
  await sentinel.close();
});

Deno.test({
  name: "redis intake: a cluster is heard at any node, and at another when that one is gone",
  ignore: !HAS_REDIS,
  async fn() {
    const start = () =>
      startRedis({ further: ["--cluster-enabled", "yes", "--cluster-port", `${freePort()}`] });
    await using first = await start();
    await using second = await start();
    const bus = String(await second.command("CLUSTER", "NODES")).match(/@(\d+)/)?.[1] ?? "";
    await first.command("CLUSTER", "MEET", "127.0.0.1", `${second.port}`, bus);
    await using heard = listener(
      `redis+cluster://127.0.0.1:${first.port},127.0.0.1:${second.port}`,
    );
    assert.equal(
      (await heard.log.seen("redis_subscribed")).host,
      `127.0.0.1:${first.port}`,
    );
    // Once the nodes know each other, it reaches the subscriber of the other one.
    await eventually("the nodes have met", async () => {
      await second.publish(HEALTH, "from the other node");
      return heard.messages.length > 0;
    });
    await first.kill();
    await heard.log.seen("redis_lost");
    await heard.retry();
    assert.equal(
      (await heard.log.seen("redis_subscribed", 2)).host,
      `127.0.0.1:${second.port}`,
    );
    const before = heard.messages.length;
    await second.publish(HEALTH, "after");
    await heard.received(before + 1);
    assert.equal(heard.messages.at(-1), `${HEALTH} after`);
  },
});
