import assert from "node:assert/strict";
import fc from "fast-check";
import { systemClock } from "../../lib/base/clock.ts";
import { redisFailure, RedisUnusableError } from "../../lib/base/redis/failure.ts";
import { redisTarget } from "../../lib/base/redis/target.ts";
import { planner } from "../support/claims.ts";
import { scriptedRedis } from "../support/scripted_redis.ts";
import { altered, word } from "./hostile.ts";
import { replyOf } from "./redis.ts";
import { depths, inTime, runs } from "./runs.ts";
import { isClean } from "./terminal.ts";

const TARGET = { node: "piha", service: "mosquitto" };
const OTHER = "0b0c-4d4e~4:vps";
const said = altered(fc.constantFrom<unknown>(
  ["claimed"],
  ["taken", 20_000, `claim:${OTHER}`],
  ["cooling", 200_000, `cooldown:${OTHER}`],
));

Deno.test("fuzz: whatever a claim's script is answered, the target is claimed, taken or cools down", async () => {
  let next: unknown;
  const server = scriptedRedis((words) => {
    if (words[0] !== "EVAL") return "OK";
    // A rehearsal comes first; what keeps a claim and ends it is answered with a number, too.
    if (!words[3]?.includes("mosquitto") || words.length !== 7) return 1;
    // An answer that ends the connection is not given again to the same question.
    const reply = next ?? ["claimed"];
    next = undefined;
    return replyOf(reply);
  });
  const depth = depths();
  await using claims = planner(`redis://127.0.0.1:${server.port}`, { clock: systemClock });
  await fc.assert(
    fc.asyncProperty(said, async (reply) => {
      next = reply;
      const result = await inTime(() => claims.claim(TARGET));
      depth.note("others", result.kind !== "claimed");
      if (result.kind === "claimed") {
        await inTime(() => result.claim.fence(1_000));
        return await inTime(() => result.claim.release());
      }
      isClean(result.by, reply);
      assert.ok(result.by.length > 0 && result.by.length <= 300);
      const ms = result.kind === "taken" ? result.againMs : result.remainingMs;
      assert.ok(Number.isSafeInteger(ms) && ms > 0);
    }),
    runs(100),
  );
  await claims.close();
  await server.close();
  depth.atLeast({ others: 0.08 });
});

const primary = altered(
  fc.constantFrom<unknown>(["127.0.0.1", "6379"], ["10.0.0.9", "6379"], null),
);

Deno.test("fuzz: whatever a sentinel answers, it names a primary that may be used, or is told of", async () => {
  let next: unknown;
  const server = scriptedRedis((words) => words[0] === "SENTINEL" ? replyOf(next) : "OK");
  const url = `redis+sentinel://127.0.0.1:${server.port}/homelab`;
  const depth = depths();
  await fc.assert(
    fc.asyncProperty(
      fc.oneof({ weight: 4, arbitrary: primary }, fc.tuple(word, word)),
      async (reply) => {
        next = reply;
        const target = redisTarget(url, {
          clock: systemClock,
          connectTimeoutMs: 5_000,
          mayConnect: (host) => Promise.resolve(host.startsWith("127.0.0.1:")),
        });
        const found = await inTime(() => target.locate().catch((error: unknown) => error));
        depth.note("primary", found === target.server);
        if (found === target.server) return assert.equal(target.server.endpoint.host, "127.0.0.1");
        assert.ok(found instanceof RedisUnusableError, String(found));
        isClean(redisFailure(found, target.server).detail, reply);
      },
    ),
    runs(100),
  );
  await server.close();
  depth.atLeast({ primary: 0.03 });
});
