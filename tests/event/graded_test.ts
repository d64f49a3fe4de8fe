import assert from "node:assert/strict";
import { gradeOf } from "../../lib/event/graded.ts";

type Case = readonly [sent: string, payload: Record<string, unknown>, severity: string];

const CASES: readonly Case[] = [
  ["error", {}, "error"],
  ["5", {}, "5"],
  ["5", { "EVENT.NSEVERITY": "5" }, "disaster"],
  ["4", { "TRIGGER.SEVERITY": "High" }, "high"],
  ["", { "EVENT.NSEVERITY": 2 }, "warning"],
  ["Disaster", { "EVENT.NSEVERITY": "5" }, "Disaster"],
  ["", { labels: { severity: "page" } }, "page"],
  ["", { level: "fatal" }, "fatal"],
  ["", { level: "blue" }, "info"],
  ["", {}, "info"],
];

for (const [sent, payload, severity] of CASES) {
  Deno.test(`gradeOf: ${JSON.stringify(sent)} with ${JSON.stringify(payload)} is ${severity}`, () => {
    assert.deepEqual(gradeOf(sent, { type: "service_unhealthy", payload }), { severity });
  });
}

Deno.test("gradeOf: an unknown word is a warning for a known fault, else as sent, and told", () => {
  const grade = (type: string) => gradeOf("blue", { type, payload: {} });
  assert.deepEqual(grade("container_exited"), { severity: "warning", unknown: "blue" });
  assert.deepEqual(grade("frobnicated"), { severity: "blue", unknown: "blue" });
  assert.deepEqual(grade("service_healthy"), { severity: "blue", unknown: "blue" });
});
