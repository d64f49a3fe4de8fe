/**
 * One line of the history: what became of an event, and why.
 *
 * @module
 */
import { cut } from "../../base/text/cut.ts";
import { asciiJson, parseObject } from "../../base/json.ts";
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
const KNOWN: ReadonlySet<string> = new Set([...OUTCOMES, ...DECISIONS, "exhausted"]);

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
  readonly attempts?: readonly HistoryAttempt[];
}

interface HistoryAttempt {
  readonly link: string;
  readonly outcome: string;
  readonly milliseconds: number;
}

/** The line of an ending at `nowMs` (milliseconds since 1970). */
export function endingRecord(ending: Ending, nowMs: number): HistoryLine {
  const { outcome, channel, event, proposal, diagnosed, detail } = ending;
  return {
    at: new Date(nowMs).toISOString(),
    outcome,
    channel,
    ...(event && eventKeys(event, nowMs)),
    ...(proposal
      ? proposalKeys(proposal)
      : detail !== undefined && { detail: cut(detail, LONGEST_DETAIL) }),
    ...(diagnosed && diagnosedKeys(diagnosed)),
  };
}

/** The line of a diagnosis that no link answered. */
export function exhaustedRecord(diagnosed: Diagnosed, nowMs: number): HistoryLine {
  const { event, error } = diagnosed;
  return {
    at: new Date(nowMs).toISOString(),
    outcome: "exhausted",
    channel: event.channel,
    ...eventKeys(event, nowMs),
    ...(error !== undefined && { detail: cut(error, LONGEST_DETAIL) }),
    ...diagnosedKeys(diagnosed),
  };
}

/** The line of a proposal that the agent made of itself, without an event. */
export function noticeRecord(file: ActionFile, nowMs: number): HistoryLine {
  const { node, service, source_event: type, timestamp } = file;
  return {
    at: new Date(nowMs).toISOString(),
    outcome: "proposed",
    node,
    service,
    type,
    timestamp,
    ...proposalKeys(file),
  };
}

/** The line of a decision on a proposal, or of what came of it. */
export function decidedRecord(decided: Decided): HistoryLine {
  const { became, atMs, node, service, action, actionId, by, why } = decided;
  return {
    at: new Date(atMs).toISOString(),
    outcome: became,
    node,
    service,
    ...(why !== "" && { detail: cut(why, LONGEST_DETAIL) }),
    ...(by !== "" && { by }),
    action,
    action_id: actionId,
  };
}

/** The line as text, ASCII only, with its newline. */
export function historyText(line: HistoryLine): string {
  return `${asciiJson(line)}\n`;
}

/** What {@linkcode historyText} wrote; undefined for a line that is damaged or of another kind. */
export function parseHistoryLine(text: string): HistoryLine | undefined {
  const line = parseObject(text);
  if (!line) return undefined;
  const valid = isTime(line.at) && typeof line.outcome === "string" && KNOWN.has(line.outcome) &&
    TEXTS.every((key) => line[key] === undefined || typeof line[key] === "string") &&
    NUMBERS.every((key) => line[key] === undefined || Number.isFinite(line[key])) &&
    (line.heard === undefined || isTime(line.heard)) &&
    areRules(line.rules) && areAttempts(line.attempts);
  return valid ? line as unknown as HistoryLine : undefined;
}

const TEXTS = ["channel", "node", "service", "type", "severity", "detail", "action", "action_id"]
  .concat("model", "by");
const NUMBERS = ["timestamp", "repeated", "others", "confidence", "waited_ms", "diagnosis_ms"];

function isTime(value: unknown): boolean {
  return typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]{8,12}Z$/.test(value) &&
    Number.isFinite(Date.parse(value));
}

function areRules(value: unknown): boolean {
  return value === undefined ||
    Array.isArray(value) && value.every((rule) => typeof rule === "string");
}

function areAttempts(value: unknown): boolean {
  if (value === undefined) return true;
  return Array.isArray(value) &&
    value.every((attempt: Record<string, unknown> | null) =>
      typeof attempt?.link === "string" && typeof attempt.outcome === "string" &&
      Number.isFinite(attempt.milliseconds)
    );
}

function eventKeys(event: NonNullable<Ending["event"]>, nowMs: number) {
  const { node, service, type, severity, timestamp, heardAt } = event;
  const heard = heardAt < nowMs && { heard: new Date(heardAt).toISOString() };
  return { node, service, type, severity, timestamp, ...heard };
}

function proposalKeys({ action_id, confidence, requires_human, payload }: ActionFile) {
  const rules = [...new Set((payload.policy ?? []).map(({ rule }) => rule))];
  return {
    detail: cut(payload.reason, LONGEST_DETAIL),
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
    attempts: attempts.slice(-MOST_ATTEMPTS).map(({ link, outcome, milliseconds }) => ({
      link,
      outcome,
      milliseconds,
    })),
  };
}
