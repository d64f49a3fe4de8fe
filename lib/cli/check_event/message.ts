import { spanInWords } from "../../base/text/span.ts";
import { familyOf } from "../../event/family.ts";
import { type EventRefusal, type NodeAliases, parseEvent } from "../../event/parse.ts";
import { readMessage, type RefusalKind } from "../../event/message.ts";
import { newsOf } from "../../event/news.ts";
import { normalType } from "../../event/type.ts";
import { CHANNELS } from "../../config/config.ts";

export type CheckedMessage = ReturnType<typeof checkMessage>;

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

/**
 * What the agent would make of the bytes of a message now, and what it lacks or what of it was not
 * believed. Keys are stable.
 */
export function checkMessage(
  bytes: Uint8Array,
  { nowMs, aliases, validMs }: {
    readonly nowMs: number;
    readonly aliases: NodeAliases;
    /** How long after its event a restart may be approved. */
    readonly validMs: number;
  },
) {
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
  const missing = [
    service === node && lacks("service") && "service: it is about the node itself",
    unknownSeverity !== undefined
      ? `severity: nobody defined the word '${unknownSeverity}'; it counts as ${severity}`
      : lacks("severity", "level") && `severity: it counts as ${severity}`,
    replacedTime
      ? `timestamp: ${replacedTime.sent} is not believed (${replacedTime.reason}); now counts`
      : lacks("timestamp")
      ? "timestamp: the time at which it arrives counts"
      : isFault && ageMs > validMs && staleTime(ageMs),
    isFault && Object.keys(payload).length === 0 &&
    "payload: nothing but its type helps the diagnosis",
    isFault && family === "unknown" && "type: its words are not known; it is diagnosed with care",
  ].filter((sentence) => sentence !== false);
  const normal_type = normalType(type);
  return { becomes, node, service, type, normal_type, family, severity, timestamp, missing };
}

function refused(why: RefusalKind | EventRefusal, preview: string) {
  return { becomes: "refused", why, remedy: REMEDIES[why], preview } as const;
}

function staleTime(ageMs: number): string {
  return `timestamp: it is ${spanInWords(ageMs)} old; a restart for it would be stale from the ` +
    "start. Send the time of this event, not of the first one";
}
