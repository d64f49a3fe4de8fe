import assert from "node:assert/strict";
import fc from "fast-check";
import { parseArguments } from "../scripts/bench/arguments.ts";
import { environment, fillIn, ownAgent, splitCommand } from "../scripts/bench/commands.ts";
import { healthEvents, stormEvents } from "../scripts/bench/events.ts";
import { SCENARIOS } from "../scripts/bench/measures.ts";
import { answerTo, chatBody } from "../scripts/bench/ollama.ts";
import { parseMiB, parseStat } from "../scripts/bench/processes.ts";
import { alignColumns, formatTable, ratios, summarize } from "../scripts/bench/report.ts";
import { createReplyCounter, encodeCommand, preparePublish } from "../scripts/bench/resp.ts";
import { median, percentile } from "../scripts/bench/statistics.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (raw: Uint8Array) => new TextDecoder().decode(raw);

Deno.test("percentile: takes the nearest rank", () => {
  const values = Array.from({ length: 200 }, (_, i) => 200 - i);
  assert.equal(percentile(values, 50), 100);
  assert.equal(percentile(values, 99), 198);
  assert.equal(percentile(values, 100), 200);
  assert.equal(percentile(values, 0), 1);
  assert.equal(percentile([7], 99), 7);
  assert.ok(Number.isNaN(percentile([], 50)));
});

Deno.test("percentile: is one of the values and grows with the percentage", () => {
  fc.assert(fc.property(
    fc.array(fc.integer(), { minLength: 1 }),
    fc.integer({ min: 0, max: 100 }),
    fc.integer({ min: 0, max: 100 }),
    (values, a, b) => {
      const [low, high] = [percentile(values, Math.min(a, b)), percentile(values, Math.max(a, b))];
      assert.ok(values.includes(low) && values.includes(high) && low <= high);
    },
  ));
});

Deno.test("median: the middle one, or the mean of two, without NaN", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([10, 9, 100, 1]), 9.5);
  assert.equal(median([NaN, 5, NaN]), 5);
  assert.ok(Number.isNaN(median([NaN])));
  assert.ok(Number.isNaN(median([])));
});

Deno.test("parseArguments: defaults", () => {
  assert.deepEqual(parseArguments([]), {
    kind: "run",
    options: {
      agent: undefined,
      beside: undefined,
      runs: 3,
      messages: 50_000,
      idleSeconds: 10,
      only: new Set(SCENARIOS),
      json: false,
      redisPort: undefined,
      ollamaPort: undefined,
      root: undefined,
      decided: undefined,
    },
  });
});

Deno.test("parseArguments: values behind a blank or an equals sign", () => {
  const parsed = parseArguments([
    "--agent",
    "./agent --x=1",
    "--beside=python3 seed.py",
    "--runs=2",
    "--messages",
    "1000",
    "--idle=5",
    "--only",
    "latency, storm",
    "--redis-port=7001",
    "--ollama-port",
    "7002",
    "--root=/tmp/x",
    "--decided=50000",
    "--json",
  ]);
  assert.deepEqual(parsed, {
    kind: "run",
    options: {
      agent: "./agent --x=1",
      beside: "python3 seed.py",
      runs: 2,
      messages: 1000,
      idleSeconds: 5,
      only: new Set(["latency", "storm"]),
      json: true,
      redisPort: 7001,
      ollamaPort: 7002,
      root: "/tmp/x",
      decided: 50_000,
    },
  });
});

Deno.test("parseArguments: every problem is told at once", () => {
  assert.deepEqual(
    parseArguments(["--runs", "0", "--messages=1e4", "--fast", "--only=storm,rain", "--root"]),
    {
      kind: "wrong",
      problems: [
        '--runs: "0" is not a whole number from 1 to 20',
        '--messages: "1e4" is not a whole number from 1000 to 1000000',
        '"--fast" is not an option',
        "--root needs a value",
        '--only: "rain" is none of start, idle, benign, cooldown, ceiling, latency, storm',
      ],
    },
  );
});

Deno.test("parseArguments: help wins", () => {
  assert.deepEqual(parseArguments(["--runs", "0", "--help"]), { kind: "help" });
});

Deno.test("splitCommand: blanks, quotes and backslashes as in a shell", () => {
  assert.deepEqual(splitCommand("  a  b\tc "), ["a", "b", "c"]);
  assert.deepEqual(splitCommand(`a 'b "c' "d 'e" f\\ g ''`), ["a", 'b "c', "d 'e", "f g", ""]);
  assert.deepEqual(splitCommand(`x="1 2"3`), ["x=1 23"]);
  assert.deepEqual(splitCommand(`'a\\b' "c\\"d"`), ["a\\b", 'c"d']);
});

Deno.test("splitCommand: an open quote and an empty command are errors", () => {
  assert.throws(() => splitCommand("a 'b"), /the command has an open ': a 'b/);
  assert.throws(() => splitCommand("  "), /the command is empty/);
});

Deno.test("splitCommand: gives back words that were quoted", () => {
  fc.assert(fc.property(fc.array(fc.string(), { minLength: 1 }), (words) => {
    const quoted = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
    assert.deepEqual(splitCommand(quoted), words);
  }));
});

const places = { root: "/tmp/r", redisPort: 1, ollamaPort: 2 };

Deno.test("fillIn: puts the folder and both ports in, as often as they are named", () => {
  assert.deepEqual(fillIn(["{root}/a,{root}/b", "{redis_port}:{ollama_port}", "{other}"], places), [
    "/tmp/r/a,/tmp/r/b",
    "1:2",
    "{other}",
  ]);
});

Deno.test("ownAgent: may write nowhere but where proposals, events and state go", () => {
  const command = fillIn(ownAgent("deno", "/p"), places);
  assert.deepEqual(command.filter((word) => /^--allow-(?!env)/.test(word)), [
    "--allow-net=127.0.0.1:1,127.0.0.1:2",
    "--allow-read=/tmp/r",
    "--allow-write=/tmp/r/actions/pending,/tmp/r/events,/tmp/r/state",
  ]);
  assert.deepEqual(command.slice(-2), ["/p/main.ts", "run"]);
});

Deno.test("environment: the caller's settings of an agent do not reach a run", () => {
  assert.deepEqual(environment({ PATH: "/bin", LLM_CHAIN: "rules", LOG_LEVEL: "debug" }, places), {
    PATH: "/bin",
    REDIS_URL: "redis://127.0.0.1:1",
    OLLAMA_HOST: "http://127.0.0.1:2",
    OLLAMA_MODEL: "qwen2.5:7b",
    NODE_NAME: "solaria",
    RUNTIME_PATH: "/tmp/r",
    COOLDOWN_SECONDS: "300",
    LOG_LEVEL: "info",
  });
});

Deno.test("healthEvents: differ in their payload alone", () => {
  assert.deepEqual(healthEvents(2, { type: "service_healthy", service: "s", timestamp: 9 }), [
    '{"type":"service_healthy","node":"piha","service":"s","severity":"error",' +
    '"payload":{"exit_code":137,"i":0},"timestamp":9}',
    '{"type":"service_healthy","node":"piha","service":"s","severity":"error",' +
    '"payload":{"exit_code":137,"i":1},"timestamp":9}',
  ]);
});

Deno.test("stormEvents: the services take turns", () => {
  const services = stormEvents(["a", "b"], 2, 9).map((event) => JSON.parse(event).service);
  assert.deepEqual(services, ["a", "b", "a", "b"]);
});

Deno.test("encodeCommand: lengths count bytes", () => {
  assert.equal(
    text(encodeCommand("PUBLISH", "c", "ä")),
    "*3\r\n$7\r\nPUBLISH\r\n$1\r\nc\r\n$2\r\nä\r\n",
  );
});

Deno.test("preparePublish: one command behind the other", () => {
  const prepared = preparePublish("c", ["1", "22"]);
  assert.equal(prepared.count, 2);
  assert.equal(
    text(prepared.bytes),
    "*3\r\n$7\r\nPUBLISH\r\n$1\r\nc\r\n$1\r\n1\r\n*3\r\n$7\r\nPUBLISH\r\n$1\r\nc\r\n$2\r\n22\r\n",
  );
});

Deno.test("createReplyCounter: counts replies, unheard messages and errors, however cut", () => {
  const replies = bytes(":1\r\n:0\r\n:10\r\n:00\r\n-ERR :0\r\n:0\r\n");
  fc.assert(fc.property(fc.array(fc.nat(replies.length)), (cuts) => {
    const counter = createReplyCounter();
    const ends = [...cuts.sort((a, b) => a - b), replies.length];
    ends.reduce((from, to) => (counter.push(replies.subarray(from, to)), to), 0);
    assert.deepEqual(
      [counter.replies, counter.unheard, counter.errors],
      [6, 2, 1],
    );
  }));
});

const request = {
  stream: false,
  messages: [
    { role: "system", content: "node: wrong" },
    { role: "user", content: 'Health event:\n  node: piha\n  service: "a b"\n  node: later\n' },
  ],
};

Deno.test("answerTo: a whole proposal about the target that the prompt names", () => {
  assert.deepEqual(JSON.parse(answerTo(request)), {
    action: "restart",
    service: "a b",
    node: "piha",
    reason: "container unhealthy, restart it",
    confidence: 0.9,
    requires_human: false,
  });
});

Deno.test("answerTo: only the keys of the format, in its order", () => {
  const format = { properties: { reason: {}, action: {}, mood: {} } };
  assert.equal(
    answerTo({ ...request, format }),
    '{"reason":"container unhealthy, restart it","action":"restart"}',
  );
});

Deno.test("answerTo: whatever is asked, JSON comes back", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    assert.equal(JSON.parse(answerTo(value)).action, "restart");
  }));
});

Deno.test("chatBody: one object without stream, else lines of which the last is done", () => {
  const whole = chatBody(request);
  assert.equal(whole.contentType, "application/json");
  assert.equal(JSON.parse(whole.text).message.content, answerTo(request));
  const streamed = chatBody({ ...request, stream: true });
  assert.equal(streamed.contentType, "application/x-ndjson");
  const lines = streamed.text.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines.map((line) => [line.done, line.message.content]), [
    [false, answerTo(request)],
    [true, ""],
  ]);
});

Deno.test("parseStat: reads past a name with blanks and parentheses", () => {
  const fields = Array.from({ length: 52 }, (_, i) => String(i + 1));
  fields[1] = "(a b) 7 (c))";
  fields[2] = "S";
  assert.deepEqual(parseStat(fields.join(" ")), { started: 22, cpuSeconds: 0.29 });
});

Deno.test("parseMiB: the field asked for, NaN without it", () => {
  const status = "Name:\tagent\nVmHWM:\t    3072 kB\nVmRSS:\t    1536 kB\n";
  assert.equal(parseMiB(status, "VmHWM"), 3);
  assert.equal(parseMiB(status, "VmRSS"), 1.5);
  assert.ok(Number.isNaN(parseMiB("Name:\tzombie\n", "VmRSS")));
});

Deno.test("ratios: only of what both have, and never by zero", () => {
  assert.deepEqual(
    ratios({ startMs: 10, idleCpu: 1, benignRate: 6 }, { startMs: 4, idleCpu: 0, stormCalls: 40 }),
    { startMs: 2.5 },
  );
});

Deno.test("summarize: medians of each side, ratios to the agent, notes with side and run", () => {
  const report = summarize({
    agent: [
      { values: { benignRate: 100 }, notes: [] },
      { values: {}, notes: ["benign: too late"] },
      { values: { benignRate: 300 }, notes: [] },
    ],
    beside: [{ values: { benignRate: 50, startMs: 9 }, notes: [] }],
    bare: [],
  });
  assert.deepEqual(report, {
    medians: { agent: { benignRate: 200 }, beside: { benignRate: 50, startMs: 9 } },
    ratios: { beside: { benignRate: 4 } },
    notes: ["agent 2: benign: too late"],
  });
});

Deno.test("alignColumns: names to the left, numbers to the right", () => {
  assert.deepEqual(alignColumns([["a", "1"], ["long", "1,000"], ["b", "-"]]), [
    "a         1",
    "long  1,000",
    "b         -",
  ]);
});

Deno.test("formatTable: what nobody measured takes no room", () => {
  const report = summarize({
    agent: [{ values: { benignRate: 200_000.4, latencyP50: 3.456 }, notes: ["odd"] }],
    bare: [{ values: { benignRate: 400_000.8 }, notes: [] }],
  });
  assert.equal(
    formatTable(report),
    [
      "measure                  agent     bare  agent/bare",
      "benign, messages/s     200,000  400,001        0.50",
      "event to file p50, ms     3.46        -           -",
      "note: agent 1: odd",
    ].join("\n"),
  );
});
