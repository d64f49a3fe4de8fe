/**
 * Whether memory stays flat while messages pass through.
 *
 * @module
 */
import { median } from "../bench/statistics.ts";

/** Resident memory at a moment of the soak. */
export interface Sample {
  /** Messages published until then. */
  readonly published: number;
  readonly mib: number;
}

/** The last quarter's median may differ by this much from the second's. */
export const ALLOWED_SHARE = 0.1;

export interface MemoryVerdict {
  /** MiB of each quarter; NaN for one without samples. */
  readonly medians: readonly [number, number, number, number];
  /** The last quarter's median less the second's, as a share of the second's. */
  readonly change: number;
  readonly flat: boolean;
}

/** Judges by quarters of `total` messages: the first may grow, that is warming up. */
export function judgeMemory(samples: readonly Sample[], total: number): MemoryVerdict {
  const quarter = (nth: number) =>
    median(
      samples.filter(({ published }) => Math.min(3, Math.floor(4 * published / total)) === nth)
        .map(({ mib }) => mib),
    );
  const medians = [quarter(0), quarter(1), quarter(2), quarter(3)] as const;
  const change = medians[3] / medians[1] - 1;
  return { medians, change, flat: Math.abs(change) <= ALLOWED_SHARE };
}
