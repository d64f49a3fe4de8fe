import assert from "node:assert/strict";
import { type Holder, longestHold } from "../../lib/gate/hold.ts";
import { waitingEvent } from "../support/waiting_event.ts";

Deno.test("longestHold: what holds longest says why; of two the first; what ends now holds nothing", () => {
  const entry = { event: waitingEvent(), arrivedAt: 0 };
  const holders = (...untils: number[]): Holder[] =>
    untils.map((until, nth) => ({ until: () => until, why: () => `reason ${nth}` }));
  assert.deepEqual(longestHold(holders(0, 120, 150, 150), entry, 100), {
    until: 150,
    why: "reason 2",
  });
  assert.deepEqual(longestHold(holders(101), entry, 100), { until: 101, why: "reason 0" });
  assert.equal(longestHold(holders(0, 99, 100), entry, 100), undefined);
});
