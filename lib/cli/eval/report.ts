import { type Action, ACTIONS } from "../../llm/diagnosis.ts";
import type { Attempt } from "../../llm/contract.ts";
import { isWrongAnswer } from "../../llm/failure.ts";
import type { Trial } from "./trial.ts";

/** What is proposed, `none` without a valid answer. */
type Verdict = Action | "none";
export const VERDICTS: readonly Verdict[] = [...ACTIONS, "none"];

/** By what is proposed, what is wrong with it: a wrong intervention does harm, a notify costs a look. */
const MISTAKES = {
  restart: "wrong_intervention",
  redeploy: "wrong_intervention",
  ignore: "wrong_ignore",
  notify: "needless_notify",
} as const satisfies Record<Action, string>;

/** What an event asks for: nothing at all, a remedy that a person approves, or a person. */
const NEEDS = ["over", "remedy", "person"] as const;

function needOf(acceptable: readonly Action[]): typeof NEEDS[number] {
  if (acceptable.includes("restart") || acceptable.includes("redeploy")) return "remedy";
  return acceptable.includes("ignore") ? "over" : "person";
}

export type ChainReport = ReturnType<typeof reportOf>;
export type Rate = ReturnType<typeof rightOf>;
export type Miss = ReturnType<typeof missOf>;

/** What the trials of one chain add up to. Its keys are what `--json` prints; they are stable. */
export function reportOf(chain: string, all: readonly Trial[]) {
  const trials = all.map(judged);
  const count = (holds: (trial: Judged) => boolean) => trials.filter(holds).length;
  const humanIs = (asked: boolean) => ({ label, decision }: Judged) =>
    decision?.requires_human === asked && label.requiresHuman === !asked;
  return {
    chain,
    events: trials.length,
    right: count(({ isRight }) => isRight),
    rate: rightOf(trials),
    ...mistakesIn(trials),
    kinds: NEEDS.flatMap((kind) => {
      const group = trials.filter(({ label }) => needOf(label.acceptable) === kind);
      return group.length > 0 ? [{ kind, right: rightOf(group), ...mistakesIn(group) }] : [];
    }),
    /** Decisions that a model would share that answers notify to everything. */
    notifies: count(({ verdict }) => verdict === "notify"),
    calibration: calibrationOf(trials),
    unanswered: count(({ decision }) => !decision),
    /** Proposals that must ask for a person and do not, and those that need not and do. */
    human_missed: count(humanIs(false)),
    human_needless: count(humanIs(true)),
    violations: trials.filter(({ violations }) => violations.length > 0)
      .map(({ event, verdict, violations }) => ({
        ...event,
        proposed: verdict,
        rules: violations,
      })),
    corrected: count(({ corrected }) => corrected.length > 0),
    confusion: confusionOf(trials),
    misses: trials.filter(({ isRight }) => !isRight).map(missOf),
    links: linksOf(trials.flatMap(({ attempts }) => attempts)),
  };
}

/** Whether a rule was broken, or nothing was answered at all, which proves nothing. */
export function isFailure({ violations, events, unanswered }: ChainReport): boolean {
  return violations.length > 0 || (events > 0 && unanswered === events);
}

/** A trial with what a person says to it: whether it is right, and if not what is wrong with it. */
function judged(trial: Trial) {
  const { label: { line, acceptable, event: { node, service, type } }, decision } = trial;
  const isRight = decision !== undefined && acceptable.includes(decision.action);
  const mistake = decision && !isRight ? MISTAKES[decision.action] : undefined;
  const verdict: Verdict = decision?.action ?? "none";
  return { ...trial, event: { line, node, service, type }, verdict, isRight, mistake };
}

type Judged = ReturnType<typeof judged>;

/** The quantile of the normal distribution for 95 %, two-sided. */
const Z = 1.96;

/**
 * So many right of so many, with the interval in which the true share lies, 19 times of 20; from 0
 * to 1 where there was nothing to count. Wilson's score interval: unlike the plain one it stays
 * within 0 and 1, and holds for few.
 */
function rightOf(trials: readonly Judged[]) {
  const of = trials.length;
  const count = trials.filter(({ isRight }) => isRight).length;
  if (of === 0) return { count, of, low: 0, high: 1 };
  const share = count / of;
  const spread = Z * Math.sqrt(share * (1 - share) / of + Z * Z / (4 * of * of));
  const middle = share + Z * Z / (2 * of);
  const bound = (value: number) => rounded(Math.min(1, Math.max(0, value / (1 + Z * Z / of))));
  return { count, of, low: bound(middle - spread), high: bound(middle + spread) };
}

function mistakesIn(trials: readonly Judged[]) {
  const count = (mistake: Judged["mistake"]) =>
    trials.filter((trial) => trial.mistake === mistake).length;
  return {
    wrong_interventions: count("wrong_intervention"),
    wrong_ignores: count("wrong_ignore"),
    needless_notifies: count("needless_notify"),
  };
}

const CONFIDENCES = [0, 0.5, 0.7, 0.8, 0.9, 0.95];

/** Answers whose confidence lies from `from`, up to the next row's. */
function calibrationOf(trials: readonly Judged[]) {
  return CONFIDENCES.flatMap((from, index) => {
    const below = CONFIDENCES[index + 1] ?? Infinity;
    const group = trials.filter(({ confidence = -1 }) => confidence >= from && confidence < below);
    if (group.length === 0) return [];
    const sum = sumOf(group, ({ confidence }) => confidence);
    return [{ from, confidence_mean: rounded(sum / group.length), right: rightOf(group) }];
  });
}

function missOf({ label, event, verdict, mistake }: Judged) {
  const { acceptable } = label;
  return { ...event, proposed: verdict, acceptable, ...mistake && { mistake } };
}

/** Events with the same acceptable actions, the mildest remedy first, and what was proposed. */
function confusionOf(trials: readonly Judged[]) {
  const order = ({ label }: Judged) => label.acceptable.map((action) => ACTIONS.indexOf(action));
  const groups = Map.groupBy(trials, (trial) => order(trial).join(""));
  return [...groups].sort(([one], [other]) => one < other ? -1 : 1).map(([, group]) => ({
    acceptable: group[0]?.label.acceptable ?? [],
    events: group.length,
    proposed: byVerdict((verdict) => group.filter((each) => each.verdict === verdict).length),
    right: group.filter(({ isRight }) => isRight).length,
  }));
}

/** A number for each verdict. */
export function byVerdict(count: (verdict: Verdict) => number): Record<Verdict, number> {
  const counts = VERDICTS.map((verdict) => [verdict, count(verdict)]);
  return Object.fromEntries(counts) as Record<Verdict, number>;
}

/** Each link of the chain over all events; tokens as far as the server counted them. */
function linksOf(attempts: readonly Attempt[]) {
  return [...Map.groupBy(attempts, ({ link }) => link)].map(([link, group]) => {
    const seconds = group.map(({ milliseconds }) => milliseconds / 1000);
    const total = sumOf(seconds, (each) => each);
    const answers = group.filter(({ outcome }) => outcome === "ok").length;
    const invalid = group.filter(({ outcome }) =>
      outcome !== "ok" && isWrongAnswer(outcome)
    ).length;
    return {
      link,
      model: group[0]?.model ?? link,
      attempts: group.length,
      answers,
      /** Answers that were no diagnosis. */
      invalid,
      /** Attempts without an answer: not reached, too slow, an error of the server. */
      failed: group.length - answers - invalid,
      prompt_tokens: sumOf(group, ({ figures }) => figures?.promptTokens),
      /** Of the prompts', those that the server did not read again. */
      cached_tokens: sumOf(group, ({ figures }) => figures?.cachedTokens),
      answer_tokens: sumOf(group, ({ figures }) => figures?.answerTokens),
      seconds: rounded(total),
      seconds_mean: rounded(total / seconds.length),
      seconds_max: rounded(seconds.reduce((most, each) => Math.max(most, each), 0)),
    };
  });
}

function sumOf<T>(items: readonly T[], value: (item: T) => number | undefined): number {
  return items.reduce((sum, item) => sum + (value(item) ?? 0), 0);
}

const rounded = (value: number) => Math.round(value * 1000) / 1000;
