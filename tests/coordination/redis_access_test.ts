import assert from "node:assert/strict";
import { CLAIM_COMMANDS } from "../../lib/coordination/claim_scripts.ts";
import { COOLDOWN_MS, DEADLINE_MS, granted, planner, RENEW_EVERY_MS } from "../support/claims.ts";
import { HAS_REDIS, startRedis, type TestRedis } from "../support/redis.ts";

const TARGET = { node: "piha", service: "mosquitto" };
const KEYS = "~planner:claim:*";
const real = HAS_REDIS ? "" : " (ignored: needs redis-server)";

function test(name: string, fn: () => Promise<void>) {
  Deno.test({ name: `redis coordination: ${name}${real}`, ignore: !HAS_REDIS, fn });
}

function user(name: string, keys: string, commands: readonly string[]): string {
  return [`${name} on >pw resetchannels -@all ${keys}`, ...commands.map((c) => `+${c}`)].join(" ");
}

/** What is said to a user with too few rights. */
async function refusalOf(redis: TestRedis, login: string) {
  await using a = planner(redis.url(login));
  const failed = a.armed(100);
  const asking = a.claim(TARGET);
  await failed;
  const claim = granted(await a.within(DEADLINE_MS, asking));
  assert.equal(claim.shared, false, login);
  const [said] = a.log.of("coordination_unavailable");
  assert.ok(!JSON.stringify(a.log.lines).includes("pw"), login);
  return [said?.reason, said?.detail];
}

test("a user needs the keys and six commands", async () => {
  await using redis = await startRedis({ users: [user("agent", KEYS, CLAIM_COMMANDS)] });
  await using a = planner(redis.url("agent:pw"));
  const claim = granted(await a.claim(TARGET));
  const renewed = a.armed(RENEW_EVERY_MS);
  await a.clock.advance(RENEW_EVERY_MS);
  await renewed;
  assert.equal(await claim.fence(COOLDOWN_MS), true);
  await claim.release();
  await granted(await a.claim(TARGET)).settle(COOLDOWN_MS);
  assert.equal((await a.claim(TARGET)).kind, "cooling");
  assert.deepEqual(a.log.lines, []);
  assert.match(String(await redis.command("ACL", "LOG")), /^$/);
});

test("a user that lacks one of them, or the keys, is told what to grant", async () => {
  const without = (lacked: string) => CLAIM_COMMANDS.filter((name) => name !== lacked);
  const users = CLAIM_COMMANDS.map((name) => user(`no-${name}`, KEYS, without(name)));
  users.push(user("no-keys", "~planner:other:*", CLAIM_COMMANDS));
  await using redis = await startRedis({ users });
  for (const name of [...CLAIM_COMMANDS, "keys"]) {
    assert.deepEqual(await refusalOf(redis, `no-${name}:pw`), [
      "no_permission",
      "This user lacks a permission that claims need. Grant all of them: ACL SETUSER ... " +
      "~planner:claim:* +eval +get +set +pttl +pexpire +del",
    ], name);
  }
});

test("a wrong password is called that", async () => {
  await using redis = await startRedis({ users: [user("agent", KEYS, CLAIM_COMMANDS)] });
  const [reason] = await refusalOf(redis, "agent:pwrong");
  assert.equal(reason, "wrong_password");
});

test("a password that nobody asks for does no harm", async () => {
  await using redis = await startRedis();
  await using a = planner(redis.url(":pw"));
  assert.equal(granted(await a.claim(TARGET)).shared, true);
});

test("rights that are taken away mean acting alone, and together again when they are back", async () => {
  await using redis = await startRedis({ users: [user("agent", KEYS, CLAIM_COMMANDS)] });
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
