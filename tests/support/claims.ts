/**
 * Planners that share claims on a Redis, each on a hand-moved clock.
 *
 * @module
 */
import type { Coordination } from "../../lib/coordination/coordination.ts";
import assert from "node:assert/strict";
import type { Claim } from "../../lib/coordination/coordination.ts";
import { CLAIM_PREFIX } from "../../lib/coordination/claim_scripts.ts";
import { createRedisCoordination } from "../../lib/coordination/redis_coordination.ts";
import { fakeClock } from "./clock.ts";
import { recordingLog } from "./log.ts";
import type { TestRedis } from "./redis.ts";

type RedisCoordinationOptions = Parameters<typeof createRedisCoordination>[0];

type ClaimResult = Awaited<ReturnType<Coordination["claim"]>>;

export const TTL_MS = 30_000;
export const RENEW_EVERY_MS = 10_000;
export const DEADLINE_MS = 2_000;
export const COOLDOWN_MS = 300_000;

/** The coordination of one planner at `url`; close it with `await using`. */
export function planner(url: string, options: Partial<RedisCoordinationOptions> = {}) {
  const clock = fakeClock();
  const log = recordingLog();
  const timers: number[] = [];
  const watchers = new Set<() => void>();
  const coordination = createRedisCoordination({
    url,
    nodeName: "piha",
    clock: {
      ...clock,
      after(ms, callback) {
        timers.push(ms);
        [...watchers].forEach((watch) => watch());
        return clock.after(ms, callback);
      },
    },
    log,
    random: () => 0,
    newToken: () => crypto.randomUUID(),
    ...options,
  });
  return {
    ...coordination,
    clock,
    log,
    /** Resolves when a timer of `ms` is set the next time. */
    armed: (ms: number) =>
      new Promise<void>((resolve) => {
        const before = timers.length;
        const watch = () => {
          if (!timers.slice(before).includes(ms)) return;
          watchers.delete(watch);
          resolve();
        };
        watchers.add(watch);
      }),
    /** What `asking` gives while its time runs out; at most `ms` by the planner's clock. */
    async within<T>(ms: number, asking: Promise<T>): Promise<T> {
      let open = true;
      const done = asking.finally(() => open = false);
      await clock.advance(ms);
      assert.equal(open, false, `no answer within ${ms} ms`);
      return await done;
    },
    /** Lets time pass until Redis is there again, for the `nth` time. */
    async restored(nth = 1): Promise<void> {
      await eventually(async () => {
        await clock.advance(500);
        return log.of("coordination_restored").length >= nth;
      });
    },
    [Symbol.asyncDispose]: () => coordination.close(),
  };
}

export async function eventually(condition: () => Promise<boolean>): Promise<void> {
  for (let left = 2_000; !await condition(); left--) {
    assert.notEqual(left, 0, "it never came true");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function granted(result: ClaimResult): Claim {
  assert.ok(result.kind === "claimed", JSON.stringify(result));
  return result.claim;
}

/** Every key with what is left of its TTL; fails where one has none. */
export async function keys(redis: TestRedis): Promise<ReadonlyMap<string, number>> {
  const found = await redis.command("KEYS", "*");
  assert.ok(Array.isArray(found));
  const left = new Map<string, number>();
  for (const key of found.map(String)) {
    assert.ok(key.startsWith(CLAIM_PREFIX), key);
    const ms = Number(await redis.command("PTTL", key));
    assert.notEqual(ms, -1, `${key} has no TTL`);
    left.set(key, ms);
  }
  return left;
}
