import assert from "node:assert/strict";
import { isoSecond, momentText, parseSpan, spanInWords } from "../../../lib/base/text/span.ts";

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

Deno.test("isoSecond: UTC, whole seconds", () => {
  assert.equal(isoSecond(1_767_323_045_900), "2026-01-02T03:04:05Z");
});

Deno.test("momentText: UTC, whole seconds", () => {
  assert.equal(momentText(1_767_323_045.9), "2026-01-02 03:04:05 UTC");
});

Deno.test("parseSpan: a count and a unit, nothing else", () => {
  assert.deepEqual(["90s", "30m", "12h", "7d", "2w"].map(parseSpan), [
    90_000,
    1_800_000,
    43_200_000,
    604_800_000,
    1_209_600_000,
  ]);
  for (const text of ["", "7", "d", "-1d", "1.5h", "7 d", "7d ", "7D", "1y", "9999999d"]) {
    assert.equal(parseSpan(text), undefined, text);
  }
});
