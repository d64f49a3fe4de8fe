/**
 * What the trials of one chain add up to. Its keys are what `eval --json` prints; they are stable.
 *
 * @module
 */
import { type Action, ACTIONS } from "../../llm/diagnosis.ts";
import type { Attempt } from "../../llm/contract.ts";
import { isWrongAnswer } from "../../llm/failure.ts";
import { type Need, needOf, NEEDS } from "./label.ts";
import { type Rate, rateOf } from "./rate.ts";
import { isRight, type Mistake, mistakeOf, type Trial, type Verdict, verdictOf } from "./trial.ts";

export const VERDICTS: readonly Verdict[] = [...ACTIONS, "none"];

/** Events with the same acceptable actions, and what was proposed for them. */
interface ConfusionRow {
  readonly acceptable: readonly Action[];
  readonly events: number;
  readonly proposed: Readonly<Record<Verdict, number>>;
  readonly right: number;
}

export interface Miss {
  readonly line: number;
  readonly node: string;
  readonly service: string;
  readonly type: string;
  readonly proposed: Verdict;
  readonly acceptable: readonly Action[];
  /** Absent without a valid answer. */
  readonly mistake?: Mistake;
}

interface Violation extends Omit<Miss, "acceptable" | "mistake"> {
  readonly rules: readonly string[];
}

/** One link of the chain over all events. */
interface LinkReport {
  readonly link: string;
  readonly model: string;
  readonly attempts: number;
  /** Valid answers. */
  readonly answers: number;
  /** Answers that were no diagnosis. */
  readonly invalid: number;
  /** Attempts without an answer: not reached, too slow, an error of the server. */
  readonly failed: number;
  /** As far as the server counted them. */
  readonly prompt_tokens: number;
  readonly answer_tokens: number;
  readonly seconds: number;
  readonly seconds_mean: number;
  readonly seconds_max: number;
}

/** Counts of the three kinds of wrong proposals, for a chain or for a part of its events. */
interface Mistakes {
  /** A restart or redeploy that no person would accept. */
  readonly wrong_interventions: number;
  readonly wrong_ignores: number;
  readonly needless_notifies: number;
}

/** One kind of events. */
interface KindReport extends Mistakes {
  readonly kind: Need;
  readonly right: Rate;
}

/** Answers whose confidence lies from `from`, up to the next row's. */
interface CalibrationRow {
  readonly from: number;
  readonly confidence_mean: number;
  readonly right: Rate;
}

export interface ChainReport extends Mistakes {
  readonly chain: string;
  readonly events: number;
  readonly right: number;
  readonly rate: Rate;
  readonly kinds: readonly KindReport[];
  /** Decisions that a model would share that answers notify to everything. */
  readonly notifies: number;
  readonly calibration: readonly CalibrationRow[];
  /** Events for which no link gave a valid answer. */
  readonly unanswered: number;
  /** Proposals that must ask for a person and do not, and those that need not and do. */
  readonly human_missed: number;
  readonly human_needless: number;
  /** Proposals that break a risk rule. */
  readonly violations: readonly Violation[];
  /** Answers that the risk rules changed. */
  readonly corrected: number;
  readonly confusion: readonly ConfusionRow[];
  readonly misses: readonly Miss[];
  readonly links: readonly LinkReport[];
}

export function reportOf(chain: string, trials: readonly Trial[]): ChainReport {
  const human = (wanted: boolean) =>
    trials.filter(({ label, decision }) =>
      decision && label.requiresHuman === wanted && decision.requires_human !== wanted
    ).length;
  return {
    chain,
    events: trials.length,
    right: trials.filter(isRight).length,
    rate: rightOf(trials),
    ...mistakesIn(trials),
    kinds: NEEDS.flatMap((kind) => {
      const group = trials.filter(({ label }) => needOf(label) === kind);
      return group.length > 0 ? [{ kind, right: rightOf(group), ...mistakesIn(group) }] : [];
    }),
    notifies: trials.filter((trial) => verdictOf(trial) === "notify").length,
    calibration: calibrationOf(trials),
    unanswered: trials.filter(({ decision }) => !decision).length,
    human_missed: human(true),
    human_needless: human(false),
    violations: trials.filter((trial) => trial.violations.length > 0).map((trial) => {
      const { acceptable: _acceptable, mistake: _mistake, ...rest } = missOf(trial);
      return { ...rest, rules: trial.violations };
    }),
    corrected: trials.filter(({ corrected }) => corrected.length > 0).length,
    confusion: confusionOf(trials),
    misses: trials.filter((trial) => !isRight(trial)).map(missOf),
    links: linksOf(trials.flatMap(({ attempts }) => attempts)),
  };
}

/** Whether a rule was broken, or nothing was answered at all, which proves nothing. */
export function isFailure({ violations, events, unanswered }: ChainReport): boolean {
  return violations.length > 0 || (events > 0 && unanswered === events);
}

function rightOf(trials: readonly Trial[]): Rate {
  return rateOf(trials.filter(isRight).length, trials.length);
}

function mistakesIn(trials: readonly Trial[]): Mistakes {
  const count = (mistake: Mistake) => trials.filter((trial) => mistakeOf(trial) === mistake).length;
  return {
    wrong_interventions: count("wrong_intervention"),
    wrong_ignores: count("wrong_ignore"),
    needless_notifies: count("needless_notify"),
  };
}

const CONFIDENCES = [0, 0.5, 0.7, 0.8, 0.9, 0.95];

function calibrationOf(trials: readonly Trial[]): CalibrationRow[] {
  return CONFIDENCES.flatMap((from, index) => {
    const below = CONFIDENCES[index + 1] ?? Infinity;
    const group = trials.filter(({ confidence = -1 }) => confidence >= from && confidence < below);
    if (group.length === 0) return [];
    const sum = group.reduce((all, { confidence = 0 }) => all + confidence, 0);
    return [{ from, confidence_mean: rounded(sum / group.length), right: rightOf(group) }];
  });
}

function missOf(trial: Trial): Miss {
  const { line, acceptable, event: { node, service, type } } = trial.label;
  const mistake = mistakeOf(trial);
  const proposed = verdictOf(trial);
  return { line, node, service, type, proposed, acceptable, ...(mistake && { mistake }) };
}

function confusionOf(trials: readonly Trial[]): ConfusionRow[] {
  const groups = Map.groupBy(trials, ({ label }) => label.acceptable.join());
  return [...groups.values()].flatMap((group) => {
    const acceptable = group[0]?.label.acceptable ?? [];
    const count = (verdict: Verdict) => group.filter((t) => verdictOf(t) === verdict).length;
    const proposed = Object.fromEntries(VERDICTS.map((verdict) => [verdict, count(verdict)]));
    return [{
      acceptable,
      events: group.length,
      proposed: proposed as Record<Verdict, number>,
      right: group.filter(isRight).length,
    }];
  }).sort((one, other) => order(one.acceptable) < order(other.acceptable) ? -1 : 1);
}

/** Sorts by the mildest remedy first, then by what else is acceptable. */
function order(acceptable: readonly Action[]): string {
  return acceptable.map((action) => ACTIONS.indexOf(action)).join("");
}

function linksOf(attempts: readonly Attempt[]): LinkReport[] {
  const groups = Map.groupBy(attempts, ({ link }) => link);
  return [...groups].map(([link, group]) => {
    const seconds = group.map(({ milliseconds }) => milliseconds / 1000);
    const count = (holds: (outcome: Attempt["outcome"]) => boolean) =>
      group.filter(({ outcome }) => holds(outcome)).length;
    const answers = count((outcome) => outcome === "ok");
    const invalid = count((outcome) => outcome !== "ok" && isWrongAnswer(outcome));
    return {
      link,
      model: group[0]?.model ?? link,
      attempts: group.length,
      answers,
      invalid,
      failed: group.length - answers - invalid,
      prompt_tokens: sumOf(group, ({ figures }) => figures?.promptTokens),
      answer_tokens: sumOf(group, ({ figures }) => figures?.answerTokens),
      seconds: rounded(sumOf(seconds, (each) => each)),
      seconds_mean: rounded(sumOf(seconds, (each) => each) / seconds.length),
      seconds_max: rounded(seconds.reduce((most, each) => Math.max(most, each), 0)),
    };
  });
}

function sumOf<T>(items: readonly T[], value: (item: T) => number | undefined): number {
  return items.reduce((sum, item) => sum + (value(item) ?? 0), 0);
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
