import assert from "node:assert/strict";
import { reportText } from "../../../lib/cli/eval/view.ts";
import type { Action } from "../../../lib/llm/diagnosis.ts";
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
    label: { line, event: waitingEvent(), acceptable, requiresHuman: wants },
    attempts: [attempt("ok")],
    ...(action && { decision: { action, requires_human: human } }),
    violations: [],
    corrected: [],
    ...more,
  };
}

const TRIALS = [
  trial(1, ["restart"], { action: "restart", wants: false }),
  trial(2, ["restart", "notify"], { action: "notify", wants: true, human: true }),
  trial(3, ["restart", "notify"], { action: "redeploy", wants: true }),
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
      { line: 3, ...event, proposed: "redeploy", acceptable: ["restart", "notify"] },
      { line: 4, ...event, proposed: "none", acceptable: ["restart"] },
    ],
    links: [{
      link: "m@host",
      model: "m",
      attempts: 7,
      answers: 4,
      invalid: 2,
      failed: 1,
      seconds_mean: 1.001,
      seconds_max: 2.5,
    }],
  });
});

Deno.test("isFailure: a broken rule, or no answer at all", () => {
  assert.equal(isFailure(reportOf("m", TRIALS)), true);
  assert.equal(isFailure(reportOf("m", TRIALS.slice(0, 4))), false);
  assert.equal(isFailure(reportOf("m", TRIALS.slice(3, 4))), true);
  assert.equal(isFailure(reportOf("m", [])), false);
});

Deno.test("reportText: tables, what was not acceptable, and broken rules", () => {
  assert.equal(
    reportText([reportOf("m", TRIALS)], 100),
    `m: what was proposed for the events that take an action of these

acceptable       events  restart  redeploy  notify  ignore  no answer  right
restart               2        1         -       -       -          1      1
restart, notify       2        -         1       1       -          -      1
ignore                1        -         -       -       1          -      1
all                   5        1         1       1       1          1      3

Not acceptable:
  line 3 piha/mosquitto service_unhealthy: redeploy, acceptable: restart, notify
  line 4 piha/mosquitto service_unhealthy: no valid answer, acceptable: restart

Violations of the risk rules:
  line 5 piha/mosquitto service_unhealthy: ignore against by_hand

chain  events    right  violations  corrected  human missed  human needless
m           5  3 (60%)           1          1             1               1

model   attempts  answers  invalid  failed  s/attempt  slowest
m@host         7        4        2       1        1.0      2.5
`,
  );
});
