import assert from "node:assert/strict";
import { ChainExhausted } from "../../lib/llm/contract.ts";
import { createTraces, NO_TRACES, type RootSpan, type Span } from "../../lib/observe/trace.ts";
import { makeRuntime, runAgent } from "../support/agent.ts";
import { fakeClock } from "../support/clock.ts";
import { startCollector } from "../support/collector.ts";
import { recordingLog } from "../support/log.ts";
import { echo, startOllama } from "../support/ollama.ts";
import { pipeline } from "../support/pipeline.ts";
import { sandbox } from "../support/sandbox.ts";
import { waitingEvent } from "../support/waiting_event.ts";

const START = Date.UTC(2026, 0, 2, 3, 4, 5);
const entry = (changes = {}) => ({
  key: "piha\0mosquitto",
  event: waitingEvent(),
  serial: 1,
  arrivedAt: 1_000,
  failures: 0,
  notBefore: 0,
  ...changes,
});

function recording() {
  const clock = fakeClock(START);
  const log = recordingLog();
  const roots: RootSpan[] = [];
  const traces = createTraces({ tracer: (root) => void roots.push(root), clock, log });
  return { clock, log, roots, traces };
}

/** `name from-to`, in milliseconds since the test began. */
const times = ({ name, startMs, endMs }: Span) => `${name} ${startMs - START}-${endMs - START}`;

Deno.test("createTraces: without a tracer everything runs as it was", async () => {
  const traces = createTraces({ clock: fakeClock(), log: recordingLog() });
  assert.equal(traces, NO_TRACES);
  const receive = () => {};
  assert.equal(traces.hearing(receive), receive);
  const event = waitingEvent();
  assert.equal(traces.admitted(event), event);
  const result = await traces.diagnosis(entry(), async (trace) => {
    assert.equal(trace.onAttempt, undefined);
    trace.ended("proposed");
    return await trace.stage("write", () => Promise.resolve(7), () => assert.fail());
  });
  assert.equal(result, 7);
});

Deno.test("createTraces: what is heard is handed on whole", () => {
  const heard: unknown[] = [];
  const arrival = { settled: () => {}, sentMs: START };
  const bytes = new Uint8Array([1]);
  recording().traces.hearing((...message) => void heard.push(message))(bytes, "news", arrival);
  assert.deepEqual(heard, [[bytes, "news", arrival]]);
});

Deno.test("createTraces: every stage with its own time, one after the other", async () => {
  const { clock, roots, traces } = recording();
  const event = waitingEvent();
  traces.hearing((_bytes: Uint8Array, _channel: string) => {})(new Uint8Array(), "health_events");
  await clock.advance(2);
  assert.equal(traces.admitted(event), event);
  await clock.advance(100);
  await traces.diagnosis(entry({ event, arrivedAt: 1_002 }), async (trace) => {
    const startedAt = clock.monotonic();
    await clock.advance(3_000);
    // A clock that is set right meanwhile moves no span.
    clock.jump(-3_600_000);
    trace.onAttempt?.({
      link: "qwen2.5:7b",
      model: "qwen2.5:7b",
      outcome: "ok",
      milliseconds: 3_000,
      figures: { promptTokens: 900, answerTokens: 60, loadMs: 5 },
    }, startedAt);
    await trace.stage("policy", () => clock.advance(5), () => ({ "planner.rules": "a,b" }));
    await trace.stage("write", () => clock.advance(7));
    trace.ended("proposed", { "planner.action": "restart" });
  });
  const [root] = roots;
  assert.ok(root);
  assert.deepEqual([root, ...root.children].map(times), [
    "health_event 0-3114",
    "parse 0-2",
    "queue 2-102",
    "llm_attempt 102-3102",
    "policy 3102-3107",
    "write 3107-3114",
  ]);
  assert.deepEqual(root.attributes, {
    "planner.node": "piha",
    "planner.service": "mosquitto",
    "planner.event_type": "service_unhealthy",
    "planner.severity": "error",
    "planner.channel": "health_events",
    "planner.failures_before": 0,
    "planner.outcome": "proposed",
    "planner.action": "restart",
  });
  assert.deepEqual(root.children.slice(2, 4).map(({ attributes }) => attributes), [{
    "planner.link": "qwen2.5:7b",
    "planner.attempt_outcome": "ok",
    "gen_ai.request.model": "qwen2.5:7b",
    "gen_ai.usage.input_tokens": 900,
    "gen_ai.usage.output_tokens": 60,
  }, { "planner.rules": "a,b" }]);
  assert.deepEqual([root, ...root.children].filter((span) => "error" in span), []);
});

Deno.test("createTraces: a retry is a trace of its own, without what came before", async () => {
  const { clock, roots, traces } = recording();
  const event = waitingEvent();
  traces.admitted(event);
  const exhausted = new ChainExhausted("l", []);
  const fails = () => Promise.reject(exhausted);
  await assert.rejects(traces.diagnosis(entry({ event }), fails), exhausted);
  await clock.advance(30_000);
  await traces.diagnosis(entry({ event, failures: 1 }), (trace) => {
    trace.ended("ignored");
    return Promise.resolve();
  });
  assert.deepEqual(roots.map(({ children }) => children.map(({ name }) => name)), [
    ["parse", "queue"],
    [],
  ]);
  assert.deepEqual(
    roots.map(({ startMs, error, attributes }) => [
      startMs - START,
      error,
      attributes["planner.failures_before"],
      attributes["planner.outcome"],
    ]),
    [[-1_000, "chain_exhausted", 0, "chain_exhausted"], [30_000, undefined, 1, "ignored"]],
  );
});

Deno.test("createTraces: what an earlier run left was not read in this one", async () => {
  const { clock, roots, traces } = recording();
  await clock.advance(50);
  await traces.diagnosis(entry({ arrivedAt: 1_010 }), () => Promise.resolve(false));
  assert.deepEqual(roots.flatMap(({ children, ...root }) => [root, ...children].map(times)), [
    "health_event 10-50",
    "queue 10-50",
  ]);
  assert.equal(roots[0]?.attributes["planner.outcome"], "left");
});

Deno.test("createTraces: failures say of which kind they are, not what they said", async () => {
  const { roots, traces } = recording();
  const failing = (error: unknown, work = () => Promise.reject(error)) =>
    assert.rejects(
      traces.diagnosis(entry(), async (trace) => {
        trace.onAttempt?.({
          link: "a",
          model: "a",
          outcome: "schema_violation",
          error: "password=hunter2",
          milliseconds: 1,
        }, 1_000);
        await trace.stage("write", work);
      }),
    );
  await failing(new TypeError("hunter2"));
  await failing("hunter2");
  const aborted = { link: "a", model: "a", outcome: "aborted", milliseconds: 1 } as const;
  await failing(new ChainExhausted("hunter2", [aborted]));
  assert.deepEqual(roots.map(({ error }) => error), ["TypeError", "unknown", "aborted"]);
  const [, attempt, write] = roots[0]?.children ?? [];
  assert.deepEqual([attempt?.error, attempt?.attributes["error.type"]], [
    "schema_violation",
    "schema_violation",
  ]);
  assert.equal(write?.error, "TypeError");
  assert.equal(JSON.stringify(roots).includes("hunter2"), false);
});

Deno.test("createTraces: attributes are bounded and without secrets, spans are bounded", async () => {
  const { roots, traces } = recording();
  const event = waitingEvent({
    type: "x".repeat(5_000),
    service: "redis://u:hunter2@h\u001b[31m",
    excerpt: "the payload",
  });
  await traces.diagnosis(entry({ event }), (trace) => {
    for (let i = 0; i < 1_000; i++) {
      trace.onAttempt?.({ link: "a", model: "a", outcome: "ok", milliseconds: 1 }, 1_000);
    }
    return Promise.resolve();
  });
  const [root] = roots;
  assert.equal(root?.children.length, 64);
  assert.equal(root?.attributes["planner.event_type"], `${"x".repeat(200)}… (5000 characters)`);
  const text = JSON.stringify(roots);
  for (const hidden of ["hunter2", "\\u001b", "the payload"]) {
    assert.equal(text.includes(hidden), false, hidden);
  }
});

Deno.test("createTraces: a tracer that throws is told of once and ends nothing else", async () => {
  const log = recordingLog();
  let calls = 0;
  const tracer = () => {
    calls++;
    throw new Error("otel not initialized");
  };
  const traces = createTraces({ tracer, clock: fakeClock(), log });
  for (let i = 0; i < 3; i++) {
    assert.equal(await traces.diagnosis(entry(), () => Promise.resolve(i)), i);
  }
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
      ["mosquitto", "proposed", "restart", "parse,queue,policy,write"],
      ["grafana", "ignored", undefined, "parse,queue,policy"],
      ["caddy", "chain_exhausted", undefined, "parse,queue"],
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
    "parse < health_event",
    "policy < health_event",
    "queue < health_event",
    "write < health_event",
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
