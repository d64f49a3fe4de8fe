import assert from "node:assert/strict";
import { spanInWords } from "../../../lib/base/text/age.ts";

Deno.test("spanInWords: one unit, rounded down", () => {
  const spans = [
    [-5, "0 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [3_599_999, "59 min"],
    [3_600_000, "1 h"],
    [86_400_000, "24 h"],
    [2 * 86_400_000, "2 days"],
    [30.9 * 86_400_000, "30 days"],
  ] as const;
  assert.deepEqual(spans.map(([ms]) => spanInWords(ms)), spans.map(([, words]) => words));
});
