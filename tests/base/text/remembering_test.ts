import assert from "node:assert/strict";
import { remembering } from "../../../lib/base/text/remembering.ts";

/** Hides digits, and counts how often it is asked. */
function lab() {
  let asked = 0;
  const clean = remembering((text) => (asked++, text.replace(/\d/g, "*")));
  const all = (texts: readonly string[]) => texts.map(clean);
  return { all, asked: () => asked };
}

Deno.test("remembering: a text that stays as it is is looked at once, one that changes each time", () => {
  const { all, asked } = lab();
  assert.deepEqual(all(["piha", "piha", "pin 12", "pin 12"]), ["piha", "piha", "pin **", "pin **"]);
  assert.equal(asked(), 3);
});

Deno.test("remembering: of long texts none is kept, and of short ones 2,000", () => {
  const { all, asked } = lab();
  const [most, more] = ["x".repeat(80), "x".repeat(81)];
  all([most, most, more, more]);
  assert.equal(asked(), 3);
  const names = Array.from(
    { length: 1_999 },
    (_, nth) => "n" + "ab"[nth % 2] + "x".repeat(nth % 60),
  )
    .map((name, nth) => `${name}${String.fromCodePoint(0x4e00 + nth)}`);
  all([...names, ...names]);
  assert.equal(asked(), 3 + 1_999);
  // A further one makes room: what was known is looked at again.
  all(["further", "further", ...names.slice(0, 2)]);
  assert.equal(asked(), 3 + 1_999 + 3);
});
