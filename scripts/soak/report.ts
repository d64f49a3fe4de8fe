/**
 * A soak's result in words.
 *
 * @module
 */
import { alignColumns } from "../bench/report.ts";
import { ALLOWED_SHARE, judgeMemory } from "./memory.ts";
import type { SoakResult } from "./run.ts";
import { discrepancies, grouped } from "./tally.ts";

const whole = (value: number) => Math.round(value).toLocaleString("en-US");
const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
const signed = (share: number) => (share < 0 ? "" : "+") + percent(share);

export interface SoakReport {
  readonly text: string;
  /** Every counter adds up. */
  readonly exact: boolean;
}

export function reportSoak(result: SoakResult): SoakReport {
  const { count, seconds, samples, stopped, llmCalls, decided } = result;
  const { medians, change, flat } = judgeMemory(samples, count);
  const problems = discrepancies(result);
  const rows = [
    ...medians.map((median, nth) => [`quarter ${nth + 1}, MiB`, median.toFixed(1)]),
    ...grouped(result).map(([name, messages]) => [name, whole(messages)]),
    ["received", whole(stopped.received)],
  ];
  const lines = [
    `${whole(count)} messages in ${whole(seconds)} s, ${whole(count / seconds)} a second; ` +
    `${whole(llmCalls)} LLM calls, ${whole(decided)} proposals decided on`,
    "",
    ...alignColumns(rows),
    "",
    `memory: ${flat ? "flat" : "NOT flat"}, the last quarter's median is ${signed(change)} from ` +
    `the second's (${percent(ALLOWED_SHARE)} allowed)`,
    ...problems.length === 0
      ? ["counters: add up"]
      : ["counters: DO NOT add up", ...problems.map((problem) => `  ${problem}`)],
  ];
  return { text: lines.join("\n"), exact: problems.length === 0 };
}
