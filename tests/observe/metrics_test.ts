import assert from "node:assert/strict";
import { createMetrics } from "../../lib/observe/metrics.ts";
import { actionFile } from "../../lib/proposal/action_file.ts";
import { fakeClock } from "../support/clock.ts";
import { waitingEvent } from "../support/waiting_event.ts";

const NOTHING = { received: 0, queued: 0, parked: 0, running: 0, pending: 0 };

function measuring() {
  const clock = fakeClock(1_767_323_045_500);
  const metrics = createMetrics({
    clock,
    build: { version: "0.1.0", arch: "aarch64" },
    channels: ["health_events", "world_updates"],
    links: ["qwen2.5:7b", "rules"],
  });
  return {
    clock,
    metrics,
    /** The lines of samples that begin so. */
    samples: (start: string, gauges = NOTHING) =>
      metrics.text(gauges).split("\n").filter((line) => line.startsWith(`planner_agent_${start}`))
        .map((line) => line.slice("planner_agent_".length)),
  };
}

const proposal = actionFile({
  actionId: "plan-piha-mosquitto-1767323045",
  event: waitingEvent(),
  diagnosis: {
    action: "notify",
    node: "piha",
    service: "mosquitto",
    reason: "container unhealthy, look at it",
    confidence: 0.9,
    requires_human: true,
  },
  changes: [],
  modelUsed: "rules",
  attempts: [],
  waitedMs: 0,
  writtenMs: 0,
});

Deno.test("metrics: everything has a help and a type, and zeros from the start", () => {
  const { metrics, samples } = measuring();
  const text = metrics.text(NOTHING);
  const names = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) =>
    `${name?.slice("planner_agent_".length)} ${type}`
  );
  assert.deepEqual(names, [
    "build_info gauge",
    "start_time_seconds gauge",
    "last_write_timestamp_seconds gauge",
    "redis_connected gauge",
    "messages_received_total counter",
    "events_total counter",
    "queue_length gauge",
    "parked_events gauge",
    "diagnoses_running gauge",
    "diagnoses_total counter",
    "diagnosis_duration_seconds histogram",
    "llm_attempts_total counter",
    "proposals_total counter",
    "pending_proposals gauge",
    "internal_faults_total counter",
    "log_lines_dropped_total counter",
  ]);
  assert.equal(text.match(/^# HELP /gm)?.length, names.length);
  assert.deepEqual(samples("build_info"), ['build_info{version="0.1.0",arch="aarch64"} 1']);
  assert.deepEqual(samples("start_time"), ["start_time_seconds 1767323045.5"]);
  assert.ok(
    samples("events_total").includes(
      'events_total{channel="world_updates",outcome="benign"} 0',
    ),
  );
  assert.deepEqual(samples("llm_attempts"), [
    'llm_attempts_total{link="qwen2.5:7b",outcome="ok"} 0',
    'llm_attempts_total{link="rules",outcome="ok"} 0',
  ]);
  assert.deepEqual(samples("proposals"), [
    'proposals_total{action="restart"} 0',
    'proposals_total{action="redeploy"} 0',
    'proposals_total{action="notify"} 0',
  ]);
});

Deno.test("metrics: endings are counted by channel and outcome, with the time of the last", async () => {
  const { clock, metrics, samples } = measuring();
  assert.deepEqual(samples("last_event"), []);
  metrics.onEnding({ outcome: "benign", channel: "health_events" });
  await clock.advance(1_000);
  metrics.onEnding({ outcome: "benign", channel: "health_events" });
  metrics.onEnding({ outcome: "cooldown", channel: "world_updates" });
  await clock.advance(1_000);
  assert.deepEqual(samples("events_total").filter((line) => !line.endsWith(" 0")), [
    'events_total{channel="health_events",outcome="benign"} 2',
    'events_total{channel="world_updates",outcome="cooldown"} 1',
  ]);
  assert.deepEqual(samples("last_write"), ["last_write_timestamp_seconds 1767323047.5"]);
  await clock.advance(1_000);
  assert.deepEqual(samples("last_event"), ["last_event_timestamp_seconds 1767323047.5"]);
});

Deno.test("metrics: channels without end are counted as other", () => {
  const { metrics, samples } = measuring();
  for (let i = 0; i < 100; i++) metrics.onEnding({ outcome: "benign", channel: `c${i}` });
  const counted = samples("events_total").filter((line) => !line.endsWith(" 0"));
  assert.deepEqual(counted.length, 7);
  assert.equal(counted.at(-1), 'events_total{channel="other",outcome="benign"} 94');
});

Deno.test("metrics: decisions by action and folder, other programs' actions as one", () => {
  const { metrics, samples } = measuring();
  const decided = { actionId: "p", node: "n", service: "s", atMs: 0, by: "", why: "" };
  metrics.onDecided({ ...decided, action: "restart", became: "approved" });
  metrics.onDecided({ ...decided, action: "restart", became: "approved" });
  metrics.onDecided({ ...decided, action: "rollback\n", became: "failed" });
  assert.deepEqual(samples("decisions_total"), [
    'decisions_total{action="restart",became="approved"} 2',
    'decisions_total{action="other",became="failed"} 1',
  ]);
});

Deno.test("metrics: diagnoses, their attempts and their seconds", () => {
  const { metrics, samples } = measuring();
  const attempt = { link: "qwen2.5:7b", model: "qwen2.5:7b", milliseconds: 1 };
  const diagnosed = {
    event: waitingEvent(),
    failures: 0,
    waitedMs: 0,
    milliseconds: 4_000,
    overAt: 0,
  };
  metrics.onDiagnosed({
    ...diagnosed,
    modelUsed: "qwen2.5:7b",
    attempts: [{ ...attempt, outcome: "not_json" }, { ...attempt, outcome: "ok" }],
  });
  metrics.onDiagnosed({
    ...diagnosed,
    milliseconds: 700_000,
    attempts: [{ ...attempt, outcome: "total_timeout" }],
    error: "no link answered",
  });
  assert.deepEqual(samples("diagnoses_total"), [
    'diagnoses_total{result="answered"} 1',
    'diagnoses_total{result="exhausted"} 1',
  ]);
  assert.deepEqual(samples("llm_attempts"), [
    'llm_attempts_total{link="qwen2.5:7b",outcome="ok"} 1',
    'llm_attempts_total{link="qwen2.5:7b",outcome="not_json"} 1',
    'llm_attempts_total{link="qwen2.5:7b",outcome="total_timeout"} 1',
    'llm_attempts_total{link="rules",outcome="ok"} 0',
  ]);
  assert.deepEqual(samples("diagnosis_duration_seconds").slice(-5), [
    'diagnosis_duration_seconds_bucket{le="300"} 1',
    'diagnosis_duration_seconds_bucket{le="600"} 1',
    'diagnosis_duration_seconds_bucket{le="+Inf"} 2',
    "diagnosis_duration_seconds_sum 704",
    "diagnosis_duration_seconds_count 2",
  ]);
});

Deno.test("metrics: proposals by action, Redis, and what is measured", () => {
  const { metrics, samples } = measuring();
  metrics.onProposed(proposal);
  assert.ok(samples("proposals").includes('proposals_total{action="notify"} 1'));
  assert.deepEqual(samples("last_proposal"), ["last_proposal_timestamp_seconds 1767323045.5"]);
  assert.deepEqual(samples("redis"), ["redis_connected 0"]);
  metrics.redis(true);
  assert.deepEqual(samples("redis"), ["redis_connected 1"]);
  metrics.redis(false);
  assert.deepEqual(samples("redis"), ["redis_connected 0"]);
  const gauges = {
    received: 9,
    queued: 3,
    parked: 2,
    running: 1,
    pending: 4,
    oldestPendingMs: 1_767_000_000_000,
  };
  assert.deepEqual(
    ["messages", "queue", "parked", "diagnoses_running", "pending", "oldest"].flatMap((start) =>
      samples(start, gauges)
    ),
    [
      "messages_received_total 9",
      "queue_length 3",
      "parked_events 2",
      "diagnoses_running 1",
      "pending_proposals 4",
      "oldest_pending_proposal_timestamp_seconds 1767000000",
    ],
  );
});

Deno.test("metrics: faults that the process survived and lines that nobody read, as they are now", () => {
  let faults = 0;
  const metrics = createMetrics({
    clock: fakeClock(),
    build: {},
    channels: [],
    links: [],
    faults: () => faults,
    droppedLines: () => 7 * faults,
  });
  const told = () => metrics.text(NOTHING).match(/^planner_agent_(?:internal|log)_.* \d+$/gm);
  assert.deepEqual(told(), [
    "planner_agent_internal_faults_total 0",
    "planner_agent_log_lines_dropped_total 0",
  ]);
  faults = 2;
  assert.deepEqual(told(), [
    "planner_agent_internal_faults_total 2",
    "planner_agent_log_lines_dropped_total 14",
  ]);
});

Deno.test("metrics: eight channels are named, the ninth is other", () => {
  const { metrics, samples } = measuring();
  for (let i = 0; i < 7; i++) metrics.onEnding({ outcome: "benign", channel: `c${i}` });
  const counted = samples("events_total").filter((line) => line.endsWith(" 1"));
  assert.equal(counted.at(-1), 'events_total{channel="other",outcome="benign"} 1');
  assert.equal(samples("events_total").filter((line) => line.includes('"c5"')).length, 13);
});

Deno.test("metrics: durations are told apart from a tenth of a second to ten minutes", () => {
  const { samples } = measuring();
  const bounds = samples("diagnosis_duration_seconds_bucket").map((line) =>
    line.match(/le="(.*)"/)?.[1]
  );
  assert.deepEqual(
    bounds,
    ["0.1", "0.5", "1", "2.5", "5", "10", "30", "60", "120", "300", "600", "+Inf"],
  );
});
