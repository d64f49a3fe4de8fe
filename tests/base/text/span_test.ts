import assert from "node:assert/strict";
import { momentText, parseSpan, spanText } from "../../../lib/cli/span.ts";

Deno.test("spanText: the largest unit, whole", () => {
  const spans = [-5, 0, 999, 59_999, 60_000, 3_599_999, 3_600_000, 86_399_999, 86_400_000, 9e9];
  assert.deepEqual(spans.map(spanText), [
    "0 s",
    "0 s",
    "0 s",
    "59 s",
    "1 min",
    "59 min",
    "1 h",
    "23 h",
    "1 d",
    "104 d",
  ]);
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
