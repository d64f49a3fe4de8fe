import assert from "node:assert/strict";
import { statusLine } from "../../../lib/observe/status/record.ts";
import { statusRecord, THEN } from "../../support/status_record.ts";

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
