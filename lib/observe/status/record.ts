/**
 * How the agent is, as it writes it down for others every few seconds.
 *
 * Only points in time are written, no durations, so that a file which nothing changed stays right.
 *
 * @module
 */
import type { SparseCounts } from "./minutes.ts";

/** Version of the record below; a reader refuses another one. */
export const STATUS_VERSION = 1;

/** The most events, and the most cooldowns, that a record names; the totals are always whole. */
export const MOST_ROWS = 200;

/** Whole seconds since 1970. */
export type EpochSeconds = number;

/** An event on its way. */
export interface WaitingRow {
  readonly node: string;
  readonly service: string;
  readonly type: string;
  readonly severity: string;
  /** A parked one waits for another try after a failed diagnosis, a held one is kept back. */
  readonly state: "diagnosing" | "queued" | "parked" | "held";
  readonly arrived: EpochSeconds;
  /** Diagnoses that failed. */
  readonly failures: number;
  /** When a parked or held one is looked at again; null when that is as soon as there is a turn. */
  readonly next_try: EpochSeconds | null;
  /** Why it is held, where it is. */
  readonly why?: string;
}

export interface CooldownRow {
  readonly node: string;
  readonly service: string;
  readonly ends: EpochSeconds;
}

/** A link of the chain and its circuit breaker. */
export interface LinkRow {
  readonly link: string;
  readonly model: string;
  readonly state: "closed" | "open" | "half_open";
  readonly failures: number;
  /** When an open one is tried again; null when it may be, and when it is not open. */
  readonly next_try: EpochSeconds | null;
}

/** What the agent hears of Redis; null for an agent that has no Redis, as a replay. */
export interface RedisRow {
  readonly state: "connecting" | "subscribed" | "waiting" | "stopped";
  /** When it came into this state; while it waits and connects in turns, since the first of them. */
  readonly since: EpochSeconds;
  readonly channels: readonly string[];
  readonly refused: readonly string[];
  /** Why it is not connected; "" when it is. */
  readonly detail: string;
}

export interface LastProposal {
  readonly action_id: string;
  readonly node: string;
  readonly service: string;
  readonly action: string;
  readonly at: EpochSeconds;
}

/** Counts of one minute. */
export interface MinuteRow extends SparseCounts {
  readonly from: EpochSeconds;
}

/** One `state/planner-agent.status.json`. */
export interface StatusRecord {
  readonly planner_status: typeof STATUS_VERSION;
  readonly version: string;
  readonly node: string;
  readonly pid: number;
  readonly started: EpochSeconds;
  readonly written: EpochSeconds;
  /** When it was stopped in good order, else null. */
  readonly stopped: EpochSeconds | null;
  readonly redis: RedisRow | null;
  readonly diagnosing: number;
  readonly queued: number;
  readonly parked: number;
  readonly events: readonly WaitingRow[];
  readonly cooling_down: number;
  readonly cooldowns: readonly CooldownRow[];
  readonly links: readonly LinkRow[];
  readonly since_start: SparseCounts;
  readonly minutes: readonly MinuteRow[];
  readonly last_proposal: LastProposal | null;
}

/** The record in one line, for `systemctl status`. It changes only when something did. */
export function statusLine(record: StatusRecord): string {
  const parts = [
    ...record.redis ? [redisWords(record.redis)] : [],
    `${record.queued + record.parked} wait${record.parked > 0 ? ` (${record.parked} parked)` : ""}`,
    ...record.diagnosing > 0 ? [`${record.diagnosing} being diagnosed`] : [],
    ...openLinks(record),
    record.last_proposal ? `last proposal ${record.last_proposal.action_id}` : "no proposal yet",
  ];
  return parts.join("; ");
}

function redisWords({ state, channels, refused, detail }: RedisRow): string {
  switch (state) {
    case "subscribed":
      return `hears ${channels.join(", ")}` +
        (refused.length > 0 ? `, may not hear ${refused.join(", ")}` : "");
    case "connecting":
      return "connecting to Redis";
    case "waiting":
      return `no Redis: ${detail}`;
    case "stopped":
      return "stopping";
  }
}

function openLinks({ links }: StatusRecord): string[] {
  const open = links.filter(({ state }) => state !== "closed").map(({ link }) => link);
  return open.length > 0 ? [`not answering: ${open.join(", ")}`] : [];
}
