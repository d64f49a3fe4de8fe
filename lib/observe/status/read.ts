/**
 * Reads what `status.ts` describes. The file may be damaged or come from another version.
 *
 * @module
 */
import { isObject, parseJson } from "../../base/json.ts";
import { cleanName } from "../../base/text/names.ts";
import { plainLine } from "../../base/text/plain_line.ts";
import {
  type CooldownRow,
  type LastProposal,
  type LinkRow,
  type MinuteRow,
  MOST_ROWS,
  type RedisRow,
  STATUS_VERSION,
  type StatusRecord,
  type WaitingRow,
} from "./record.ts";
import type { SparseCounts } from "./minutes.ts";

/** No record of {@linkcode MOST_ROWS} rows is larger. */
export const LARGEST_STATUS_BYTES = 4 * 1024 * 1024;

const MOST_LINKS = 100;
const MOST_CHANNELS = 20;
const MOST_MINUTES = 61;
const LONGEST_DETAIL = 400;

type Parsed = { readonly record: StatusRecord } | { readonly problem: string };

/** The record in `text`, fit for a terminal, or what is wrong with it. */
export function parseStatus(text: string): Parsed {
  const value = parseJson(text);
  if (value === undefined) return { problem: "it is not JSON" };
  if (!isObject(value)) return { problem: "it is not a JSON object" };
  if (value.planner_status !== STATUS_VERSION) {
    return {
      problem: typeof value.planner_status === "number"
        ? `it has version ${value.planner_status}, this program reads ${STATUS_VERSION}`
        : "it is none of this program",
    };
  }
  const [started, written] = [time(value.started), time(value.written)];
  if (started === null || written === null) return { problem: "its times are missing" };
  return {
    record: {
      planner_status: STATUS_VERSION,
      version: name(value.version),
      node: name(value.node),
      pid: count(value.pid),
      started,
      written,
      stopped: time(value.stopped),
      redis: isObject(value.redis) ? redisRow(value.redis) : null,
      diagnosing: count(value.diagnosing),
      queued: count(value.queued),
      parked: count(value.parked),
      events: rows(value.events, MOST_ROWS, waitingRow),
      cooling_down: count(value.cooling_down),
      cooldowns: rows(value.cooldowns, MOST_ROWS, cooldownRow),
      links: rows(value.links, MOST_LINKS, linkRow),
      since_start: counts(value.since_start),
      minutes: rows(value.minutes, MOST_MINUTES, minuteRow),
      last_proposal: isObject(value.last_proposal) ? lastProposal(value.last_proposal) : null,
    },
  };
}

type Unread = Readonly<Record<string, unknown>>;

const text = (value: unknown) =>
  typeof value === "string" ? plainLine(value.slice(0, 4 * LONGEST_DETAIL), LONGEST_DETAIL) : "";

const name = (value: unknown) => typeof value === "string" ? cleanName(value) : "";

/** The last second that a Date can say. */
const LATEST = 8.64e12;

const count = (value: unknown) =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;

const time = (value: unknown) =>
  typeof value === "number" && Number.isInteger(value) && Math.abs(value) <= LATEST ? value : null;

function oneOf<T extends string>(value: unknown, known: readonly T[]): T | undefined {
  return known.find((each) => each === value);
}

/** The items of a list that can be read. */
function rows<T>(value: unknown, most: number, read: (item: Unread) => T | undefined): T[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, most).flatMap((item) => {
    const row = isObject(item) ? read(item) : undefined;
    return row === undefined ? [] : [row];
  });
}

function names(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, MOST_CHANNELS).map(name).filter((each) => each !== "");
}

function counts(value: unknown): SparseCounts {
  if (!isObject(value)) return { received: 0, outcomes: {} };
  const outcomes = isObject(value.outcomes) ? Object.entries(value.outcomes).slice(0, 100) : [];
  return {
    received: count(value.received),
    outcomes: Object.fromEntries(outcomes.map(([key, n]) => [cleanName(key, 40), count(n)])),
  };
}

function waitingRow(item: Unread): WaitingRow | undefined {
  const state = oneOf(item.state, ["diagnosing", "queued", "parked", "held"] as const);
  const arrived = time(item.arrived);
  if (state === undefined || arrived === null) return undefined;
  return {
    node: name(item.node),
    service: name(item.service),
    type: name(item.type),
    severity: name(item.severity),
    state,
    arrived,
    failures: count(item.failures),
    next_try: time(item.next_try),
    ...(item.why !== undefined && { why: text(item.why) }),
  };
}

function cooldownRow(item: Unread): CooldownRow | undefined {
  const ends = time(item.ends);
  return ends === null ? undefined : { node: name(item.node), service: name(item.service), ends };
}

function linkRow(item: Unread): LinkRow | undefined {
  const state = oneOf(item.state, ["closed", "open", "half_open"] as const);
  if (state === undefined) return undefined;
  return {
    link: name(item.link),
    model: name(item.model),
    state,
    failures: count(item.failures),
    next_try: time(item.next_try),
  };
}

function redisRow(item: Unread): RedisRow | null {
  const state = oneOf(item.state, ["connecting", "subscribed", "waiting", "stopped"] as const);
  const since = time(item.since);
  if (state === undefined || since === null) return null;
  return {
    state,
    since,
    channels: names(item.channels),
    refused: names(item.refused),
    detail: text(item.detail),
  };
}

function minuteRow(item: Unread): MinuteRow | undefined {
  const from = time(item.from);
  return from === null ? undefined : { from, ...counts(item) };
}

function lastProposal(item: Unread): LastProposal | null {
  const at = time(item.at);
  if (at === null) return null;
  return {
    action_id: name(item.action_id),
    node: name(item.node),
    service: name(item.service),
    action: name(item.action),
    at,
  };
}
