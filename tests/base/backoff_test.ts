import assert from "node:assert/strict";
import fc from "fast-check";
import { backoffDelay } from "../../lib/base/backoff.ts";

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
