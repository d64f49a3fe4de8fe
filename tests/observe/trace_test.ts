import assert from "node:assert/strict";
import type { Clock } from "../../lib/base/clock.ts";
import type { Diagnosed } from "../../lib/observe/ending.ts";
import { createTraces, type Span, type Tracer } from "../../lib/observe/trace.ts";
import { makeRuntime, runAgent } from "../support/agent.ts";
import { fakeClock } from "../support/clock.ts";
import { startCollector } from "../support/collector.ts";
import { recordingLog } from "../support/log.ts";
import { echo, startOllama } from "../support/ollama.ts";
import { pipeline } from "../support/pipeline.ts";
import { sandbox } from "../support/sandbox.ts";
import { waitingEvent } from "../support/waiting_event.ts";

type RootSpan = Parameters<Tracer>[0];

const START = Date.UTC(2026, 0, 2, 3, 4, 5);

function recording() {
  const clock = fakeClock(START);
  const log = recordingLog();
  const roots: RootSpan[] = [];
  const traces = createTraces({ tracer: (root) => void roots.push(root), clock, log });
  return { clock, log, roots, traces };
}

const ATTEMPT = { link: "a", model: "a", outcome: "ok", milliseconds: 1_000 } as const;

/** A diagnosis of 3 s, 100 ms after its event came, that is over now. */
const over = (clock: Clock, changes: Partial<Diagnosed> = {}): Diagnosed => ({
  event: waitingEvent(),
  failures: 0,
  waitedMs: 100,
  milliseconds: 3_000,
  overAt: clock.monotonic(),
  attempts: [],
  modelUsed: "a",
  ...changes,
});

/** `name from-to`, in milliseconds since the test began. */
const times = ({ name, startMs, endMs }: Span) => `${name} ${startMs - START}-${endMs - START}`;

Deno.test("createTraces: the wait and every attempt with its own time, until the end", async () => {
  const { clock, roots, traces } = recording();
  await clock.advance(3_100);
  const diagnosed = over(clock, {
    attempts: [
      { ...ATTEMPT, outcome: "schema_violation", error: "password=hunter2" },
      {
        link: "qwen2.5:7b",
        model: "qwen2.5:7b",
        outcome: "ok",
        milliseconds: 2_000,
        figures: { promptTokens: 900, cachedTokens: 650, answerTokens: 60, loadMs: 5 },
      },
    ],
  });
  traces.onDiagnosed(diagnosed);
  await clock.advance(7);
  traces.onEnding({ outcome: "ignored", channel: "health_events", diagnosed });
  const [root] = roots;
  assert.ok(root);
  assert.deepEqual([root, ...root.children].map(times), [
    "health_event 0-3107",
    "queue 0-100",
    "llm_attempt 100-1100",
    "llm_attempt 1100-3100",
  ]);
  assert.deepEqual(root.attributes, {
    "planner.node": "piha",
    "planner.service": "mosquitto",
    "planner.event_type": "service_unhealthy",
    "planner.severity": "error",
    "planner.channel": "health_events",
    "planner.failures_before": 0,
    "planner.outcome": "ignored",
  });
  const [, failed, answered] = root.children;
  assert.deepEqual(failed?.attributes, {
    "planner.link": "a",
    "planner.attempt_outcome": "schema_violation",
    "gen_ai.request.model": "a",
    "error.type": "schema_violation",
  });
  assert.deepEqual(answered?.attributes, {
    "planner.link": "qwen2.5:7b",
    "planner.attempt_outcome": "ok",
    "gen_ai.request.model": "qwen2.5:7b",
    "gen_ai.usage.input_tokens": 900,
    "gen_ai.usage.cache_read.input_tokens": 650,
    "gen_ai.usage.output_tokens": 60,
  });
  assert.equal(JSON.stringify(roots).includes("hunter2"), false);
});

Deno.test("createTraces: a retry is a trace of its own, without what came before", async () => {
  const { clock, roots, traces } = recording();
  await clock.advance(3_100);
  traces.onDiagnosed(over(clock, { error: "no link answered" }));
  await clock.advance(33_000);
  const again = over(clock, { failures: 1, waitedMs: 33_000 });
  traces.onDiagnosed(again);
  traces.onEnding({ outcome: "ignored", channel: "health_events", diagnosed: again });
  assert.deepEqual(
    roots.map((root) => [
      times(root),
      root.children.map(({ name }) => name).join(),
      root.attributes["error.type"],
      root.attributes["planner.failures_before"],
      root.attributes["planner.outcome"],
    ]),
    [
      ["health_event 0-3100", "queue", "chain_exhausted", 0, "chain_exhausted"],
      ["health_event 33100-36100", "", undefined, 1, "ignored"],
    ],
  );
});

Deno.test("createTraces: attributes are bounded and without secrets, spans are bounded", () => {
  const { clock, roots, traces } = recording();
  const event = waitingEvent({
    type: "x".repeat(5_000),
    service: "redis://u:hunter2@h\u001b[31m",
    excerpt: "the payload",
  });
  const diagnosed = over(clock, { event, attempts: Array(1_000).fill(ATTEMPT) });
  traces.onEnding({ outcome: "ignored", channel: "health_events", diagnosed });
  const [root] = roots;
  assert.equal(root?.children.length, 64);
  assert.equal(root?.attributes["planner.event_type"], `${"x".repeat(200)}… (5000 characters)`);
  const text = JSON.stringify(roots);
  for (const hidden of ["hunter2", "\\u001b", "the payload"]) {
    assert.equal(text.includes(hidden), false, hidden);
  }
});

Deno.test("createTraces: a tracer that throws is told of once and ends nothing else", () => {
  const log = recordingLog();
  const clock = fakeClock();
  let calls = 0;
  const tracer = () => {
    calls++;
    throw new Error("otel not initialized");
  };
  const traces = createTraces({ tracer, clock, log });
  for (let i = 0; i < 3; i++) traces.onDiagnosed(over(clock, { error: "no link answered" }));
  assert.equal(calls, 1);
  assert.deepEqual(log.lines, [{
    level: "warning",
    event: "traces_off",
    reason: "Error: otel not initialized",
  }]);
});

Deno.test("planner: only what is diagnosed has a trace", async () => {
  const roots: RootSpan[] = [];
  const p = pipeline({ cooldownSeconds: 300 }, { tracer: (root) => void roots.push(root) });
  await p.publish({ type: "service_healthy" });
  await p.publishRaw("not JSON");
  await p.publish();
  await p.calls[0]?.answer();
  await p.publish();
  await p.publish({ service: "grafana" });
  await p.calls[1]?.answer({ action: "ignore" });
  await p.publish({ service: "caddy" });
  await p.calls[2]?.fail();
  assert.deepEqual(
    roots.map(({ attributes, children }) => [
      attributes["planner.service"],
      attributes["planner.outcome"],
      attributes["planner.action"],
      children.map(({ name }) => name).join(),
    ]),
    [
      ["mosquitto", "proposed", "restart", "queue"],
      ["grafana", "ignored", undefined, "queue"],
      ["caddy", "chain_exhausted", undefined, "queue"],
    ],
  );
  assert.equal(p.proposals.length, 1);
});

const MESSAGE = JSON.stringify({
  type: "disk_pressure_high",
  node: "piha",
  service: "mosquitto",
  severity: "error",
  payload: { note: "the payload" },
  timestamp: "2026-01-02T03:04:05Z",
});

Deno.test("OTEL_DENO: a diagnosis arrives at the collector as one trace", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  await using collector = startCollector();
  await using ollama = startOllama();
  ollama.answer = (request, nth) => nth === 0 ? '{"action":"the answer"}' : echo(request);
  const healthy = MESSAGE.replace("disk_pressure_high", "service_healthy");
  const { code, err } = await runAgent(["replay", "-"], {
    root: folder.path,
    settings: { ...collector.settings, OLLAMA_HOST: ollama.url },
    input: `${healthy}\n${MESSAGE}\n${MESSAGE}\n`,
  });
  assert.equal(code, 0, err);
  assert.deepEqual(collector.paths, ["/v1/traces"]);
  assert.deepEqual(collector.services, ["planner-agent"]);
  assert.deepEqual(collector.tree(), [
    "health_event",
    "llm_attempt < health_event",
    "llm_attempt < health_event",
    "queue < health_event",
  ]);
  assert.equal(new Set(collector.spans.map(({ traceId }) => traceId)).size, 1);
  const root = collector.spans.find(({ name }) => name === "health_event");
  assert.deepEqual(
    [root?.attributes["planner.action"], root?.attributes["planner.action_id"]],
    ["notify", "plan-piha-mosquitto-1767323045"],
  );
  assert.deepEqual(
    collector.spans.filter(({ name }) => name === "llm_attempt")
      .map(({ attributes, status }) => [attributes["gen_ai.request.model"], status]),
    [
      ["qwen2.5:7b", { code: 2, message: "schema_violation" }],
      ["qwen2.5:7b", { code: 0, message: "" }],
    ],
  );
  for (const span of collector.spans) {
    assert.ok(root && span.startMs >= root.startMs && span.endMs <= root.endMs, span.name);
    assert.ok(span.endMs >= span.startMs, span.name);
  }
  for (const hidden of ["the payload", "the answer"]) {
    assert.equal(collector.text().includes(hidden), false, hidden);
  }
});

Deno.test("OTEL_DENO: without it nothing is sent", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  await using collector = startCollector();
  const { OTEL_DENO: _off, ...settings } = collector.settings;
  const { code, err } = await runAgent(["replay", "-"], {
    root: folder.path,
    settings: { ...settings, LLM_CHAIN: "rules" },
    input: `${MESSAGE}\n`,
  });
  assert.equal(code, 0, err);
  assert.deepEqual([...Deno.readDirSync(`${folder.path}/actions/pending`)].length, 1);
  assert.deepEqual(collector.paths, []);
});
