import assert from "node:assert/strict";
import { checkClaims } from "../../../lib/cli/check/claims.ts";
import { fakeClock } from "../../support/clock.ts";
import { aclLine, changed, denied, grant, LOGIN, PASSWORD } from "../../support/docs_acl.ts";
import type { TestRedis } from "../../support/redis.ts";
import { eventually, redisTest } from "../../support/stream_reader.ts";

const LINE = aclLine("COORDINATION=redis");
const USER = { ...LINE, words: ["on", `>${PASSWORD}`, ...LINE.words] };

/** What is found when Redis refuses: time passes once it has. */
async function refusal(redis: TestRedis, login: string) {
  const clock = fakeClock();
  let open = true;
  const url = redis.url(login);
  const asking = checkClaims({ url, clock, nonce: () => "nonce" }).finally(() => open = false);
  await eventually("it is refused", async () => (await denied(redis)).length > 0);
  while (open) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    await clock.advance(50);
  }
  const finding = await asking;
  assert.equal(clock.waiting, 0);
  return finding;
}

redisTest("checkClaims: the least user may share claims, and leaves none", async (redis) => {
  await grant(redis, USER);
  const clock = fakeClock();
  assert.deepEqual(await checkClaims({ url: redis.url(LOGIN), clock, nonce: () => "nonce" }), {
    check: "claims",
    subject: "planner:claim:*",
    level: "ok",
    detail: "can be shared with other planners",
  });
  assert.equal(clock.waiting, 0);
  assert.deepEqual(await redis.command("KEYS", "*"), []);
  assert.deepEqual(await denied(redis), []);
});

redisTest("checkClaims: a right that lacks is a failure that names them all", async (redis) => {
  await grant(redis, changed(USER, "+pexpire"));
  const { level, code, detail } = await refusal(redis, LOGIN);
  assert.deepEqual([level, code], ["failure", "claims_unavailable"]);
  assert.match(detail, /ACL SETUSER \.\.\. ~planner:claim:\* \+eval .*\+pexpire/);
});

redisTest("checkClaims: what keeps it from Redis is told", async (redis) => {
  const { detail } = await refusal(redis, "nobody:pw");
  assert.match(detail, /WRONGPASS/);
});
