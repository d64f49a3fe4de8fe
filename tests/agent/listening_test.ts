import assert from "node:assert/strict";
import { openListening } from "../../lib/agent/listening.ts";
import { systemClock } from "../../lib/base/clock.ts";
import { type Config, parseConfig } from "../../lib/config/config.ts";
import { entriesInHand } from "../../lib/intake/streams/hand.ts";
import type { Planner } from "../../lib/planner.ts";
import { createWatchers } from "../../lib/base/watchers.ts";
import type { RedisState } from "../../lib/intake/listener.ts";
import { CHANNELS } from "../support/channels.ts";
import { fakeClock } from "../support/clock.ts";
import { recordingLog } from "../support/log.ts";
import { add, age, GROUP, handTo, pendingIn, redisTest } from "../support/stream_reader.ts";

const [HEALTH] = CHANNELS;

function streamsConfig(settings: Readonly<Record<string, string>>): Config {
  return parseConfig((name) => name === "INTAKE" ? "streams" : settings[name]);
}

/** Listens with a planner that only hears. */
function listeningWith(
  config: Config,
  receive: Planner["receive"],
  others: Partial<Parameters<typeof openListening>[0]> = {},
) {
  return openListening({
    config,
    clock: systemClock,
    log: recordingLog(),
    random: () => 0,
    planner: { receive },
    onState: () => {},
    ...others,
  });
}

Deno.test("entriesInHand: the whole queue, what is being diagnosed, and what passes through", () => {
  assert.equal(entriesInHand({ queueLimit: 1_000, concurrency: 2 }), 1_258);
});

redisTest(
  "openListening: tells when an entry was added, and whether it comes again",
  async (redis) => {
    const config = streamsConfig({ REDIS_URL: redis.url(), STREAM_GROUP: "house" });
    const addedMs = systemClock.now() - 1_000;
    for (const n of [1, 2]) {
      await redis.command("XADD", HEALTH, `${addedMs}-${n}`, "data", `{"nth":${n}}`);
    }
    await redis.command("XGROUP", "CREATE", HEALTH, config.streamGroup, "0");
    const group = ["GROUP", config.streamGroup, config.nodeName, "COUNT", "1"] as const;
    await redis.command("XREADGROUP", ...group, "STREAMS", HEALTH, ">");
    const { once, check } = createWatchers();
    const heard: unknown[] = [];
    const listening = await listeningWith(config, (bytes, _channel, about = {}) => {
      heard.push([new TextDecoder().decode(bytes), about.sentMs, about.redelivered]);
      check();
    });
    const stop = new AbortController();
    const running = listening.run(stop.signal);
    await once(() => heard.length === 2);
    assert.deepEqual(heard, [['{"nth":1}', addedMs, true], ['{"nth":2}', addedMs, false]]);
    stop.abort();
    listening.leaveRest();
    await running;
  },
);

redisTest("openListening: a full queue does not stop the reading of streams", async (redis) => {
  const config = streamsConfig({ REDIS_URL: redis.url(), QUEUE_LIMIT: "300" });
  const { once, check } = createWatchers();
  const heard: string[] = [];
  const listening = await listeningWith(config, (bytes) => {
    heard.push(new TextDecoder().decode(bytes));
    check();
  });
  const recovery = '{"type":"service_recovered"}';
  // As many events as can wait, none of which has an outcome yet.
  for (let nth = 0; nth < config.queueLimit + config.concurrency; nth++) {
    await redis.command("XADD", HEALTH, "*", "data", `{"nth":${nth}}`);
  }
  await redis.command("XADD", HEALTH, "*", "data", recovery);

  const stop = new AbortController();
  const running = listening.run(stop.signal);
  let isLate = false;
  const cancel = systemClock.after(10_000, () => {
    isLate = true;
    check();
  });
  await once(() => isLate || heard.includes(recovery));
  cancel();
  assert.equal(heard.length, config.queueLimit + config.concurrency + 1);
  stop.abort();
  listening.leaveRest();
  await running;
});

const CLAIMS = [
  ["STREAM_CLAIM_SECONDS are seconds in which nobody touched an entry", {
    STREAM_CLAIM_SECONDS: "600",
  }],
  // 3 * 3 * 60 s, and a minute.
  ["without them an entry has the time that the whole chain may take", {
    LLM_CHAIN: "a,b,rules",
    LLM_ATTEMPTS: "3",
    LLM_TIMEOUT_SECONDS: "60",
  }],
] as const;

for (const [what, settings] of CLAIMS) {
  redisTest(`openListening: ${what}`, async (redis) => {
    const config = streamsConfig({ REDIS_URL: redis.url(), ...settings });
    await redis.command("XGROUP", "CREATE", HEALTH, GROUP, "0", "MKSTREAM");
    for (const data of ["in work", "left"]) await add(redis, HEALTH, data);
    await handTo(redis, "other", HEALTH);
    for (const [nth, { id }] of (await pendingIn(redis, HEALTH)).entries()) {
      await age(redis, HEALTH, { id, ms: [500_000, 601_000][nth] ?? 0, consumer: "other" });
    }
    await add(redis, HEALTH, "new");
    const { once, check } = createWatchers();
    const heard: string[] = [];
    const listening = await listeningWith(config, (bytes) => {
      heard.push(new TextDecoder().decode(bytes));
      check();
    });
    const stop = new AbortController();
    const running = listening.run(stop.signal);
    await once(() => heard.includes("new"));
    assert.deepEqual(heard, ["left", "new"]);
    assert.deepEqual(
      (await pendingIn(redis, HEALTH)).map(({ consumer }) => consumer),
      ["other", config.nodeName, config.nodeName],
    );
    stop.abort();
    listening.leaveRest();
    await running;
  });
}

redisTest("openListening: CHANNELS are what is listened to, where no stream is", async (redis) => {
  const settings: Record<string, string> = { REDIS_URL: redis.url(), CHANNELS: "house,attic" };
  const { once, check } = createWatchers();
  const states: RedisState[] = [];
  const onState = (state: RedisState) => {
    states.push(state);
    check();
  };
  const config = parseConfig((name) => settings[name]);
  const listening = await listeningWith(config, () => {}, { onState });
  const stop = new AbortController();
  const running = listening.run(stop.signal);
  await once(() => states.some(({ kind }) => kind === "subscribed"));
  stop.abort();
  listening.leaveRest();
  await running;
  assert.deepEqual(
    states.flatMap((state) => state.kind === "subscribed" ? [state.channels] : []),
    [["house", "attic"]],
  );
});

redisTest(
  "openListening: what is still worked on at a stop has 8 s for its receipt",
  async (redis) => {
    const config = streamsConfig({ REDIS_URL: redis.url() });
    await redis.command("XADD", HEALTH, "*", "data", "{}");
    await redis.command("XGROUP", "CREATE", HEALTH, GROUP, "0");
    const { once, check } = createWatchers();
    const given: (() => void)[] = [];
    const clock = fakeClock();
    const listening = await listeningWith(config, (_bytes, _channel, { settled } = {}) => {
      if (settled) given.push(settled);
      check();
    }, { clock });
    const stop = new AbortController();
    const running = listening.run(stop.signal);
    await once(() => given.length === 1);
    stop.abort();
    await clock.advance(7_999);
    given[0]?.();
    await running;
    assert.deepEqual(await pendingIn(redis, HEALTH), []);
  },
);

redisTest(
  "openListening: what has no outcome is left to others at the end, at once",
  async (redis) => {
    const config = streamsConfig({ REDIS_URL: redis.url() });
    for (const nth of [1, 2]) await redis.command("XADD", HEALTH, "*", "data", `{"nth":${nth}}`);
    await redis.command("XGROUP", "CREATE", HEALTH, config.streamGroup, "0");
    const { once, check } = createWatchers();
    const given: (() => void)[] = [];
    const listening = await listeningWith(config, (_bytes, _channel, { settled } = {}) => {
      if (settled) given.push(settled);
      check();
    });
    const stop = new AbortController();
    const running = listening.run(stop.signal);
    await once(() => given.length === 2);
    given[0]?.();
    stop.abort();
    listening.leaveRest();
    // Without that it would linger for 8 s.
    let isLate = false;
    const cancel = systemClock.after(7_000, () => isLate = true);
    await running;
    cancel();
    assert.equal(isLate, false);
    assert.equal((await pendingIn(redis, HEALTH)).length, 1);
  },
);
