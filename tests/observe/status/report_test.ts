import assert from "node:assert/strict";
import { reportStatus } from "../../../lib/observe/status/report.ts";
import { statusRecord, THEN } from "../../support/status_record.ts";

type StatusSources = Parameters<typeof reportStatus>[0];

/** A report 2 s after a record was written and the heart has beaten. */
function report(changes: Partial<StatusSources> = {}) {
  return reportStatus({
    record: statusRecord(),
    heartbeatMs: THEN * 1000,
    nowMs: (THEN + 2) * 1000,
    ...changes,
  });
}

const codes = (changes: Partial<StatusSources>) =>
  report(changes).problems.map(({ code, level }) => `${level} ${code}`);

Deno.test("reportStatus: a running agent in full", () => {
  assert.deepEqual(report(), {
    agent: {
      state: "running",
      heartbeat_age_seconds: 2,
      version: "0.1.0",
      node: "solaria",
      pid: 4711,
      started: "2026-01-02T01:04:05Z",
      up_seconds: 7_202,
      ended: null,
    },
    redis: {
      state: "subscribed",
      for_seconds: 7_002,
      channels: ["health_events", "world_updates"],
      refused: [],
      detail: "",
    },
    queue: { diagnosing: 0, queued: 0, parked: 0, events: [] },
    cooldowns: { total: 0, targets: [] },
    silences: { in_force: 0, to_come: 0, next_end_seconds: null },
    links: [{ link: "m@host", model: "m", state: "closed", failures: 0, next_try_seconds: null }],
    last_hour: { received: 4, outcomes: { benign: 2, proposed: 2 } },
    since_start: { received: 9, outcomes: { benign: 7, proposed: 2 } },
    last_proposal: {
      action_id: "plan-piha-mosquitto-1767322445",
      node: "piha",
      service: "mosquitto",
      action: "restart",
      age_seconds: 592,
    },
    problems: [],
  });
});

Deno.test("reportStatus: stopped in good order, and started again", () => {
  const record = statusRecord({ stopped: THEN });
  const stopped = report({ record, nowMs: (THEN + 3_000) * 1000 });
  assert.equal(stopped.agent.state, "stopped");
  assert.equal(stopped.agent.ended, "2026-01-02T03:04:05Z");
  assert.equal(stopped.agent.up_seconds, 7_200);
  assert.equal(stopped.redis?.for_seconds, 7_000);
  // Its last hour is the one before it ended.
  assert.equal(stopped.last_hour.received, 4);
  assert.deepEqual(stopped.problems.map(({ code }) => code), ["agent_stopped"]);

  // The next run beats at once and writes its status a moment later.
  const again = { record, heartbeatMs: (THEN + 60) * 1000, nowMs: (THEN + 61) * 1000 };
  assert.equal(report(again).agent.state, "running");
  assert.deepEqual(codes(again), ["warning status_outdated"]);
});

Deno.test("reportStatus: without a sign of life for 15 s it is silent", () => {
  assert.equal(report({ nowMs: (THEN + 15) * 1000 }).agent.state, "running");
  const silent = report({ nowMs: (THEN + 16) * 1000 });
  assert.equal(silent.agent.state, "silent");
  assert.equal(silent.agent.ended, "2026-01-02T03:04:05Z");
  assert.deepEqual(codes({ nowMs: (THEN + 16) * 1000 }), ["failure agent_silent"]);
  assert.deepEqual(codes({ heartbeatMs: undefined }), ["failure agent_silent"]);
});

Deno.test("reportStatus: a clock that was set back a little is no silence, by an hour it is", () => {
  assert.equal(report({ nowMs: (THEN - 30) * 1000 }).agent.state, "running");
  assert.equal(report({ nowMs: (THEN - 60) * 1000 }).agent.state, "running");
  assert.equal(report({ nowMs: (THEN - 60) * 1000 - 1 }).agent.state, "silent");
  assert.equal(report({ nowMs: (THEN - 3_600) * 1000 }).agent.state, "silent");
  assert.equal(report({ nowMs: (THEN - 30) * 1000 }).agent.heartbeat_age_seconds, 0);
});

Deno.test("reportStatus: without a heartbeat it was last heard of when it wrote its status", () => {
  const { agent } = report({ heartbeatMs: undefined, nowMs: (THEN + 100) * 1000 });
  assert.deepEqual([agent.state, agent.ended, agent.heartbeat_age_seconds], [
    "silent",
    "2026-01-02T03:04:05Z",
    null,
  ]);
});

Deno.test("reportStatus: a cooldown that ends now is over", () => {
  const cooldowns = [1, 2, 3].map((left) => ({
    node: "n",
    service: `s${left}`,
    ends: THEN + left,
  }));
  const record = statusRecord({ cooldowns, cooling_down: 3 });
  assert.deepEqual(report({ record }).cooldowns, {
    total: 1,
    targets: [{ node: "n", service: "s3", remaining_seconds: 1 }],
  });
});

Deno.test("reportStatus: no agent ever ran", () => {
  const never = reportStatus({ nowMs: THEN * 1000 });
  assert.equal(never.agent.state, "never_ran");
  assert.deepEqual(never.problems.map(({ code }) => code), ["agent_never_ran"]);
});

Deno.test("reportStatus: a damaged status is said, and the heartbeat still counts", () => {
  const damaged = report({ record: undefined, unreadable: "it is not JSON" });
  assert.equal(damaged.agent.state, "running");
  assert.deepEqual(damaged.problems.map(({ code, detail }) => [code, detail]), [
    ["status_unreadable", "it is not JSON"],
  ]);
});

Deno.test("reportStatus: a status that is no longer written is told", () => {
  const at = (age: number) => ({
    heartbeatMs: (THEN + age) * 1000,
    nowMs: (THEN + age) * 1000,
  });
  assert.deepEqual(codes(at(150)), []);
  assert.deepEqual(codes(at(151)), ["warning status_outdated"]);
});

Deno.test("reportStatus: times become ages and remainders, what is over is left out", () => {
  const { queue, cooldowns, links } = report({
    record: statusRecord({
      queued: 1,
      parked: 1,
      events: [
        {
          node: "a",
          service: "b",
          type: "t",
          severity: "error",
          state: "parked",
          arrived: THEN - 58,
          failures: 2,
          next_try: THEN + 32,
        },
        {
          node: "a",
          service: "c",
          type: "t",
          severity: "error",
          state: "queued",
          arrived: THEN,
          failures: 0,
          next_try: null,
        },
      ],
      cooling_down: 250,
      cooldowns: [
        { node: "a", service: "over", ends: THEN + 1 },
        { node: "a", service: "runs", ends: THEN + 12 },
      ],
      links: [{ link: "l", model: "m", state: "open", failures: 3, next_try: THEN + 22 }],
    }),
  });
  assert.deepEqual(queue.events.map((e) => [e.service, e.age_seconds, e.next_try_seconds]), [
    ["b", 60, 30],
    ["c", 2, null],
  ]);
  assert.deepEqual(cooldowns, {
    total: 249,
    targets: [{ node: "a", service: "runs", remaining_seconds: 10 }],
  });
  assert.equal(links[0]?.next_try_seconds, 20);
});

Deno.test("reportStatus: what a person should know of a running agent", () => {
  const record = statusRecord({
    parked: 2,
    redis: { state: "waiting", since: THEN, channels: [], refused: [], detail: "No route." },
    links: [{ link: "l", model: "m", state: "half_open", failures: 3, next_try: null }],
  });
  assert.deepEqual(codes({ record }), [
    "failure redis_unavailable",
    "warning link_open",
    "warning events_parked",
  ]);
  const redis = statusRecord().redis;
  assert.ok(redis);
  const refused = statusRecord({ redis: { ...redis, refused: ["world_updates"] } });
  assert.deepEqual(
    report({ record: refused }).problems.map(({ subject, remedy }) => [subject, remedy]),
    [
      ["world_updates", "Grant it: ACL SETUSER ... &world_updates"],
    ],
  );
});

Deno.test("reportStatus: silences in force, and a file that is wrong is a problem", () => {
  const silence = (from: number, until: number) => ({
    fromMs: (THEN + from) * 1000,
    untilMs: (THEN + until) * 1000,
    reason: "a new disk",
  });
  const silences = [silence(0, 602), silence(2, 9_000), silence(3, 500), silence(0, 2)];
  assert.deepEqual(report({ silences }).silences, {
    in_force: 2,
    to_come: 1,
    next_end_seconds: 600,
  });
  const wrong = report({ silences: { problem: 'silences[0].until is "tomorrow"' } });
  assert.equal(wrong.silences, null);
  assert.deepEqual(wrong.problems, [{
    check: "config_file",
    subject: "config/silences.json",
    level: "warning",
    detail: 'silences[0].until is "tomorrow"',
    code: "silences_invalid",
    remedy: "Correct config/silences.json; until then the silences before stay.",
  }]);
});

Deno.test("reportStatus: after a restart the last hour has what the history knows of it", () => {
  const earlier = [{ received: 3, outcomes: { proposed: 3 } }];
  assert.deepEqual(report({ earlier }).last_hour, {
    received: 7,
    outcomes: { benign: 2, proposed: 5 },
  });
});

Deno.test("reportStatus: a heartbeat within 2 s of the end is that of the run that ended", () => {
  const record = statusRecord({ stopped: THEN });
  const stateAt = (afterMs: number) =>
    report({ record, heartbeatMs: THEN * 1000 + afterMs, nowMs: (THEN + 3) * 1000 }).agent.state;
  assert.deepEqual([1_999, 2_000].map(stateAt), ["stopped", "running"]);
});

Deno.test("reportStatus: the last hour is an hour, to the second", () => {
  const minutes = [1, 0].map((after) => ({
    from: THEN + 2 - 3_600 + after,
    received: 1 + after,
    outcomes: {},
  }));
  assert.equal(report({ record: statusRecord({ minutes }) }).last_hour.received, 2);
});

Deno.test("reportStatus: what ended before the start is not counted once the agent has stopped", () => {
  const record = statusRecord({ stopped: THEN });
  const earlier = [{ received: 3, outcomes: { proposed: 3 } }];
  assert.deepEqual(report({ record, earlier }).last_hour, report({ record }).last_hour);
});
