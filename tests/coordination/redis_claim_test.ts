import assert from "node:assert/strict";
import { type ClaimEnd, momentOf, redisClaim } from "../../lib/coordination/redis_claim.ts";
import { fakeClock, settle } from "../support/clock.ts";

const COOLDOWN_MS = 300_000;

/** A claim whose questions a test answers one by one. */
function asked() {
  const clock = fakeClock();
  const questions: PromiseWithResolvers<unknown>[] = [];
  const args: (readonly unknown[])[] = [];
  const ends: ClaimEnd[] = [];
  const claim = redisClaim({
    key: "k",
    token: "t",
    claimedAt: momentOf(clock),
    clock,
    run(call) {
      args.push(call.args);
      const question = Promise.withResolvers<unknown>();
      questions.push(question);
      return question.promise;
    },
    onEnd(end) {
      ends.push(end);
      return Promise.resolve();
    },
  });
  return { clock, questions, args, ends, claim };
}

Deno.test("redisClaim: a late answer to a shorter question does not shorten what was confirmed", async () => {
  const { clock, questions, claim } = asked();
  await clock.advance(10_000);
  const fenced = claim.fence(COOLDOWN_MS);
  const [renewal, fence] = questions;
  fence?.resolve(1);
  assert.equal(await fenced, true);
  renewal?.resolve(1);
  await settle();
  await clock.advance(9_999);
  // Past a TTL, and nobody answers any more: what counts is the fence.
  clock.jump(60_000);
  const alone = claim.fence(COOLDOWN_MS);
  questions.at(-1)?.reject(new Error("away"));
  assert.equal(await alone, true);
  await claim.release();
  assert.equal(clock.waiting, 0);
});

Deno.test("redisClaim: a renewal that Redis was not asked for is tried again after 2 s", async () => {
  const { clock, questions, claim } = asked();
  await clock.advance(10_000);
  questions[0]?.reject(new Error("away"));
  await settle();
  await clock.advance(1_999);
  assert.equal(questions.length, 1);
  await clock.advance(1);
  assert.equal(questions.length, 2);
  questions[1]?.resolve(1);
  await settle();
  await clock.advance(9_999);
  assert.equal(questions.length, 2);
  await clock.advance(1);
  assert.equal(questions.length, 3);
  await claim.release();
});

Deno.test("redisClaim: what is given back may be kept on Redis for as long as it was asked for", async () => {
  for (const end of ["settle", "release"] as const) {
    const { questions, ends, claim } = asked();
    const fenced = claim.fence(COOLDOWN_MS);
    // It may have been kept although the answer got lost.
    if (end === "settle") questions[0]?.resolve(1);
    else questions[0]?.reject(new Error("away"));
    assert.equal(await fenced, true);
    await (end === "settle" ? claim.settle(0) : claim.release());
    assert.deepEqual(ends, [{ as: "released", lastsMs: COOLDOWN_MS }]);
  }
});

Deno.test("redisClaim: however short the cooldown, the fence reserves no less than a TTL", async () => {
  for (const cooldownMs of [0, 1_000]) {
    const { questions, args, ends, claim } = asked();
    const fenced = claim.fence(cooldownMs);
    assert.deepEqual(args, [["t", 30_000]]);
    questions[0]?.resolve(1);
    assert.equal(await fenced, true);
    await claim.release();
    assert.deepEqual(ends, [{ as: "released", lastsMs: 30_000 }]);
  }
});

Deno.test("redisClaim: what was not granted counts as nothing written, and asks for whole milliseconds", async () => {
  const { clock, questions, args, ends, claim } = asked();
  clock.jump(60_000);
  const fenced = claim.fence(COOLDOWN_MS + 0.5);
  assert.deepEqual(args.at(-1), ["t", COOLDOWN_MS + 1]);
  questions.at(-1)?.reject(new Error("away"));
  assert.equal(await fenced, false);
  await claim.settle(COOLDOWN_MS);
  assert.deepEqual(ends, [{ as: "cooldown", lastsMs: COOLDOWN_MS, proposed: false }]);
});

Deno.test("redisClaim: one that the fence finds lost is renewed no more", async () => {
  const { clock, questions, claim } = asked();
  const fenced = claim.fence(COOLDOWN_MS);
  questions[0]?.resolve(0);
  assert.deepEqual([await fenced, clock.waiting], [false, 0]);
  assert.equal(await claim.fence(COOLDOWN_MS), false);
  assert.equal(questions.length, 1);
});
