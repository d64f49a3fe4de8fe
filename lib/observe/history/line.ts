/**
 * One line of the history: what became of an event, and why.
 *
 * @module
 */
import { cut } from "../../base/text/cut.ts";
import { asciiJson, isObject, parseObject } from "../../base/json.ts";
import type { DecidedFolder } from "../../proposal/read/decided.ts";
import type { Decided, Diagnosed, Ending } from "../ending.ts";
import { type Outcome, OUTCOMES } from "../outcome.ts";
import type { ActionFile } from "../../proposal/action_file.ts";

/** Longest explanation in a line, in UTF-16 units. */
const LONGEST_DETAIL = 400;
const MOST_ATTEMPTS = 20;

/** `exhausted` is no end: no link answered, and the event waits for another try. */
export type HistoryOutcome = Outcome | "exhausted" | DecidedFolder;

/** What became of a proposal: no event has ended with that. */
export const DECISIONS: readonly DecidedFolder[] = [
  "approved",
  "running",
  "completed",
  "failed",
  "rejected",
  "cancelled",
];
const KNOWN: ReadonlySet<unknown> = new Set([...OUTCOMES, ...DECISIONS, "exhausted"]);

/** Keys as in the file. Times of day are ISO 8601 in UTC. */
export interface HistoryLine {
  /** When it happened; of repeated ones, when the last of them did, to some minutes. */
  readonly at: string;
  readonly outcome: HistoryOutcome;
  readonly channel?: string;
  readonly node?: string;
  readonly service?: string;
  /** The event's type. */
  readonly type?: string;
  readonly severity?: string;
  /** The event's own time, in seconds since 1970. */
  readonly timestamp?: number;
  /** When the event was heard, as `at`; absent where that is when it ended, and of repeated ones. */
  readonly heard?: string;
  /** The line stands for so many further events like the one before it. */
  readonly repeated?: number;
  /** The line stands for so many events of targets that got no line of their own. */
  readonly others?: number;
  readonly detail?: string;
  /** Who moved a proposal, where that is known. */
  readonly by?: string;
  readonly action?: string;
  readonly action_id?: string;
  readonly confidence?: number;
  readonly requires_human?: boolean;
  /** Rules that changed the proposal. */
  readonly rules?: readonly string[];
  readonly model?: string;
  readonly waited_ms?: number;
  readonly diagnosis_ms?: number;
  readonly attempts?: readonly {
    readonly link: string;
    readonly outcome: string;
    readonly milliseconds: number;
  }[];
}

/** The line of an ending at `nowMs` (milliseconds since 1970). */
export function endingRecord(ending: Ending, nowMs: number): HistoryLine {
  const { outcome, channel, event, proposal, diagnosed, detail } = ending;
  return {
    at: iso(nowMs),
    outcome,
    channel,
    ...(event && eventKeys(event, nowMs)),
    ...(proposal ? proposalKeys(proposal) : detailKey(detail)),
    ...(diagnosed && diagnosedKeys(diagnosed)),
  };
}

/** The line of a diagnosis that no link answered. */
export function exhaustedRecord(diagnosed: Diagnosed, nowMs: number): HistoryLine {
  const { event, error } = diagnosed;
  return {
    at: iso(nowMs),
    outcome: "exhausted",
    channel: event.channel,
    ...eventKeys(event, nowMs),
    ...detailKey(error),
    ...diagnosedKeys(diagnosed),
  };
}

/** The line of a proposal that the agent made of itself, without an event. */
export function noticeRecord(file: ActionFile, nowMs: number): HistoryLine {
  const { node, service, source_event: type, timestamp } = file;
  const about = { node, service, type, timestamp };
  return { at: iso(nowMs), outcome: "proposed", ...about, ...proposalKeys(file) };
}

/** The line of a decision on a proposal, or of what came of it. */
export function decidedRecord(decided: Decided): HistoryLine {
  const { became, atMs, node, service, action, actionId, by, why } = decided;
  return {
    at: iso(atMs),
    outcome: became,
    node,
    service,
    ...detailKey(why || undefined),
    ...(by !== "" && { by }),
    action,
    action_id: actionId,
  };
}

/** The line as text, ASCII only, with its newline. */
export function historyText(line: HistoryLine): string {
  return `${asciiJson(line)}\n`;
}

const isText = (value: unknown) => typeof value === "string";
const isTime = (value: unknown) =>
  typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]{8,12}Z$/.test(value) &&
  Number.isFinite(Date.parse(value));
const isAttempt = (value: unknown) =>
  isObject(value) && isText(value.link) && isText(value.outcome) &&
  Number.isFinite(value.milliseconds);
const isListOf = (isItem: (item: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(isItem);

/** What each key may hold, where it is there. */
const CHECKS: readonly (readonly [check: (value: unknown) => boolean, keys: readonly string[]])[] =
  [
    [isText, ["channel", "node", "service", "type", "severity", "detail"]],
    [isText, ["action", "action_id", "model", "by"]],
    [Number.isFinite, [
      "timestamp",
      "repeated",
      "others",
      "confidence",
      "waited_ms",
      "diagnosis_ms",
    ]],
    [isTime, ["heard"]],
    [isListOf(isText), ["rules"]],
    [isListOf(isAttempt), ["attempts"]],
  ];

/** What {@linkcode historyText} wrote; undefined for a line that is damaged or of another kind. */
export function parseHistoryLine(text: string): HistoryLine | undefined {
  const line = parseObject(text);
  if (!line || !isTime(line.at) || !KNOWN.has(line.outcome)) return undefined;
  const isWhole = CHECKS.every(([check, keys]) =>
    keys.every((key) => line[key] === undefined || check(line[key]))
  );
  return isWhole ? line as unknown as HistoryLine : undefined;
}

const iso = (ms: number) => new Date(ms).toISOString();

const detailKey = (text: string | undefined) =>
  text === undefined ? {} : { detail: cut(text, LONGEST_DETAIL) };

function eventKeys(event: NonNullable<Ending["event"]>, nowMs: number) {
  const { node, service, type, severity, timestamp, heardAt } = event;
  const heard = heardAt < nowMs && { heard: iso(heardAt) };
  return { node, service, type, severity, timestamp, ...heard };
}

function proposalKeys({ action_id, confidence, requires_human, payload }: ActionFile) {
  const rules = [...new Set((payload.policy ?? []).map(({ rule }) => rule))];
  return {
    ...detailKey(payload.reason),
    action: payload.action,
    action_id,
    confidence,
    requires_human,
    ...(rules.length > 0 && { rules }),
  };
}

function diagnosedKeys({ modelUsed, waitedMs, milliseconds, attempts }: Diagnosed) {
  return {
    ...(modelUsed !== undefined && { model: modelUsed }),
    waited_ms: Math.round(waitedMs),
    diagnosis_ms: Math.round(milliseconds),
    attempts: attempts.slice(-MOST_ATTEMPTS)
      .map(({ link, outcome, milliseconds }) => ({ link, outcome, milliseconds })),
  };
}
