/**
 * What an action file says, whichever program wrote it: the planner, a supervisor, an operator's
 * tool. Their keys differ; what is done to which target, by whom and since when can be told of
 * each. Read as untrusted: anybody may have edited it.
 *
 * @module
 */
import { isObject } from "../../base/json.ts";
import { cleanName } from "../../base/text/names.ts";
import { plainLine } from "../../base/text/plain_line.ts";
import type { Fields } from "../../event/payload.ts";
import { type Target, targetKey } from "../../event/target.ts";
import { parseTimestamp } from "../../event/timestamp.ts";
import { GRAVEST, gravity } from "../../gate/gravity.ts";
import { type Action, ACTIONS } from "../../llm/diagnosis.ts";

const LONGEST_NAME = 200;
const LONGEST_TEXT = 1_000;
/** Entries of a list that are looked at. */
const LONGEST_LIST = 100;

/** A text as a clean, bounded name; "" for any other value. */
export function nameIn(value: unknown, longest = LONGEST_NAME): string {
  return typeof value === "string" ? cleanName(value, longest) : "";
}

/** A value as one bounded line without secrets and terminal codes. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return plainLine(value, LONGEST_TEXT);
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

/** The objects among the first hundred entries of what may be a list. */
export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.slice(0, LONGEST_LIST).filter(isObject) : [];
}

/** The object under a key; an empty one where there is none. */
export function objectIn(fields: Fields, key: string): Fields {
  const value = fields[key];
  return isObject(value) ? value : {};
}

/** As nearly all programs write it: Date.parse reads it at once, and every month has these days. */
const ISO_SECONDS = /^20\d\d-\d\d-(?:[01]\d|2[0-8])T\d\d:\d\d:\d\dZ$/;
const EARLIEST = Date.UTC(2020, 0);

/** A time that a file names, in milliseconds; undefined for one before 2020 or after 2100. */
export function momentOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string" && ISO_SECONDS.test(value)) {
    const ms = Date.parse(value);
    if (ms >= EARLIEST) return ms;
  }
  const { seconds, replaced } = parseTimestamp(value, 0);
  return replaced ? undefined : seconds * 1000;
}

const LONGEST_PLACE = 100;

/**
 * `transition_history` of a parsed file: every program of the homelab that moves one appends from
 * where to where, when, and who it was. The newest last; other entries are left out.
 */
export function transitionsOf({ transition_history: entries }: Fields) {
  if (!Array.isArray(entries)) return [];
  return entries.slice(-LONGEST_LIST).filter(isObject).map(({ from, to, timestamp, by }) => ({
    from: nameIn(from, LONGEST_PLACE),
    to: nameIn(to, LONGEST_PLACE),
    /** Milliseconds since 1970; undefined where the entry names no plausible time. */
    get atMs() {
      return momentOf(timestamp);
    },
    /** `operator-...`, `webui`, `system`; "" where nobody is named. */
    by: nameIn(by, LONGEST_PLACE),
  }));
}

/** Services that other programs write where they mean the node itself. */
const WHOLE_NODE: ReadonlySet<string> = new Set(["", "all", "node"]);

/** Keys that this planner (and the one before it) writes, and no other program does. */
const OWN_KEYS = ["source_event", "llm_model", "llm_attempts"];

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
  const node = nameIn(content.node);
  if (node === "") return undefined;
  const service = nameIn(content.service);
  const deed = deedIn(content);
  return {
    ...deed,
    node,
    service: !deed.own && WHOLE_NODE.has(service.toLowerCase()) ? node : service,
    sinceMs: sinceIn(content),
    untilMs: untilIn(content),
    gravity: gravityIn(content),
  };
}

/** What would be done, and by whom it is proposed: all that is counted of very many files. */
export function deedIn(content: Fields) {
  const own = isOwn(content);
  const word = nameIn(objectIn(content, "payload").action) || nameIn(content.type) ||
    nameIn(content.action_type) || nameIn(content.action);
  return {
    /** What would be done; undefined for what this planner never proposes, such as a rollback. */
    remedy: MEANINGS.get(word.toLowerCase().replaceAll("-", "_")),
    /** The program's own word for it; "" where it has none. */
    word,
    own,
    /** `supervisor`, for example; "" where the file does not say. */
    by: own
      ? "planner-agent"
      : nameIn(content.proposed_by) || (transitionsOf(content)[0]?.by ?? ""),
  };
}

/** Since when it is proposed, milliseconds since 1970; undefined where the file does not say. */
export function sinceIn(content: Fields): number | undefined {
  return momentOf(content.created_at) ?? momentOf(content.timestamp) ??
    transitionsOf(content)[0]?.atMs ?? momentOf(content.updated_at);
}

/** Until when it asks for a decision: one that was written late asks for as long as others do. */
function untilIn(content: Fields): number | undefined {
  const payload = objectIn(content, "payload");
  const until = momentOf(payload.valid_until);
  const since = momentOf(content.timestamp);
  const written = momentOf(objectIn(payload, "audit").proposed_at);
  if (until === undefined || since === undefined || written === undefined) return until;
  return Math.max(until, written + until - since);
}

/** How grave its event was; the gravest where the file does not say. */
function gravityIn(content: Fields): number {
  const { event } = objectIn(objectIn(content, "payload"), "audit");
  if (!isObject(event)) return GRAVEST;
  const [node, service, type] = [nameIn(event.node), nameIn(event.service), nameIn(event.type)];
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
