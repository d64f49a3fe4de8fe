/**
 * How often a fuzzer tries: among the tests for some seconds and always the same, by
 * `deno task fuzz [FACTOR [SEED]]` thirty times as long or FACTOR times, and each time anew.
 *
 * @module
 */
import type fc from "fast-check";

const [usual = 1, wanted, given] = Deno.args.map(Number);
const factor = wanted ?? usual;
const seed = given ?? (factor === 1 ? 1 : Date.now());

/** The parameters of a property that tries `few` times among the tests. */
export function runs(few: number): fc.Parameters<unknown> {
  return { numRuns: few * factor, seed, endOnFailure: true };
}

/** A run that takes longer hangs. */
export const HANG_MS = 1_000;

/** What `work` resolves with; rejects when it takes longer than a second. */
export async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer = 0;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`a hang of over ${HANG_MS} ms`)), HANG_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs `work`, which must not take longer than a second; returns what it does. */
export function inTimeNow<T>(work: () => T): T {
  const begun = performance.now();
  const result = work();
  const ms = performance.now() - begun;
  if (ms > HANG_MS) throw new Error(`a hang of ${ms} ms`);
  return result;
}
