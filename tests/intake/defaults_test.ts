/** What the intakes do where nobody says otherwise. */
import assert from "node:assert/strict";
import { SiteError } from "../../lib/base/host_port.ts";
import { createRedisIntake } from "../../lib/intake/pubsub.ts";
import { createStreamsIntake } from "../../lib/intake/streams.ts";
import { fakeClock } from "../support/clock.ts";
import { recordingLog } from "../support/log.ts";
import { bulk, RespError } from "../support/resp.ts";
import { healthy, scriptedRedis } from "../support/scripted_redis.ts";
import { eventually } from "../support/stream_reader.ts";

/** A hand-moved clock that tells which timers were set. */
function lab() {
  const clock = fakeClock();
  const timers: number[] = [];
  const log = recordingLog();
  const stop = new AbortController();
  return {
    timers,
    log,
    stop,
    options: {
      clock: {
        ...clock,
        after(ms: number, callback: () => void) {
          timers.push(ms);
          return clock.after(ms, callback);
        },
      },
      log,
      random: () => 0,
    },
    clock,
  };
}

Deno.test("createRedisIntake: PING every 10 s, and 10 s for its answer", async () => {
  const server = scriptedRedis((words) => words[0] === "PING" ? undefined : healthy(words));
  const { options, clock, log, stop, timers } = lab();
  const intake = createRedisIntake({
    ...options,
    url: `redis://127.0.0.1:${server.port}`,
    channels: ["health_events"],
    onMessage() {},
  });
  const running = intake.run(stop.signal);
  await log.seen("redis_subscribed");
  await eventually("it waits to ask", () => Promise.resolve(timers.includes(10_000)));
  await clock.advance(9_999);
  assert.deepEqual(server.commands.map(([command]) => command), ["SUBSCRIBE"]);
  await clock.advance(1);
  await server.seen("PING");
  await clock.advance(9_999);
  assert.deepEqual(log.of("redis_lost"), []);
  await clock.advance(1);
  assert.equal((await log.seen("redis_lost")).reason, "timeout");
  stop.abort();
  await running;
  await server.close();
});

Deno.test("createStreamsIntake: an hour back, reads of 5 s, and 10 s more for each answer", async () => {
  let isMade = false;
  const server = scriptedRedis(([command]) => {
    switch (command) {
      case "XPENDING":
        return isMade ? [] : new RespError("NOGROUP No such key");
      case "XGROUP":
        isMade = true;
        return "OK";
      case "XRANGE":
        return [];
      case "XAUTOCLAIM":
        return [bulk("0-0"), [], []];
      case "XREADGROUP":
        return undefined;
      default:
        return "OK";
    }
  });
  const { options, clock, log, stop, timers } = lab();
  const intake = createStreamsIntake({
    ...options,
    url: `redis://127.0.0.1:${server.port}`,
    streams: ["health_events"],
    group: "planner",
    consumer: "solaria",
    limit: 256,
    lingerMs: 0,
    claimIdleMs: 600_000,
    onEntry() {},
  });
  const running = intake.run(stop.signal);
  await log.seen("streams_reading");
  const since = `${clock.now() - 3_600_000}-0`;
  assert.deepEqual(server.commands.find(([command]) => command === "XRANGE")?.slice(1, 3), [
    "health_events",
    `(${since}`,
  ]);
  const read = await server.seen("XREADGROUP");
  assert.deepEqual(read.slice(4, 8), ["COUNT", "16", "BLOCK", "5000"]);
  assert.deepEqual(timers.slice(-2), [10_000, 15_000]);
  stop.abort();
  await running;
  await server.close();
});

Deno.test("createStreamsIntake: streams have no place in a cluster, channels do", () => {
  const { options } = lab();
  const url = "redis+cluster://10.0.0.1,10.0.0.2";
  assert.throws(() =>
    createStreamsIntake({
      ...options,
      url,
      streams: ["health_events"],
      group: "planner",
      consumer: "solaria",
      limit: 1,
      lingerMs: 0,
      claimIdleMs: 1,
      onEntry() {},
    }), SiteError);
  createRedisIntake({ ...options, url, channels: ["health_events"], onMessage() {} });
});
