/**
 * Whether what a model quotes stands in the event.
 *
 * @module
 */
import type { WaitingEvent } from "../event/event.ts";

/** Shorter quotations could be found in any text. */
const SHORTEST = 4;
/** Keys of an answer in a quotation show that the payload gave the model instructions. */
const ANSWER_KEYS = /requires_?human|"?confidence"?\s*:|"?action"?\s*:/i;

/**
 * Whether `evidence` stands in the event's payload, or is its type or service; undefined where
 * nothing is quoted. Letter case, blanks and JSON's own quoting do not count.
 */
export function isQuoted(evidence: string | undefined, event: WaitingEvent): boolean | undefined {
  const quote = plain(evidence ?? "");
  if (quote === "") return undefined;
  if (quote.length < SHORTEST || ANSWER_KEYS.test(evidence ?? "")) return false;
  const { excerpt, type, service, severity } = event;
  return [excerpt, `type: ${type} severity: ${severity}`, service].some((text) =>
    plain(text).includes(quote)
  );
}

function plain(text: string): string {
  return text.replace(/\\[nrt]/g, " ").replace(/[\s\\"'`]+/g, "").toLowerCase();
}
