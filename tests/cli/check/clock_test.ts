import assert from "node:assert/strict";
import { checkClock } from "../../../lib/cli/check/clock.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

const reading = (host: string, aheadMs: number) => ({
  host,
  theirsMs: NOW + aheadMs,
  oursMs: NOW,
});

const told = (nowMs: number, readings: Parameters<typeof checkClock>[1] = []) =>
  checkClock(nowMs, readings).map(({ level, code, detail }) => [level, code, detail]);

Deno.test("checkClock: alone, and with others that agree", () => {
  assert.deepEqual(told(NOW), [["ok", undefined, "2026-01-02T03:04:05Z"]]);
  assert.deepEqual(told(NOW, [reading("a", 30_000), reading("b", -30_000)]), [
    ["ok", undefined, "2026-01-02T03:04:05Z, as on a, b"],
  ]);
});

Deno.test("checkClock: half a minute is tolerated, no more; a host is named once", () => {
  assert.deepEqual(told(NOW, [reading("a", 30_001)]).map(([, code]) => code), ["clock_differs"]);
  assert.deepEqual(told(NOW, [reading("a", -30_001)]).map(([, code]) => code), ["clock_differs"]);
  assert.deepEqual(told(NOW, [reading("a", 0), reading("a", 1), reading("b", 0)]), [
    ["ok", undefined, "2026-01-02T03:04:05Z, as on a, b"],
  ]);
});

Deno.test("checkClock: says by how much and on which side it differs", () => {
  assert.deepEqual(told(NOW, [reading("a", 90_000), reading("b", 0), reading("c", -3_600_000)]), [
    ["warning", "clock_differs", "90 s behind that of a"],
    ["warning", "clock_differs", "3600 s ahead of that of c"],
  ]);
});

Deno.test("checkClock: a Pi that has not heard of the time is a failure", () => {
  assert.deepEqual(told(12_000), [["failure", "clock_wrong", "it says 1970-01-01T00:00:12Z"]]);
  assert.deepEqual(told(Date.UTC(2101, 0)).map(([level]) => level), ["failure"]);
});
