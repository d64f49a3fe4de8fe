/**
 * What a proposal looks like to those who act on it: the action file that a person approves and
 * the executor reads, and the event file that tells others of it. Keys, their order and the form
 * of the text are a contract: programs and people outside read these files.
 *
 * @module
 */
import { isoSecond } from "../base/text/span.ts";
import { asciiJson } from "../base/json.ts";
import { type Audit, audit, type Provenance } from "./audit.ts";
import type { Action, Diagnosis } from "../llm/diagnosis.ts";
import { approvalDigest } from "./digest.ts";
import { fileSlug } from "../base/text/names.ts";
import { plainLine } from "../base/text/plain_line.ts";
import type { PolicyChange } from "../policy/policy.ts";
import type { Target } from "../event/target.ts";
import { isStale, type Validity, validUntil } from "./validity.ts";

/** Longest reason in a file, in UTF-16 units. */
const LONGEST_REASON = 1_000;

// With `-999999.json` behind it and a temporary name around it, an id stays well under the 255
// bytes that file systems allow: 5 + 80 + 1 + 80 + 1 + 20.
const LONGEST_SLUG = 80;
const LONGEST_EPOCH = 20;

type ExecutorType = "container_restart" | "redeploy" | "notify" | "ignore";
type RiskLevel = "none" | "low" | "guarded";

/** What an action is to the executor, and how risky. */
function mapAction(action: Action): { type: ExecutorType; riskLevel: RiskLevel } {
  switch (action) {
    case "restart":
      return { type: "container_restart", riskLevel: "low" };
    case "redeploy":
      return { type: "redeploy", riskLevel: "guarded" };
    case "notify":
      return { type: "notify", riskLevel: "low" };
    case "ignore":
      return { type: "ignore", riskLevel: "none" };
  }
}

/**
 * The id of a proposal unless it is taken: `plan-<node>-<service>-<epoch seconds>`, at most 187
 * characters of A-Z a-z 0-9 . _ -
 */
export function actionIdBase(event: Target & { readonly timestamp: number }): string {
  return `${actionIdPrefix(event)}${epoch(event.timestamp)}`;
}

/** How the ids of all proposals for a target begin; those of another target can, too. */
export function actionIdPrefix(target: Target): string {
  return `plan-${slug(target.node)}-${slug(target.service)}-`;
}

/** Another program's proposal that waits for the same target, and would do something else. */
export interface OtherProposal {
  readonly action_id: string;
  readonly proposed_by?: string;
  /** That program's word for what would be done. */
  readonly type: string;
  /** ISO 8601 in UTC, whole seconds. */
  readonly since?: string;
}

/** An action file; other keys are allowed inside `payload` only. */
export interface ActionFile {
  readonly action_id: string;
  readonly type: ExecutorType;
  readonly node: string;
  readonly service: string;
  readonly risk_level: RiskLevel;
  readonly confidence: number;
  readonly requires_human: boolean;
  readonly description: string;
  readonly status: "pending";
  /** The event's, in seconds since 1970. */
  readonly timestamp: number;
  /** The event's type. */
  readonly source_event: string;
  readonly llm_model: string;
  readonly llm_attempts: number;
  readonly payload: {
    readonly action: Action;
    readonly reason: string;
    /** What the risk rules changed, when they did. */
    readonly policy?: readonly PolicyChange[];
    /** What the event's sender told of itself, for its own books. */
    readonly source?: string;
    readonly correlation_id?: string;
    readonly location_tag?: string;
    readonly sent_as?: string;
    /** What other programs propose for it, where that differs. */
    readonly other_proposals?: readonly OtherProposal[];
    /** Not to be approved from then on; see {@linkcode validUntil}. */
    readonly valid_until: string;
    /** See {@linkcode approvalDigest}. */
    readonly digest: string;
    readonly audit: Audit;
  };
}

export interface ActionFileOptions extends Provenance {
  readonly actionId: string;
  /** After the risk rules. */
  readonly diagnosis: Diagnosis;
  readonly changes: readonly PolicyChange[];
  readonly others?: readonly OtherProposal[];
  /** Wall-clock time, in milliseconds since 1970. */
  readonly writtenMs: number;
  /** How long it may be approved. */
  readonly validity?: Validity | undefined;
}

/** The content of actions/pending/<action_id>.json. */
export function actionFile(options: ActionFileOptions): ActionFile {
  const { actionId, event, diagnosis, changes, others = [], writtenMs, validity } = options;
  const { action } = diagnosis;
  const { node, service } = event;
  const { type, riskLevel } = mapAction(action);
  const reason = readableReason(diagnosis.reason);
  const valid_until = validUntil(event.timestamp, {
    action,
    writtenMs,
    ...(validity && { validity }),
  });
  const expired = isStale({ payload: { valid_until } }, writtenMs);
  return {
    action_id: actionId,
    type,
    node,
    service,
    risk_level: riskLevel,
    confidence: diagnosis.confidence,
    requires_human: diagnosis.requires_human,
    description: `${action.toUpperCase()} ${service} on ${node}: ${reason}`,
    status: "pending",
    timestamp: event.timestamp,
    source_event: event.type,
    llm_model: options.modelUsed,
    llm_attempts: options.attempts.length,
    payload: {
      action,
      reason,
      ...(changes.length > 0 ? { policy: changes } : {}),
      ...event.origin,
      ...(others.length > 0 ? { other_proposals: others } : {}),
      valid_until,
      digest: approvalDigest({ action_id: actionId, node, service, type, action }),
      audit: audit(options, { writtenMs, expired }),
    },
  };
}

/** What the model wrote as its reason, fit for files, logs and terminals. */
export function readableReason(reason: string): string {
  return plainLine(reason, LONGEST_REASON) || "(the reason has no readable character)";
}

/** An event file, as other programs of the homelab write and read them. */
interface EventFile {
  /** When it was written, in whole seconds. */
  readonly timestamp: string;
  /** The node that the agent runs on. */
  readonly node: string;
  readonly type: "remediation_started";
  readonly severity: "info";
  readonly source: "planner-agent";
  readonly service: string;
  /** The proposal's id. */
  readonly correlation_id: string;
  readonly payload: {
    readonly action: Action;
    readonly executor_type: ExecutorType;
    readonly node: string;
    readonly action_id: string;
    readonly requires_human: boolean;
    readonly confidence: number;
    readonly llm_model: string;
    /** The sender's own id of the event. */
    readonly correlation_id?: string;
    readonly event_source?: string;
    readonly location_tag?: string;
  };
}

interface EventFileOptions {
  /** The proposal that was made. */
  readonly action: ActionFile;
  /** The node that the agent runs on (NODE_NAME). */
  readonly nodeName: string;
  /** Wall-clock time, in milliseconds since 1970. */
  readonly nowMs: number;
}

/** The content of the event file for a proposal. */
export function eventFile({ action, nodeName, nowMs }: EventFileOptions): EventFile {
  const { correlation_id, source, location_tag } = action.payload;
  return {
    timestamp: isoSecond(nowMs),
    node: nodeName,
    type: "remediation_started",
    severity: "info",
    source: "planner-agent",
    service: action.service,
    correlation_id: action.action_id,
    payload: {
      action: action.payload.action,
      executor_type: action.type,
      node: action.node,
      action_id: action.action_id,
      requires_human: action.requires_human,
      confidence: action.confidence,
      llm_model: action.llm_model,
      ...correlation_id !== undefined && { correlation_id },
      ...source !== undefined && { event_source: source },
      ...location_tag !== undefined && { location_tag },
    },
  };
}

/**
 * Where an event file belongs, below events/ and without `.json`:
 * `<YYYY-MM-DD>/<node>/evt-<node>-<epoch seconds>-remediation_started-<service>`, the date in UTC.
 */
export function eventFilePath({ action, nodeName, nowMs }: EventFileOptions): string {
  const date = new Date(nowMs).toISOString().slice(0, 10);
  const node = slug(nodeName);
  // `.` and `..` are fine inside a file name, but not as a folder's.
  const folder = node.replace(/^\.+$/, (dots) => "-".repeat(dots.length));
  const name = `evt-${node}-${epoch(nowMs / 1_000)}-remediation_started-${slug(action.service)}`;
  return `${date}/${folder}/${name}`;
}

/**
 * The text of a file, formed as by Python's `json.dumps(value, indent=2)`: two spaces, no newline
 * at the end, ASCII only.
 */
export function fileText(value: ActionFile | EventFile): string {
  return asciiJson(value, 2);
}

function slug(name: string): string {
  return fileSlug(name, LONGEST_SLUG);
}

function epoch(seconds: number): string {
  return fileSlug(String(Math.trunc(seconds)), LONGEST_EPOCH);
}
