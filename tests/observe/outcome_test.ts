import assert from "node:assert/strict";
import { createCounters, OUTCOMES } from "../../lib/observe/outcome.ts";

Deno.test("counters: start at 0 for every outcome and count each", () => {
  const counters = createCounters();
  assert.deepEqual(counters.counts(), {
    received: 0,
    outcomes: {
      malformed: 0,
      unparseable: 0,
      benign: 0,
      silenced: 0,
      inhibited: 0,
      cooldown: 0,
      coalesced: 0,
      recovered: 0,
      dropped: 0,
      expired: 0,
      held: 0,
      ignored: 0,
      proposed: 0,
    },
  });
  for (const outcome of OUTCOMES) {
    counters.received();
    counters.ended(outcome);
  }
  counters.received();
  counters.ended("proposed");
  const { received, outcomes } = counters.counts();
  assert.equal(received, 14);
  assert.equal(outcomes.proposed, 2);
  assert.equal(Object.values(outcomes).reduce((a, b) => a + b), received);
});

Deno.test("counters: what was read does not change any more", () => {
  const counters = createCounters();
  const before = counters.counts();
  counters.ended("benign");
  assert.equal(before.outcomes.benign, 0);
});
