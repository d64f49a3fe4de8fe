/**
 * What a proposal's file says, read as untrusted: anybody may have edited it, and other programs
 * may have added to it.
 *
 * @module
 */
import { isObject, parseJson } from "../../base/json.ts";
import type { Target } from "../../event/target.ts";
import { readForeign } from "./foreign.ts";
import { isOwn } from "./proposed.ts";
import { listOf, nameIn as word, textOf } from "./text.ts";

/** Ids as programs give them: nothing that leads out of a folder or out of a line. */
const ACTION_ID = /^(?!\.)[A-Za-z0-9._:@+=,~-]{1,250}$/;

/** Deeper nesting is no proposal, and not safe to walk through. */
const DEEPEST = 64;
/** The latest time that JavaScript's dates can hold, in seconds. */
const LATEST = 8.64e12;

/** What a rule changed, as the file has it. */
interface ChangeView {
  readonly rule: string;
  readonly field: string;
  readonly from: string;
  readonly to: string;
}

/** A proposal, its texts fit for a terminal and bounded. What the file leaves out is "" or null. */
export interface ActionView extends Target {
  readonly actionId: string;
  /** The executor's word for the action. */
  readonly type: string;
  /** The diagnosis' word for it, else the executor's. */
  readonly action: string;
  readonly riskLevel: string;
  /** Null where another program does not say. */
  readonly requiresHuman: boolean | null;
  readonly confidence: number | null;
  readonly reason: string;
  readonly status: string;
  /** The event's, in seconds since 1970; of another program's file, since when it waits. */
  readonly timestamp: number;
  readonly sourceEvent: string;
  /** The program, or the person, that proposed it. */
  readonly proposedBy: string;
  /** Which house it is about, where the homelab has several. */
  readonly location: string;
  readonly model: string;
  readonly attempts: number | null;
  readonly changes: readonly ChangeView[];
  readonly validUntil: string;
  /** All of the file, as parsed; not deeper than 64. */
  readonly content: Readonly<Record<string, unknown>>;
}

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
  if (isOwn(content)) return readOwn(content, actionId);
  const view = readForeign(content, { actionId, writtenMs });
  return typeof view === "string" ? damaged(view) : { kind: "proposal", view };
}

function readOwn(content: Record<string, unknown>, actionId: string): ReadAction {
  const payload = isObject(content.payload) ? content.payload : {};
  const { action_id, confidence, requires_human, timestamp, llm_attempts } = content;

  if (action_id !== actionId) {
    const shown = typeof action_id === "string" ? `"${word(action_id)}"` : "missing";
    return damaged(`its action_id is ${shown}, not the file's name`);
  }
  for (const key of ["type", "node", "service", "risk_level"]) {
    if (word(content[key]) === "") return damaged(`${key} is no text`);
  }
  if (!isBetween(confidence, 0, 1)) return damaged("confidence is no number from 0 to 1");
  if (typeof requires_human !== "boolean") return damaged("requires_human is not true or false");
  if (!isBetween(timestamp, 0, LATEST)) return damaged("timestamp is no time in seconds");

  const type = word(content.type);
  return {
    kind: "proposal",
    view: {
      actionId,
      node: word(content.node),
      service: word(content.service),
      type,
      action: word(payload.action) || type,
      riskLevel: word(content.risk_level),
      requiresHuman: requires_human,
      confidence,
      reason: textOf(payload.reason) || textOf(content.description),
      status: word(content.status),
      timestamp,
      sourceEvent: word(content.source_event),
      proposedBy: "planner-agent",
      location: word(payload.location_tag),
      model: word(content.llm_model),
      attempts: Number.isSafeInteger(llm_attempts) ? llm_attempts as number : null,
      changes: listOf(payload.policy).map(({ rule, field, from, to }) => ({
        rule: textOf(rule),
        field: textOf(field),
        from: textOf(from),
        to: textOf(to),
      })),
      validUntil: word(payload.valid_until),
      content,
    },
  };
}

const damaged = (why: string): ReadAction => ({ kind: "damaged", why });

function isBetween(value: unknown, least: number, most: number): value is number {
  return typeof value === "number" && value >= least && value <= most;
}

/** Level by level rather than by recursion: the nesting is the sender's. */
function isDeeperThan(value: unknown, depth: number): boolean {
  let level: unknown[] = [value];
  for (let n = 0; n <= depth; n++) {
    level = level.flatMap((entry) =>
      typeof entry === "object" && entry !== null ? Object.values(entry) : []
    );
    if (level.length === 0) return false;
  }
  return true;
}
