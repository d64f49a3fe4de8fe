import assert from "node:assert/strict";
import fc from "fast-check";
import { createCooldowns, elapsedSince } from "../../lib/gate/cooldown.ts";

const MINUTE = 60_000;
const [CRITICAL, WARNING] = [0, 2];
const NOW = Date.UTC(2026, 0, 2);

Deno.test("cooldowns: a target cools down for exactly the given time", () => {
  const cooldowns = createCooldowns(300);
  assert.equal(cooldowns.remaining("a", 1_000, WARNING), 0);
  cooldowns.record("a", 1_000);
  assert.equal(cooldowns.remaining("a", 1_000, WARNING), 300_000);
  assert.equal(cooldowns.remaining("a", 300_999, WARNING), 1);
  assert.equal(cooldowns.remaining("a", 301_000, WARNING), 0);
  assert.equal(cooldowns.remaining("b", 1_000, WARNING), 0);
});

Deno.test("cooldowns: recording again starts anew", () => {
  const cooldowns = createCooldowns(300);
  cooldowns.record("a", 0);
  cooldowns.record("a", 100_000);
  assert.equal(cooldowns.remaining("a", 100_000, WARNING), 300_000);
});

Deno.test("cooldowns: what a lesser fault began is none for a graver one", () => {
  const cooldowns = createCooldowns(300);
  cooldowns.record("a", 0, { gravity: WARNING });
  assert.equal(cooldowns.remaining("a", 0, WARNING), 300_000);
  assert.equal(cooldowns.remaining("a", 0, WARNING + 1), 300_000);
  assert.equal(cooldowns.remaining("a", 0, CRITICAL), 0);
  cooldowns.record("a", 0, { gravity: CRITICAL });
  assert.equal(cooldowns.remaining("a", 0, CRITICAL), 300_000);
  // Of one that an earlier version began nothing is known.
  cooldowns.record("b", 0);
  assert.equal(cooldowns.remaining("b", 0, CRITICAL), 300_000);
});

Deno.test("cooldowns: of 0 seconds there is none", () => {
  const cooldowns = createCooldowns(0);
  cooldowns.record("a", 5);
  assert.equal(cooldowns.remaining("a", 5, WARNING), 0);
  assert.deepEqual([...cooldowns.entries(5)], []);
});

Deno.test("cooldowns: what was over before the restart is not taken up, and ends an older one", () => {
  const cooldowns = createCooldowns(300);
  cooldowns.record("a", 0);
  cooldowns.record("a", 0, { elapsedMs: 300_000 });
  assert.equal(cooldowns.remaining("a", 0, WARNING), 0);
});

Deno.test("cooldowns: pruned, only running ones are kept", () => {
  const cooldowns = createCooldowns(300);
  for (let i = 0; i < 10_000; i++) cooldowns.record(`target-${i}`, i);
  cooldowns.prune(300_000 + 9_998);
  assert.deepEqual([...cooldowns.entries(0)].map((entry) => entry.key), ["target-9999"]);
});

Deno.test("cooldowns: entries tell how long ago each started, and leave out what is over", () => {
  const cooldowns = createCooldowns(300);
  cooldowns.record("old", 0);
  cooldowns.record("new", 200_000);
  assert.deepEqual([...cooldowns.entries(250_000)], [
    { key: "old", elapsedMs: 250_000, gravity: -1 },
    { key: "new", elapsedMs: 50_000, gravity: -1 },
  ]);
  assert.deepEqual([...cooldowns.entries(300_000)], [
    { key: "new", elapsedMs: 100_000, gravity: -1 },
  ]);
});

Deno.test("elapsedSince: is the difference while the clock can be trusted", () => {
  assert.equal(elapsedSince(NOW, NOW + MINUTE), MINUTE);
  assert.equal(elapsedSince(NOW, NOW), 0);
});

Deno.test("elapsedSince: nothing counts when the clock stood in 1970 or went back", () => {
  assert.equal(elapsedSince(17_000, NOW), 0, "stored in 1970");
  assert.equal(elapsedSince(NOW, 17_000), 0, "now in 1970");
  assert.equal(elapsedSince(NOW, NOW - 1), 0, "gone back");
  assert.equal(elapsedSince(Date.UTC(2099, 0, 1), NOW), 0, "stored in the future");
  assert.equal(elapsedSince(Date.UTC(2020, 0, 1) - 1, NOW), 0);
  assert.equal(elapsedSince(Date.UTC(2020, 0, 1), Date.UTC(2020, 0, 1) + 5), 5);
});

Deno.test("cooldowns: after a restart with any clock, never longer than one cooldown", () => {
  fc.assert(fc.property(
    fc.integer({ min: -1e15, max: 1e15 }),
    fc.integer({ min: -1e15, max: 1e15 }),
    fc.integer({ min: 0, max: 1e12 }),
    (storedMs, nowMs, monotonicMs) => {
      const cooldowns = createCooldowns(300);
      cooldowns.record("a", monotonicMs, { elapsedMs: elapsedSince(storedMs, nowMs) });
      const remaining = cooldowns.remaining("a", monotonicMs, WARNING);
      assert.ok(remaining >= 0 && remaining <= 300_000, String(remaining));
      const wrongClock = storedMs < Date.UTC(2020, 0, 1) || nowMs < storedMs;
      if (wrongClock) assert.equal(remaining, 300_000, "a wrong clock opened the gate");
    },
  ));
});
