import { isObject } from "../../base/json.ts";
import { cut } from "../../base/text/cut.ts";
import { type Action, ACTIONS } from "../../llm/diagnosis.ts";
import { type Context, parseContext } from "./context.ts";
import type { WaitingEvent } from "../../event/event.ts";
import { excerpt } from "../../event/excerpt.ts";
import { newsOf } from "../../event/news.ts";
import { readMessage } from "../../event/message.ts";
import { parseEvent } from "../../event/parse.ts";
import { visibleText } from "../../base/text/visible.ts";

/** A line of a file for `eval`: what happened, and which diagnoses of it a person would accept. */
export interface Label {
  /** Its line in the file, from 1. */
  readonly line: number;
  readonly event: WaitingEvent;
  /** In the order of {@linkcode ACTIONS}. */
  readonly acceptable: readonly Action[];
  /** Whether the proposal must ask for a person; null where either is fine. */
  readonly requiresHuman: boolean | null;
  /** The gate takes it for good news, so that no model would be asked. */
  readonly benign: boolean;
  readonly context: Context;
}

/** `payloadBytes` is PROMPT_PAYLOAD_BYTES. */
type LabelOptions = Readonly<Record<"nowMs" | "payloadBytes", number>>;

const CHANNEL = "health_events";
const KEYS = ["event", "acceptable", "requires_human", "context", "why", "source"];
const MOST_PROBLEMS = 10;
/** More lines would take weeks on the machines this is for. */
const MOST_LINES = 10_000;
const LONGEST_SHOWN = 80;

/** What the keys of a label take. */
const TAKES = {
  event: "an object, as it is published on Redis",
  acceptable: `a list of one or more of ${ACTIONS.join(", ")}, each once`,
  requires_human: "true, false, or null for either",
};

const EVENT_NEEDS = {
  no_type: "has no type",
  no_node: "has no node",
  type_not_text: "has a type that is no text",
  node_not_text: "has a node that is no text",
} as const;

const MESSAGE_IS = {
  too_large: "longer than 1 MiB",
  invalid_utf8: "not UTF-8",
  invalid_json: "not JSON",
  not_object: "not a JSON object",
} as const;

/**
 * Reads a whole file of labelled events, one JSON object a line; blank lines are passed over. Where
 * there is a problem with it, each is a sentence that names line, value and what it takes.
 */
export function parseLabels(
  bytes: Uint8Array,
  options: LabelOptions,
): { readonly labels: readonly Label[]; readonly problems: readonly string[] } {
  const labels: Label[] = [];
  const problems: string[] = [];
  for (let line = 1, from = 0; from < bytes.length; line++) {
    const newline = bytes.indexOf(0x0a, from);
    const text = bytes.subarray(from, newline < 0 ? bytes.length : newline);
    from += text.length + 1;
    if (!text.some((byte) => byte > 0x20)) continue;
    const result = parseLine(text, options);
    if (typeof result === "string") problems.push(`line ${line}: ${result}`);
    else labels.push({ line, ...result });
    if (problems.length >= MOST_PROBLEMS) problems.push("the lines behind it were not looked at");
    if (labels.length > MOST_LINES) problems.push(`there are more than ${MOST_LINES} events`);
    if (problems.length >= MOST_PROBLEMS || labels.length > MOST_LINES) break;
  }
  if (problems.length === 0 && labels.length === 0) problems.push("there is no event in it");
  return { labels, problems };
}

/** A label, or what is wrong with the line. */
function parseLine(bytes: Uint8Array, options: LabelOptions): Omit<Label, "line"> | string {
  const message = readMessage(bytes);
  if (!message.ok) return `it is ${MESSAGE_IS[message.refusal.kind]}: ${message.refusal.preview}`;
  const label = message.value;
  const stranger = Object.keys(label).find((key) => !KEYS.includes(key));
  if (stranger !== undefined) {
    return `${shown(stranger)} is no key of a label; there are: ${KEYS.join(", ")}`;
  }

  const { event: raw, acceptable, requires_human: requiresHuman = null } = label;
  const wrong = (key: keyof typeof TAKES) =>
    `${key} is ${shown(label[key])}; it takes ${TAKES[key]}`;
  if (!isObject(raw)) return wrong("event");
  const parsed = parseEvent({ ...raw }, CHANNEL, options.nowMs);
  if (!parsed.ok) return `event ${EVENT_NEEDS[parsed.refusal]}; it takes node and type, both text`;
  const { payload, ...event } = parsed.event;
  const context = parseContext(label.context, parsed.event);
  if (typeof context === "string") return context;
  const given: readonly unknown[] = Array.isArray(acceptable) ? acceptable : [];
  const actions = ACTIONS.filter((action) => given.includes(action));
  if (actions.length === 0 || actions.length < given.length) return wrong("acceptable");
  if (requiresHuman !== null && typeof requiresHuman !== "boolean") return wrong("requires_human");
  return {
    event: { ...event, excerpt: excerpt(payload, options.payloadBytes) },
    acceptable: actions,
    requiresHuman,
    benign: newsOf(parsed.event) !== "fault",
    context,
  };
}

function shown(value: unknown): string {
  if (value === undefined) return "missing";
  return cut(visibleText(JSON.stringify(value)).replace(/[\t\n]/g, " "), LONGEST_SHOWN);
}
