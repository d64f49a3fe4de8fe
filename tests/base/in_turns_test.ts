import assert from "node:assert/strict";
import { inTurns } from "../../lib/base/in_turns.ts";
import { settle } from "../support/clock.ts";

Deno.test("inTurns: in their order, of so many at once", async () => {
  const begun: number[] = [];
  const turns: PromiseWithResolvers<void>[] = [];
  const done = inTurns([0, 1, 2, 3, 4], 2, async (n) => {
    begun.push(n);
    await (turns[n] = Promise.withResolvers<void>()).promise;
    return `${n}!`;
  });
  for (const [some, together] of [[[0, 1], 2], [[2, 3], 4], [[4], 5]] as const) {
    await settle();
    assert.equal(begun.length, together);
    for (const n of [...some].reverse()) turns[n]?.resolve();
  }
  assert.deepEqual(await done, ["0!", "1!", "2!", "3!", "4!"]);
  assert.deepEqual(await inTurns([], 2, () => Promise.reject(new Error("never"))), []);
});
