/**
 * The Redis intake on a hand-moved clock, with everything it says written down.
 *
 * @module
 */
import { createRedisIntake } from "../../lib/intake/pubsub.ts";
import type { RedisState } from "../../lib/intake/listener.ts";
import { createWatchers } from "../../lib/base/watchers.ts";
import { fakeClock } from "./clock.ts";
import { recordingLog } from "./log.ts";
import { CHANNELS } from "./channels.ts";

type RedisIntakeOptions = Parameters<typeof createRedisIntake>[0];

export const PING_EVERY_MS = 10_000;
/** Unlike every other time, so that a test can tell a PING's deadline from the rest. */
export const PING_DEADLINE_MS = 9_999;

const decoder = new TextDecoder();

/** Starts an intake for `url`; stop it with `await using`. */
export function listener(url: string, options: Partial<RedisIntakeOptions> = {}) {
  const clock = fakeClock();
  const log = recordingLog();
  const messages: string[] = [];
  const states: RedisState[] = [];
  const stop = new AbortController();
  const timers: number[] = [];
  const { once: until, check: changed } = createWatchers();

  const intake = createRedisIntake({
    url,
    channels: CHANNELS,
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
    pingEveryMs: PING_EVERY_MS,
    pingDeadlineMs: PING_DEADLINE_MS,
    onState: (state) => void states.push(state),
    ...options,
    onMessage(bytes, channel) {
      messages.push(`${channel} ${decoder.decode(bytes)}`);
      changed();
      options.onMessage?.(bytes, channel);
    },
  });
  const running = intake.run(stop.signal);

  const self = {
    clock,
    log,
    messages,
    states,
    intake,
    /** What it is doing. */
    state: (): RedisState => states.at(-1) ?? { kind: "connecting" },
    running,
    /** Resolves when `count` messages have come. */
    received: (count: number) => until(() => messages.length >= count),
    /** Resolves when a timer of `ms` was set for the `nth` time. */
    armed: (ms: number, nth = 1) =>
      until(() => timers.filter((timer) => timer === ms).length >= nth),
    /** Moves the clock to the next try; returns the milliseconds. */
    async retry(): Promise<number> {
      const state = self.state();
      if (state.kind !== "waiting") throw new Error(`the intake is ${state.kind}`);
      await clock.advance(state.retryInMs);
      return state.retryInMs;
    },
    /** Moves the clock by one ping that is answered, the `nth` of this intake. */
    async ping(nth: number): Promise<void> {
      await self.armed(PING_EVERY_MS, nth);
      await clock.advance(PING_EVERY_MS);
      await self.armed(PING_EVERY_MS, nth + 1);
    },
    async stop(): Promise<void> {
      stop.abort();
      await running;
    },
    [Symbol.asyncDispose]: () => self.stop(),
  };
  return self;
}
