import assert from "node:assert/strict";
import { parseHistoryLine } from "../../../lib/observe/history/line.ts";

const LINE = { at: "2026-01-02T03:04:05.000Z", outcome: "dropped", node: "piha" };
const DEEP = "[".repeat(50_000) + "]".repeat(50_000);

/** The line with one more key, whose value is JSON. */
const withKey = (key: string, json: string) =>
  `${JSON.stringify(LINE).slice(0, -1)},${JSON.stringify(key)}:${json}}`;

Deno.test("parseHistoryLine: what it does not know is left out, however deep, and the rest is read", () => {
  for (const key of ["further", "toString", "__proto__"]) {
    assert.deepEqual(parseHistoryLine(withKey(key, DEEP)), LINE);
  }
});

Deno.test("parseHistoryLine: attempts hold values only", () => {
  const attempt = (more: string) => `[{"link":"m","outcome":"ok","milliseconds":5${more}}]`;
  assert.deepEqual(parseHistoryLine(withKey("attempts", attempt("")))?.attempts, [
    { link: "m", outcome: "ok", milliseconds: 5 },
  ]);
  assert.equal(parseHistoryLine(withKey("attempts", attempt(`,"x":${DEEP}`))), undefined);
});
