import assert from "node:assert/strict";
import { parseGrowArguments } from "../scripts/grow/arguments.ts";
import { oneAtATime } from "../scripts/grow/chat.ts";
import { openEntries } from "../scripts/grow/publish.ts";
import { reportGrowth } from "../scripts/grow/report.ts";
import type { GrowResult } from "../scripts/grow/run.ts";
import { type GrowEvidence, verdictOf } from "../scripts/grow/verdict.ts";
import { fakeClock } from "./support/clock.ts";

const stopped = (received: number, proposed: number) => ({
  received,
  outcomes: { proposed, cooldown: received - proposed },
});

const EVIDENCE: GrowEvidence = {
  services: 2,
  proposed: ["plan-piha-a", "plan-piha-b"],
  expected: 10,
  stopped: [stopped(5, 1), stopped(5, 1)],
};

Deno.test("verdictOf: each service once, each event with an outcome", () => {
  assert.deepEqual(verdictOf(EVIDENCE), { proposals: 2, duplicates: 0, lost: 0, problems: [] });
});

Deno.test("verdictOf: a second proposal, a service without one", () => {
  const proposed = ["plan-piha-a", "plan-piha-a", "plan-piha-a"];
  assert.deepEqual(verdictOf({ ...EVIDENCE, proposed }), {
    ...{ proposals: 3, duplicates: 2, lost: 1 },
    problems: ["2 proposals too many", "1 services have a proposal, not 2"],
  });
});

Deno.test("verdictOf: events that were not received, that have no outcome, a planner that crashed", () => {
  const problems = (changes: Partial<GrowEvidence>) =>
    verdictOf({ ...EVIDENCE, ...changes }).problems;
  assert.deepEqual(problems({ expected: 11 }), ["10 events were received, not 11"]);
  const waiting = { received: 5, outcomes: { proposed: 1 } };
  assert.deepEqual(problems({ stopped: [stopped(5, 1), waiting] }), [
    "6 of 10 events have an outcome",
  ]);
  assert.deepEqual(problems({ stopped: [stopped(10, 2), undefined] }), [
    "1 planners did not end in good order",
  ]);
});

Deno.test("openEntries: unread and unacknowledged ones of every group", () => {
  const group = (pending: number, lag: number | null) => [
    ...["name", "planner", "consumers", 1, "pending", pending],
    ...["last-delivered-id", "1-1", "entries-read", 7, "lag", lag],
  ];
  assert.equal(openEntries([group(0, 0), group(0, 0)]), 0);
  assert.equal(openEntries([group(2, 3), group(0, 4)]), 9);
  assert.equal(openEntries([group(0, null)]), Infinity);
  assert.equal(openEntries(null), Infinity);
});

Deno.test("oneAtATime: a request waits for those before it", async () => {
  const clock = fakeClock();
  const reply = oneAtATime(100, clock);
  const latencies = () => reply({}, 1).latencyMs;
  assert.deepEqual([latencies(), latencies(), latencies()], [100, 200, 300]);
  await clock.advance(250);
  assert.equal(latencies(), 150);
  await clock.advance(1_000);
  assert.equal(latencies(), 100);
});

Deno.test("parseGrowArguments: defaults, lists, and every problem at once", () => {
  assert.deepEqual(parseGrowArguments([]), {
    kind: "run",
    options: {
      planners: [1, 2, 4],
      intakes: ["streams", "pubsub"],
      flood: 20_000,
      events: 2_000,
      services: 100,
      llmMs: 100,
      ownOllamas: false,
      oneGroup: false,
      json: false,
    },
  });
  const chosen = parseGrowArguments(["--planners=3", "--intake", "pubsub", "--own-ollamas"]);
  assert.equal(chosen.kind, "run");
  if (chosen.kind !== "run") return;
  const { planners, intakes, ownOllamas } = chosen.options;
  assert.deepEqual([planners, intakes, ownOllamas], [[3], ["pubsub"], true]);
  assert.deepEqual(parseGrowArguments(["--planners=1,9", "--intake=mqtt", "--events=50"]), {
    kind: "wrong",
    problems: [
      '--planners: "9" is not a whole number from 1 to 8',
      '--intake: "mqtt" is none of streams, pubsub',
      "--services: 100 services need at least as many --events",
    ],
  });
  assert.equal(parseGrowArguments(["--services=5", "--help"]).kind, "help");
  assert.equal(parseGrowArguments(["--fast"]).kind, "wrong");
});

Deno.test("reportGrowth: a line each, and what must not be", () => {
  const result: GrowResult = {
    ...{ intake: "streams", planners: 2, ollamas: 1, eventsPerSecond: NaN, llmCalls: 1_234 },
    ...{ proposals: 3, duplicates: 1, lost: 0, decidedSeconds: 5.04, memoryMiB: 250.4 },
    problems: ["1 proposals too many"],
  };
  assert.deepEqual(reportGrowth([result]).split("\n"), [
    "intake   planners  Ollamas  events/s  LLM calls  proposals  twice  lost  decided after   memory",
    "streams         2        1         -      1,234          3      1     0          5.0 s  250 MiB",
    "streams, 2 planners: 1 proposals too many",
  ]);
});
