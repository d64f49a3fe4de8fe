/**
 * How the agent is, as it writes it down for others every few seconds, and reading that again: the
 * file may be damaged or come from another version. Every field is named once, with what reads it.
 *
 * Only points in time are written, no durations, so that a file which nothing changed stays right.
 *
 * @module
 */
import { isObject, parseJson } from "../../base/json.ts";
import { cleanName } from "../../base/text/names.ts";
import { plainLine } from "../../base/text/plain_line.ts";
import type { SparseCounts } from "./minutes.ts";

/** Version of the record below; a reader refuses another one. */
export const STATUS_VERSION = 1;

/** The most events, and the most cooldowns, that a record names; the totals are always whole. */
export const MOST_ROWS = 200;
/** No record of {@linkcode MOST_ROWS} rows is larger. */
export const LARGEST_STATUS_BYTES = 4 * 1024 * 1024;

const MOST_LINKS = 100;
const MOST_CHANNELS = 20;
const MOST_MINUTES = 61;
const MOST_OUTCOMES = 100;
const LONGEST_OUTCOME = 40;
const LONGEST_DETAIL = 400;
/** The last second that a Date can say. */
const LATEST = 8.64e12;

/** Reads a value, fit for a terminal and bounded; undefined where nothing can be made of it. */
type Read<Value> = (value: unknown) => Value | undefined;
type Shape = Readonly<Record<string, Read<unknown>>>;
type Row<Fields extends Shape> = {
  readonly [Key in keyof Fields]: Exclude<ReturnType<Fields[Key]>, undefined>;
};

/** Reads an object of which every field can be read. */
function row<Fields extends Shape>(fields: Fields): Read<Row<Fields>> {
  return (value) => {
    if (!isObject(value)) return undefined;
    const read = Object.entries(fields).map(([key, of]) => [key, of(value[key])] as const);
    if (read.some(([, field]) => field === undefined)) return undefined;
    return Object.fromEntries(read) as Row<Fields>;
  };
}

/** Reads the items of a list that can be read. */
const rows = <Item>(most: number, read: Read<Item>) => (value: unknown): readonly Item[] =>
  Array.isArray(value) ? value.slice(0, most).flatMap((item) => read(item) ?? []) : [];

const orNull = <Value>(read: Read<Value>) => (value: unknown): Value | null => read(value) ?? null;

const oneOf = <Word extends string>(...known: readonly Word[]): Read<Word> => (value) =>
  known.find((each) => each === value);

const text = (value: unknown): string =>
  typeof value === "string" ? plainLine(value.slice(0, 4 * LONGEST_DETAIL), LONGEST_DETAIL) : "";

const name = (value: unknown): string => typeof value === "string" ? cleanName(value) : "";

const names = rows(MOST_CHANNELS, (value) => name(value) || undefined);

const count = (value: unknown): number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;

/** Whole seconds since 1970. */
const time: Read<number> = (value) =>
  typeof value === "number" && Number.isInteger(value) && Math.abs(value) <= LATEST
    ? value
    : undefined;

function outcomes(value: unknown): SparseCounts["outcomes"] {
  const entries = isObject(value) ? Object.entries(value).slice(0, MOST_OUTCOMES) : [];
  return Object.fromEntries(
    entries.map(([outcome, n]) => [cleanName(outcome, LONGEST_OUTCOME), count(n)]),
  );
}

const COUNTS = { received: count, outcomes };
const TARGET = { node: name, service: name };

const plainEvent = row({
  ...TARGET,
  type: name,
  severity: name,
  /** A parked one waits for another try after a failed diagnosis, a held one is kept back. */
  state: oneOf("diagnosing", "queued", "parked", "held"),
  arrived: time,
  /** Diagnoses that failed. */
  failures: count,
  /** When a parked or held one is looked at again; null when that is as soon as there is a turn. */
  next_try: orNull(time),
});

export interface WaitingRow extends NonNullable<ReturnType<typeof plainEvent>> {
  /** Why it is held, where it is. */
  readonly why?: string;
}

function waitingRow(value: unknown): WaitingRow | undefined {
  const event = plainEvent(value);
  const isHeld = isObject(value) && value.why !== undefined;
  return event && isHeld ? { ...event, why: text(value.why) } : event;
}

const redisRow = row({
  state: oneOf("connecting", "subscribed", "waiting", "stopped"),
  /** When it came into this state; while it waits and connects in turns, since the first of them. */
  since: time,
  channels: names,
  refused: names,
  /** Why it is not connected; "" when it is. */
  detail: text,
});

const linkRow = row({
  link: name,
  model: name,
  state: oneOf("closed", "open", "half_open"),
  failures: count,
  /** When an open one is tried again; null when it may be, and when it is not open. */
  next_try: orNull(time),
});

const cooldownRow = row({ ...TARGET, ends: time });
const proposalRow = row({ action_id: name, ...TARGET, action: name, at: time });

const record = row({
  version: name,
  node: name,
  pid: count,
  started: time,
  written: time,
  /** When it was stopped in good order, else null. */
  stopped: orNull(time),
  /** Null for an agent that has no Redis, as a replay. */
  redis: orNull(redisRow),
  diagnosing: count,
  queued: count,
  parked: count,
  events: rows(MOST_ROWS, waitingRow),
  cooling_down: count,
  cooldowns: rows(MOST_ROWS, cooldownRow),
  links: rows(MOST_LINKS, linkRow),
  since_start: (value) => row(COUNTS)(value) ?? { received: 0, outcomes: {} },
  minutes: rows(MOST_MINUTES, row({ from: time, ...COUNTS })),
  last_proposal: orNull(proposalRow),
});

export interface StatusRecord extends NonNullable<ReturnType<typeof record>> {
  readonly planner_status: typeof STATUS_VERSION;
}
export type RedisRow = NonNullable<StatusRecord["redis"]>;
export type LastProposal = NonNullable<StatusRecord["last_proposal"]>;

/** The record in a file's text, fit for a terminal, or what is wrong with it. */
export function parseStatus(
  text: string,
): { readonly record: StatusRecord } | { readonly problem: string } {
  const value = parseJson(text);
  if (value === undefined) return { problem: "it is not JSON" };
  if (!isObject(value)) return { problem: "it is not a JSON object" };
  const { planner_status: version } = value;
  if (version !== STATUS_VERSION) {
    return {
      problem: typeof version === "number"
        ? `it has version ${version}, this program reads ${STATUS_VERSION}`
        : "it is none of this program",
    };
  }
  const read = record(value);
  return read
    ? { record: { planner_status: version, ...read } }
    : { problem: "its times are missing" };
}

/** The record in one line, for `systemctl status`. It changes only when something did. */
export function statusLine(
  { redis, queued, parked, diagnosing, links, last_proposal }: StatusRecord,
): string {
  const open = links.filter(({ state }) => state !== "closed").map(({ link }) => link);
  return [
    redis && redisWords(redis),
    `${queued + parked} wait${parked > 0 ? ` (${parked} parked)` : ""}`,
    diagnosing > 0 && `${diagnosing} being diagnosed`,
    open.length > 0 && `not answering: ${open.join(", ")}`,
    last_proposal ? `last proposal ${last_proposal.action_id}` : "no proposal yet",
  ].filter(Boolean).join("; ");
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
