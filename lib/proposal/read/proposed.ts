/**
 * What an action file proposes, whichever program wrote it: the planner, a supervisor, an
 * operator's tool. Their keys differ; what is done to which target, by whom and since when can be
 * told of each.
 *
 * @module
 */
import { isObject } from "../../base/json.ts";
import { type Action, ACTIONS } from "../../llm/diagnosis.ts";
import { GRAVEST, gravity } from "../../gate/gravity.ts";
import { type Target, targetKey } from "../../event/target.ts";
import { nameIn as name } from "./text.ts";
import { momentOf, transitionsOf } from "./transitions.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Services that other programs write where they mean the node itself. */
const WHOLE_NODE: ReadonlySet<string> = new Set(["", "all", "node"]);

/** Keys that this planner (and the one before it) writes, and no other program does. */
const OWN_KEYS = ["source_event", "llm_model", "llm_attempts"] as const;

export interface Proposed extends Target {
  /** What would be done; undefined for what this planner never proposes, such as a rollback. */
  readonly remedy: Action | undefined;
  /** The program's own word for it; "" where it has none. */
  readonly word: string;
  /** `supervisor`, for example; "" where the file does not say. */
  readonly by: string;
  /** Whether a planner-agent wrote it. */
  readonly own: boolean;
  /** Milliseconds since 1970; undefined where the file does not say. */
  readonly sinceMs: number | undefined;
  /** Until when it asks for a decision; undefined where the file does not say. */
  readonly untilMs: number | undefined;
  /** How grave its event was; the gravest where the file does not say. */
  readonly gravity: number;
}

/** What a parsed file proposes; undefined for what names no node. */
export function proposedBy(content: unknown): Proposed | undefined {
  if (!isObject(content)) return undefined;
  const node = name(content.node);
  if (node === "") return undefined;
  const own = isOwn(content);
  const service = name(content.service);
  const payload = isObject(content.payload) ? content.payload : {};
  const word = name(payload.action) || name(content.type) || name(content.action_type) ||
    name(content.action);
  const transitions = transitionsOf(content);
  return {
    node,
    service: !own && WHOLE_NODE.has(service.toLowerCase()) ? node : service,
    remedy: remedyOf(word),
    word,
    own,
    by: own ? "planner-agent" : name(content.proposed_by) || (transitions[0]?.by ?? ""),
    sinceMs: momentOf(content.created_at) ?? momentOf(content.timestamp) ?? transitions[0]?.atMs ??
      momentOf(content.updated_at),
    untilMs: untilMs(content, payload),
    gravity: gravityIn(payload),
  };
}

/** One that was written late asks for as long as others do. */
function untilMs(content: Fields, { valid_until, audit }: Fields): number | undefined {
  const until = momentOf(valid_until);
  const since = momentOf(content.timestamp);
  const written = isObject(audit) ? momentOf(audit.proposed_at) : undefined;
  if (until === undefined || since === undefined || written === undefined) return until;
  return Math.max(until, written + until - since);
}

function gravityIn({ audit }: Fields): number {
  const event = isObject(audit) ? audit.event : undefined;
  if (!isObject(event)) return GRAVEST;
  const [node, service, type] = [name(event.node), name(event.service), name(event.type)];
  const severity = typeof event.severity === "string" ? event.severity : "";
  return gravity({ node, service, type, severity });
}

/** Whether a planner-agent wrote a file: it has keys that no other program writes. */
export function isOwn(content: Readonly<Record<string, unknown>>): boolean {
  const { payload, action_id } = content;
  return OWN_KEYS.some((key) => key in content) ||
    typeof action_id === "string" && action_id.startsWith("plan-") &&
      isObject(payload) && "action" in payload;
}

/** Whether a parsed file proposes something for exactly this target. */
export function isForTarget(content: unknown, target: Target): boolean {
  return isObject(content) && content.node === target.node && content.service === target.service;
}

/** The key under which other programs' files are kept: they spell names in their own case. */
export function looseKey(target: Target): string {
  return targetKey(target).toLowerCase();
}

/** What another program's word means here. */
function remedyOf(word: string): Action | undefined {
  const plain = word.toLowerCase().replaceAll("-", "_");
  switch (plain) {
    case "container_restart":
    case "restart_container":
    case "restart_service":
    case "service_restart":
      return "restart";
    case "redeploy_service":
    case "deploy_service":
    case "service_redeploy":
    case "deploy":
      return "redeploy";
    case "alert_only":
    case "alert":
      return "notify";
    default:
      return ACTIONS.find((action) => action === plain);
  }
}
