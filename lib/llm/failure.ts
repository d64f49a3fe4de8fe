import { withoutMarkers } from "../base/text/chat_markers.ts";
import { cut } from "../base/text/cut.ts";
import type { Message } from "./contract.ts";

/**
 * Why an attempt gave no usable answer, and whether asking the same link again at once can help: a
 * model that answered wrongly is told, and its link is well.
 *
 * Never after a timeout: an Ollama on a CPU goes on with the abandoned prompt and a second request
 * waits behind it (ollama/ollama#11889).
 */
const AGAIN = {
  refused: "no", // nothing listens there
  unreachable: "no", // no route, no name, or another failure before a connection
  connect_timeout: "no",
  first_token_timeout: "no",
  idle_timeout: "no",
  total_timeout: "no",
  disconnected: "yes", // the connection broke before the answer was complete
  http_status: "unless_lasting",
  model_missing: "no", // 404; on an Ollama, `ollama pull NAME` helps
  server_error: "unless_lasting", // an `error` under status 200
  bad_response: "yes", // status 200, but not what the API says
  empty: "corrected",
  truncated: "corrected", // cut at the token limit or by a content filter
  not_json: "corrected",
  several_objects: "corrected",
  schema_violation: "corrected",
  aborted: "no", // the agent is shutting down
} as const;

export type FailureKind = keyof typeof AGAIN;

/** What is known about a failed attempt beside its kind. */
interface FailureDetail {
  /** The HTTP status, where there was one other than 200. */
  readonly status?: number;
  /** What the server said with that status. */
  readonly said?: string;
  /** What the model wrote before the failure; the correction quotes it. */
  readonly content?: string;
  /** True when thinking came along. */
  readonly thought?: boolean;
  /** The server does not want the `think` field as it was sent. */
  readonly aboutThinking?: boolean;
}

/** One attempt of one link gave no usable answer. The message is raw: redact it before showing. */
export class LinkError extends Error {
  override readonly name = "LinkError";
  constructor(readonly kind: FailureKind, message: string, readonly detail: FailureDetail = {}) {
    super(message);
  }
}

/** True when the link worked and the model answered wrongly. */
export function isWrongAnswer(kind: FailureKind): boolean {
  return AGAIN[kind] === "corrected";
}

/** Of Ollama's errors, those that asking again at once cannot change. */
const LASTING =
  /(?:more system|out of|not enough|insufficient) memory|no space left|unable to allocate|unsupported model|unknown model architecture/i;

/** True when asking the same link again at once can help. */
export function canPassAtOnce({ kind, detail, message }: LinkError): boolean {
  const { status = 500, aboutThinking = false } = detail;
  switch (AGAIN[kind]) {
    case "yes":
    case "corrected":
      return true;
    case "unless_lasting":
      return aboutThinking || (status >= 500 && !LASTING.test(message));
    case "no":
      return false;
  }
}

/** The longest part of a wrong answer, and of what is wrong with it, that goes back to the model. */
const LONGEST_ANSWER = 1500;
const LONGEST_ERROR = 500;

/**
 * Messages to add before asking again: the model's own answer and what is wrong with it. None
 * after a failure of the transport, which does not concern the model.
 */
export function correction({ kind, detail, message }: LinkError): Message[] {
  if (!isWrongAnswer(kind)) return [];
  const said = cut(withoutMarkers(detail.content?.trim() ?? ""), LONGEST_ANSWER).toWellFormed();
  const error = cut(withoutMarkers(message), LONGEST_ERROR).toWellFormed();
  const request = `That answer cannot be used: ${error}. Answer again with ONLY one JSON object \
with the keys evidence, cause, reason, action, confidence and requires_human; keep the reason short.`;
  return [
    ...said === "" ? [] : [{ role: "assistant", content: said } as const],
    { role: "user", content: request },
  ];
}
