/**
 * What the agent wrote down about itself, as it reads now: ages and remainders instead of times,
 * and what of it a person should know.
 *
 * @module
 */
import { type Finding, problem } from "../health.ts";
import { type SparseCounts, sumOf } from "./minutes.ts";
import type { LastProposal, LinkRow, StatusRecord, WaitingRow } from "./record.ts";

/** Whether the agent runs, as far as its files tell. */
export type Life =
  | "running"
  /** It was stopped in good order. */
  | "stopped"
  /** It neither gives a sign of life nor said goodbye. */
  | "silent"
  | "never_ran";

/** A status, keys as in `status --json`. All durations are in whole seconds, at least 0. */
export interface StatusReport {
  readonly agent: {
    readonly state: Life;
    readonly heartbeat_age_seconds: number | null;
    readonly version: string | null;
    readonly node: string | null;
    readonly pid: number | null;
    /** ISO 8601. */
    readonly started: string | null;
    /** How long it runs, or ran. */
    readonly up_seconds: number | null;
    /** ISO 8601; when it was stopped, or last heard of. Null while it runs. */
    readonly ended: string | null;
  };
  readonly redis: {
    readonly state: string;
    readonly for_seconds: number;
    readonly channels: readonly string[];
    readonly refused: readonly string[];
    readonly detail: string;
  } | null;
  readonly queue: {
    readonly diagnosing: number;
    readonly queued: number;
    readonly parked: number;
    /** At most 200 of them, in the order of serving. */
    readonly events: readonly (
      & Omit<WaitingRow, "arrived" | "next_try">
      & { readonly age_seconds: number; readonly next_try_seconds: number | null }
    )[];
  };
  readonly cooldowns: {
    readonly total: number;
    /** At most 200 of them. */
    readonly targets: readonly {
      readonly node: string;
      readonly service: string;
      readonly remaining_seconds: number;
    }[];
  };
  /** Of config/silences.json; null where the file is wrong, which is among the problems. */
  readonly silences: {
    readonly in_force: number;
    readonly to_come: number;
    /** When the next one in force ends; null where there is none. */
    readonly next_end_seconds: number | null;
  } | null;
  readonly links:
    readonly (Omit<LinkRow, "next_try"> & { readonly next_try_seconds: number | null })[];
  /** The hour before now, or before the agent ended. Outcomes that did not occur are left out. */
  readonly last_hour: SparseCounts;
  readonly since_start: SparseCounts;
  readonly last_proposal: (Omit<LastProposal, "at"> & { readonly age_seconds: number }) | null;
  readonly problems: readonly Finding[];
}

interface StatusSources {
  /** Absent when no agent ever wrote one. */
  readonly record?: StatusRecord | undefined;
  /** What ended within the last hour, but before the agent was started. */
  readonly earlier?: readonly SparseCounts[];
  /** Why a record that is there cannot be read. */
  readonly unreadable?: string | undefined;
  /** When those in force end, in milliseconds since 1970, or what is wrong with the file. */
  readonly silences?: { readonly problem: string } | {
    readonly inForce: readonly number[];
    readonly toCome: number;
  };
  /** Milliseconds since 1970. */
  readonly heartbeatMs?: number | undefined;
  readonly nowMs: number;
}

/** The heartbeat is promised every 5 s; a busy Pi gets some grace. */
const SILENT_AFTER_S = 15;
/** The status is written once a minute at least. */
const OUTDATED_AFTER_S = 150;
/** Not counted as silence: a clock that was set back a little. */
const AHEAD_S = 60;
const HOUR_S = 3_600;

function lifeOf({ record, heartbeatMs, nowMs }: StatusSources): Life {
  if (heartbeatMs === undefined) return record ? "silent" : "never_ran";
  const age = (nowMs - heartbeatMs) / 1000;
  const stopped = record?.stopped ?? null;
  // A heartbeat after it was stopped is another run's, which has not written its status yet.
  if (stopped !== null && heartbeatMs / 1000 < stopped + 2) return "stopped";
  return age > SILENT_AFTER_S || age < -AHEAD_S ? "silent" : "running";
}

/** Pure; never fails. */
export function reportStatus(sources: StatusSources): StatusReport {
  const { record, heartbeatMs, nowMs } = sources;
  const now = Math.round(nowMs / 1000);
  const life = lifeOf(sources);
  const beat = heartbeatMs === undefined ? undefined : Math.round(heartbeatMs / 1000);
  const ended = life === "running"
    ? null
    : life === "stopped"
    ? record?.stopped ?? null
    : beat ?? record?.written ?? null;
  const since = (seconds: number) => Math.max(0, (ended ?? now) - seconds);
  const ago = (seconds: number) => Math.max(0, now - seconds);
  const until = (seconds: number | null) => seconds === null ? null : Math.max(0, seconds - now);
  const report: Omit<StatusReport, "problems"> = {
    agent: {
      state: life,
      heartbeat_age_seconds: beat === undefined ? null : ago(beat),
      version: record?.version ?? null,
      node: record?.node ?? null,
      pid: record?.pid ?? null,
      started: record ? isoTime(record.started) : null,
      up_seconds: record ? since(record.started) : null,
      ended: ended === null ? null : isoTime(ended),
    },
    redis: record?.redis
      ? {
        state: record.redis.state,
        for_seconds: since(record.redis.since),
        channels: record.redis.channels,
        refused: record.redis.refused,
        detail: record.redis.detail,
      }
      : null,
    queue: {
      diagnosing: record?.diagnosing ?? 0,
      queued: record?.queued ?? 0,
      parked: record?.parked ?? 0,
      events: (record?.events ?? []).map(({ arrived, next_try, ...event }) => ({
        ...event,
        age_seconds: ago(arrived),
        next_try_seconds: until(next_try),
      })),
    },
    cooldowns: cooldownsAt(now, record),
    silences: silencesAt(now, sources.silences),
    links: (record?.links ?? []).map(({ next_try, ...link }) => ({
      ...link,
      next_try_seconds: until(next_try),
    })),
    last_hour: sumOf([
      ...(record?.minutes ?? []).filter(({ from }) => from > (ended ?? now) - HOUR_S),
      ...ended === null ? sources.earlier ?? [] : [],
    ]),
    since_start: sumOf(record ? [record.since_start] : []),
    last_proposal: lastProposal(record?.last_proposal, ago),
  };
  return { ...report, problems: problemsOf(report, sources) };
}

function cooldownsAt(now: number, record: StatusRecord | undefined): StatusReport["cooldowns"] {
  const rows = record?.cooldowns ?? [];
  const targets = rows.filter(({ ends }) => ends > now)
    .map(({ node, service, ends }) => ({ node, service, remaining_seconds: ends - now }));
  return {
    total: Math.max(0, (record?.cooling_down ?? 0) - (rows.length - targets.length)),
    targets,
  };
}

function silencesAt(
  now: number,
  silences: StatusSources["silences"] = { inForce: [], toCome: 0 },
): StatusReport["silences"] {
  if ("problem" in silences) return null;
  const { inForce, toCome } = silences;
  const next = inForce.length === 0 ? null : Math.round(Math.min(...inForce) / 1000) - now;
  return { in_force: inForce.length, to_come: toCome, next_end_seconds: next };
}

function lastProposal(
  last: LastProposal | null | undefined,
  ago: (seconds: number) => number,
): StatusReport["last_proposal"] {
  if (!last) return null;
  const { at, ...rest } = last;
  return { ...rest, age_seconds: ago(at) };
}

function isoTime(seconds: number): string | null {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? null : date.toISOString().replace(".000Z", "Z");
}

function problemsOf(
  report: Omit<StatusReport, "problems">,
  { unreadable, record, nowMs, silences }: StatusSources,
): Finding[] {
  const { agent, redis, links, queue } = report;
  const about = (subject: string, detail: string) => ({ check: "agent", subject, detail });
  const found: Finding[] = [];
  if (silences && "problem" in silences) {
    const subject = "config/silences.json";
    found.push(
      problem("silences_invalid", { check: "config_file", subject, detail: silences.problem }),
    );
  }
  if (unreadable !== undefined) {
    found.push(problem("status_unreadable", about("status file", unreadable)));
  }
  switch (agent.state) {
    case "never_ran":
      found.push(problem("agent_never_ran", about("agent", "no agent has run here yet")));
      return found;
    case "stopped":
      found.push(problem("agent_stopped", about("agent", `stopped at ${agent.ended}`)));
      return found;
    case "silent": {
      const said = agent.ended === null ? "no sign of life" : `last sign of life ${agent.ended}`;
      found.push(problem("agent_silent", about("agent", said)));
      return found;
    }
    case "running":
  }
  const age = record ? Math.round(nowMs / 1000) - record.written : 0;
  if (record && record.stopped !== null) {
    found.push(problem("status_outdated", about("status file", "it is not of this run")));
  } else if (age > OUTDATED_AFTER_S) {
    found.push(problem("status_outdated", about("status file", `written ${age} s ago`)));
  }
  if (redis && redis.state === "waiting") {
    found.push(
      problem("redis_unavailable", { check: "redis", subject: "Redis", detail: redis.detail }),
    );
  }
  for (const channel of redis?.refused ?? []) {
    const detail = "this user may not read it";
    const remedy = `Grant it: ACL SETUSER ... &${channel}`;
    found.push(
      problem("redis_channel_refused", { check: "redis", subject: channel, detail, remedy }),
    );
  }
  for (const { link, state, failures } of links) {
    if (state === "closed") continue;
    const detail = `${failures} failures in a row`;
    found.push(problem("link_open", { check: "link", subject: link, detail }));
  }
  if (queue.parked > 0) {
    const detail = `${queue.parked} ${queue.parked === 1 ? "waits" : "wait"} for another try`;
    found.push(problem("events_parked", { check: "queue", subject: "queue", detail }));
  }
  return found;
}
