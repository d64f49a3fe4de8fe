/**
 * Keeps a flood of events from becoming a flood of history lines.
 *
 * A run of like events of one target gets two lines: one for the first event, and later one with
 * how many followed. Past a bound, a target that keeps changing is only counted, and so are further
 * targets. This runs for every message: one that is only counted costs two look-ups.
 *
 * @module
 */
import type { Clock } from "../../base/clock.ts";
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

/** Like events of one target. */
interface Kind {
  readonly outcome: Outcome;
  readonly type: string;
  readonly severity: string | undefined;
  readonly channel: string;
  /** How many came since its last line. */
  repeated: number;
}

interface TargetRun {
  readonly kinds: Kind[];
  /** The kind of the target's last line, as long as the next one may continue its run. */
  last: Kind | undefined;
  lines: number;
}

interface HistoryFold {
  /** Emits a line for the ending, or counts it. */
  note(ending: Ending): void;
  /** The target's run is over: something else happened that has a line of its own. */
  interrupt(target: { readonly node: string; readonly service: string }): void;
  /** Emits what was counted. */
  flush(): void;
}

export function historyFold(
  { clock, emit }: { readonly clock: Clock; readonly emit: (line: HistoryLine) => void },
): HistoryFold {
  let nodes = new Map<string, Map<string, TargetRun>>();
  let targets = 0;
  let lines = 0;
  let others = new Map<Outcome, number>();
  let cancelTimer: (() => void) | undefined;

  function tell(line: HistoryLine) {
    lines++;
    emit(line);
  }

  function runOf(node: string, service: string): TargetRun | undefined {
    const known = nodes.get(node)?.get(service);
    if (known || targets >= MOST_TARGETS) return known;
    const run: TargetRun = { kinds: [], last: undefined, lines: 0 };
    const services = nodes.get(node) ?? new Map<string, TargetRun>();
    nodes.set(node, services.set(service, run));
    targets++;
    return run;
  }

  function tellRepeated(kind: Kind, node: string, service: string) {
    if (kind.repeated === 0) return;
    const { outcome, type, severity, channel, repeated } = kind;
    // What was no event has its channel in place of a service.
    const about = severity === undefined ? { detail: type } : { node, service, type, severity };
    tell({ at: new Date(clock.now()).toISOString(), outcome, channel, ...about, repeated });
    kind.repeated = 0;
  }

  function note(ending: Ending) {
    const { outcome, channel, event } = ending;
    const node = event ? event.node : "";
    const service = event ? event.service : channel;
    const type = event ? event.type : ending.detail ?? "";
    const run = runOf(node, service);
    const last = run?.last;
    // The flood: whatever else is done here is done once a line.
    if (last && last.outcome === outcome && last.type === type) {
      last.repeated++;
      return;
    }
    cancelTimer ??= clock.after(WINDOW_MS, flush);
    const known = run?.kinds.find((kind) => kind.outcome === outcome && kind.type === type);
    const full = !run || run.lines >= MOST_LINES_OF_TARGET || lines >= MOST_LINES ||
      (!known && run.kinds.length >= MOST_KINDS);
    if (known && full) {
      known.repeated++;
      return;
    }
    if (full) {
      others.set(outcome, (others.get(outcome) ?? 0) + 1);
      return;
    }
    const kind: Kind = known ?? { outcome, type, channel, severity: event?.severity, repeated: 0 };
    if (!known) run.kinds.push(kind);
    if (run.last) tellRepeated(run.last, node, service);
    tellRepeated(kind, node, service);
    tell(endingRecord(ending, clock.now()));
    run.lines++;
    run.last = kind;
  }

  function interrupt({ node, service }: { readonly node: string; readonly service: string }) {
    const run = nodes.get(node)?.get(service);
    if (!run?.last) return;
    tellRepeated(run.last, node, service);
    run.last = undefined;
  }

  function flush() {
    cancelTimer?.();
    cancelTimer = undefined;
    for (const [node, services] of nodes) {
      for (const [service, run] of services) {
        for (const kind of run.kinds) tellRepeated(kind, node, service);
      }
    }
    const at = new Date(clock.now()).toISOString();
    for (const [outcome, count] of others) emit({ at, outcome, others: count });
    nodes = new Map();
    others = new Map();
    targets = lines = 0;
  }

  return { note, interrupt, flush };
}
