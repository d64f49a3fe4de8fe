/**
 * The action files of other programs, for people: a supervisor's, an operator's tool's. Their shapes
 * differ from the planner's and from each other; what is missing is "" or null.
 *
 * @module
 */
import { isObject } from "../../base/json.ts";
import type { ActionView } from "./action.ts";
import { proposedBy } from "./proposed.ts";
import { nameIn, textOf } from "./text.ts";

/** Stands for the proposer where the file names nobody. */
const UNNAMED = "another program";

/**
 * What such a file says; a sentence where nobody could act on it.
 *
 * @param content a parsed file that is not the planner's own
 * @param at.writtenMs when the file was written: the time of one that names none
 */
export function readForeign(
  content: Readonly<Record<string, unknown>>,
  at: { readonly actionId: string; readonly writtenMs: number },
): ActionView | string {
  const { action_id, confidence } = content;
  if (typeof action_id === "string" && action_id !== at.actionId) {
    return `its action_id is "${nameIn(action_id)}", not the file's name`;
  }
  const proposed = proposedBy(content);
  if (!proposed) return "node is no text";
  if (proposed.word === "") return "neither type nor action_type is a text";
  const details = isObject(content.details) ? content.details : {};
  const payload = isObject(content.payload) ? content.payload : {};
  const human = content.requires_human ?? content.approval_required;
  return {
    actionId: at.actionId,
    node: proposed.node,
    service: proposed.service,
    type: proposed.word,
    action: proposed.remedy ?? proposed.word,
    riskLevel: nameIn(content.risk_level) || nameIn(content.risk),
    requiresHuman: typeof human === "boolean" ? human : null,
    confidence: typeof confidence === "number" && confidence >= 0 && confidence <= 1
      ? confidence
      : null,
    reason: [details.reason, payload.reason, content.reason, content.description, details.image]
      .map(textOf).find((text) => text !== "") ?? "",
    status: nameIn(content.status),
    timestamp: (proposed.sinceMs ?? at.writtenMs) / 1000,
    sourceEvent: nameIn(content.source_event) || nameIn(content.trigger_type),
    proposedBy: proposed.by || UNNAMED,
    location: nameIn(content.location_tag) || nameIn(payload.location_tag),
    model: "",
    attempts: null,
    changes: [],
    validUntil: "",
    content,
  };
}
