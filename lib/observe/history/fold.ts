/**
 * Keeps a flood of events from becoming a flood of history lines.
 *
 * A run of like events of one target gets two lines: one for the first event, and later one with
 * how many followed. Past a bound, a target that keeps changing is only counted, and so are further
 * targets. This runs for every message: one that is only counted costs two look-ups.
 *
 * @module
 */
import { createRepeats, type Run } from "../../base/repeats.ts";
import type { Clock } from "../../base/clock.ts";
import type { Target } from "../../event/target.ts";
import type { Ending } from "../ending.ts";
import { endingRecord, type HistoryLine } from "./line.ts";
import type { Outcome } from "../outcome.ts";

/** Counts get their line after this many milliseconds, at the latest. */
const WINDOW_MS = 15 * 60_000;
/** Within a window: */
const MOST_TARGETS = 1_000;
const MOST_KINDS = 8;
const MOST_LINES_OF_TARGET = 20;
const MOST_LINES = 5_000;

/** Like events of one target. What was no event has its channel in place of a service. */
interface Kind extends Target {
  readonly outcome: Outcome;
  readonly type: string;
  readonly severity: string | undefined;
  readonly channel: string;
}

interface TargetRuns {
  readonly kinds: Kind[];
  lines: number;
  /** The run of the target's last line, as long as the next event may continue it. */
  last?: Run<Kind> | undefined;
}

export function historyFold(
  { clock, emit }: { readonly clock: Clock; readonly emit: (line: HistoryLine) => void },
) {
  let nodes = new Map<string, Map<string, TargetRuns>>();
  let targets = 0;
  const at = () => new Date(clock.now()).toISOString();
  const repeats = createRepeats<Kind, Outcome>({
    clock,
    windowMs: WINDOW_MS,
    mostLines: MOST_LINES,
    mostRuns: MOST_LINES,
    mostCounts: MOST_LINES,
    groupOf: ({ outcome }) => outcome,
    tellRepeated({ outcome, channel, node, service, type, severity }, repeated) {
      const about = severity === undefined ? { detail: type } : { node, service, type, severity };
      emit({ at: at(), outcome, channel, ...about, repeated });
    },
    tellLeftOut: (outcome, others) => emit({ at: at(), outcome, others }),
    onForgotten() {
      nodes = new Map();
      targets = 0;
    },
  });

  function runsOf(node: string, service: string): TargetRuns | undefined {
    const known = nodes.get(node)?.get(service);
    if (known || targets >= MOST_TARGETS) return known;
    const runs: TargetRuns = { kinds: [], lines: 0 };
    const services = nodes.get(node) ?? new Map<string, TargetRuns>();
    nodes.set(node, services.set(service, runs));
    targets++;
    return runs;
  }

  return {
    /** Emits a line for the ending, or counts it. */
    note(ending: Ending): void {
      const { outcome, channel, event } = ending;
      const node = event ? event.node : "";
      const service = event ? event.service : channel;
      const type = event ? event.type : ending.detail ?? "";
      const target = runsOf(node, service);
      const last = target?.last;
      // The flood: whatever else is done here is done once a line.
      if (last && last.first.outcome === outcome && last.first.type === type) {
        last.repeated++;
        return;
      }
      const known = target?.kinds.find((kind) => kind.outcome === outcome && kind.type === type);
      const isFull = repeats.isFull || !target || target.lines >= MOST_LINES_OF_TARGET ||
        !known && target.kinds.length >= MOST_KINDS;
      if (isFull) {
        const run = repeats.find(known);
        if (run) run.repeated++;
        else repeats.leaveOut(outcome);
        return;
      }
      const severity = event?.severity;
      const kind = known ?? { outcome, type, channel, severity, node, service };
      if (!known) target.kinds.push(kind);
      if (last) repeats.tell(last);
      target.last = repeats.begin(kind, kind);
      target.lines++;
      emit(endingRecord(ending, clock.now()));
    },
    /** The target's run is over: something else happened that has a line of its own. */
    interrupt({ node, service }: Target): void {
      const target = nodes.get(node)?.get(service);
      if (!target?.last) return;
      repeats.tell(target.last);
      target.last = undefined;
    },
    flush: repeats.flush,
  };
}
