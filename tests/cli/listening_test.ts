import assert from "node:assert/strict";
import { openListening } from "../../lib/cli/listening.ts";
import { systemClock } from "../../lib/clock.ts";
import { parseConfig } from "../../lib/config.ts";
import { entriesInHand } from "../../lib/intake/streams_hand.ts";
import { createWatchers } from "../../lib/watchers.ts";
import { CHANNELS } from "../support/channels.ts";
import { recordingLog } from "../support/log.ts";
import { redisTest } from "../support/stream_reader.ts";

const [HEALTH] = CHANNELS;

Deno.test("entriesInHand: the whole queue, what is being diagnosed, and what passes through", () => {
  assert.equal(entriesInHand({ queueLimit: 1_000, concurrency: 2 }), 1_258);
});

redisTest(
  "openListening: tells when an entry was added, and whether it comes again",
  async (redis) => {
    const settings: Readonly<Record<string, string>> = {
      REDIS_URL: redis.url(),
      INTAKE: "streams",
    };
    const config = parseConfig((name) => settings[name]);
    const addedMs = systemClock.now() - 1_000;
    for (const n of [1, 2]) {
      await redis.command("XADD", HEALTH, `${addedMs}-${n}`, "data", `{"nth":${n}}`);
    }
    await redis.command("XGROUP", "CREATE", HEALTH, config.streamGroup, "0");
    const group = ["GROUP", config.streamGroup, config.nodeName, "COUNT", "1"] as const;
    await redis.command("XREADGROUP", ...group, "STREAMS", HEALTH, ">");
    const { once, check } = createWatchers();
    const heard: unknown[] = [];
    const listening = await openListening({
      config,
      clock: systemClock,
      log: recordingLog(),
      random: () => 0,
      planner: {
        receive(bytes, _channel, { sentMs, redelivered } = {}) {
          heard.push([new TextDecoder().decode(bytes), sentMs, redelivered]);
          check();
        },
      },
      onState: () => {},
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
  const settings: Readonly<Record<string, string>> = {
    REDIS_URL: redis.url(),
    INTAKE: "streams",
    QUEUE_LIMIT: "300",
  };
  const config = parseConfig((name) => settings[name]);
  const { once, check } = createWatchers();
  const heard: string[] = [];
  const listening = await openListening({
    config,
    clock: systemClock,
    log: recordingLog(),
    random: () => 0,
    planner: {
      receive(bytes) {
        heard.push(new TextDecoder().decode(bytes));
        check();
      },
    },
    onState: () => {},
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
