/**
 * The streams intake on a hand-moved clock, on a real redis-server, with everything it hands over
 * and says written down.
 *
 * @module
 */
import { createStreamsIntake } from "../../lib/intake/streams.ts";
import type { Fate } from "../../lib/intake/streams/hand.ts";
import type { RedisState } from "../../lib/intake/listener.ts";
import { CHANNELS } from "./channels.ts";
import { createWatchers } from "../../lib/base/watchers.ts";
import { fakeClock } from "./clock.ts";
import { recordingLog } from "./log.ts";
import { HAS_REDIS, type RedisSetup, startRedis, type TestRedis } from "./redis.ts";
import type { Reply } from "./resp.ts";

type StreamsIntakeOptions = Parameters<typeof createStreamsIntake>[0];

export const GROUP = "planner";
export const CLAIM_IDLE_MS = 600_000;
const decoder = new TextDecoder();

type Delivery = Parameters<StreamsIntakeOptions["onEntry"]>[3];

export interface Received extends Delivery {
  readonly stream: string;
  readonly text: string;
  readonly bytes: number;
  readonly settle: (fate: Fate) => void;
}

/** A test that is ignored where there is no redis-server; REQUIRE_REDIS=1 makes it fail there. */
export function redisTest(
  name: string,
  run: (redis: TestRedis) => Promise<void>,
  setup: RedisSetup = {},
): void {
  const ignore = !HAS_REDIS;
  Deno.test({
    name: ignore ? `${name} (no redis-server here)` : name,
    ignore,
    async fn() {
      await using redis = await startRedis(setup);
      await run(redis);
    },
  });
}

export interface ReaderOptions extends Partial<StreamsIntakeOptions> {
  /** What becomes of an entry at once; undefined leaves it to the test. */
  readonly fate?: (entry: Received) => Fate | undefined;
}

/** Starts an intake for `url`; stop it with `await using`. */
export function streamReader(url: string, { fate, ...options }: ReaderOptions = {}) {
  const clock = fakeClock();
  const log = recordingLog();
  const entries: Received[] = [];
  const states: RedisState[] = [];
  const stop = new AbortController();
  const timers: number[] = [];
  const { once: until, check: changed } = createWatchers();

  const intake = createStreamsIntake({
    url,
    streams: CHANNELS,
    group: GROUP,
    consumer: "solaria",
    clock: {
      ...clock,
      after(ms, callback) {
        timers.push(ms);
        changed();
        return clock.after(ms, callback);
      },
    },
    log,
    random: () => 0,
    limit: 256,
    lingerMs: 0,
    blockMs: 20,
    // So that a test can move the clock while a real Redis answers.
    answerTimeoutMs: 100_000_000,
    claimIdleMs: CLAIM_IDLE_MS,
    // The clock is the test's, the ids are of Redis' own.
    lookbackMs: 1e14,
    onState: (state) => void states.push(state),
    ...options,
    onEntry(bytes, stream, settle, delivery) {
      const entry: Received = {
        ...delivery,
        stream,
        text: decoder.decode(bytes.subarray(0, 200)),
        bytes: bytes.length,
        settle,
      };
      entries.push(entry);
      changed();
      options.onEntry?.(bytes, stream, settle, delivery);
      const known = fate ? fate(entry) : "settled";
      if (known) settle(known);
    },
  });
  const running = intake.run(stop.signal);

  const self = {
    clock,
    log,
    entries,
    states,
    /** What it is doing. */
    state: (): RedisState => states.at(-1) ?? { kind: "connecting" },
    running,
    texts: () => entries.map(({ text }) => text),
    /** Resolves with the `nth` entry (1 is the first). */
    async received(nth: number): Promise<Received> {
      await until(() => entries.length >= nth);
      const entry = entries[nth - 1];
      if (!entry) throw new Error(`no entry ${nth}`);
      return entry;
    },
    /** Resolves when a timer of `ms` was set for the `nth` time from now on. */
    armed(ms: number, nth = 1): Promise<void> {
      const before = timers.length;
      return until(() => timers.slice(before).filter((timer) => timer === ms).length >= nth);
    },
    /** Moves the clock to the next try; returns the milliseconds. */
    async retry(): Promise<number> {
      const state = self.state();
      if (state.kind !== "waiting") throw new Error(`the intake is ${state.kind}`);
      await clock.advance(state.retryInMs);
      return state.retryInMs;
    },
    async stop(): Promise<void> {
      stop.abort();
      await running;
    },
    [Symbol.asyncDispose]: () => self.stop(),
  };
  return self;
}

/** Adds an entry with a field `data`; returns its id. */
export async function add(redis: TestRedis, stream: string, data: string): Promise<string> {
  return String(await redis.command("XADD", stream, "*", "data", data));
}

/** The entries that were handed out and not acknowledged: id, consumer, idle ms, deliveries. */
export async function pendingIn(redis: TestRedis, stream: string) {
  const rows = await redis.command("XPENDING", stream, GROUP, "-", "+", "1000") as Reply[][];
  return rows.map(([id, consumer, idleMs, deliveries]) => ({
    id: String(id),
    consumer: String(consumer),
    idleMs: Number(idleMs),
    deliveries: Number(deliveries),
  }));
}

/** Resolves when `count` entries of the stream are handed out and not acknowledged. */
export function awaitPending(redis: TestRedis, stream: string, count: number): Promise<void> {
  return eventually(`${count} pending`, async () => {
    return (await pendingIn(redis, stream)).length === count;
  });
}

/** Resolves when `count` readers wait for new entries. */
export function awaitBlocked(redis: TestRedis, count = 1): Promise<void> {
  return eventually(`${count} blocked`, async () => {
    return String(await redis.command("INFO", "clients")).includes(`blocked_clients:${count}\r`);
  });
}

/** Asks until it holds; fails after 10 s. */
export async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let left = 1_000; !await holds(); left--) {
    if (left === 0) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Hands all new entries of a stream to a consumer that does nothing with them. */
export async function handTo(redis: TestRedis, consumer: string, stream: string): Promise<void> {
  await redis.command("XREADGROUP", "GROUP", GROUP, consumer, "STREAMS", stream, ">");
}

/** Makes a pending entry look as if its consumer had been idle for `ms`. */
export async function age(
  redis: TestRedis,
  stream: string,
  { id, ms, consumer, deliveries = 1 }: {
    readonly id: string;
    readonly ms: number;
    readonly consumer: string;
    readonly deliveries?: number;
  },
): Promise<void> {
  const how = ["IDLE", `${ms}`, "RETRYCOUNT", `${deliveries}`, "FORCE", "JUSTID"];
  await redis.command("XCLAIM", stream, GROUP, consumer, "0", id, ...how);
}
