import assert from "node:assert/strict";
import { CLAIM_COMMANDS } from "../../lib/coordination/claim_scripts.ts";
import {
  COOLDOWN_MS,
  DEADLINE_MS,
  granted,
  keys,
  planner,
  RENEW_EVERY_MS,
  TTL_MS,
} from "../support/claims.ts";
import {
  aclLine,
  changed,
  grant,
  LOGIN,
  PASSWORD,
  rightsOf,
  undenied,
} from "../support/docs_acl.ts";
import { HAS_REDIS, startRedis, type TestRedis } from "../support/redis.ts";

const TARGET = { node: "piha", service: "mosquitto" };
/** Of a planner that is its user alone. */
const LINE = {
  ...aclLine("COORDINATION=redis"),
  words: ["on", `>${PASSWORD}`, ...aclLine("COORDINATION=redis").words],
};
const KEYS = "~planner:claim:*";
/** The same rights outside of parentheses, as Redis 6.2 takes them. */
const USER = ["agent on >pw resetchannels", ...rightsOf(LINE)].join(" ");
const real = HAS_REDIS ? "" : " (ignored: needs redis-server)";

function test(name: string, fn: () => Promise<void>) {
  Deno.test({ name: `redis coordination: ${name}${real}`, ignore: !HAS_REDIS, fn });
}

/** What is said to a user with too few rights. */
async function refusalOf(redis: TestRedis, login: string) {
  await using a = planner(redis.url(login));
  const failed = a.armed(100);
  const asking = a.claim(TARGET);
  const first = [failed.then(() => "refused"), asking.then(() => "granted")];
  assert.equal(await Promise.race(first), "refused", login);
  const claim = granted(await a.within(DEADLINE_MS, asking));
  assert.equal(claim.shared, false, login);
  const [said] = a.log.of("coordination_unavailable");
  assert.ok(!JSON.stringify(a.log.lines).includes("pw"), login);
  return [said?.reason, said?.detail];
}

test("all that claims do, they do as the user of docs/redis.md", async () => {
  await using redis = await startRedis();
  await grant(redis, LINE);
  await undenied(redis.port, async () => {
    await using a = planner(redis.url(LOGIN), { instance: "instance0a" });
    await using b = planner(redis.url(LOGIN), { instance: "instance0b" });

    // Taken, renewed, fenced, released.
    const claim = granted(await a.claim(TARGET));
    assert.equal((await b.claim(TARGET)).kind, "taken");
    const [key = ""] = (await keys(redis)).keys();
    await redis.command("PEXPIRE", key, String(TTL_MS / 2));
    const renewed = a.armed(RENEW_EVERY_MS);
    await a.clock.advance(RENEW_EVERY_MS);
    await renewed;
    assert.ok(Number((await keys(redis)).get(key)) > TTL_MS / 2);
    assert.equal(await claim.fence(COOLDOWN_MS), true);
    assert.ok(Number((await keys(redis)).get(key)) > TTL_MS);
    await claim.release();
    assert.equal((await keys(redis)).size, 0);

    // Left by a crash, and a cooldown in the end.
    await using crashed = planner(redis.url(LOGIN), { instance: "instance0b" });
    granted(await crashed.claim(TARGET));
    const again = granted(await b.claim(TARGET));
    assert.equal(again.shared, true);
    await again.settle(COOLDOWN_MS);
    assert.equal((await a.claim(TARGET)).kind, "cooling");

    // Lost, to what is no claim and then to another planner, whose claim a proposal outranks.
    await redis.command("DEL", key);
    const lost = granted(await a.claim(TARGET));
    assert.equal(await lost.fence(COOLDOWN_MS), true);
    await redis.command("DEL", key);
    await redis.command("LPUSH", key, "no claim");
    granted(await b.claim(TARGET));
    assert.equal(await lost.fence(COOLDOWN_MS), false);
    await lost.settle(COOLDOWN_MS);
    assert.match(String(await redis.command("GET", key)), /^cooldown:instance0a\./);

    for (const { log } of [a, b, crashed]) assert.deepEqual(log.lines, []);
  });
});

test("each of its rights is needed, and all of them are named where one lacks", async () => {
  await using redis = await startRedis();
  const rights = rightsOf(LINE);
  assert.deepEqual(rights, [KEYS, ...CLAIM_COMMANDS.map((name) => `+${name}`)]);
  const narrowed = ["%R", "%W"].map((access) => [KEYS, `${access}${KEYS}`] as const);
  for (const [right, instead] of [...rights.map((right) => [right] as const), ...narrowed]) {
    await redis.command("ACL", "DELUSER", LINE.user);
    await grant(redis, changed(LINE, right, instead));
    assert.deepEqual(await refusalOf(redis, LOGIN), [
      "no_permission",
      "This user lacks a permission that claims need. Grant all of them: ACL SETUSER ... " +
      "~planner:claim:* +eval +get +set +pttl +pexpire +del",
    ], right);
  }
});

test("a wrong password is called that", async () => {
  await using redis = await startRedis();
  await grant(redis, LINE);
  const [reason] = await refusalOf(redis, `${LINE.user}:pwrong`);
  assert.equal(reason, "wrong_password");
});

test("a password that nobody asks for does no harm", async () => {
  await using redis = await startRedis();
  await using a = planner(redis.url(":pw"));
  assert.equal(granted(await a.claim(TARGET)).shared, true);
});

test("rights that are taken away mean acting alone, and together again when they are back", async () => {
  await using redis = await startRedis({ users: [USER] });
  await using a = planner(redis.url("agent:pw"));
  await granted(await a.claim(TARGET)).release();
  await redis.command("ACL", "SETUSER", "agent", "-set");
  const failed = a.armed(100);
  const asking = a.claim(TARGET);
  await failed;
  const claim = granted(await a.within(DEADLINE_MS, asking));
  assert.equal(claim.shared, false);
  assert.equal((await a.log.seen("coordination_unavailable")).reason, "no_permission");
  await redis.command("ACL", "SETUSER", "agent", "+set");
  await a.restored();
  assert.equal(await claim.fence(COOLDOWN_MS), true);
});
