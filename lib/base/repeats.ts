import type { Clock } from "./clock.ts";

export interface Run<First> {
  readonly first: First;
  repeated: number;
}

interface RepeatsOptions<First, Group extends string> {
  readonly clock: Clock;
  readonly windowMs: number;
  /** Lines within a window, without the counts at its end. */
  readonly mostLines: number;
  /** Runs that are remembered at once. */
  readonly mostRuns: number;
  /** The counts that are told at the end of a window. */
  readonly mostCounts: number;
  /** Under which name what is like `first` is counted where it is left out. */
  readonly groupOf: (first: First) => Group;
  readonly tellRepeated: (first: First, repeated: number) => void;
  readonly tellLeftOut: (group: Group, count: number) => void;
  /** Called at the end of a window; where it is given, no run goes on beyond that. */
  readonly onForgotten?: () => void;
}

/**
 * Counts what repeats, so that a flood does not become a flood of lines: the first of a run is told
 * at once, those like it are counted, and their number is told when a window is over. Within it
 * only so many lines are told; what is more is left out, and only its number is told.
 */
export function createRepeats<First, Group extends string>(options: RepeatsOptions<First, Group>) {
  const { clock, windowMs, mostLines, mostRuns, mostCounts } = options;
  const { groupOf, tellRepeated, tellLeftOut, onForgotten } = options;
  const runs = new Map<unknown, Run<First>>();
  let leftOut = new Map<Group, number>();
  let lines = 0;
  let cancelTimer: (() => void) | undefined;

  function leaveOut(group: Group, count = 1): void {
    leftOut.set(group, (leftOut.get(group) ?? 0) + count);
    cancelTimer ??= clock.after(windowMs, flush);
  }

  function tell(run: Run<First>): void {
    if (run.repeated === 0) return;
    lines++;
    tellRepeated(run.first, run.repeated);
    run.repeated = 0;
  }

  function flush(): void {
    cancelTimer?.();
    let counts = 0;
    for (const [key, run] of runs) {
      // One that goes on repeating is kept, so that the next one is counted and not told.
      if (run.repeated === 0) runs.delete(key);
      else if (counts++ < mostCounts) tell(run);
      else leaveOut(groupOf(run.first), run.repeated);
      run.repeated = 0;
    }
    for (const [group, count] of leftOut) tellLeftOut(group, count);
    leftOut = new Map();
    lines = 0;
    if (onForgotten) {
      runs.clear();
      onForgotten();
    }
    cancelTimer = runs.size > 0 ? clock.after(windowMs, flush) : undefined;
  }

  return {
    /** Whether a further line would pass a bound: it is to be left out. */
    get isFull() {
      return lines >= mostLines || runs.size >= mostRuns;
    },
    find: (key: unknown) => runs.get(key),
    /** Begins a run, whose first the caller tells; tells what was counted of one that is known. */
    begin(key: unknown, first: First): Run<First> {
      const run = runs.get(key) ?? { first, repeated: 0 };
      tell(run);
      lines++;
      runs.set(key, run);
      cancelTimer ??= clock.after(windowMs, flush);
      return run;
    },
    /** Tells what was counted of a run, if anything was. */
    tell,
    leaveOut,
    /** Tells what was counted, at the end: no timer is left. */
    flush(): void {
      flush();
      cancelTimer?.();
      cancelTimer = undefined;
    },
  };
}
