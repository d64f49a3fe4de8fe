import assert from "node:assert/strict";
import { createHand } from "../../../lib/intake/streams/hand.ts";
import { fakeClock } from "../../support/clock.ts";

Deno.test("createHand: of a stream that another one replaced nothing is known any more", () => {
  const hand = createHand(10, fakeClock());
  const [a, b] = ["a", "b"].map((stream) => (id: string) => ({ stream, id }));
  assert.ok(a && b);
  hand.take(a("1-0"));
  hand.settle(a("2-0"));
  hand.settle(a("3-0"));
  hand.acknowledged([a("3-0")]);
  hand.settle(b("3-0"));
  assert.equal(hand.settleKnown(a("3-0")), true);
  hand.acknowledged([a("3-0")]);
  hand.forget("a");
  assert.deepEqual(["1-0", "2-0", "3-0"].map((id) => hand.settleKnown(a(id))), [
    false,
    false,
    false,
  ]);
  assert.equal(hand.settleKnown(b("3-0")), true);
  assert.equal(hand.room(), 9);
});

Deno.test("createHand: the last 4096 that were acknowledged are known", () => {
  const hand = createHand(10, fakeClock());
  const ids = Array.from({ length: 4_097 }, (_, n) => `${n}-0`);
  for (const id of ids) {
    hand.settle({ stream: "a", id });
    hand.acknowledged([{ stream: "a", id }]);
  }
  assert.deepEqual(["0-0", "1-0", "4096-0"].map((id) => hand.settleKnown({ stream: "a", id })), [
    ...[false, true, true],
  ]);
});

Deno.test("createHand: waiting for a time leaves no timer once what it waits for is there", async () => {
  const clock = fakeClock();
  const hand = createHand(10, clock);
  const settled = hand.until(() => hand.unacknowledged > 0, 1_000);
  assert.equal(clock.waiting, 1);
  hand.settle({ stream: "a", id: "1-0" });
  await settled;
  assert.equal(clock.waiting, 0);
});
