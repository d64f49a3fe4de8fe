/**
 * What a model is told about its wrong answer.
 *
 * @module
 */
import { cut } from "../base/text/cut.ts";
import type { Message } from "./contract.ts";
import { isWrongAnswer, type LinkError } from "./failure.ts";

/** The longest part of a wrong answer, and of what is wrong with it, that goes back to the model. */
const LONGEST_ANSWER = 1500;
const LONGEST_ERROR = 500;

/**
 * Messages to add before asking again: the model's own answer and what is wrong with it. None
 * after a failure of the transport, which does not concern the model.
 */
export function correction(failure: LinkError): Message[] {
  if (!isWrongAnswer(failure.kind)) return [];
  const said = failure.detail.content?.trim() ?? "";
  const answer: Message[] = said === ""
    ? []
    : [{ role: "assistant", content: cut(said, LONGEST_ANSWER).toWellFormed() }];
  const error = cut(failure.message, LONGEST_ERROR).toWellFormed();
  return [...answer, {
    role: "user",
    content: `That answer cannot be used: ${error}. Answer again with ONLY one JSON object with \
the keys evidence, cause, reason, action, confidence and requires_human; keep the reason short.`,
  }];
}
