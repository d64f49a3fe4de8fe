import assert from "node:assert/strict";
import { jumpDetector } from "../../lib/agent/clock_jump.ts";
import { fakeClock } from "../support/clock.ts";

Deno.test("jumpDetector: time that passes is no jump", async () => {
  const clock = fakeClock();
  const jumped = jumpDetector(clock);
  assert.equal(jumped(), 0);
  await clock.advance(3_600_000);
  assert.equal(jumped(), 0);
});

Deno.test("jumpDetector: tells each jump once, forwards and back", () => {
  const clock = fakeClock(17_000);
  const jumped = jumpDetector(clock);
  const toNow = Date.UTC(2026, 0, 2) - 17_000;
  clock.jump(toNow);
  assert.equal(jumped(), toNow);
  assert.equal(jumped(), 0);
  clock.jump(-2_000);
  assert.equal(jumped(), -2_000);
});

Deno.test("jumpDetector: a small step is drift", () => {
  const clock = fakeClock();
  const jumped = jumpDetector(clock);
  clock.jump(1_999);
  assert.equal(jumped(), 0);
  clock.jump(1_999);
  assert.equal(jumped(), 0);
});
