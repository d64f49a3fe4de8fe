import assert from "node:assert/strict";
import fc from "fast-check";
import { parseLabels } from "../../../lib/cli/eval/label.ts";
import { anyCharacter } from "../../support/any_character.ts";

const OPTIONS = { nowMs: Date.UTC(2026, 0, 2), payloadBytes: 2048 };
const EVENT = {
  type: "service_unhealthy",
  node: "piha",
  service: "mosquitto",
  severity: "error",
  timestamp: 1767323045,
};

const encoder = new TextEncoder();
const read = (text: string) => parseLabels(encoder.encode(text), OPTIONS);
const problemsOf = (text: string) => read(text).problems;
const label = (more: Record<string, unknown> = {}) =>
  JSON.stringify({ event: EVENT, acceptable: ["restart"], ...more });

function parse(text: string) {
  const { labels, problems } = read(text);
  assert.deepEqual(problems, []);
  return labels;
}

Deno.test("parseLabels: an event as it waits, its actions in their order, a person or either", () => {
  const lines = [
    label({ acceptable: ["notify", "restart"], requires_human: true, why: "a broker" }),
    "",
    label({ event: { ...EVENT, payload: { password: "hunter2", exit_code: 137 } } }) + "\r",
    label({ requires_human: null }),
  ];
  const { type, node, service, severity, timestamp } = EVENT;
  // An event from tomorrow counts as heard now.
  const times = { heardAt: OPTIONS.nowMs, happenedAt: OPTIONS.nowMs };
  const plain = { benign: false, context: { events: [], outcomes: [] } };
  const event = { node, service, type, severity, timestamp, channel: "health_events", ...times };
  assert.deepEqual(parse(lines.join("\n")), [
    {
      line: 1,
      event: { ...event, excerpt: "" },
      acceptable: ["restart", "notify"],
      requiresHuman: true,
      ...plain,
    },
    {
      line: 3,
      event: { ...event, excerpt: '{\n "password": "[redacted]",\n "exit_code": 137\n}' },
      acceptable: ["restart"],
      requiresHuman: null,
      ...plain,
    },
    {
      line: 4,
      event: { ...event, excerpt: "" },
      acceptable: ["restart"],
      requiresHuman: null,
      ...plain,
    },
  ]);
});

Deno.test("parseLabels: what the gate takes for good news asks no model", () => {
  const [parsed] = parse(
    label({ event: { ...EVENT, type: "node_online" }, acceptable: ["ignore"] }),
  );
  assert.equal(parsed?.benign, true);
});

Deno.test("parseLabels: context is earlier events and outcomes for the same target, by their times", () => {
  const at = (minutes: number) => EVENT.timestamp - 60 * minutes;
  const [parsed] = parse(label({
    context: [
      { type: "node_offline", node: "piha", timestamp: at(1) },
      { event: { type: "service_healthy", node: "piha", service: "mosquitto", timestamp: at(9) } },
      { action: "restart", became: "completed", timestamp: at(20) },
      { outcome: { action: "restart", became: "rejected", timestamp: at(5) } },
      { action: "restart", became: "failed", timestamp: at(2), service: "grafana" },
      { type: "container_restart", status: "failed", timestamp: at(30), payload: {} },
      { action: "redeploy", became: "cancelled", timestamp: at(-5) },
    ],
  }));
  assert.deepEqual(parsed?.context.events.map(({ type, service }) => [type, service]), [
    ["service_healthy", "mosquitto"],
    ["node_offline", "piha"],
  ]);
  assert.deepEqual(
    parsed?.context.outcomes.map(({ action, became, atMs }) => [action, became, atMs]),
    [
      // What came later was not known yet, and counts as the last.
      ["redeploy", "cancelled", at(0) * 1000],
      ["restart", "rejected", at(5) * 1000],
      ["restart", "completed", at(20) * 1000],
      ["restart", "failed", at(30) * 1000],
    ],
  );
});

const WRONG: Readonly<Record<string, string>> = {
  "{": "line 1: it is not JSON: {",
  "[1]": "line 1: it is not a JSON object: [1]",
  [label({ expect: "restart" })]:
    'line 1: "expect" is no key of a label; there are: event, acceptable, requires_human, context, why, source',
  [label({ event: "down" })]:
    'line 1: event is "down"; it takes an object, as it is published on Redis',
  [label({ event: { node: "piha" } })]:
    "line 1: event has no type; it takes node and type, both text",
  [label({ event: { type: "x", node: [], service: "y" } })]:
    "line 1: event has no node; it takes node and type, both text",
  [label({ context: [{ type: "x" }] })]:
    "line 1: context[0] is neither an event nor an outcome; it takes a list of at most 200 earlier " +
    'events, as published on Redis, and outcomes such as {"action": "restart", "became": ' +
    '"completed", "timestamp": "..."}',
  [label({ acceptable: "restart" })]:
    'line 1: acceptable is "restart"; it takes a list of one or more of restart, redeploy, notify, ignore, each once',
  [label({ acceptable: ["restart", "reboot"] })]:
    'line 1: acceptable is ["restart","reboot"]; it takes a list of one or more of restart, redeploy, notify, ignore, each once',
  [label({ acceptable: [] })]:
    "line 1: acceptable is []; it takes a list of one or more of restart, redeploy, notify, ignore, each once",
  [label({ requires_human: "yes" })]:
    'line 1: requires_human is "yes"; it takes true, false, or null for either',
  "\n \n": "there is no event in it",
};

for (const [text, problem] of Object.entries(WRONG)) {
  Deno.test(`parseLabels: ${problem}`, () => assert.deepEqual(problemsOf(text), [problem]));
}

Deno.test("parseLabels: every wrong line is told, up to ten of them", () => {
  assert.deepEqual(problemsOf(`${label()}\n[]\n${label()}\n{`), [
    "line 2: it is not a JSON object: []",
    "line 4: it is not JSON: {",
  ]);
  const many = problemsOf("[]\n".repeat(5_000));
  assert.deepEqual(many.slice(9), [
    "line 10: it is not a JSON object: []",
    "the lines behind it were not looked at",
  ]);
});

Deno.test("parseLabels: more than 10,000 events are too many", () => {
  assert.deepEqual(problemsOf(`${label()}\n`.repeat(10_001)), ["there are more than 10000 events"]);
});

Deno.test("parseLabels: any text is labels or problems", () => {
  fc.assert(fc.property(fc.string({ unit: anyCharacter, maxLength: 300 }), (text) => {
    assert.ok(problemsOf(text).length > 0);
  }));
});
