import assert from "node:assert/strict";
import fc from "fast-check";
import { advance, allows, type Breaker, type BreakerEvent, CLOSED } from "../../lib/llm/breaker.ts";

/** The breaker after events given as [event, time in seconds]. */
function after(...events: [BreakerEvent, number][]): Breaker {
  return events.reduce((breaker, [event, at]) => advance(breaker, event, at * 1000), CLOSED);
}

const THREE_FAILURES: [BreakerEvent, number][] = [["failure", 0], ["failure", 1], ["failure", 2]];

Deno.test("advance: two failures in a row leave it closed, three open it for 30 s", () => {
  assert.equal(after(["failure", 0], ["failure", 1]).state, "closed");
  const open = after(...THREE_FAILURES);
  assert.deepEqual(open, { state: "open", failures: 3, waitMs: 30_000, until: 32_000 });
  assert.equal(allows(open, 31_999), false);
  assert.equal(allows(open, 32_000), true);
});

Deno.test("advance: a success in between starts the count anew", () => {
  const breaker = after(["failure", 0], ["failure", 1], ["success", 2], ["failure", 3]);
  assert.deepEqual(breaker, { state: "closed", failures: 1, waitMs: 0, until: 0 });
});

Deno.test("advance: one probe at a time", () => {
  const probing = after(...THREE_FAILURES, ["begin", 32]);
  assert.equal(probing.state, "half_open");
  assert.equal(allows(probing, 1_000_000), false);
});

Deno.test("advance: a request sent before the time is up is no probe", () => {
  assert.equal(after(...THREE_FAILURES, ["begin", 31]).state, "open");
});

Deno.test("advance: a probe that succeeds closes it", () => {
  assert.deepEqual(after(...THREE_FAILURES, ["begin", 32], ["success", 33]), CLOSED);
});

Deno.test("advance: probes that fail double the wait up to 5 min", () => {
  let breaker = after(...THREE_FAILURES);
  const waits = [];
  for (let i = 0; i < 6; i++) {
    waits.push(breaker.waitMs / 1000);
    const now = breaker.until;
    breaker = advance(advance(breaker, "begin", now), "failure", now);
  }
  assert.deepEqual(waits, [30, 60, 120, 240, 300, 300]);
});

Deno.test("advance: after an abandoned probe the next request may probe at once", () => {
  const breaker = after(...THREE_FAILURES, ["begin", 40], ["abandoned", 41]);
  assert.equal(breaker.state, "open");
  assert.equal(allows(breaker, 41_000), true);
  assert.equal(breaker.waitMs, 30_000);
});

Deno.test("advance: a late failure of an earlier request does not prolong the wait", () => {
  assert.equal(after(...THREE_FAILURES, ["failure", 20]).until, 32_000);
});

Deno.test("advance: holds its promises in any order of events", () => {
  const step = fc.tuple(
    fc.constantFrom<BreakerEvent>("begin", "success", "failure", "abandoned"),
    fc.nat(120_000),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    let now = 0;
    let breaker = CLOSED;
    let failuresInARow = 0;
    for (const [event, pause] of steps) {
      now += pause;
      const before = breaker;
      breaker = advance(before, event, now);
      if (event === "success") failuresInARow = 0;
      if (event === "failure") failuresInARow++;
      assert.equal(breaker.failures, failuresInARow);
      assert.equal(breaker.state === "closed", failuresInARow < 3);
      assert.ok([0, 30_000, 60_000, 120_000, 240_000, 300_000].includes(breaker.waitMs));
      // It never waits for longer than 5 min, whatever happens.
      assert.ok(breaker.state !== "open" || breaker.until - now <= 300_000);
      if (before.state !== "half_open" && breaker.state === "half_open") {
        assert.ok(event === "begin" && allows(before, now));
      }
    }
  }));
});
