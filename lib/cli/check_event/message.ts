import { spanInWords } from "../../base/text/span.ts";
import { familyOf } from "../../event/family.ts";
import { type EventRefusal, type NodeAliases, parseEvent } from "../../event/parse.ts";
import { readMessage, type RefusalKind } from "../../event/message.ts";
import { type News, newsOf } from "../../event/news.ts";
import { normalType } from "../../event/type.ts";
import { CHANNELS } from "../../config/config.ts";

export type CheckedMessage =
  | {
    readonly becomes: "refused";
    readonly why: RefusalKind | EventRefusal;
    readonly remedy: string;
    /** How it begins. */
    readonly preview: string;
  }
  | {
    readonly becomes: News;
    readonly node: string;
    readonly service: string;
    readonly type: string;
    readonly normal_type: string;
    readonly family: string;
    readonly severity: string;
    /** Seconds since 1970. */
    readonly timestamp: number;
    /** What it lacks, or what of it was not believed; a sentence each. */
    readonly missing: readonly string[];
  };

const REMEDIES: Readonly<Record<RefusalKind | EventRefusal, string>> = {
  too_large: "it is over 1 MiB: send less in its payload",
  invalid_utf8: "it is not UTF-8: encode it so",
  invalid_json: "it is not JSON: look for a missing quote, comma or brace",
  not_object: "it is JSON, but no object: put it into { }",
  no_type: 'it has no "type" (or "event_type"): say what happened',
  no_node: 'it has no "node": say on which machine it happened',
  type_not_text: 'its "type" is neither text nor a number',
  node_not_text: 'its "node" is neither text nor a number',
};

/** What the agent would make of the bytes of a message now, and what it lacks. */
export function checkMessage(
  bytes: Uint8Array,
  { nowMs, aliases, validMs }: {
    readonly nowMs: number;
    readonly aliases: NodeAliases;
    /** How long after its event a restart may be approved. */
    readonly validMs: number;
  },
): CheckedMessage {
  const refused = (why: RefusalKind | EventRefusal, preview: string): CheckedMessage => {
    return { becomes: "refused", why, remedy: REMEDIES[why], preview };
  };
  const message = readMessage(bytes);
  if (!message.ok) return refused(message.refusal.kind, message.refusal.preview);
  const { value } = message;
  const parsed = parseEvent(value, CHANNELS[0], nowMs, { aliases });
  if (!parsed.ok) {
    const keys = Object.keys(value).slice(0, 20).join(", ").slice(0, 200);
    return refused(parsed.refusal, `keys: ${keys}`);
  }
  const { event, replacedTime, unknownSeverity } = parsed;
  const { node, service, type, severity, timestamp, payload } = event;
  const becomes = newsOf(event);
  const family = familyOf(type);
  const isFault = becomes === "fault";
  const ageMs = nowMs - timestamp * 1000;
  const lacks = (...keys: string[]) => !keys.some((key) => key in value);
  const missing: string[] = [];
  if (service === node && lacks("service")) missing.push("service: it is about the node itself");
  if (unknownSeverity !== undefined) {
    const unknown = `nobody defined the word '${unknownSeverity}'`;
    missing.push(`severity: ${unknown}; it counts as ${severity}`);
  } else if (lacks("severity", "level")) {
    missing.push(`severity: it counts as ${severity}`);
  }
  if (replacedTime) {
    const { sent, reason } = replacedTime;
    missing.push(`timestamp: ${sent} is not believed (${reason}); now counts`);
  } else if (lacks("timestamp")) {
    missing.push("timestamp: the time at which it arrives counts");
  } else if (isFault && ageMs > validMs) {
    const stale = "a restart for it would be stale from the start";
    const remedy = "Send the time of this event, not of the first one";
    missing.push(`timestamp: it is ${spanInWords(ageMs)} old; ${stale}. ${remedy}`);
  }
  if (isFault && Object.keys(payload).length === 0) {
    missing.push("payload: nothing but its type helps the diagnosis");
  }
  if (isFault && family === "unknown") {
    missing.push("type: its words are not known; it is diagnosed with care");
  }
  const normal_type = normalType(type);
  return { becomes, node, service, type, normal_type, family, severity, timestamp, missing };
}
