import assert from "node:assert/strict";
import {
  COOLDOWN_MS,
  DEADLINE_MS,
  eventually,
  granted,
  keys,
  planner,
  TTL_MS,
} from "../support/claims.ts";
import { shareCooldowns } from "../../lib/coordination/coordination.ts";
import { targetKey } from "../../lib/event/target.ts";
import { recordingLog } from "../support/log.ts";
import { startProxy } from "../support/proxy.ts";
import { HAS_REDIS, startRedis } from "../support/redis.ts";
import { RespError } from "../support/resp.ts";
import { scriptedRedis } from "../support/scripted_redis.ts";

const TARGET = { node: "piha", service: "mosquitto" };
const OTHER = { node: "piha", service: "nodered" };
const real = HAS_REDIS ? "" : " (ignored: needs redis-server)";

function test(name: string, fn: () => Promise<void>) {
  Deno.test({ name: `redis coordination: ${name}${real}`, ignore: !HAS_REDIS, fn });
}

test("without a Redis a planner acts alone after one deadline, then at once", async () => {
  await using redis = await startRedis();
  await redis.kill();
  await using a = planner(redis.url());
  const claim = granted(await a.within(DEADLINE_MS, a.claim(TARGET)));
  assert.equal(claim.shared, false);
  assert.equal(await claim.fence(COOLDOWN_MS), true);
  const at = a.clock.monotonic();
  for (let nth = 0; nth < 20; nth++) await granted(await a.claim(OTHER)).release();
  assert.equal(a.clock.monotonic(), at);
  const said = a.log.of("coordination_unavailable");
  assert.deepEqual(said.map(({ level, host }) => [level, host]), [
    ["warning", `127.0.0.1:${redis.port}`],
  ]);
  assert.match(String(said[0]?.effect), /keeps to its own cooldowns/);
});

test("Redis killed in the middle: alone within the deadline, together again later", async () => {
  await using redis = await startRedis();
  await using a = planner(redis.url());
  await granted(await a.claim(TARGET)).release();
  await redis.kill();
  const alone = granted(await a.within(DEADLINE_MS, a.claim(TARGET)));
  assert.equal(alone.shared, false);
  await alone.release();
  await redis.start();
  await a.restored();
  assert.equal(granted(await a.claim(TARGET)).shared, true);
  assert.deepEqual(a.log.lines.map(({ event }) => event), [
    "coordination_unavailable",
    "coordination_restored",
  ]);
  assert.ok(Number(a.log.of("coordination_restored")[0]?.away_seconds) >= 2);
});

test("a claim that a crash left becomes a cooldown, also when Redis was away at the start", async () => {
  await using redis = await startRedis();
  const left = "claim:b0a7.11111111-2222-4333-8444-555555555555~0:piha";
  await redis.command("SET", "planner:claim:piha/mosquitto", left, "PX", String(COOLDOWN_MS));
  await using theirs = planner(redis.url(), { nodeName: "solaria" });
  const held = granted(await theirs.claim(OTHER));
  const proxy = startProxy(redis.port);
  proxy.freeze();
  await using restarted = planner(`redis://127.0.0.1:${proxy.port}`, { instance: "b0a7" });
  const cooldowns = [TARGET, OTHER].map((target) => ({
    key: targetKey(target),
    remainingMs: 60_000,
  }));
  await restarted.within(DEADLINE_MS, shareCooldowns(cooldowns, restarted));
  proxy.resume();
  await restarted.restored();
  await eventually(async () => (await theirs.claim(TARGET)).kind === "cooling");
  // Another's claim stays: nobody has proposed for it.
  assert.equal(await held.fence(COOLDOWN_MS), true);
  await restarted.close();
  await proxy.close();
});

test("a link that goes silent stalls no step for longer than the deadline", async () => {
  await using redis = await startRedis();
  const proxy = startProxy(redis.port);
  await using a = planner(`redis://127.0.0.1:${proxy.port}`);
  const [one, two] = [granted(await a.claim(TARGET)), granted(await a.claim(OTHER))];
  proxy.freeze();
  // The lease still holds by this machine's clocks.
  assert.equal(await a.within(DEADLINE_MS, one.fence(COOLDOWN_MS)), true);
  await a.within(0, one.settle(COOLDOWN_MS));
  await a.within(0, two.release());
  const third = granted(await a.within(0, a.claim({ ...TARGET, service: "grafana" })));
  assert.equal(third.shared, false);
  assert.equal(a.log.of("coordination_unavailable")[0]?.reason, "timeout");

  proxy.resume();
  await a.restored();
  await eventually(async () => (await keys(redis)).size === 1);
  await using b = planner(redis.url());
  assert.equal((await b.claim(TARGET)).kind, "cooling");
  granted(await b.claim(OTHER));
  await a.close();
  await proxy.close();
});

test("what Redis was told once it is not told again after an outage", async () => {
  await using redis = await startRedis();
  await using a = planner(redis.url());
  const claim = granted(await a.claim(TARGET));
  assert.equal(await claim.fence(COOLDOWN_MS), true);
  await claim.settle(COOLDOWN_MS);
  assert.equal((await keys(redis)).size, 1);
  await redis.kill();
  await granted(await a.within(DEADLINE_MS, a.claim(OTHER))).release();
  // Redis forgot it meanwhile.
  await redis.start();
  await redis.command("FLUSHALL");
  await a.restored();
  await granted(await a.claim(OTHER)).release();
  await granted(await a.claim(OTHER)).release();
  assert.deepEqual([...await keys(redis)], []);
});

test("a link that goes silent while nobody asks is noticed all the same", async () => {
  await using redis = await startRedis();
  const proxy = startProxy(redis.port);
  await using a = planner(`redis://127.0.0.1:${proxy.port}`);
  const looking = a.armed(10_000);
  await granted(await a.claim(TARGET)).release();
  await looking;
  proxy.freeze();
  await eventually(async () => {
    await a.clock.advance(500);
    return a.log.of("coordination_unavailable").length === 1;
  });
  assert.equal(a.log.of("coordination_unavailable")[0]?.reason, "timeout");
  await a.close();
  await proxy.close();
});

test("a drop shorter than the deadline is bridged and not told", async () => {
  await using redis = await startRedis();
  const proxy = startProxy(redis.port);
  await using a = planner(`redis://127.0.0.1:${proxy.port}`);
  const claim = granted(await a.claim(TARGET));
  const again = a.armed(100);
  proxy.cut();
  await again;
  const asking = a.claim(OTHER);
  await a.clock.advance(100);
  assert.equal(granted(await asking).shared, true);
  assert.equal(await claim.fence(COOLDOWN_MS), true);
  assert.deepEqual(a.log.lines, []);
  await a.close();
  await proxy.close();
});

test("a claim that cannot be confirmed is relied on for most of its TTL, and no longer", async () => {
  await using redis = await startRedis();
  const proxy = startProxy(redis.port);
  await using a = planner(`redis://127.0.0.1:${proxy.port}`);
  const claim = granted(await a.claim(TARGET));
  const slept = granted(await a.claim(OTHER));
  await proxy.refuse();
  await a.clock.advance(TTL_MS * 0.9 - 1);
  assert.equal(await claim.fence(COOLDOWN_MS), true);
  // A machine that sleeps: its monotonic clock stands still.
  a.clock.jump(1_000);
  assert.equal(await slept.fence(COOLDOWN_MS), false);
  a.clock.jump(-3_600_000);
  assert.equal(await slept.fence(COOLDOWN_MS), true);
  await a.clock.advance(1);
  assert.equal(await slept.fence(COOLDOWN_MS), false);
  await a.close();
  await proxy.close();
});

test("who acted alone shares the cooldown afterwards, also where Redis forgot everything", async () => {
  await using redis = await startRedis();
  await using a = planner(redis.url());
  const shared = granted(await a.claim(TARGET));
  await redis.kill();
  const alone = granted(await a.within(DEADLINE_MS, a.claim(OTHER)));
  for (const claim of [shared, alone]) {
    assert.equal(await claim.fence(COOLDOWN_MS), true);
    await claim.settle(COOLDOWN_MS);
  }
  await a.clock.advance(100_000);
  await redis.start();
  await a.restored();
  await eventually(async () => (await keys(redis)).size === 2);
  await using b = planner(redis.url());
  for (const target of [TARGET, OTHER]) {
    const cooling = await b.claim(target);
    assert.ok(cooling.kind === "cooling");
    assert.ok(cooling.remainingMs <= COOLDOWN_MS - 100_000, String(cooling.remainingMs));
    assert.ok(cooling.remainingMs > COOLDOWN_MS - 160_000, String(cooling.remainingMs));
  }
});

test("what Redis was not told while it was away it is told before the end", async () => {
  await using redis = await startRedis();
  await redis.kill();
  const log = recordingLog();
  let closing: Promise<void> | undefined;
  await using a = planner(redis.url(), {
    log: {
      ...log,
      info(event) {
        if (event === "coordination_restored") closing = a.close();
      },
    },
  });
  for (const service of ["mosquitto", "nodered", "grafana"]) {
    const alone = granted(await a.within(DEADLINE_MS, a.claim({ node: "piha", service })));
    assert.equal(await alone.fence(COOLDOWN_MS), true);
    await alone.settle(COOLDOWN_MS);
  }
  await redis.start();
  await eventually(async () => {
    await a.clock.advance(500);
    return closing !== undefined;
  });
  await closing;
  assert.deepEqual([...(await keys(redis)).keys()].sort(), [
    "planner:claim:piha/grafana",
    "planner:claim:piha/mosquitto",
    "planner:claim:piha/nodered",
  ]);
});

test("a cooldown that ended while Redis was away is not brought up again", async () => {
  await using redis = await startRedis();
  await redis.kill();
  await using a = planner(redis.url());
  const alone = granted(await a.within(DEADLINE_MS, a.claim(TARGET)));
  assert.equal(await alone.fence(COOLDOWN_MS), true);
  await alone.settle(COOLDOWN_MS);
  await a.clock.advance(COOLDOWN_MS);
  await redis.start();
  await a.restored();
  await granted(await a.claim(TARGET)).release();
  assert.deepEqual([...await keys(redis)], []);
});

test("who began alone asks before writing, once Redis is back", async () => {
  await using redis = await startRedis();
  const proxy = startProxy(redis.port);
  await proxy.refuse();
  await using a = planner(`redis://127.0.0.1:${proxy.port}`);
  await using b = planner(redis.url());
  const late = granted(await a.within(DEADLINE_MS, a.claim(TARGET)));
  const first = granted(await a.claim(OTHER));
  const claim = granted(await b.claim(TARGET));
  assert.equal(await claim.fence(COOLDOWN_MS), true);
  await claim.settle(COOLDOWN_MS);
  proxy.accept();
  await a.restored();
  assert.equal(await late.fence(COOLDOWN_MS), false);
  assert.equal(await first.fence(COOLDOWN_MS), true);
  assert.equal((await b.claim(OTHER)).kind, "taken");
  await a.close();
  await proxy.close();
});

test("an answer that came too late leaves a claim that ends by itself", async () => {
  await using redis = await startRedis();
  const proxy = startProxy(redis.port);
  await using a = planner(`redis://127.0.0.1:${proxy.port}`);
  await granted(await a.claim(OTHER)).release();
  proxy.freeze();
  const alone = granted(await a.within(DEADLINE_MS, a.claim(TARGET)));
  proxy.resume();
  await a.restored();
  // Whether the question arrived or not, it is this planner's.
  assert.equal(await alone.fence(COOLDOWN_MS), true);
  assert.ok((await keys(redis)).has("planner:claim:piha/mosquitto"));
  await a.close();
  await proxy.close();
});

Deno.test("redis coordination: what answers and is no Redis is not relied on", async () => {
  const server = scriptedRedis(() => "OK");
  const a = planner(`redis://user:s3cret@127.0.0.1:${server.port}`);
  const failed = a.armed(100);
  const asking = a.claim(TARGET);
  await failed;
  const claim = granted(await a.within(DEADLINE_MS, asking));
  assert.equal(claim.shared, false);
  assert.equal(await claim.fence(COOLDOWN_MS), true);
  assert.equal(a.log.of("coordination_unavailable")[0]?.reason, "protocol");
  assert.ok(!JSON.stringify(a.log.lines).includes("s3cret"));
  await a.close();
  assert.equal(a.clock.waiting, 0);
  await server.close();
});

Deno.test("redis coordination: a Redis that drops each connection at once is called ever more seldom", async () => {
  const server = scriptedRedis((words, connection) => {
    if (words[0] !== "EVAL") return "OK";
    // The rehearsal goes well, then the connection ends.
    connection.send(1);
    connection.close();
    return undefined;
  });
  const a = planner(`redis://127.0.0.1:${server.port}`);
  const tries = [100, 200, 400, 800, 1_600].map((ms) => ({ ms, armed: a.armed(ms) }));
  const asking = a.claim(TARGET);
  for (const { ms, armed } of tries) {
    await armed;
    if (ms < 1_600) await a.clock.advance(ms);
  }
  assert.equal(granted(await a.within(DEADLINE_MS, asking)).shared, false);
  await a.within(DEADLINE_MS, a.close());
  assert.equal(a.clock.waiting, 0);
  await server.close();
});

Deno.test("redis coordination: who is refused once connects anew, and is granted the claim then", async () => {
  const refused = new RespError("LOADING Redis is loading the dataset in memory");
  const replies = [1, refused, 1, ["claimed"], 1];
  const server = scriptedRedis(([name]) => name === "EVAL" ? replies.shift() : "OK");
  const a = planner(`redis://127.0.0.1:${server.port}`);
  let result: Awaited<ReturnType<typeof a.claim>> | undefined;
  void a.claim(TARGET).then((given) => result = given);
  await eventually(async () => {
    // Given up on, it is granted unshared.
    await a.clock.advance(100);
    return result !== undefined;
  });
  assert.ok(result);
  assert.equal(granted(result).shared, true);
  assert.deepEqual([replies.length, a.log.lines], [1, []]);
  await a.within(DEADLINE_MS, a.close());
  await server.close();
});

Deno.test("redis coordination: a connection that lasted starts the waiting anew", async () => {
  let drops = true;
  const connections = new Set<{ close(): void }>();
  const server = scriptedRedis((words, connection) => {
    if (words[0] !== "EVAL") return "OK";
    connections.add(connection);
    connection.send(1);
    if (drops) connection.close();
    return undefined;
  });
  const a = planner(`redis://127.0.0.1:${server.port}`);
  const [first, second, lasting] = [a.armed(100), a.armed(200), a.armed(10_000)];
  const asking = a.claim(TARGET);
  await first;
  await a.clock.advance(100);
  await second;
  drops = false;
  await a.clock.advance(200);
  await lasting;
  await asking;
  await a.clock.advance(10_000);
  const waits = [100, 400].map((ms) => a.armed(ms).then(() => ms));
  for (const connection of connections) connection.close();
  assert.equal(await Promise.race(waits), 100);
  await a.within(DEADLINE_MS, a.close());
  await server.close();
});
