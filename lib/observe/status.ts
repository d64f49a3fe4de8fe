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
import type { Hold } from "../gate/suppression.ts";
import {
  type CooldownRow,
  type EpochSeconds,
  type LastProposal,
  type LinkRow,
  MOST_ROWS,
  type RedisRow,
  STATUS_VERSION,
  type StatusRecord,
  type WaitingRow,
} from "./status/record.ts";
import type { Store } from "../base/disk/store.ts";
import { targetOf } from "../event/target.ts";
import { VERSION } from "../base/version.ts";
import { explainWriteFailure } from "../base/disk/write_failure.ts";

/** The file's name in state/. */
export const STATUS_FILE = "planner-agent.status.json";

interface StatusBoardOptions {
  readonly nodeName: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<Store, "replaceState">;
  readonly backlog: Backlog;
  readonly counters: Pick<Counters, "counts">;
  readonly router: { snapshot(): readonly LinkState[] };
  readonly pid: number;
  /** Why an entry is not diagnosed for now, where something keeps it back. */
  readonly holdOf?: (entry: QueueEntry) => Hold | undefined;
}

export interface StatusBoard {
  redis(state: RedisState): void;
  proposed(file: ActionFile): void;
  /** How the agent is now. */
  record(): StatusRecord;
  /** Writes the file when something changed. Never throws: a failure is logged once. */
  write(): Promise<void>;
  /** Writes that the agent was stopped in good order. */
  close(): Promise<void>;
}

/** A record that nothing changed is written again after this: a reader can tell that it is current. */
const REWRITTEN_AFTER_MS = 60_000;

/** A difference between the clocks that is less than this is their reading, not a jump. */
const STEADY_MS = 1_000;

export function createStatusBoard(options: StatusBoardOptions): StatusBoard {
  const { nodeName, clock, log, store, backlog, counters, router, pid } = options;
  const { holdOf = () => undefined } = options;
  const minutes = createMinutes();
  const started = clock.monotonic();
  let redis: (Omit<RedisRow, "since"> & { readonly since: number }) | null = null;
  let proposal: (Omit<LastProposal, "at"> & { readonly at: number }) | null = null;
  let offset = clock.now() - clock.monotonic();
  let stopped = false;
  let written = "";
  let writtenAt = started;
  let writing: Promise<void> | undefined;
  /** Whether something may have changed since the record that is being written. */
  let outdated = false;
  let failing = false;

  /** The wall-clock second of a monotonic time. It stays the same from one record to the next. */
  const wall = (monotonicMs: number): EpochSeconds => Math.round((monotonicMs + offset) / 1000);

  function row({ event, arrivedAt, failures }: QueueEntry) {
    const { node, service, type, severity } = event;
    return { node, service, type, severity, arrived: wall(arrivedAt), failures };
  }

  function waitingRow(entry: QueueEntry): WaitingRow {
    const hold = holdOf(entry) ?? postponed(entry);
    const parked = entry.failures > 0;
    const next = Math.max(parked ? entry.notBefore : 0, hold?.until ?? 0);
    return {
      ...row(entry),
      state: parked ? "parked" : hold ? "held" : "queued",
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
    const diagnosing = [...backlog.active()].map(({ entry }): WaitingRow => ({
      ...row(entry),
      state: "diagnosing",
      next_try: null,
    }));
    const rows = diagnosing.slice(0, MOST_ROWS);
    let parked = 0;
    for (const entry of backlog.entries()) {
      if (entry.failures > 0) parked++;
      if (rows.length < MOST_ROWS) rows.push(waitingRow(entry));
    }
    const queued = backlog.waiting - parked;
    return { diagnosing: diagnosing.length, queued, parked, events: rows };
  }

  /** The cooldowns that end last, those being the ones that an operator may wonder about. */
  function cooldowns(): CooldownRow[] {
    const now = clock.monotonic();
    const rows: CooldownRow[] = [];
    const skipped = backlog.coolingDownCount - MOST_ROWS;
    let index = 0;
    for (const { key, remainingMs } of backlog.coolingDown()) {
      if (index++ < skipped) continue;
      rows.push({ ...targetOf(key), ends: wall(now + remainingMs) });
      if (rows.length === MOST_ROWS) break;
    }
    return rows;
  }

  function links(): LinkRow[] {
    const now = clock.monotonic();
    return router.snapshot().map(({ link, model, state, failures, opensInMs }) => ({
      link,
      model,
      state,
      failures,
      // One that may be tried already is tried at the next event.
      next_try: opensInMs > 0 ? wall(now + opensInMs) : null,
    }));
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
      cooldowns: cooldowns(),
      links: links(),
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
    try {
      await store.replaceState(STATUS_FILE, `${JSON.stringify(now)}\n`);
      written = content;
      writtenAt = clock.monotonic();
      failing = false;
    } catch (error) {
      if (!failing) log.warning("status_write_failed", { ...explainWriteFailure(error) });
      failing = true;
    }
  }

  async function writeAll() {
    do {
      outdated = false;
      await writeOnce();
    } while (outdated);
    writing = undefined;
  }

  function write(): Promise<void> {
    outdated = true;
    return writing ??= writeAll();
  }

  return {
    redis(state) {
      const before = redis;
      const now = clock.monotonic();
      // Waiting and connecting take turns: to an operator both are "not connected since".
      if (state.kind === "connecting" && before?.state === "waiting") return;
      const same = before?.state === state.kind;
      redis = {
        state: state.kind,
        since: same || (before?.state === "connecting" && state.kind === "waiting")
          ? before.since
          : now,
        channels: state.kind === "subscribed" ? state.channels : [],
        refused: state.kind === "subscribed" ? state.refused : [],
        detail: state.kind === "waiting" ? state.failure.detail : "",
      };
      // The process may be about to end, and would leave half a file.
      if (!stopped) void write();
    },
    proposed({ action_id, node, service, payload }) {
      proposal = { action_id, node, service, action: payload.action, at: clock.monotonic() };
    },
    record,
    write,
    async close() {
      await writing;
      stopped = true;
      await write();
    },
  };
}
