import assert from "node:assert/strict";
import fc from "fast-check";
import { MOST_ROWS } from "../../../lib/observe/status/record.ts";
import { parseStatus } from "../../../lib/observe/status/read.ts";
import { statusRecord, THEN } from "../../support/status_record.ts";

Deno.test("parseStatus: reads what the agent writes", () => {
  const record = statusRecord({
    stopped: THEN,
    parked: 1,
    events: [{
      node: "piha",
      service: "mosquitto",
      type: "service_unhealthy",
      severity: "error",
      state: "parked",
      arrived: THEN - 60,
      failures: 2,
      next_try: THEN + 30,
    }, {
      node: "piha",
      service: "grafana",
      type: "service_unhealthy",
      severity: "error",
      state: "held",
      arrived: THEN - 60,
      failures: 0,
      next_try: THEN + 3_000,
      why: "piha is offline",
    }],
    cooling_down: 1,
    cooldowns: [{ node: "vps", service: "traefik", ends: THEN + 100 }],
  });
  assert.deepEqual(parseStatus(JSON.stringify(record)), { record });
});

Deno.test("parseStatus: what is no status is refused with a reason", () => {
  const problems = ["", "{", "[]", "null", '{"planner_status":2}', "{}", '{"planner_status":1}']
    .map((text) => parseStatus(text));
  assert.deepEqual(problems, [
    { problem: "it is not JSON" },
    { problem: "it is not JSON" },
    { problem: "it is not a JSON object" },
    { problem: "it is not a JSON object" },
    { problem: "it has version 2, this program reads 1" },
    { problem: "it is none of this program" },
    { problem: "its times are missing" },
  ]);
});

Deno.test("parseStatus: terminal codes and secrets do not get through", () => {
  const text = JSON.stringify({
    ...statusRecord(),
    node: "\x1b[31mpiha\x1b[0m\n",
    redis: {
      state: "waiting",
      since: THEN,
      detail: "cannot reach redis://agent:hunter2@host\x1b]0;x\x07",
    },
    last_proposal: { ...statusRecord().last_proposal, action_id: "a\u202eb\x07" },
  });
  const parsed = parseStatus(text);
  assert.ok("record" in parsed);
  assert.equal(parsed.record.node, "piha");
  assert.equal(parsed.record.redis?.detail, "cannot reach redis://[redacted]@host");
  assert.equal(parsed.record.last_proposal?.action_id, "ab");
});

Deno.test("parseStatus: rows that cannot be read are left out, too many are cut", () => {
  const cooldowns = Array.from({ length: 1_000 }, (_, i) => ({ node: "n", service: "s", ends: i }));
  const parsed = parseStatus(JSON.stringify({
    ...statusRecord(),
    cooldowns: [1, null, { node: "n" }, ...cooldowns],
    events: "none",
    links: [{ state: "melted" }],
  }));
  assert.ok("record" in parsed);
  assert.equal(parsed.record.cooldowns.length, MOST_ROWS - 3);
  assert.deepEqual([parsed.record.events, parsed.record.links], [[], []]);
});

Deno.test("parseStatus: never throws, whatever each key holds", () => {
  const keys = Object.keys(statusRecord());
  fc.assert(fc.property(fc.constantFrom(...keys), fc.jsonValue(), (key, value) => {
    const parsed = parseStatus(JSON.stringify({ ...statusRecord(), [key]: value }));
    assert.ok("record" in parsed || "problem" in parsed);
  }));
});
