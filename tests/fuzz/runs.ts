/**
 * How often a fuzzer tries: among the tests for some seconds and always the same, by
 * `deno task fuzz [FACTOR [SEED]]` thirty times as long or FACTOR times, and each time anew.
 *
 * @module
 */
import assert from "node:assert/strict";
import process from "node:process";
import type fc from "fast-check";

const [usual = 1, wanted, given] = Deno.args.map(Number);
const factor = wanted ?? usual;
const seed = given ?? (factor === 1 ? 1 : Date.now());

/** The parameters of a property that tries `few` times among the tests. */
export function runs(few: number): fc.Parameters<unknown> {
  return { numRuns: Math.ceil(few * factor), seed, endOnFailure: true };
}

/** What takes longer of a CPU hangs; another's work on the machine does not count. */
const HANG_MS = 1_000;
/** What waits for longer, waits for what does not come: the agent's own deadlines are later. */
const WAIT_MS = 4_000;

/** Begins to measure; the result fails once the work has taken too long. */
function timing(): () => void {
  const begun = process.threadCpuUsage();
  return () => {
    const { user, system } = process.threadCpuUsage(begun);
    const ms = (user + system) / 1_000;
    if (ms > HANG_MS) throw new Error(`a hang of ${Math.round(ms)} ms`);
  };
}

/** What `work` resolves with; rejects when it takes longer than a second, or waits for longer. */
export async function inTime<T>(work: () => Promise<T>): Promise<T> {
  let timer = 0;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`a wait of over ${WAIT_MS} ms`)), WAIT_MS);
  });
  const check = timing();
  try {
    const result = await Promise.race([work(), late]);
    check();
    return result;
  } finally {
    clearTimeout(timer);
  }
}

/** Runs `work`, which must not take longer than a second; returns what it does. */
export function inTimeNow<T>(work: () => T): T {
  const check = timing();
  const result = work();
  check();
  return result;
}

/**
 * Counts what gets past the first look of a reader: a fuzzer whose inputs are nearly all refused
 * there tries nothing, and fails.
 */
export function depths() {
  const counts = new Map<string, { tried: number; deep: number }>();
  return {
    /** Notes whether one input was read beyond what refuses it first. */
    note(reader: string, isDeep: boolean): void {
      const count = counts.get(reader) ?? { tried: 0, deep: 0 };
      count.tried++;
      if (isDeep) count.deep++;
      counts.set(reader, count);
    },
    /** Fails for each of `readers` of which less than this share of its inputs got so far. */
    atLeast(shares: Readonly<Record<string, number>>): void {
      for (const [reader, share] of Object.entries(shares)) {
        const { tried = 0, deep = 0 } = counts.get(reader) ?? {};
        assert.ok(deep > 0 && deep >= share * tried, `${reader}: ${deep} of ${tried} were read`);
      }
    },
  };
}
