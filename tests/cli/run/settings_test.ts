/**
 * Settings that `run` hands on to what talks to Redis and to model servers: one that is dropped on
 * its way changes something here.
 *
 * @module
 */
import assert from "node:assert/strict";
import { makeRuntime, type Settings, startAgent } from "../../support/agent.ts";
import { HAS_REDIS, startRedis, type TestRedis } from "../../support/redis.ts";
import { listener } from "../../support/redis_listener.ts";
import { sandbox } from "../../support/sandbox.ts";

const event = (changes: Record<string, unknown> = {}) =>
  JSON.stringify({
    type: "service_unhealthy",
    node: "piha",
    service: "mosquitto",
    severity: "error",
    payload: { exit_code: 137 },
    ...changes,
  });

async function agentOn(redis: TestRedis, settings: Settings) {
  const folder = sandbox();
  makeRuntime(folder.path);
  const agent = startAgent(folder.path, {
    REDIS_URL: redis.url(),
    LLM_CHAIN: "rules",
    ...settings,
  });
  const started = await agent.seen("planner_started");
  return {
    seen: agent.seen,
    channels: started.channels,
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

Deno.test("run: CHANNELS, PROPOSAL_CHANNEL and LOG_LEVEL reach what they are for", async () => {
  const redis = await startRedis();
  try {
    await using bridge = listener(redis.url(), { channels: ["told"] });
    await redis.awaitSubscribed(["told"]);
    await using agent = await agentOn(redis, {
      CHANNELS: "news",
      PROPOSAL_CHANNEL: "told",
      LOG_LEVEL: "debug",
    });
    assert.deepEqual(agent.channels, ["news"]);
    assert.equal(await redis.publish("health_events", event()), 0);
    await redis.publish("news", event({ type: "service_healthy" }));
    assert.equal((await agent.seen("benign_event_skipped")).level, "debug");
    await redis.publish("news", event());
    const { action_id } = await agent.seen("action_proposed");
    await bridge.received(1);
    assert.equal(JSON.parse(bridge.messages[0]?.slice("told ".length) ?? "").action_id, action_id);
  } finally {
    await redis.close();
  }
});

for (const coordination of ["redis", "off"]) {
  Deno.test({
    name: `run: INTAKE, STREAMS and STREAM_GROUP reach Redis, and COORDINATION=${coordination}`,
    ignore: !HAS_REDIS,
    async fn() {
      const redis = await startRedis();
      try {
        await redis.command("XADD", "kept", "*", "data", event());
        await redis.command("XGROUP", "CREATE", "kept", "crew", "0");
        await using agent = await agentOn(redis, {
          INTAKE: "streams",
          STREAMS: "kept",
          STREAM_GROUP: "crew",
          COORDINATION: coordination,
        });
        assert.deepEqual(agent.channels, ["kept"]);
        await agent.seen("action_proposed");
        const claims = await redis.command("KEYS", "planner:claim:*");
        assert.equal(Array.isArray(claims) && claims.length, coordination === "redis" ? 1 : 0);
      } finally {
        await redis.close();
      }
    },
  });
}
