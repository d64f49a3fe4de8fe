import assert from "node:assert/strict";
import fc from "fast-check";
import { createMinutes, sumOf } from "../../../lib/observe/status/minutes.ts";

const MINUTE = 60_000;

Deno.test("createMinutes: what was added since the last look belongs to the minute of the look", () => {
  const minutes = createMinutes();
  minutes.look({ received: 2, outcomes: { benign: 2, proposed: 0 } }, 10);
  minutes.look({ received: 3, outcomes: { benign: 2, proposed: 1 } }, MINUTE - 1);
  minutes.look({ received: 3, outcomes: { benign: 2, proposed: 1 } }, MINUTE);
  minutes.look({ received: 3, outcomes: { benign: 2, proposed: 2 } }, 3 * MINUTE);
  assert.deepEqual(minutes.entries(), [
    { minute: 0, received: 3, outcomes: { benign: 2, proposed: 1 } },
    { minute: 3, received: 0, outcomes: { proposed: 1 } },
  ]);
});

Deno.test("createMinutes: forgets what is more than an hour old", () => {
  const minutes = createMinutes();
  minutes.look({ received: 1, outcomes: {} }, 0);
  minutes.look({ received: 2, outcomes: {} }, 60 * MINUTE);
  assert.deepEqual(minutes.entries().map(({ minute }) => minute), [0, 60]);
  minutes.look({ received: 2, outcomes: {} }, 61 * MINUTE);
  assert.deepEqual(minutes.entries().map(({ minute }) => minute), [60]);
});

Deno.test("createMinutes: at most 61 minutes are kept, and within an hour nothing is lost", () => {
  const step = fc.record({ add: fc.nat(5), after: fc.nat(5 * MINUTE) });
  fc.assert(fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
    const minutes = createMinutes();
    const booked: { at: number; add: number }[] = [];
    let [now, received] = [0, 0];
    for (const { add, after } of steps) {
      now += after;
      received += add;
      booked.push({ at: Math.floor(now / MINUTE), add });
      minutes.look({ received, outcomes: {} }, now);
    }
    const last = Math.floor(now / MINUTE);
    const expected = booked.filter(({ at }) => at > last - 61).reduce((n, { add }) => n + add, 0);
    assert.equal(sumOf(minutes.entries()).received, expected);
    assert.ok(minutes.entries().length <= 61);
  }));
});

Deno.test("sumOf: outcomes are added by name", () => {
  assert.deepEqual(
    sumOf([
      { received: 1, outcomes: { a: 1 } },
      { received: 2, outcomes: { a: 2, b: 3 } },
    ]),
    { received: 3, outcomes: { a: 3, b: 3 } },
  );
  assert.deepEqual(sumOf([]), { received: 0, outcomes: {} });
});

Deno.test("sumOf: outcomes are in one order, whatever came first; those of another version last", () => {
  const { outcomes } = sumOf([
    { received: 3, outcomes: { later: 1, proposed: 1, cooldown: 0 } },
    { received: 2, outcomes: { benign: 1, malformed: 1 } },
  ]);
  assert.deepEqual(Object.keys(outcomes), ["malformed", "benign", "proposed", "later"]);
});
