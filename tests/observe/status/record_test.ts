import assert from "node:assert/strict";
import fc from "fast-check";
import { MOST_ROWS, parseStatus, statusLine } from "../../../lib/observe/status/record.ts";
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

Deno.test("parseStatus: a channel without a readable name is none", () => {
  const redis = { state: "subscribed", since: 1, channels: ["", "a", 7], refused: ["\u200b"] };
  const parsed = parseStatus(JSON.stringify({ ...statusRecord(), redis }));
  assert.ok("record" in parsed);
  assert.deepEqual([parsed.record.redis?.channels, parsed.record.redis?.refused], [["a"], []]);
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

Deno.test("statusLine: a well agent", () => {
  assert.equal(
    statusLine(statusRecord()),
    "hears health_events, world_updates; 0 wait; last proposal plan-piha-mosquitto-1767322445",
  );
});

Deno.test("statusLine: without Redis, with a queue and a link that does not answer", () => {
  const line = statusLine(statusRecord({
    redis: { state: "waiting", since: THEN, channels: [], refused: [], detail: "No route." },
    diagnosing: 1,
    queued: 2,
    parked: 3,
    links: [
      { link: "a", model: "a", state: "open", failures: 3, next_try: THEN },
      { link: "b", model: "b", state: "closed", failures: 0, next_try: null },
    ],
    last_proposal: null,
  }));
  assert.equal(
    line,
    "no Redis: No route.; 5 wait (3 parked); 1 being diagnosed; not answering: a; no proposal yet",
  );
});

Deno.test("statusLine: a refused channel is named", () => {
  const redis = statusRecord().redis;
  assert.ok(redis);
  const line = statusLine(
    statusRecord({ redis: { ...redis, channels: ["health_events"], refused: ["world_updates"] } }),
  );
  assert.match(line, /^hears health_events, may not hear world_updates; /);
});

Deno.test("statusLine: passing time alone does not change it", () => {
  const line = statusLine(statusRecord());
  assert.equal(statusLine(statusRecord({ written: THEN + 900 })), line);
});

Deno.test("parseStatus: each list and text has its own bound", () => {
  const many = <Item>(item: (n: number) => Item) => Array.from({ length: 500 }, (_, n) => item(n));
  const detail = "x".repeat(1_000);
  const state = "waiting";
  const parsed = parseStatus(JSON.stringify({
    ...statusRecord(),
    events: many((n) => ({ state: "queued", arrived: THEN, service: `s${n}` })),
    cooldowns: many(() => ({ ends: THEN })),
    links: many(() => ({ state: "closed" })),
    minutes: many(() => ({ from: THEN })),
    redis: { state, since: THEN, channels: many(String), refused: many(String), detail },
    since_start: {
      received: 1,
      outcomes: Object.fromEntries(many((n) => [`${n}${"o".repeat(50)}`, 1])),
    },
  }));
  assert.ok("record" in parsed);
  const { events, cooldowns, links, minutes, redis, since_start } = parsed.record;
  assert.deepEqual([events.length, cooldowns.length, links.length, minutes.length], [
    200,
    200,
    100,
    61,
  ]);
  assert.deepEqual([events[199]?.service, redis?.channels.length, redis?.refused.length], [
    "s199",
    20,
    20,
  ]);
  assert.equal(redis?.detail, `${"x".repeat(400)}… (1000 characters)`);
  const outcomes = Object.keys(since_start.outcomes);
  assert.deepEqual([outcomes.length, outcomes[0]], [100, `0${"o".repeat(39)}`]);
});

Deno.test("parseStatus: the last second that a date can say is a time, the next is none", () => {
  const times = [8.64e12, 8.64e12 + 1, -8.64e12, 1.5].map((stopped) => {
    const parsed = parseStatus(JSON.stringify({ ...statusRecord(), stopped }));
    return "record" in parsed && parsed.record.stopped;
  });
  assert.deepEqual(times, [8.64e12, null, -8.64e12, null]);
});

Deno.test("parseStatus: counts that are none are 0, and so is what no version wrote yet", () => {
  const read = parseStatus(
    JSON.stringify({ ...statusRecord(), pid: -1, queued: 1.5, parked: "2", since_start: null }),
  );
  assert.ok("record" in read);
  const { pid, queued, parked, since_start } = read.record;
  assert.deepEqual([pid, queued, parked], [0, 0, 0]);
  assert.deepEqual(since_start, { received: 0, outcomes: {} });
});

Deno.test("statusLine: a link that is tried again is not answering yet", () => {
  const links = [{ link: "a", model: "a", failures: 3, next_try: null }].flatMap((link) => [
    { ...link, state: "half_open" as const },
    { ...link, link: "b", state: "open" as const },
  ]);
  assert.match(statusLine(statusRecord({ links })), /; not answering: a, b; /);
});
