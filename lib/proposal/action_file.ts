/**
 * The action file that a person approves and the executor reads, and the event file that tells
 * others of it. Keys, their order and the form of the text are a contract with both.
 *
 * @module
 */
import { isoSecond } from "../base/text/span.ts";
import { asciiJson } from "../base/json.ts";
import { audit, type Provenance } from "./audit.ts";
import type { Action, Diagnosis } from "../llm/diagnosis.ts";
import { approvalDigest } from "./digest.ts";
import { fileSlug } from "../base/text/names.ts";
import { plainLine } from "../base/text/plain_line.ts";
import type { PolicyChange } from "../policy/policy.ts";
import type { Target } from "../event/target.ts";
import { isStale, type Validity, validUntil } from "./validity.ts";

const LONGEST_REASON = 1_000; // UTF-16 units

// With `-999999.json` behind it and a temporary name around it, an id stays well under the 255
// bytes that file systems allow: 5 + 80 + 1 + 80 + 1 + 20.
const LONGEST_SLUG = 80;
const LONGEST_EPOCH = 20;

/** What an action is to the executor. */
const EXECUTOR = {
  restart: { type: "container_restart", risk: "low" },
  redeploy: { type: "redeploy", risk: "guarded" },
  notify: { type: "notify", risk: "low" },
  ignore: { type: "ignore", risk: "none" },
} as const satisfies Record<Action, unknown>;

/**
 * The id of a proposal unless it is taken: `plan-<node>-<service>-<epoch seconds>`, at most 187
 * characters of A-Z a-z 0-9 . _ -
 */
export function actionIdBase(event: Target & { readonly timestamp: number }): string {
  return `${actionIdPrefix(event)}${epoch(event.timestamp)}`;
}

/** How the ids of all proposals for a target begin; those of another target can, too. */
export function actionIdPrefix({ node, service }: Target): string {
  return `plan-${slug(node)}-${slug(service)}-`;
}

/** Another program's proposal that waits for the same target, and would do something else. */
export interface OtherProposal {
  readonly action_id: string;
  readonly proposed_by?: string;
  readonly type: string; // that program's word for what would be done
  readonly since?: string; // ISO 8601 in UTC, whole seconds
}

export interface ActionFileOptions extends Provenance {
  readonly actionId: string;
  readonly diagnosis: Diagnosis; // after the risk rules, which made these changes
  readonly changes: readonly PolicyChange[];
  readonly others?: readonly OtherProposal[];
  readonly writtenMs: number; // since 1970
  readonly validity?: Validity | undefined;
}

export type ActionFile = Readonly<ReturnType<typeof actionFile>>;

/** The content of actions/pending/<action_id>.json; other keys are allowed inside `payload` only. */
export function actionFile(options: ActionFileOptions) {
  const { actionId, event, diagnosis, changes, others = [], writtenMs, validity } = options;
  const { action, confidence, requires_human } = diagnosis;
  const { node, service } = event;
  const { type, risk } = EXECUTOR[action];
  const reason = readableReason(diagnosis.reason);
  const valid_until = validUntil(event.timestamp, { action, writtenMs, validity });
  const expired = isStale({ payload: { valid_until } }, writtenMs);
  return {
    action_id: actionId,
    type,
    node,
    service,
    risk_level: risk,
    confidence,
    requires_human,
    description: `${action.toUpperCase()} ${service} on ${node}: ${reason}`,
    status: "pending",
    /** The event's, in seconds since 1970. */
    timestamp: event.timestamp,
    source_event: event.type,
    llm_model: options.modelUsed,
    llm_attempts: options.attempts.length,
    payload: {
      action,
      reason,
      ...(changes.length > 0 && { policy: changes }),
      /** What the event's sender told of itself, for its own books. */
      ...event.origin,
      ...(others.length > 0 && { other_proposals: others }),
      /** Not to be approved from then on. */
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

interface EventFileOptions {
  readonly action: ActionFile;
  readonly nodeName: string;
  readonly nowMs: number; // since 1970
}

/** The content of the event file for a proposal, as other programs write and read them. */
export function eventFile({ action: file, nodeName, nowMs }: EventFileOptions) {
  const { action, correlation_id, source, location_tag } = file.payload;
  return {
    timestamp: isoSecond(nowMs),
    node: nodeName,
    type: "remediation_started",
    severity: "info",
    source: "planner-agent",
    service: file.service,
    /** The proposal's id; the sender's own id of the event is in the payload. */
    correlation_id: file.action_id,
    payload: {
      action,
      executor_type: file.type,
      node: file.node,
      action_id: file.action_id,
      requires_human: file.requires_human,
      confidence: file.confidence,
      llm_model: file.llm_model,
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
export function fileText(value: object): string {
  return asciiJson(value, 2);
}

const slug = (name: string) => fileSlug(name, LONGEST_SLUG);
const epoch = (seconds: number) => fileSlug(String(Math.trunc(seconds)), LONGEST_EPOCH);
