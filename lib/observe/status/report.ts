/**
 * What the agent wrote down about itself, as it reads now: ages and remainders instead of times,
 * and what of it a person should know.
 *
 * @module
 */
import { about, type Finding } from "../health.ts";
import { type Silence, silenceState } from "../../gate/silences.ts";
import { type SparseCounts, sumOf } from "./minutes.ts";
import type { StatusRecord } from "./record.ts";

/** Whether the agent runs, as far as its files tell. */
export type Life =
  | "running"
  | "stopped" // in good order
  | "silent" // neither gives a sign of life nor said goodbye
  | "never_ran";

interface StatusSources {
  /** Absent when no agent ever wrote one. */
  readonly record?: StatusRecord | undefined;
  /** Why a record that is there cannot be read. */
  readonly unreadable?: string | undefined;
  /** What ended within the last hour, but before the agent was started. */
  readonly earlier?: readonly SparseCounts[];
  readonly silences?: { readonly problem: string } | readonly Silence[];
  /** Milliseconds since 1970. */
  readonly heartbeatMs?: number | undefined;
  readonly nowMs: number;
}

/** Keys as in `status --json`. All durations are in whole seconds, at least 0. */
export type StatusReport = ReturnType<typeof statusAt> & { readonly problems: readonly Finding[] };

/** The heartbeat is promised every 5 s; a busy Pi gets some grace. */
const SILENT_AFTER_S = 15;
/** The status is written once a minute at least. */
const OUTDATED_AFTER_S = 150;
/** Not counted as silence: a clock that was set back a little. */
const AHEAD_S = 60;
const HOUR_S = 3_600;

export function reportStatus(sources: StatusSources): StatusReport {
  const status = statusAt(Math.round(sources.nowMs / 1000), sources);
  return { ...status, problems: [...problemsOf(status, sources)] };
}

function lifeOf({ record, heartbeatMs, nowMs }: StatusSources): Life {
  if (heartbeatMs === undefined) return record ? "silent" : "never_ran";
  const age = (nowMs - heartbeatMs) / 1000;
  const stopped = record?.stopped ?? null;
  // A heartbeat after it was stopped is another run's, which has not written its status yet.
  if (stopped !== null && heartbeatMs / 1000 < stopped + 2) return "stopped";
  return age > SILENT_AFTER_S || age < -AHEAD_S ? "silent" : "running";
}

function statusAt(now: number, sources: StatusSources) {
  const { record, heartbeatMs, earlier = [] } = sources;
  const known: Partial<StatusRecord> = record ?? {};
  const { started, redis = null, last_proposal: last = null, minutes = [] } = known;
  const state = lifeOf(sources);
  const beat = heartbeatMs === undefined ? null : Math.round(heartbeatMs / 1000);
  const ended = state === "running"
    ? null
    : state === "stopped"
    ? known.stopped ?? null
    : beat ?? known.written ?? null;
  const ago = (seconds: number, from = now) => Math.max(0, from - seconds);
  const until = (seconds: number | null) => seconds === null ? null : Math.max(0, seconds - now);
  const targets = (known.cooldowns ?? []).filter(({ ends }) => ends > now);
  const over = (known.cooldowns ?? []).length - targets.length;
  return {
    agent: {
      state,
      heartbeat_age_seconds: beat === null ? null : ago(beat),
      version: known.version ?? null,
      node: known.node ?? null,
      pid: known.pid ?? null,
      /** ISO 8601. */
      started: started === undefined ? null : isoTime(started),
      up_seconds: started === undefined ? null : ago(started, ended ?? now),
      /** ISO 8601; when it was stopped, or last heard of. Null while it runs. */
      ended: ended === null ? null : isoTime(ended),
    },
    redis: redis && {
      state: redis.state,
      for_seconds: ago(redis.since, ended ?? now),
      channels: redis.channels,
      refused: redis.refused,
      detail: redis.detail,
    },
    queue: {
      diagnosing: known.diagnosing ?? 0,
      queued: known.queued ?? 0,
      parked: known.parked ?? 0,
      /** At most 200 of them, in the order of serving. */
      events: (known.events ?? []).map(({ arrived, next_try, ...event }) => ({
        ...event,
        age_seconds: ago(arrived),
        next_try_seconds: until(next_try),
      })),
    },
    cooldowns: {
      total: Math.max(0, (known.cooling_down ?? 0) - over),
      targets: targets.map(({ ends, ...target }) => ({ ...target, remaining_seconds: ends - now })),
    },
    silences: silencesAt(sources),
    links: (known.links ?? []).map(({ next_try, ...link }) => ({
      ...link,
      next_try_seconds: until(next_try),
    })),
    /** The hour before now, or before the agent ended. Outcomes that did not occur are left out. */
    last_hour: sumOf([
      ...minutes.filter(({ from }) => from > (ended ?? now) - HOUR_S),
      ...ended === null ? earlier : [],
    ]),
    since_start: sumOf(record ? [record.since_start] : []),
    last_proposal: last && {
      action_id: last.action_id,
      node: last.node,
      service: last.service,
      action: last.action,
      age_seconds: ago(last.at),
    },
  };
}

/** Of config/silences.json; null where the file is wrong, which is among the problems. */
function silencesAt({ silences = [], nowMs }: StatusSources) {
  if ("problem" in silences) return null;
  const states = Object.groupBy(silences, (silence) => silenceState(silence, nowMs));
  const { "in force": inForce = [], "to come": toCome = [] } = states;
  const ends = Math.round(Math.min(...inForce.map(({ untilMs }) => untilMs)) / 1000);
  return {
    in_force: inForce.length,
    to_come: toCome.length,
    next_end_seconds: inForce.length === 0 ? null : ends - Math.round(nowMs / 1000),
  };
}

function isoTime(seconds: number): string | null {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? null : date.toISOString().replace(".000Z", "Z");
}

function* problemsOf(
  { agent, redis, links, queue }: ReturnType<typeof statusAt>,
  { record, unreadable, silences, nowMs }: StatusSources,
): Generator<Finding> {
  const file = about("agent", "status file");
  if (silences && "problem" in silences) {
    yield about("config_file", "config/silences.json")
      .problem("silences_invalid", silences.problem);
  }
  if (unreadable !== undefined) yield file.problem("status_unreadable", unreadable);
  const { problem } = about("agent", "agent");
  switch (agent.state) {
    case "never_ran":
      return yield problem("agent_never_ran", "no agent has run here yet");
    case "stopped":
      return yield problem("agent_stopped", `stopped at ${agent.ended}`);
    case "silent": {
      const said = agent.ended === null ? "no sign of life" : `last sign of life ${agent.ended}`;
      return yield problem("agent_silent", said);
    }
    case "running":
  }
  const age = record ? Math.round(nowMs / 1000) - record.written : 0;
  if (record && record.stopped !== null) {
    yield file.problem("status_outdated", "it is not of this run");
  } else if (age > OUTDATED_AFTER_S) {
    yield file.problem("status_outdated", `written ${age} s ago`);
  }
  if (redis?.state === "waiting") {
    yield about("redis", "Redis").problem("redis_unavailable", redis.detail);
  }
  for (const channel of redis?.refused ?? []) {
    const remedy = `Grant it: ACL SETUSER ... &${channel}`;
    yield about("redis", channel)
      .problem("redis_channel_refused", "this user may not read it", remedy);
  }
  for (const { link, failures } of links.filter(({ state }) => state !== "closed")) {
    yield about("link", link).problem("link_open", `${failures} failures in a row`);
  }
  if (queue.parked > 0) {
    const detail = `${queue.parked} ${queue.parked === 1 ? "waits" : "wait"} for another try`;
    yield about("queue", "queue").problem("events_parked", detail);
  }
}
