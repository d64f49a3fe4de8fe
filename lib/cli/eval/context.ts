import { type Action, ACTIONS } from "../../llm/diagnosis.ts";
import { ACTION_FOLDERS } from "../../base/disk/store.ts";
import { isObject } from "../../base/json.ts";
import type { HealthEvent } from "../../event/event.ts";
import { parseEvent } from "../../event/parse.ts";
import { parseTimestamp } from "../../event/timestamp.ts";
import type { ProposalOutcome } from "../../policy/earlier.ts";

/** What the agent would know already when a labelled event comes. */
export interface Context {
  /** Of any node and service, oldest first. */
  readonly events: readonly HealthEvent[];
  /** Of proposals for the label's own target, newest first. */
  readonly outcomes: readonly ProposalOutcome[];
}

const MOST_ITEMS = 200;
const CHANNEL = "health_events";
const TAKES =
  `a list of at most ${MOST_ITEMS} earlier events, as published on Redis, and outcomes such as ` +
  '{"action": "restart", "became": "completed", "timestamp": "..."}';

type Fields = Readonly<Record<string, unknown>>;

/** The context of a label about `event`, or what is wrong with it. */
export function parseContext(raw: unknown, event: HealthEvent): Context | string {
  if (raw === undefined || raw === null) return { events: [], outcomes: [] };
  if (!Array.isArray(raw) || raw.length > MOST_ITEMS) return `context takes ${TAKES}`;
  const nowMs = event.timestamp * 1000;
  const events: HealthEvent[] = [];
  const outcomes: ProposalOutcome[] = [];
  for (const [index, item] of raw.entries()) {
    const fields = unwrapped(item);
    const action = fields && actionOf(fields);
    const parsed = fields && parseEvent({ ...fields }, CHANNEL, nowMs);
    if (action) {
      const outcome = outcomeOf(fields, action, nowMs);
      if (!outcome) {
        return `context[${index}] says of no folder what became of it; it takes ${TAKES}`;
      }
      if (isAbout(fields, event)) outcomes.push(outcome);
    } else if (parsed?.ok) {
      events.push(parsed.event);
    } else {
      return `context[${index}] is neither an event nor an outcome; it takes ${TAKES}`;
    }
  }
  events.sort((one, other) => one.timestamp - other.timestamp);
  outcomes.sort((one, other) => other.atMs - one.atMs);
  return { events, outcomes };
}

/** The item, or what it holds under `event` or `outcome`, as a label does. */
function unwrapped(item: unknown): Fields | undefined {
  if (!isObject(item)) return undefined;
  const { event, outcome, ...rest } = item;
  const inner = event ?? outcome;
  return isObject(inner) ? { ...rest, ...inner } : item;
}

/** The action of an outcome, which may be written as an action file. */
function actionOf({ action, type, payload, status }: Fields): Action | undefined {
  const inside = isObject(payload) && status !== undefined ? payload["action"] : undefined;
  const word = action ?? inside ?? (type === "container_restart" ? "restart" : undefined);
  return ACTIONS.find((each) => each === word);
}

function outcomeOf(fields: Fields, action: Action, nowMs: number): ProposalOutcome | undefined {
  const word = fields.became ?? fields.status ?? fields.outcome;
  const became = ACTION_FOLDERS.find((folder) => folder === word);
  if (became === undefined || became === "pending") return undefined;
  const { seconds } = parseTimestamp(fields.timestamp ?? fields.at, nowMs);
  return { actionId: "", action, became, atMs: Math.min(nowMs, seconds * 1000) };
}

function isAbout({ node, service }: Fields, event: HealthEvent): boolean {
  return (node === undefined || node === event.node) &&
    (service === undefined || service === event.service);
}
