/**
 * What is measured, and how each number is written.
 *
 * @module
 */

/** The parts of a run that `--only` can name. */
export const SCENARIOS = [
  "start",
  "idle",
  "benign",
  "cooldown",
  "ceiling",
  "latency",
  "storm",
] as const;
export type Scenario = typeof SCENARIOS[number];

/** Every number of the report, in its order, with its label and decimals. */
export const MEASURES = {
  startMs: { label: "start to subscribed, ms", digits: 0 },
  idleMiB: { label: "idle memory, MiB", digits: 1 },
  idleCpu: { label: "idle CPU, %", digits: 2 },
  benignRate: { label: "benign, messages/s", digits: 0 },
  benignCpu: { label: "benign, CPU us/message", digits: 1 },
  cooldownRate: { label: "cooldown, messages/s", digits: 0 },
  cooldownCpu: { label: "cooldown, CPU us/message", digits: 1 },
  publisherRate: { label: "publisher, messages/s", digits: 0 },
  latencyP50: { label: "event to file p50, ms", digits: 2 },
  latencyP99: { label: "event to file p99, ms", digits: 2 },
  stormSeconds: { label: "storm 40x25, seconds", digits: 2 },
  stormCalls: { label: "storm 40x25, LLM calls", digits: 0 },
  peakMiB: { label: "peak memory, MiB", digits: 1 },
} as const;
export type Measure = keyof typeof MEASURES;

/** The numbers of one run of one side; what was not measured, or failed, is absent. */
export type Values = Partial<Record<Measure, number>>;

/** One run of one side. */
export interface Outcome {
  readonly values: Values;
  /** What went wrong, for people. */
  readonly notes: readonly string[];
}

/** The sides that can be measured, by the names of their columns, in their order. */
export const SIDES = ["agent", "beside", "bare", "decided"] as const;
export type SideName = typeof SIDES[number];
