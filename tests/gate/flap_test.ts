import assert from "node:assert/strict";
import { createFlaps } from "../../lib/gate/flap.ts";

const KEY = "piha\0grafana";

Deno.test("createFlaps: so many changes within the window are flapping", () => {
  const flaps = createFlaps({ changes: 4, windowMs: 1000 });
  flaps.bad(KEY, 0);
  flaps.well(KEY, 100);
  flaps.bad(KEY, 200);
  assert.equal(flaps.isBad(KEY), true);
  flaps.well(KEY, 300);
  assert.equal(flaps.isBad(KEY), false);
  assert.equal(flaps.flapping(KEY, 300), 0);
  flaps.bad(KEY, 400);
  assert.equal(flaps.flapping(KEY, 400), 4);
  assert.equal(flaps.flapping(KEY, 1099), 4);
  assert.equal(flaps.flapping(KEY, 1100), 0);
});

Deno.test("createFlaps: the same again is no change, and a well target that was never bad is none", () => {
  const flaps = createFlaps({ changes: 2, windowMs: 1000 });
  for (let at = 0; at < 10; at++) flaps.well(KEY, at);
  for (let at = 10; at < 20; at++) flaps.bad(KEY, at);
  assert.equal(flaps.flapping(KEY, 20), 0);
});

Deno.test("createFlaps: told holds while it goes on flapping, a window at most", () => {
  const flaps = createFlaps({ changes: 2, windowMs: 1000 });
  flaps.bad(KEY, 0);
  flaps.well(KEY, 10);
  flaps.bad(KEY, 20);
  assert.equal(flaps.isTold(KEY, 20), false);
  flaps.told(KEY, 20);
  assert.equal(flaps.isTold(KEY, 1009), true);
  assert.equal(flaps.isTold(KEY, 1010), false);
});

Deno.test("createFlaps: 0 changes turn it off; what is over is forgotten", () => {
  const off = createFlaps({ changes: 0, windowMs: 1000 });
  for (let at = 0; at < 10; at += 2) {
    off.bad(KEY, at);
    off.well(KEY, at + 1);
  }
  assert.equal(off.flapping(KEY, 10), 0);
  const flaps = createFlaps({ changes: 1, windowMs: 1000 });
  flaps.bad(KEY, 0);
  flaps.well(KEY, 1);
  flaps.prune(1001);
  flaps.bad(KEY, 1002);
  assert.equal(flaps.flapping(KEY, 1002), 0);
});
