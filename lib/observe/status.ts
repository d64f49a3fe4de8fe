/**
 * Keeps `state/planner-agent.status.json` up to date while the agent runs.
 *
 * @module
 */
import type { Backlog } from "../queue/backlog.ts";
import type { Clock } from "../base/clock.ts";
import type { RedisState } from "../intake/listener.ts";
import type { LinkState } from "../llm/router.ts";
import type { Log } from "../base/log/log.ts";
import { createMinutes, MINUTE_MS } from "./status/minutes.ts";
import type { Counters } from "./outcome.ts";
import type { ActionFile } from "../proposal/action_file.ts";
import type { QueueEntry } from "../queue/entry.ts";
import type { Hold } from "../gate/hold.ts";
import {
  type LastProposal,
  MOST_ROWS,
  type RedisRow,
  STATUS_VERSION,
  type StatusRecord,
  type WaitingRow,
} from "./status/record.ts";
import type { Store } from "../base/disk/store.ts";
import { targetOf } from "../event/target.ts";
import { VERSION } from "../base/version.ts";
import { failingOnce } from "../base/disk/failing_once.ts";

export const STATUS_FILE = "planner-agent.status.json";

export type StatusBoard = ReturnType<typeof createStatusBoard>;

/** One that nothing changed is written again after this: a reader can tell that it is current. */
const REWRITTEN_AFTER_MS = 60_000;

/** A difference between the clocks that is less than this is their reading, not a jump. */
const STEADY_MS = 1_000;

export function createStatusBoard(
  { nodeName, clock, log, store, backlog, counters, router, pid, holdOf }: {
    readonly nodeName: string;
    readonly clock: Clock;
    readonly log: Log;
    readonly store: Pick<Store, "replaceState">;
    readonly backlog: Backlog;
    readonly counters: Pick<Counters, "counts">;
    readonly router: { snapshot(): readonly LinkState[] };
    readonly pid: number;
    /** What keeps an entry back for now. */
    readonly holdOf?: (entry: QueueEntry) => Hold | undefined;
  },
) {
  const minutes = createMinutes();
  const started = clock.monotonic();
  // Until they are written, their times are monotonic milliseconds.
  let redis: RedisRow | null = null;
  let proposal: LastProposal | null = null;
  let offset = clock.now() - clock.monotonic();
  let stopped = false;
  let written = "";
  let writtenAt = started;
  let writing: Promise<void> | undefined;
  /** Whether something may have changed since the record that is being written. */
  let outdated = false;
  const tryWrite = failingOnce(log, "status_write_failed");

  /** The wall-clock second of a monotonic time. It stays the same from one record to the next. */
  const wall = (monotonicMs: number) => Math.round((monotonicMs + offset) / 1000);

  function row(entry: QueueEntry, isRunning = false): WaitingRow {
    const { event: { node, service, type, severity }, arrivedAt, failures, notBefore } = entry;
    const parked = failures > 0;
    const hold = isRunning ? undefined : holdOf?.(entry) ?? postponed(entry);
    const next = isRunning ? 0 : Math.max(parked ? notBefore : 0, hold?.until ?? 0);
    return {
      node,
      service,
      type,
      severity,
      arrived: wall(arrivedAt),
      failures,
      state: isRunning ? "diagnosing" : parked ? "parked" : hold ? "held" : "queued",
      next_try: next > 0 ? wall(next) : null,
      ...(hold && { why: hold.why }),
    };
  }

  /** Without a failure of its own, only another planner makes an entry wait for a time. */
  function postponed({ failures, notBefore }: QueueEntry): Hold | undefined {
    if (failures > 0 || notBefore <= clock.monotonic()) return undefined;
    return { until: notBefore, why: "another planner works on it" };
  }

  function events() {
    const diagnosing = Array.from(backlog.active(), ({ entry }) => row(entry, true));
    const waiting = [...backlog.entries()];
    const parked = waiting.filter(({ failures }) => failures > 0).length;
    const rows = waiting.slice(0, MOST_ROWS).map((entry) => row(entry));
    return {
      diagnosing: diagnosing.length,
      queued: waiting.length - parked,
      parked,
      events: [...diagnosing, ...rows].slice(0, MOST_ROWS),
    };
  }

  function record(): StatusRecord {
    const now = clock.monotonic();
    const present = clock.now() - now;
    if (Math.abs(present - offset) > STEADY_MS) offset = present;
    const counts = counters.counts();
    minutes.look(counts, now);
    return {
      planner_status: STATUS_VERSION,
      version: VERSION,
      node: nodeName,
      pid,
      started: wall(started),
      written: wall(now),
      stopped: stopped ? wall(now) : null,
      redis: redis && { ...redis, since: wall(redis.since) },
      ...events(),
      cooling_down: backlog.coolingDownCount,
      // Those that end last, being the ones that an operator may wonder about.
      cooldowns: [...backlog.coolingDown()].slice(-MOST_ROWS)
        .map(({ key, remainingMs }) => ({ ...targetOf(key), ends: wall(now + remainingMs) })),
      links: router.snapshot().map(({ opensInMs, ...link }) => ({
        ...link,
        // One that may be tried already is tried at the next event.
        next_try: opensInMs > 0 ? wall(now + opensInMs) : null,
      })),
      since_start: counts,
      minutes: minutes.entries().map(({ minute, ...counts }) => ({
        from: wall(minute * MINUTE_MS),
        ...counts,
      })),
      last_proposal: proposal && { ...proposal, at: wall(proposal.at) },
    };
  }

  async function writeOnce() {
    const now = record();
    const content = JSON.stringify({ ...now, written: 0 });
    const current = clock.monotonic() - writtenAt < REWRITTEN_AFTER_MS;
    if (content === written && current) return;
    const text = `${JSON.stringify(now)}\n`;
    if (!await tryWrite(() => store.replaceState(STATUS_FILE, text))) return;
    written = content;
    writtenAt = clock.monotonic();
  }

  async function writeAll() {
    do {
      outdated = false;
      await writeOnce();
    } while (outdated);
    writing = undefined;
  }

  /** Writes the file when something changed. Never throws: a failure is logged once. */
  function write(): Promise<void> {
    outdated = true;
    return writing ??= writeAll();
  }

  return {
    redis(state: RedisState): void {
      // Waiting and connecting take turns: to an operator both are "not connected since".
      const before = redis?.state;
      if (state.kind === "connecting" && before === "waiting") return;
      const goesOn = before === state.kind || before === "connecting" && state.kind === "waiting";
      redis = {
        state: state.kind,
        since: goesOn && redis ? redis.since : clock.monotonic(),
        channels: state.kind === "subscribed" ? state.channels : [],
        refused: state.kind === "subscribed" ? state.refused : [],
        detail: state.kind === "waiting" ? state.failure.detail : "",
      };
      // The process may be about to end, and would leave half a file.
      if (!stopped) void write();
    },
    proposed({ action_id, node, service, payload }: ActionFile): void {
      proposal = { action_id, node, service, action: payload.action, at: clock.monotonic() };
    },
    record,
    write,
    /** Writes that the agent was stopped in good order. */
    async close(): Promise<void> {
      stopped = true;
      await write();
    },
  };
}
