import assert from "node:assert/strict";
import { headOf, textWidth } from "../../../lib/cli/view/width.ts";

Deno.test("textWidth: letters of East Asia and pictures take two columns, marks none", () => {
  const widths = {
    abc: 3,
    "äé": 2,
    "e\u0301": 1,
    東: 2,
    한: 2,
    ひ: 2,
    カ: 2,
    "！": 2,
    "、": 2,
    "🚀": 2,
  };
  for (const [text, width] of Object.entries(widths)) assert.equal(textWidth(text), width, text);
});

Deno.test("headOf: as much as fits, and one character at least", () => {
  assert.deepEqual(["abc", "東京", "a東", "ää"].map((text) => headOf(text, 2)), [
    ...["ab", "東", "a", "ää"],
  ]);
  assert.deepEqual(["abc", "東京"].map((text) => headOf(text, 0)), ["a", "東"]);
});
