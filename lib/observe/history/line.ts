/**
 * One line of the history: what became of an event, and why.
 *
 * @module
 */
import { cut } from "../../base/text/cut.ts";
import { asciiJson, isObject, parseObject } from "../../base/json.ts";
import type { Attempt } from "../../llm/contract.ts";
import { DECIDED, type DecidedFolder } from "../../proposal/read/decided.ts";
import type { Decided, Diagnosed, Ending } from "../ending.ts";
import { type Outcome, OUTCOMES } from "../outcome.ts";
import type { ActionFile } from "../../proposal/action_file.ts";

/** Longest explanation in a line, in UTF-16 units. */
const LONGEST_DETAIL = 400;
const MOST_ATTEMPTS = 20;

/** `exhausted` is no end: no link answered, and the event waits for another try. */
export type HistoryOutcome = Outcome | "exhausted" | DecidedFolder;

const KNOWN: ReadonlySet<unknown> = new Set([...OUTCOMES, ...DECIDED, "exhausted"]);

const isText = (value: unknown): value is string => typeof value === "string";
const isNumber = (value: unknown): value is number => Number.isFinite(value);
const isFlag = (value: unknown): value is boolean => typeof value === "boolean";
const isTime = (value: unknown): value is string =>
  isText(value) && /^\d{4}-\d\d-\d\dT[\d:.]{8,12}Z$/.test(value) &&
  Number.isFinite(Date.parse(value));
const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every(isText);

type HistoryAttempt = Pick<Attempt, "link" | "milliseconds"> & { readonly outcome: string };

const areAttempts = (value: unknown): value is readonly HistoryAttempt[] =>
  Array.isArray(value) &&
  value.every((each) =>
    isObject(each) && isText(each.link) && isText(each.outcome) && isNumber(each.milliseconds) &&
    Object.values(each).every((part) => typeof part !== "object")
  );

/** Keys as in the file, and what each may hold where it is there. */
const KEYS = {
  channel: isText,
  node: isText,
  service: isText,
  type: isText,
  severity: isText,
  /** The event's own time, in seconds since 1970. */
  timestamp: isNumber,
  /** When the event was heard, as `at`; absent where that is when it ended, and of repeated ones. */
  heard: isTime,
  /** The line stands for so many further events like the one before it. */
  repeated: isNumber,
  /** The line stands for so many events of targets that got no line of their own. */
  others: isNumber,
  detail: isText,
  /** Who moved a proposal, where that is known. */
  by: isText,
  action: isText,
  action_id: isText,
  confidence: isNumber,
  requires_human: isFlag,
  rules: isTexts,
  model: isText,
  waited_ms: isNumber,
  diagnosis_ms: isNumber,
  attempts: areAttempts,
};

const CHECKS = Object.entries(KEYS);
const NAMES: ReadonlySet<string> = new Set(["at", "outcome", ...Object.keys(KEYS)]);

type Checked<Check> = Check extends (value: unknown) => value is infer Value ? Value : never;

export type HistoryLine =
  & { readonly [Key in keyof typeof KEYS]?: Checked<typeof KEYS[Key]> | undefined }
  & {
    /** When it happened, ISO 8601 in UTC; of repeated ones, when the last did, to some minutes. */
    readonly at: string;
    readonly outcome: HistoryOutcome;
  };

/** The line of an ending at `nowMs`, milliseconds since 1970. */
export function endingRecord(
  { outcome, channel, event, proposal, diagnosed, detail }:
    & Omit<Ending, "outcome" | "detail">
    & Pick<HistoryLine, "outcome" | "detail">,
  nowMs: number,
): HistoryLine {
  return {
    at: iso(nowMs),
    outcome,
    channel,
    node: event?.node,
    service: event?.service,
    type: event?.type,
    severity: event?.severity,
    timestamp: event?.timestamp,
    heard: event && event.heardAt < nowMs ? iso(event.heardAt) : undefined,
    ...(proposal ? proposalKeys(proposal) : { detail: short(detail) }),
    model: diagnosed?.modelUsed,
    waited_ms: diagnosed && Math.round(diagnosed.waitedMs),
    diagnosis_ms: diagnosed && Math.round(diagnosed.milliseconds),
    attempts: diagnosed?.attempts.slice(-MOST_ATTEMPTS)
      .map(({ link, outcome, milliseconds }) => ({ link, outcome, milliseconds })),
  };
}

/** The line of a diagnosis to which no link answered. */
export function exhaustedRecord(diagnosed: Diagnosed, nowMs: number): HistoryLine {
  const { event, event: { channel }, error: detail } = diagnosed;
  return endingRecord({ outcome: "exhausted", channel, event, diagnosed, detail }, nowMs);
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
    detail: short(why || undefined),
    by: by || undefined,
    action,
    action_id: actionId,
  };
}

/** The line as text, ASCII only, with its newline. */
export const historyText = (line: HistoryLine): string => `${asciiJson(line)}\n`;

/**
 * What {@linkcode historyText} wrote; undefined for a line that is damaged or of another kind. Keys
 * of a later version are left out: what they hold may be nested too deep to be shown.
 */
export function parseHistoryLine(text: string): HistoryLine | undefined {
  const line = parseObject(text);
  if (!line || !isTime(line.at) || !KNOWN.has(line.outcome)) return undefined;
  const isWhole = CHECKS.every(([key, check]) => line[key] === undefined || check(line[key]));
  if (!isWhole) return undefined;
  const own = Object.entries(line).filter(([key]) => NAMES.has(key));
  return Object.fromEntries(own) as unknown as HistoryLine;
}

const iso = (ms: number) => new Date(ms).toISOString();

const short = (text: string | undefined) => text === undefined ? text : cut(text, LONGEST_DETAIL);

function proposalKeys({ action_id, confidence, requires_human, payload }: ActionFile) {
  const rules = new Set((payload.policy ?? []).map(({ rule }) => rule));
  return {
    detail: short(payload.reason),
    action: payload.action,
    action_id,
    confidence,
    requires_human,
    rules: rules.size > 0 ? [...rules] : undefined,
  };
}
