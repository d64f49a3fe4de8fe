import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Claim,
  type Coordination,
  shareCooldowns,
} from "../../lib/coordination/coordination.ts";
import { targetKey } from "../../lib/event/target.ts";
import {
  COOLDOWN_MS,
  eventually,
  granted,
  keys,
  planner,
  RENEW_EVERY_MS,
  TTL_MS,
} from "../support/claims.ts";
import { HAS_REDIS, startRedis } from "../support/redis.ts";

type ClaimResult = Awaited<ReturnType<Coordination["claim"]>>;

const TARGET = { node: "piha", service: "mosquitto" };
const KEY = "planner:claim:piha/mosquitto";
const real = HAS_REDIS ? "" : " (ignored: needs redis-server)";

function test(name: string, fn: () => Promise<void>) {
  Deno.test({ name: `redis coordination: ${name}${real}`, ignore: !HAS_REDIS, fn });
}

test("a claim is one planner's until it is released", async () => {
  await using redis = await startRedis();
  await using a = planner(redis.url());
  await using b = planner(redis.url(), { nodeName: "solaria" });
  const claim = granted(await a.claim(TARGET));
  assert.equal(claim.shared, true);
  const taken = await b.claim(TARGET);
  assert.ok(taken.kind === "taken");
  assert.equal(taken.by, "piha");
  assert.equal(taken.againMs, RENEW_EVERY_MS);
  const elsewhere = granted(await b.claim({ ...TARGET, service: "zigbee2mqtt" }));
  assert.equal(await claim.fence(COOLDOWN_MS), true);
  assert.equal(await elsewhere.fence(COOLDOWN_MS), true);
  await claim.release();
  assert.equal(granted(await b.claim(TARGET)).shared, true);
});

test("a settled claim is everybody's cooldown", async () => {
  await using redis = await startRedis();
  await using a = planner(redis.url());
  await using b = planner(redis.url());
  const claim = granted(await a.claim(TARGET));
  assert.equal(await claim.fence(COOLDOWN_MS), true);
  await claim.settle(COOLDOWN_MS);
  for (const { claim: ask } of [a, b]) {
    const cooling = await ask(TARGET);
    assert.ok(cooling.kind === "cooling");
    assert.equal(cooling.by, "piha");
    assert.ok(cooling.remainingMs > COOLDOWN_MS - 5_000 && cooling.remainingMs <= COOLDOWN_MS);
  }
  // What comes after the end changes nothing.
  await claim.release();
  await claim.settle(1);
  assert.equal(await claim.fence(COOLDOWN_MS), false);
  assert.equal((await b.claim(TARGET)).kind, "cooling");
});

test("a cooldown of nothing frees the target", async () => {
  await using redis = await startRedis();
  await using a = planner(redis.url());
  const claim = granted(await a.claim(TARGET));
  assert.equal(await claim.fence(0), true);
  await claim.settle(0);
  assert.deepEqual([...await keys(redis)], []);
});

test("a target is free again when its cooldown is over", async () => {
  await using redis = await startRedis();
  await using a = planner(redis.url());
  await granted(await a.claim(TARGET)).settle(1);
  await eventually(async () => (await keys(redis)).size === 0);
  granted(await a.claim(TARGET));
});

test("of 8 that ask at once exactly one is granted, in whatever order", async () => {
  await using redis = await startRedis();
  await using a = planner(redis.url());
  await using b = planner(redis.url());
  let nth = 0;
  const order = fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 });
  await fc.assert(
    fc.asyncProperty(order, async (claimers) => {
      const target = { node: "piha", service: `s${nth++}` };
      const results = await Promise.all(
        claimers.map((who) => (who % 2 === 0 ? a : b).claim(target)),
      );
      const kinds = results.map(({ kind }) => kind).sort();
      assert.deepEqual(kinds, ["claimed", ...Array(7).fill("taken")]);
      for (const result of results) if (result.kind === "claimed") await result.claim.release();
    }),
    { numRuns: 50 },
  );
});

test("whatever 8 claimers do at once, one holds the target, and nobody during its cooldown", async () => {
  await using redis = await startRedis();
  await using a = planner(redis.url());
  await using b = planner(redis.url());
  let nth = 0;
  type Step = "claim" | "fence" | "settle" | "release";
  const step = fc.constantFrom<Step>("claim", "claim", "claim", "fence", "release", "settle");
  const rounds = fc.array(fc.array(step, { minLength: 8, maxLength: 8 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(rounds, async (plan) => {
      const target = { node: "piha", service: `s${nth++}` };
      const claims = new Map<number, Claim>();
      let cools = false;
      for (const round of plan) {
        let settled = false;
        await Promise.all(round.map(async (step, who) => {
          const mine = claims.get(who);
          if (step === "claim" && !mine) {
            const result: ClaimResult = await (who % 2 === 0 ? a : b).claim(target);
            if (result.kind === "claimed") claims.set(who, result.claim);
            if (cools) assert.equal(result.kind, "cooling");
            else if (!settled) assert.notEqual(result.kind, "cooling");
          } else if (step === "fence" && mine) {
            assert.equal(await mine.fence(COOLDOWN_MS), true);
          } else if (step === "release" && mine) {
            await mine.release();
            claims.delete(who);
          } else if (step === "settle" && mine) {
            settled = true;
            await mine.settle(COOLDOWN_MS);
            claims.delete(who);
          }
        }));
        cools ||= settled;
        assert.ok(claims.size <= (cools ? 0 : 1), `${claims.size} hold the target`);
        await keys(redis);
      }
      for (const claim of claims.values()) await claim.release();
      await redis.command("FLUSHALL");
    }),
    { numRuns: 40 },
  );
});

test("a claim is kept alive while it is held, and not after", async () => {
  await using redis = await startRedis();
  await using a = planner(redis.url());
  const claim = granted(await a.claim(TARGET));
  for (let nth = 0; nth < 3; nth++) {
    await redis.command("PEXPIRE", KEY, "9000");
    await a.clock.advance(RENEW_EVERY_MS);
    await eventually(async () => ((await keys(redis)).get(KEY) ?? 0) > 25_000);
  }
  await claim.release();
  await a.clock.advance(RENEW_EVERY_MS * 2);
  assert.deepEqual([...await keys(redis)], []);
});

test("a dead planner's claim ends with its TTL, its fence keeps the target for a cooldown", async () => {
  await using redis = await startRedis();
  await using a = planner(redis.url());
  const claim = granted(await a.claim(TARGET));
  assert.ok(((await keys(redis)).get(KEY) ?? Infinity) <= TTL_MS);
  assert.equal(await claim.fence(COOLDOWN_MS), true);
  const reserved = (await keys(redis)).get(KEY) ?? 0;
  assert.ok(reserved > COOLDOWN_MS - 5_000 && reserved <= COOLDOWN_MS, String(reserved));
  // A renewal does not shorten it.
  const renewed = a.armed(RENEW_EVERY_MS);
  await a.clock.advance(RENEW_EVERY_MS);
  await renewed;
  assert.ok(((await keys(redis)).get(KEY) ?? 0) > COOLDOWN_MS - 5_000);
  await using b = planner(redis.url());
  const taken = await b.claim(TARGET);
  assert.ok(taken.kind === "taken" && taken.againMs === RENEW_EVERY_MS, JSON.stringify(taken));
});

test("a planner that crashed has its own claims again, and its own cooldowns still", async () => {
  await using redis = await startRedis();
  const instance = "0123456789abcdef";
  await using crashed = planner(redis.url(), { instance });
  const fenced = granted(await crashed.claim(TARGET));
  assert.equal(await fenced.fence(COOLDOWN_MS), true);
  const done = { ...TARGET, service: "zigbee2mqtt" };
  await granted(await crashed.claim(done)).settle(COOLDOWN_MS);

  await using other = planner(redis.url(), { instance: "fedcba9876543210" });
  assert.equal((await other.claim(TARGET)).kind, "taken");
  await using restarted = planner(redis.url(), { instance });
  const claim = granted(await restarted.claim(TARGET));
  const cooling = await restarted.claim(done);
  assert.ok(cooling.kind === "cooling" && cooling.by === "piha", JSON.stringify(cooling));
  // What the life before says late changes nothing.
  assert.equal(await fenced.fence(COOLDOWN_MS), false);
  await fenced.release();
  assert.equal((await other.claim(TARGET)).kind, "taken");
  assert.equal(await claim.fence(COOLDOWN_MS), true);
});

test("a planner that crashed makes cooldowns of the claims it left", async () => {
  await using redis = await startRedis();
  const instance = "0123456789abcdef";
  await using crashed = planner(redis.url(), { instance });
  assert.equal(await granted(await crashed.claim(TARGET)).fence(COOLDOWN_MS), true);
  await using other = planner(redis.url(), { nodeName: "solaria", instance: "fedcba9876543210" });
  const theirs = { ...TARGET, service: "zigbee2mqtt" };
  const held = granted(await other.claim(theirs));

  await using restarted = planner(redis.url(), { instance });
  const unknown = { ...TARGET, service: "grafana" };
  await shareCooldowns([
    { key: targetKey(TARGET), remainingMs: 60_000 },
    { key: targetKey(theirs), remainingMs: 60_000 },
    { key: targetKey(unknown), remainingMs: 60_000 },
  ], restarted);
  for (const target of [TARGET, unknown]) {
    const cooling = await other.claim(target);
    assert.ok(cooling.kind === "cooling", JSON.stringify(cooling));
    assert.ok(cooling.remainingMs > 55_000 && cooling.remainingMs <= 60_000);
  }
  assert.equal(await held.fence(COOLDOWN_MS), true);
});

test("a claim that is merely gone is taken anew, as it is nobody's", async () => {
  await using redis = await startRedis();
  await using a = planner(redis.url());
  await using b = planner(redis.url());
  const claim = granted(await a.claim(TARGET));
  await redis.command("DEL", KEY);
  assert.equal(await claim.fence(COOLDOWN_MS), true);
  const left = Number(await redis.command("PTTL", KEY));
  assert.ok(left > COOLDOWN_MS - 10_000 && left <= COOLDOWN_MS, String(left));
  assert.equal((await b.claim(TARGET)).kind, "taken");
  await claim.release();
  assert.deepEqual([...await keys(redis)], []);
});

test("a claim that ran out is the next one's, whatever its former owner does", async () => {
  await using redis = await startRedis();
  await using a = planner(redis.url());
  await using b = planner(redis.url());
  const former = granted(await a.claim(TARGET));
  const second = granted(await a.claim({ ...TARGET, service: "nodered" }));
  await redis.command("PEXPIRE", KEY, "1");
  await eventually(async () => (await keys(redis)).size === 1);
  const claim = granted(await b.claim(TARGET));
  assert.equal(await former.fence(COOLDOWN_MS), false);
  await former.release();
  assert.equal(await claim.fence(COOLDOWN_MS), true);
  await claim.settle(COOLDOWN_MS);
  assert.equal((await a.claim(TARGET)).kind, "cooling");
  assert.equal(await second.fence(COOLDOWN_MS), true);
});

test("settling a claim that was lost before it was fenced does not touch the next one's", async () => {
  await using redis = await startRedis();
  await using a = planner(redis.url());
  await using b = planner(redis.url());
  const former = granted(await a.claim(TARGET));
  await redis.command("DEL", KEY);
  const claim = granted(await b.claim(TARGET));
  await former.settle(COOLDOWN_MS);
  assert.equal((await a.claim(TARGET)).kind, "taken");
  assert.equal(await claim.fence(COOLDOWN_MS), true);
});

test("a proposal outranks a claim: whoever has none yet learns it at the fence", async () => {
  await using redis = await startRedis();
  await using a = planner(redis.url());
  await using b = planner(redis.url());
  const former = granted(await a.claim(TARGET));
  assert.equal(await former.fence(COOLDOWN_MS), true);
  await redis.command("DEL", KEY);
  const claim = granted(await b.claim(TARGET));
  await former.settle(COOLDOWN_MS);
  assert.equal(await claim.fence(COOLDOWN_MS), false);
  await claim.release();
  assert.equal((await b.claim(TARGET)).kind, "cooling");
});

test("of two cooldowns of a target the one that lasts longer stays", async () => {
  await using redis = await startRedis();
  await using a = planner(redis.url());
  const value = "cooldown:theirs~0:solaria";
  for (const [theirs, stays] of [[200_000, true], [50_000, false]] as const) {
    const claim = granted(await a.claim(TARGET));
    assert.equal(await claim.fence(COOLDOWN_MS), true);
    await redis.command("SET", KEY, value, "PX", String(theirs));
    await claim.settle(100_000);
    assert.equal(String(await redis.command("GET", KEY)) === value, stays);
    const left = Number(await redis.command("PTTL", KEY));
    const most = stays ? theirs : 100_000;
    assert.ok(left > most - 10_000 && left <= most, String(left));
    await redis.command("DEL", KEY);
  }
});

test("a claim that a renewal found lost stays lost", async () => {
  await using redis = await startRedis();
  await using a = planner(redis.url());
  const claim = granted(await a.claim(TARGET));
  const renewing = a.clock.waiting;
  await redis.command("SET", KEY, "claim:other:solaria", "PX", String(TTL_MS));
  await a.clock.advance(RENEW_EVERY_MS);
  await eventually(() => Promise.resolve(a.clock.waiting === renewing - 1));
  // As if it had come back: what was lost once stays lost.
  await redis.command("DEL", KEY);
  assert.equal(await claim.fence(COOLDOWN_MS), false);
  await claim.settle(0);
});

test("what is no claim is replaced, and does not stop anybody", async () => {
  await using redis = await startRedis();
  await using a = planner(redis.url());
  const spoil: (readonly string[])[] = [
    ["SET", KEY, "claim:forever:solaria"],
    ["RPUSH", KEY, "a list"],
    ["SET", KEY, "cooldown:forever:solaria"],
  ];
  for (const command of spoil) {
    await redis.command(...command);
    const claim = granted(await a.claim(TARGET));
    assert.equal(claim.shared, true);
    await keys(redis);
    assert.equal(await claim.fence(COOLDOWN_MS), true);
    await redis.command("DEL", KEY);
    await redis.command(...command);
    await claim.settle(1);
    await redis.command("DEL", KEY);
  }
  assert.deepEqual(a.log.lines, []);
});

test("what is no text is nobody's claim, however long it would last", async () => {
  await using redis = await startRedis();
  await using a = planner(redis.url());
  await redis.command("RPUSH", KEY, "a list");
  await redis.command("PEXPIRE", KEY, "600000");
  const claim = granted(await a.claim(TARGET));
  assert.equal(await redis.command("TYPE", KEY), "string");
  await claim.release();
});

test("the cooldown of a lesser fault is none for a graver one, and one for its like", async () => {
  await using redis = await startRedis();
  await using a = planner(redis.url());
  await using b = planner(redis.url(), { nodeName: "vps" });
  await granted(await a.claim(TARGET, 2)).settle(COOLDOWN_MS);
  for (const gravity of [2, 3]) assert.equal((await b.claim(TARGET, gravity)).kind, "cooling");
  await granted(await b.claim(TARGET, 1)).settle(COOLDOWN_MS);
  const cooling = await a.claim(TARGET, 1);
  assert.deepEqual([cooling.kind, "by" in cooling && cooling.by], ["cooling", "vps"]);
});

test("a holder's name is shown as one clean line", async () => {
  await using redis = await startRedis();
  await using a = planner(redis.url());
  await redis.command("SET", KEY, `claim:x:${"\u001b[31mpi\nha "}${"x".repeat(500)}`, "PX", "9000");
  const taken = await a.claim(TARGET);
  assert.ok(taken.kind === "taken");
  assert.match(taken.by, /^pi ?ha x{90,}… \(\d+ characters\)$/);
  await redis.command("SET", KEY, "what", "PX", "9000");
  const other = await a.claim(TARGET);
  assert.ok(other.kind === "taken" && other.by === "another planner");
});

test("close gives back what is held and leaves no timer", async () => {
  await using redis = await startRedis();
  const a = planner(redis.url());
  granted(await a.claim(TARGET));
  await granted(await a.claim({ ...TARGET, service: "nodered" })).settle(COOLDOWN_MS);
  await a.close();
  assert.equal(a.clock.waiting, 0);
  assert.deepEqual([...(await keys(redis)).keys()], ["planner:claim:piha/nodered"]);
  assert.equal(granted(await a.claim(TARGET)).shared, false);
  assert.deepEqual(a.log.lines, []);
  await eventually(async () => !String(await redis.command("CLIENT", "LIST")).includes("cmd=eval"));
});
