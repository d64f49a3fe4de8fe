import "./support/deadlines.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseSimulateArguments } from "../scripts/simulate/arguments.ts";
import {
  FEWEST_NODES,
  findBreakingPoint,
  isInTime,
  MOST_NODES,
} from "../scripts/simulate/breaking_point.ts";
import { inWords, reportFound, reportResults } from "../scripts/simulate/report.ts";
import { simulate, type SimulationOptions } from "../scripts/simulate/run.ts";

function smallOptions(): SimulationOptions {
  const parsed = parseSimulateArguments(["--nodes=100", "--hours=6", "--flapping=0"]);
  assert.equal(parsed.kind, "run");
  if (parsed.kind !== "run") throw new Error("wrong arguments");
  return { ...parsed.options, planners: 1, ollamas: 1 };
}

const small = smallOptions();
const shaped = (changes: Partial<SimulationOptions["shape"]>) => ({
  ...small,
  shape: { ...small.shape, ...changes },
});

Deno.test("simulate: the same numbers for the same seed, others for another", async () => {
  const first = await simulate(small);
  assert.deepEqual(await simulate(small), first);
  assert.notDeepEqual(await simulate({ ...small, seed: 2 }), first);
  assert.deepEqual(first.problems, []);
  assert.equal(first.proposedOver, 0);
  assert.ok(first.llmCalls > 30, String(first.llmCalls));
});

Deno.test("simulate: the events do not depend on planners, servers and settings", async () => {
  const one = await simulate(small);
  const slow = { ...small, speed: { promptRate: 5, answerRate: 1 } };
  assert.equal((await simulate(slow)).events, one.events);
  assert.equal((await simulate({ ...small, planners: 2, ollamas: 2 })).events, one.events);
});

Deno.test("simulate: utilisation is calls times seconds of a call, by the time there was", async () => {
  const result = await simulate({
    ...small,
    promptTokens: 400,
    answerTokens: 60,
    failPercent: 0,
    speed: { promptRate: 20, answerRate: 5 },
  });
  // The last call may be unfinished: it counts as far as it got.
  const perCall = 400 / 20 + 60 / 5;
  assert.ok(Math.abs(result.secondsPerCall - perCall) < perCall / result.llmCalls);
  const busy = result.llmCalls * result.secondsPerCall;
  assert.ok(Math.abs(result.utilisation - busy / (6 * 3_600)) < 1e-9);
  assert.ok(result.utilisation > 0.05 && result.utilisation < 1);
});

Deno.test("simulate: a prompt that is read once only costs less by what all begin with", async () => {
  const whole = await simulate(small);
  const reused = await simulate({ ...small, reusesPrefix: true });
  assert.ok(whole.promptTokensPerCall > 600 && whole.promptTokensPerCall < 750);
  assert.ok(reused.promptTokensPerCall < whole.promptTokensPerCall - 300);
});

Deno.test("simulate: one fault that lasts is one call a cooldown", async () => {
  const once = shaped({ storms: 1, stormPercent: 1, hours: 2, stormMinutes: 31, faultDays: 1e6 });
  const fast = { ...once, speed: { promptRate: 1e6, answerRate: 1e6 }, failPercent: 0 };
  // Ten services are bad for 31 minutes: at minutes 0, 6, 12, 18, 24 and 30, as they are reported
  // every minute, and the report right at the end of a cooldown of 5 minutes comes too soon.
  assert.equal((await simulate(fast)).llmCalls, 60);
  const settings = { COOLDOWN_SECONDS: "3600" };
  assert.equal((await simulate({ ...fast, settings })).llmCalls, 10);
});

Deno.test("simulate: several planners propose once when they share claims, else each", async () => {
  const pair = { ...small, planners: 2, ollamas: 2 };
  for (const ownGroups of [true, false]) {
    assert.equal((await simulate({ ...pair, ownGroups })).duplicates, 0);
  }
  const settings = { INTAKE: "pubsub", COORDINATION: "off" };
  const alone = await simulate({ ...pair, settings });
  assert.ok(alone.duplicates > 30, String(alone.duplicates));
  assert.deepEqual(alone.problems, []);
});

Deno.test("simulate: a storm of more services than one read takes does not stop the reading", async () => {
  const storm = { storms: 1, stormPercent: 100, servicesPerNode: 8 };
  const settings = { INTAKE: "streams" };
  const result = await simulate({
    ...shaped(storm),
    settings,
    speed: { promptRate: 5, answerRate: 1 },
  });
  assert.equal(result.unread, 0);
  // Recoveries were heard while the model was still busy with the first.
  assert.ok((result.outcomes.recovered ?? 0) > 700, JSON.stringify(result.outcomes));
});

Deno.test("simulate: what no link answers is parked, tried again and given up", async () => {
  const down = { ...small, downMinutes: 200, settings: { EVENT_TTL_SECONDS: "600" } };
  const result = await simulate({
    ...down,
    shape: { ...small.shape, faultMinutes: 600, repeatSeconds: 86_400 },
  });
  assert.ok((result.outcomes.expired ?? 0) > 0, JSON.stringify(result.outcomes));
  const rules = { ...down, settings: { ...down.settings, LLM_CHAIN: "qwen2.5:7b,rules" } };
  assert.equal((await simulate(rules)).outcomes.expired, 0);
});

Deno.test("findBreakingPoint: the limit, to a tenth of it", async () => {
  await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: 2 * MOST_NODES }), async (limit) => {
    const { nodes, tooMany } = await findBreakingPoint((n) => Promise.resolve(n <= limit));
    assert.ok(nodes <= limit);
    if (limit < FEWEST_NODES) assert.deepEqual({ nodes, tooMany }, { nodes: 0, tooMany: 25 });
    else if (limit >= MOST_NODES) assert.equal(tooMany, undefined);
    else {
      assert.ok(tooMany !== undefined && tooMany > limit);
      assert.ok(tooMany - nodes <= Math.max(1, nodes / 10));
    }
  }));
});

Deno.test("isInTime: nothing dropped, given up or unread, and most waits within the bound", async () => {
  const result = await simulate(small);
  const p95 = result.waits.all?.p95 ?? NaN;
  assert.equal(isInTime(result, p95), true);
  assert.equal(isInTime(result, p95 - 1), false);
  assert.equal(isInTime({ ...result, unread: 1 }, p95), false);
  assert.equal(isInTime({ ...result, outcomes: { ...result.outcomes, expired: 1 } }, p95), false);
});

Deno.test("reportResults: a column for each, without outcomes that never came", async () => {
  const report = reportResults([await simulate(small), await simulate({ ...small, planners: 2 })]);
  const rows = report.split("\n");
  assert.match(rows[0] ?? "", /^planners +1 +2$/);
  assert.ok(rows.some((row) => /^wait, critical, p95 +\d+ min +\d+ min$/.test(row)), report);
  assert.ok(rows.some((row) => /^proposed when over +0 +0$/.test(row)), report);
  assert.ok(!report.includes("malformed"));
});

Deno.test("inWords: seconds, minutes, hours; reportFound: a line for each", () => {
  assert.deepEqual([1.46, 33.4, 119, 600, 7_199, 9_000].map(inWords), [
    ...["1.5 s", "33 s", "119 s", "10 min", "120 min", "2.5 h"],
  ]);
  const found = [
    { planners: 1, ollamas: 1, nodes: 1_600, tooMany: 1_700 },
    { planners: 2, ollamas: 2, nodes: MOST_NODES, tooMany: undefined },
  ];
  assert.deepEqual(reportFound(found, 600).split("\n"), [
    "planners  Ollamas  in time (p95 up to 10 min)  too many",
    "1               1                       1,600     1,700",
    "2               2              12,800 or more         -",
  ]);
});

Deno.test("parseSimulateArguments: machine, rates, settings; every problem at once", () => {
  const parsed = parseSimulateArguments([
    ...["--machine=gpu", "--answer-rate", "70.5", "--planners=1, 3", "--ollamas=1"],
    ...["--set", "COOLDOWN_SECONDS=600", "--set=LLM_CHAIN=qwen2.5:3b,rules"],
  ]);
  assert.equal(parsed.kind, "run");
  if (parsed.kind !== "run") return;
  const { speed, planners, ollamas, settings, shape } = parsed.options;
  assert.deepEqual(speed, { promptRate: 1_500, answerRate: 70.5 });
  assert.deepEqual([planners, ollamas, shape.nodes], [[1, 3], 1, 1_000]);
  assert.deepEqual(settings, { COOLDOWN_SECONDS: "600", LLM_CHAIN: "qwen2.5:3b,rules" });

  assert.deepEqual(
    parseSimulateArguments([
      ...["--nodes=0", "--fail=101", "--machine=pi3", "--planners=0", "--set=COOLDOWN_SECONDS=x"],
    ]),
    {
      kind: "wrong",
      problems: [
        '--machine: "pi3" is none of pi5, mini-pc, gpu',
        '--planners: "0" are not whole numbers from 1 to 64',
        'COOLDOWN_SECONDS is "x"; it takes a whole number from 0 to 2678400 (default 300)',
        '--nodes: "0" is not a whole number from 1 to 100000',
        '--fail: "101" is not a number from 0 to 100',
      ],
    },
  );
  assert.equal(parseSimulateArguments(["--set", "COOLDOWN"]).kind, "wrong");
  assert.equal(parseSimulateArguments(["--nodes=x", "-h"]).kind, "help");
});
