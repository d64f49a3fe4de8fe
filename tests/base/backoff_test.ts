import assert from "node:assert/strict";
import fc from "fast-check";
import { backoffDelay, keepTrying } from "../../lib/base/backoff.ts";
import { fakeClock } from "../support/clock.ts";

const plain = { firstMs: 30_000, mostMs: 300_000, jitter: 0 };

Deno.test("backoffDelay: doubles from the first delay up to the longest", () => {
  const delays = [1, 2, 3, 4, 5, 6].map((failures) => backoffDelay(plain, failures, () => 0.5));
  assert.deepEqual(delays, [30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
});

Deno.test("backoffDelay: chance takes off its share and adds nothing", () => {
  const jittered = { ...plain, jitter: 0.2 };
  assert.equal(backoffDelay(jittered, 1, () => 0), 30_000);
  assert.equal(backoffDelay(jittered, 1, () => 0.5), 27_000);
  assert.equal(backoffDelay(jittered, 9, () => 1), 240_000);
});

Deno.test("backoffDelay: any number of failures gives a delay within bounds", () => {
  fc.assert(fc.property(
    fc.integer({ min: -5, max: Number.MAX_SAFE_INTEGER }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    (failures, chance) => {
      const delay = backoffDelay({ ...plain, jitter: 0.5 }, failures, () => chance);
      assert.ok(delay >= 15_000 && delay <= 300_000, String(delay));
    },
  ));
});

/** Tries that take so many milliseconds and are of use from the given one on; what was told of each. */
async function tries(
  attempts: readonly {
    readonly ms: number;
    readonly usefulAt?: number;
    readonly error?: unknown;
  }[],
) {
  const clock = fakeClock();
  const told: unknown[] = [];
  const left = [...attempts];
  const over = keepTrying({
    clock,
    random: () => 0,
    backoff: { firstMs: 1_000, mostMs: 3_000, jitter: 0 },
    signal: new AbortController().signal,
    async attempt(useful) {
      const { ms, usefulAt, error } = left.shift() ?? { ms: 0 };
      for (let at = 0; at < ms; at += 1_000) {
        if (usefulAt !== undefined && at >= usefulAt) useful();
        await new Promise<void>((resolve) => clock.after(1_000, resolve));
      }
      if (error !== undefined) throw error;
    },
    onFailed: (error, { failures, retryInMs, usefulMs }) =>
      void told.push([error, failures, retryInMs, usefulMs]),
  });
  await clock.advance(100_000);
  await over;
  assert.deepEqual([left, clock.waiting], [[], 0]);
  return told;
}

Deno.test("keepTrying: waits ever longer, until a try succeeds", async () => {
  const told = await tries([
    { ms: 1_000, error: "a" },
    { ms: 12_000, error: "b" },
    { ms: 0, error: "c" },
    { ms: 0 },
  ]);
  assert.deepEqual(told, [
    ["a", 1, 1_000, undefined],
    ["b", 2, 2_000, undefined],
    ["c", 3, 3_000, undefined],
  ]);
});

Deno.test("keepTrying: a try that was of use for 10 s starts the waiting anew", async () => {
  const told = await tries([
    { ms: 0, error: "a" },
    { ms: 11_000, usefulAt: 2_000, error: "b" },
    { ms: 11_000, usefulAt: 1_000, error: "c" },
    { ms: 0 },
  ]);
  assert.deepEqual(told, [
    ["a", 1, 1_000, undefined],
    ["b", 2, 2_000, 9_000],
    ["c", 1, 1_000, 10_000],
  ]);
});

Deno.test("keepTrying: what was told to end is no failure, and not tried again", async () => {
  assert.deepEqual(await tries([{ ms: 0, error: null }]), []);
});

Deno.test("keepTrying: a signal ends the pause, and nothing is tried after it", async () => {
  const clock = fakeClock();
  const stop = new AbortController();
  let attempts = 0;
  const over = keepTrying({
    clock,
    random: () => 0,
    backoff: plain,
    signal: stop.signal,
    attempt: () => Promise.reject(new Error(`${++attempts}`)),
    onFailed() {},
  });
  await clock.advance(29_999);
  stop.abort();
  await over;
  assert.deepEqual([attempts, clock.waiting], [1, 0]);
});
