/**
 * The whole agent, and what it does besides listening, as the users of docs/redis.md. What each intake and
 * claims need right by right is in their own tests.
 */
import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { readStreamHistory } from "../lib/intake/streams/history.ts";
import { makeRuntime, runAgent, type Settings, startAgent } from "./support/agent.ts";
import { fakeClock } from "./support/clock.ts";
import {
  type AclLine,
  aclLine,
  changed,
  denied,
  grant,
  LOGIN,
  PASSWORD,
  rightsOf,
  undenied,
} from "./support/docs_acl.ts";
import type { TestRedis } from "./support/redis.ts";
import { listener } from "./support/redis_listener.ts";
import { sandbox } from "./support/sandbox.ts";
import {
  age,
  awaitPending,
  eventually,
  GROUP,
  handTo,
  redisTest,
} from "./support/stream_reader.ts";

const PUBSUB = aclLine("INTAKE=pubsub");
const STREAMS = aclLine("INTAKE=streams");
const CLAIMS = aclLine("COORDINATION=redis");
const ANNOUNCED = aclLine("PROPOSAL_CHANNEL=proposals");
const CHECK = aclLine("planner-agent check");
const HISTORY = aclLine("replay --from-stream");

const EVERYTHING = { COORDINATION: "redis", PROPOSAL_CHANNEL: "proposals" };

function event(service: string): string {
  return JSON.stringify({ type: "service_unhealthy", node: "piha", service, severity: "error" });
}

/** A RUNTIME_PATH, and an agent's settings as the user of the lines. */
async function lab(redis: TestRedis, lines: readonly AclLine[], more: Settings = {}) {
  const folder = sandbox();
  makeRuntime(folder.path);
  await grant(redis, ...lines);
  const settings = {
    REDIS_URL: redis.url(LOGIN),
    LLM_CHAIN: "rules",
    // Nothing listens there.
    OLLAMA_HOST: "http://127.0.0.1:9",
    ...more,
  };
  return {
    settings,
    root: folder.path,
    pending: () => [...Deno.readDirSync(join(folder.path, "actions/pending"))].length,
    [Symbol.dispose]: folder[Symbol.dispose],
  };
}

redisTest("least user: pub/sub, claims and announcements, the whole agent", async (redis) => {
  using it = await lab(redis, [PUBSUB, CLAIMS, ANNOUNCED], EVERYTHING);
  await using bridge = listener(redis.url(), { channels: ["proposals"] });
  await bridge.log.seen("redis_subscribed");
  await undenied(redis.port, async () => {
    await using agent = startAgent(it.root, it.settings);
    await agent.seen("planner_started");
    await redis.publish("health_events", event("mosquitto"));
    await redis.publish("world_updates", event("grafana"));
    await agent.seen("action_proposed", 2);
    await bridge.received(2);
    await eventually("both cool down", async () => {
      return String(
        await redis.command(
          "MGET",
          ...["mosquitto", "grafana"].map((service) => `planner:claim:piha/${service}`),
        ),
      ).split("cooldown:").length === 3;
    });
    agent.kill("SIGTERM");
    assert.equal((await agent.status).code, 0);
    assert.deepEqual(agent.lines.filter(({ level }) => level !== "info"), []);
  });
});

redisTest("least user: streams, claims and announcements, the whole agent", async (redis) => {
  using it = await lab(redis, [STREAMS, CLAIMS, ANNOUNCED], { INTAKE: "streams", ...EVERYTHING });
  await using bridge = listener(redis.url(), { channels: ["proposals"] });
  await bridge.log.seen("redis_subscribed");
  const add = async (service: string) =>
    String(await redis.command("XADD", "health_events", "*", "data", event(service)));
  // One that is gone left this; and this killed it five times.
  await redis.command("XGROUP", "CREATE", "health_events", GROUP, "0", "MKSTREAM");
  const left = await add("left");
  await handTo(redis, "vps", "health_events");
  await age(redis, "health_events", { id: left, ms: 1e8, consumer: "vps" });
  const poison = await add("poison");
  await handTo(redis, "vps", "health_events");
  await age(redis, "health_events", { id: poison, ms: 1e8, consumer: "vps", deliveries: 5 });
  await add("mosquitto");

  await undenied(redis.port, async () => {
    await using agent = startAgent(it.root, it.settings);
    await agent.seen("stream_entry_dead");
    // Flat, and the stream was made by the agent.
    const flat = ["type", "service_unhealthy", "node", "piha", "service", "grafana"];
    await redis.command("XADD", "world_updates", "*", ...flat);
    await agent.seen("action_proposed", 3);
    await bridge.received(3);
    for (const stream of ["health_events", "world_updates"]) await awaitPending(redis, stream, 0);
    agent.kill("SIGTERM");
    assert.equal((await agent.status).code, 0);
    const complaints = agent.lines.filter(({ level }) => level !== "info");
    assert.deepEqual(complaints.map((line) => line.event), ["stream_entry_dead"]);
    assert.equal(await redis.command("XLEN", "health_events:dead"), 1);
    assert.equal(it.pending(), 3);
  });
});

redisTest("least user: what is parked is acknowledged, its claim given back", async (redis) => {
  const more = { INTAKE: "streams", COORDINATION: "redis", LLM_CHAIN: "absent" };
  using it = await lab(redis, [STREAMS, CLAIMS], more);
  await redis.command("XADD", "health_events", "*", "data", event("mosquitto"));
  await undenied(redis.port, async () => {
    await using agent = startAgent(it.root, it.settings);
    await agent.seen("event_parked");
    await awaitPending(redis, "health_events", 0);
    await eventually("no claim is left", async () => {
      return await redis.command("EXISTS", "planner:claim:piha/mosquitto") === 0;
    });
    agent.kill("SIGTERM");
    await agent.status;
  });
});

redisTest("least user: without parentheses and %, as Redis 6.2 takes it", async (redis) => {
  const flat = ({ user, words }: AclLine) => ({
    user,
    words: words.filter((word) => word !== "(" && word !== ")")
      .map((word) => word.replace(/^%.~/, "~")),
  });
  const lines = [STREAMS, CLAIMS, ANNOUNCED].map(flat);
  using it = await lab(redis, lines, { INTAKE: "streams", ...EVERYTHING });
  await redis.command("XADD", "health_events", "*", "data", event("mosquitto"));
  await undenied(redis.port, async () => {
    await using agent = startAgent(it.root, it.settings);
    await agent.seen("action_proposed");
    await awaitPending(redis, "health_events", 0);
    agent.kill("SIGTERM");
    await agent.status;
    assert.deepEqual(agent.lines.filter(({ level }) => level !== "info"), []);
  });
});

redisTest("least user: history needs both of its rights, and may change nothing", async (redis) => {
  const read = async (stream: string) => {
    let count = 0;
    const url = redis.url(`${HISTORY.user}:${PASSWORD}`);
    for await (const _ of readStreamHistory({ url, stream, sinceMs: 0, clock: fakeClock() })) {
      count++;
    }
    return count;
  };
  assert.deepEqual(rightsOf(HISTORY), ["%R~health_events", "%R~world_updates", "+xrange"]);
  for (const stream of ["health_events", "world_updates"]) {
    await redis.command("XADD", stream, "*", "data", event("mosquitto"));
    await grant(redis, HISTORY);
    assert.equal(await read(stream), 1);
    assert.deepEqual(await denied(redis), []);
    await grant(redis, changed(HISTORY, `%R~${stream}`));
    await assert.rejects(read(stream), new RegExp(`Grant it: ACL SETUSER \\.\\.\\. ~${stream}$`));
    await grant(redis, changed(HISTORY, "+xrange"));
    await assert.rejects(read(stream), /Grant it: ACL SETUSER \.\.\. \+xrange$/);
  }
});

redisTest("least user: a replay of history, the whole program", async (redis) => {
  using it = await lab(redis, [HISTORY], { REDIS_URL: redis.url(`${HISTORY.user}:${PASSWORD}`) });
  await redis.command("XADD", "health_events", "*", "data", event("mosquitto"));
  const { code, out, err } = await runAgent(["replay", "--from-stream", "health_events"], it);
  assert.deepEqual([code, JSON.parse(out).service], [0, "mosquitto"], err);
  assert.equal(it.pending(), 0);
  assert.deepEqual(await denied(redis), []);
});

redisTest("least user: check finds everything but what its own line is for", async (redis) => {
  const modes = [
    { lines: [PUBSUB], settings: {}, denied: ["config|get", "info", "time"] },
    {
      lines: [STREAMS, CLAIMS],
      settings: { INTAKE: "streams", COORDINATION: "redis" },
      denied: ["info", "time"],
    },
  ];
  for (const mode of modes) {
    using it = await lab(redis, mode.lines, mode.settings);
    const check = async () => {
      const { code, out } = await runAgent(["check", "--no-llm", "--json"], it);
      const { findings } = JSON.parse(out) as { findings: { check: string; level: string }[] };
      const skipped = findings.filter((found) => /^redis|^claims/.test(found.check))
        .filter(({ level }) => level !== "ok").map((found) => `${found.check} ${found.level}`);
      return { code, skipped, denied: await denied(redis) };
    };
    const buffer = mode.denied.filter((command) => command === "config|get");
    const skipped = ["redis_version skipped", ...buffer.map(() => "redis_buffer skipped")];
    assert.deepEqual(await check(), { code: 0, skipped, denied: mode.denied });
    await grant(redis, CHECK);
    assert.deepEqual(await check(), { code: 0, skipped: skipped.slice(1), denied: buffer });
  }
});
