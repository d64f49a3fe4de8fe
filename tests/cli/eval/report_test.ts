import assert from "node:assert/strict";
import { reportLines } from "../../../lib/cli/eval/view.ts";
import type { Action } from "../../../lib/llm/diagnosis.ts";
import { limitsIn, passedLimits } from "../../../lib/cli/eval/limits.ts";
import { isFailure, reportOf } from "../../../lib/cli/eval/report.ts";
import type { Trial } from "../../../lib/cli/eval/trial.ts";
import type { Attempt } from "../../../lib/llm/contract.ts";
import { waitingEvent } from "../../support/waiting_event.ts";

function attempt(outcome: Attempt["outcome"], milliseconds = 1_000): Attempt {
  return { link: "m@host", model: "m", outcome, milliseconds };
}

function trial(
  line: number,
  acceptable: readonly Action[],
  { action, human = false, wants = null, ...more }: Partial<Trial> & {
    action?: Action;
    human?: boolean;
    wants?: boolean | null;
  } = {},
): Trial {
  return {
    label: {
      line,
      event: waitingEvent(),
      acceptable,
      requiresHuman: wants,
      benign: false,
      context: { events: [], outcomes: [] },
    },
    attempts: [attempt("ok")],
    ...(action && { decision: { action, requires_human: human } }),
    violations: [],
    corrected: [],
    ...more,
  };
}

const TRIALS = [
  trial(1, ["restart"], { action: "restart", wants: false, confidence: 0.92 }),
  trial(2, ["restart", "notify"], { action: "notify", wants: true, human: true, confidence: 0.9 }),
  trial(3, ["restart", "notify"], { action: "redeploy", wants: true, confidence: 0.6 }),
  trial(4, ["restart"], { attempts: [attempt("not_json"), attempt("refused", 5)] }),
  trial(5, ["ignore"], {
    action: "ignore",
    wants: false,
    human: true,
    violations: ["by_hand"],
    corrected: ["by_hand"],
    attempts: [attempt("schema_violation", 500), attempt("ok", 2_500)],
  }),
];

Deno.test("reportOf: what the trials add up to", () => {
  const event = { node: "piha", service: "mosquitto", type: "service_unhealthy" };
  const none = { restart: 0, redeploy: 0, notify: 0, ignore: 0, none: 0 };
  assert.deepEqual(reportOf("m", TRIALS), {
    chain: "m",
    events: 5,
    right: 3,
    rate: { count: 3, of: 5, low: 0.231, high: 0.882 },
    wrong_interventions: 1,
    wrong_ignores: 0,
    needless_notifies: 0,
    notifies: 1,
    kinds: [
      {
        kind: "over",
        right: { count: 1, of: 1, low: 0.207, high: 1 },
        wrong_interventions: 0,
        wrong_ignores: 0,
        needless_notifies: 0,
      },
      {
        kind: "remedy",
        right: { count: 2, of: 4, low: 0.15, high: 0.85 },
        wrong_interventions: 1,
        wrong_ignores: 0,
        needless_notifies: 0,
      },
    ],
    calibration: [
      { from: 0.5, confidence_mean: 0.6, right: { count: 0, of: 1, low: 0, high: 0.793 } },
      { from: 0.9, confidence_mean: 0.91, right: { count: 2, of: 2, low: 0.342, high: 1 } },
    ],
    unanswered: 1,
    human_missed: 1,
    human_needless: 1,
    violations: [{ line: 5, ...event, proposed: "ignore", rules: ["by_hand"] }],
    corrected: 1,
    confusion: [
      {
        acceptable: ["restart"],
        events: 2,
        proposed: { ...none, restart: 1, none: 1 },
        right: 1,
      },
      {
        acceptable: ["restart", "notify"],
        events: 2,
        proposed: { ...none, redeploy: 1, notify: 1 },
        right: 1,
      },
      { acceptable: ["ignore"], events: 1, proposed: { ...none, ignore: 1 }, right: 1 },
    ],
    misses: [
      {
        line: 3,
        ...event,
        proposed: "redeploy",
        acceptable: ["restart", "notify"],
        mistake: "wrong_intervention",
      },
      { line: 4, ...event, proposed: "none", acceptable: ["restart"] },
    ],
    links: [{
      link: "m@host",
      model: "m",
      attempts: 7,
      answers: 4,
      invalid: 2,
      failed: 1,
      prompt_tokens: 0,
      cached_tokens: 0,
      answer_tokens: 0,
      seconds: 7.005,
      seconds_mean: 1.001,
      seconds_max: 2.5,
    }],
  });
});

Deno.test("reportOf: the tokens of all attempts of a link, and those from the server's cache", () => {
  const used = (promptTokens: number, cachedTokens?: number): Attempt => ({
    ...attempt("ok"),
    figures: { promptTokens, answerTokens: 90, ...(cachedTokens && { cachedTokens }) },
  });
  const trials = [
    trial(1, ["restart"], { action: "restart", attempts: [used(900)] }),
    trial(2, ["restart"], { action: "restart", attempts: [used(950, 800), used(1_000, 840)] }),
  ];
  const [link] = reportOf("m", trials).links;
  assert.deepEqual([link?.prompt_tokens, link?.cached_tokens, link?.answer_tokens], [
    2_850,
    1_640,
    270,
  ]);
});

Deno.test("isFailure: a broken rule, or no answer at all", () => {
  assert.equal(isFailure(reportOf("m", TRIALS)), true);
  assert.equal(isFailure(reportOf("m", TRIALS.slice(0, 4))), false);
  assert.equal(isFailure(reportOf("m", TRIALS.slice(3, 4))), true);
  assert.equal(isFailure(reportOf("m", [])), false);
});

Deno.test("reportLines: tables, what was not acceptable, broken rules, constants beside them", () => {
  const constants = [reportOf("always notify", TRIALS.slice(0, 2))];
  assert.equal(
    `${reportLines([reportOf("m", TRIALS)], { constants, width: 100 }).join("\n")}\n`,
    `m: what was proposed for the events that take an action of these

acceptable       events  restart  redeploy  notify  ignore  no answer  right
restart               2        1         -       -       -          1      1
restart, notify       2        -         1       1       -          -      1
ignore                1        -         -       -       1          -      1
all                   5        1         1       1       1          1      3

Not acceptable:
  line 3 piha/mosquitto service_unhealthy: redeploy (!), acceptable: restart, notify
  line 4 piha/mosquitto service_unhealthy: no valid answer, acceptable: restart

Violations of the risk rules:
  line 5 piha/mosquitto service_unhealthy: ignore against by_hand

What is due: nothing (healthy, over or planned), a remedy, or a person. Wrong are those that were
acted upon (restart, redeploy), were ignored, or that a person was asked about for nothing.

chain          due      events     right       95 %  acted  ignored  asked
m              nothing       1  1 (100%)  21 to 100      -        -      -
m              remedy        4   2 (50%)   15 to 85      1        -      -
m              all           5   3 (60%)   23 to 88      1        -      -
always notify  remedy        2  2 (100%)  34 to 100      -        -      -
always notify  all           2  2 (100%)  34 to 100      -        -      -

chain  confidence from  mean  answers     right       95 %
m                  0.5  0.60        1    0 (0%)    0 to 79
m                  0.9  0.91        2  2 (100%)  34 to 100

chain  as always notify  violations  corrected  human missed  human needless
m                     1           1          1             1               1

model   attempts  answers  invalid  failed  s/attempt  slowest  tokens
m@host         7        4        2       1        1.0      2.5       0
`,
  );
});

Deno.test("reportOf: Wilson's interval", () => {
  const rateOf = (right: number, of: number) => {
    const action = (i: number) => i < right ? "restart" : "notify";
    return reportOf(
      "m",
      Array.from({ length: of }, (_, i) => trial(i, ["restart"], { action: action(i) })),
    ).rate;
  };
  assert.deepEqual(rateOf(81, 90), { count: 81, of: 90, low: 0.821, high: 0.946 });
  assert.deepEqual(rateOf(0, 10), { count: 0, of: 10, low: 0, high: 0.278 });
  assert.deepEqual(rateOf(0, 0), { count: 0, of: 0, low: 0, high: 1 });
});

Deno.test("reportOf: a person who was not asked, and one who was asked for nothing", () => {
  const { human_missed, human_needless } = reportOf("m", [
    trial(1, ["restart"], { action: "restart", wants: true }),
    trial(2, ["restart"], { action: "restart", wants: true }),
    trial(3, ["restart"], { action: "restart", wants: false, human: true }),
    trial(4, ["restart"], { action: "restart", wants: null, human: true }),
  ]);
  assert.deepEqual([human_missed, human_needless], [2, 1]);
});

Deno.test("passedLimits: of nothing nothing is right", () => {
  assert.deepEqual(passedLimits(reportOf("m", []), limitsIn({ "min-right": "1" })), [
    "m: 0 percent right, against --min-right 1",
  ]);
});

Deno.test("passedLimits: each limit that a chain does not keep", () => {
  const report = reportOf("m", TRIALS);
  const limits = (values: Record<string, string>) => passedLimits(report, limitsIn(values));
  assert.deepEqual(limits({}), []);
  assert.deepEqual(
    limits({ "max-wrong-interventions": "1", "max-wrong-ignores": "0", "min-right": "60" }),
    [],
  );
  assert.deepEqual(limits({ "max-wrong-interventions": "0", "min-right": "61" }), [
    "m: 1 wrong interventions, against --max-wrong-interventions 0",
    "m: 60 percent right, against --min-right 61",
  ]);
  for (const text of ["all", "101"]) {
    assert.throws(() => limits({ "min-right": text }), {
      message: `eval: --min-right takes a whole number up to 100, got "${text}"`,
    });
  }
  assert.deepEqual(limits({ "max-wrong-ignores": "999999" }), []);
});
