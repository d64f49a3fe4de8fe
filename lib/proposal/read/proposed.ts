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
import { type Fields, nameIn as name, objectIn } from "./text.ts";
import { momentOf, transitionsOf } from "./decided.ts";

/** Services that other programs write where they mean the node itself. */
const WHOLE_NODE: ReadonlySet<string> = new Set(["", "all", "node"]);

/** Keys that this planner (and the one before it) writes, and no other program does. */
const OWN_KEYS = ["source_event", "llm_model", "llm_attempts"] as const;

/** What other programs' words mean here. */
const MEANINGS: ReadonlyMap<string, Action> = new Map([
  ...ACTIONS.map((action) => [action, action] as const),
  ["container_restart", "restart"],
  ["restart_container", "restart"],
  ["restart_service", "restart"],
  ["service_restart", "restart"],
  ["redeploy_service", "redeploy"],
  ["deploy_service", "redeploy"],
  ["service_redeploy", "redeploy"],
  ["deploy", "redeploy"],
  ["alert_only", "notify"],
  ["alert", "notify"],
]);

export type Proposed = NonNullable<ReturnType<typeof proposedBy>>;

/** What a parsed file proposes; undefined for what names no node. */
export function proposedBy(content: unknown) {
  if (!isObject(content)) return undefined;
  const node = name(content.node);
  if (node === "") return undefined;
  const service = name(content.service);
  const payload = objectIn(content, "payload");
  const deed = deedIn(content);
  return {
    ...deed,
    node,
    service: !deed.own && WHOLE_NODE.has(service.toLowerCase()) ? node : service,
    sinceMs: sinceIn(content),
    /** Until when it asks for a decision; undefined where the file does not say. */
    untilMs: untilMs(content, payload),
    /** How grave its event was; the gravest where the file does not say. */
    gravity: gravityIn(payload),
  };
}

/** What would be done, and by whom it is proposed: all that is counted of very many files. */
export function deedIn(content: Fields) {
  const own = isOwn(content);
  const word = name(objectIn(content, "payload").action) || name(content.type) ||
    name(content.action_type) || name(content.action);
  return {
    /** What would be done; undefined for what this planner never proposes, such as a rollback. */
    remedy: MEANINGS.get(word.toLowerCase().replaceAll("-", "_")),
    /** The program's own word for it; "" where it has none. */
    word,
    own,
    /** `supervisor`, for example; "" where the file does not say. */
    by: own ? "planner-agent" : name(content.proposed_by) || (transitionsOf(content)[0]?.by ?? ""),
  };
}

/** Since when it is proposed, milliseconds since 1970; undefined where the file does not say. */
export function sinceIn(content: Fields): number | undefined {
  return momentOf(content.created_at) ?? momentOf(content.timestamp) ??
    transitionsOf(content)[0]?.atMs ?? momentOf(content.updated_at);
}

/** One that was written late asks for as long as others do. */
function untilMs(content: Fields, payload: Fields): number | undefined {
  const until = momentOf(payload.valid_until);
  const since = momentOf(content.timestamp);
  const written = momentOf(objectIn(payload, "audit").proposed_at);
  if (until === undefined || since === undefined || written === undefined) return until;
  return Math.max(until, written + until - since);
}

function gravityIn(payload: Fields): number {
  const { event } = objectIn(payload, "audit");
  if (!isObject(event)) return GRAVEST;
  const [node, service, type] = [name(event.node), name(event.service), name(event.type)];
  const severity = typeof event.severity === "string" ? event.severity : "";
  return gravity({ node, service, type, severity });
}

/** Whether a planner-agent wrote a file: it has keys that no other program writes. */
export function isOwn(content: Fields): boolean {
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
