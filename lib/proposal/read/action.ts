/**
 * What a proposal's file says to people.
 *
 * @module
 */
import { isObject, parseJson } from "../../base/json.ts";
import type { Fields } from "../../event/payload.ts";
import {
  deedIn,
  isOwn,
  listOf,
  nameIn,
  objectIn,
  type Proposed,
  proposedBy,
  textOf,
} from "./content.ts";

/** Ids as programs give them: nothing that leads out of a folder or out of a line. */
const ACTION_ID = /^(?!\.)[A-Za-z0-9._:@+=,~-]{1,250}$/;

const DEEPEST = 64; // deeper nesting is not safe to walk through
const LATEST = 8.64e12; // what JavaScript's dates can hold, in seconds
/** What nobody could act without. */
const OWN_NAMES = ["type", "node", "service", "risk_level"];

/** A proposal, its texts fit for a terminal and bounded. What the file leaves out is "" or null. */
export type ActionView = ReturnType<typeof viewOf>;

export type ReadAction =
  | { readonly kind: "proposal"; readonly view: ActionView }
  | { readonly kind: "damaged"; readonly why: string };

/** Whether a text has the form of a proposal's id, and so of a plain file name. */
export function isActionId(text: string): boolean {
  return ACTION_ID.test(text);
}

/**
 * Reads the text of `<actionId>.json`.
 *
 * @param writtenMs when the file was written: the time of another program's that names none
 */
export function readAction(text: string, actionId: string, writtenMs = 0): ReadAction {
  if (text.trim() === "") return damaged("it is empty");
  const content = parseJson(text);
  if (content === undefined) return damaged("it is not JSON");
  if (!isObject(content)) return damaged("it is not a JSON object");
  if (isDeeperThan(content, DEEPEST)) return damaged(`it is nested deeper than ${DEEPEST}`);
  const why = problemOf(content, actionId);
  const proposed = proposedBy(content);
  if (why !== undefined || !proposed) return damaged(why ?? "node is no text");
  return { kind: "proposal", view: viewOf(content, proposed, { actionId, writtenMs }) };
}

export const damaged = (why: string): ReadAction => ({ kind: "damaged", why });

/** Why nobody could act on a file. */
function problemOf(content: Fields, actionId: string): string | undefined {
  const { action_id, confidence, requires_human, timestamp } = content;
  const own = isOwn(content);
  const named = typeof action_id === "string";
  if (action_id !== actionId && (own || named)) {
    return `its action_id is ${named ? `"${nameIn(action_id)}"` : "missing"}, not the file's name`;
  }
  const missing = (own ? OWN_NAMES : ["node"]).find((key) => nameIn(content[key]) === "");
  if (missing !== undefined) return `${missing} is no text`;
  if (!own) {
    return deedIn(content).word === "" ? "neither type nor action_type is a text" : undefined;
  }
  if (!isBetween(confidence, 0, 1)) return "confidence is no number from 0 to 1";
  if (typeof requires_human !== "boolean") return "requires_human is not true or false";
  return isBetween(timestamp, 0, LATEST) ? undefined : "timestamp is no time in seconds";
}

function viewOf(
  content: Fields,
  { node, service, own, word, remedy, by, sinceMs }: Proposed,
  { actionId, writtenMs }: { readonly actionId: string; readonly writtenMs: number },
) {
  const { confidence, llm_attempts } = content;
  const payload = objectIn(content, "payload");
  const details = objectIn(content, "details");
  /** Keys that only other programs write. */
  const { trigger_type, location_tag } = own ? {} : content;
  const human = content.requires_human ?? content.approval_required;
  const reasons = own
    ? [payload.reason, content.description]
    : [details.reason, payload.reason, content.reason, content.description, details.image];
  return {
    actionId,
    node,
    service,
    /** The executor's word for the action. */
    type: own ? nameIn(content.type) : word,
    /** The diagnosis' word for it, else the executor's. */
    action: own ? word : remedy ?? word,
    riskLevel: nameIn(content.risk_level) || nameIn(content.risk),
    /** Null where another program does not say. */
    requiresHuman: typeof human === "boolean" ? human : null,
    confidence: isBetween(confidence, 0, 1) ? confidence : null,
    reason: reasons.map(textOf).find((text) => text !== "") ?? "",
    status: nameIn(content.status),
    /** The event's, in seconds since 1970; of another program's file, since when it waits. */
    timestamp: own ? Number(content.timestamp) : (sinceMs ?? writtenMs) / 1000,
    sourceEvent: nameIn(content.source_event) || nameIn(trigger_type),
    /** The program, or the person, that proposed it. */
    proposedBy: by || "another program",
    /** Which house it is about, where the homelab has several. */
    location: nameIn(location_tag) || nameIn(payload.location_tag),
    model: nameIn(content.llm_model),
    attempts: typeof llm_attempts === "number" && Number.isSafeInteger(llm_attempts)
      ? llm_attempts
      : null,
    changes: listOf(own ? payload.policy : []).map(({ rule, field, from, to }) => ({
      rule: textOf(rule),
      field: textOf(field),
      from: textOf(from),
      to: textOf(to),
    })),
    validUntil: own ? nameIn(payload.valid_until) : "",
    /** All of the file, as parsed; not deeper than 64. */
    content,
  };
}

function isBetween(value: unknown, least: number, most: number): value is number {
  return typeof value === "number" && value >= least && value <= most;
}

/** Without recursion: the nesting is the sender's. */
function isDeeperThan(value: unknown, depth: number): boolean {
  let level: unknown[] = [value];
  for (let n = 0; n <= depth && level.length > 0; n++) {
    level = level.flatMap((entry) =>
      typeof entry === "object" && entry !== null ? Object.values(entry) : []
    );
  }
  return level.length > 0;
}

export type AuditView = NonNullable<ReturnType<typeof readAudit>>;

/**
 * `payload.audit` of a parsed proposal, what it leaves out "" or null; undefined for one without, as
 * earlier versions wrote them.
 */
export function readAudit(content: Fields) {
  const { audit } = objectIn(content, "payload");
  if (!isObject(audit)) return undefined;
  const { channel, severity, payload } = objectIn(audit, "event");
  return {
    expiredWhenWritten: audit.expired_when_written === true,
    waitedMs: millisecondsOf(audit.waited_ms),
    promptSha256: textOf(audit.prompt_sha256),
    modelDigest: textOf(audit.model_digest),
    attempts: listOf(audit.attempts).map(({ link, outcome, error, milliseconds }) => ({
      link: textOf(link),
      outcome: textOf(outcome),
      error: textOf(error),
      milliseconds: millisecondsOf(milliseconds),
    })),
    event: { channel: textOf(channel), severity: textOf(severity), payload: textOf(payload) },
  };
}

function millisecondsOf(value: unknown): number | null {
  return typeof value === "number" && value >= 0 && value < 1e15 ? value : null;
}
