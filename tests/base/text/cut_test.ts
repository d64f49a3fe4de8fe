import assert from "node:assert/strict";
import { cut, cutAndCounted } from "../../../lib/base/text/cut.ts";

Deno.test("cut: at most so many units, marked, and no half of a character", () => {
  assert.equal(cut("mosquitto", 9), "mosquitto");
  assert.equal(cut("mosquitto", 3), "mos…");
  assert.equal(cut("ab🚀c", 3), "ab…");
  assert.equal(cut("ab🚀c", 4), "ab🚀…");
});

Deno.test("cutAndCounted: says how long the whole was", () => {
  assert.equal(cutAndCounted("mosquitto", 3), "mos… (9 characters)");
  assert.equal(cutAndCounted("mos", 3), "mos");
});
