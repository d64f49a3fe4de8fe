/**
 * How an attempt fails, and which failures are worth asking the same link again at once.
 *
 * @module
 */
import type { FailureKind } from "./contract.ts";

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

/** True when the link worked and the model answered wrongly: the model is told, the link is well. */
export function isWrongAnswer(kind: FailureKind): boolean {
  switch (kind) {
    case "empty":
    case "truncated":
    case "not_json":
    case "several_objects":
    case "schema_violation":
      return true;
    case "refused":
    case "unreachable":
    case "connect_timeout":
    case "first_token_timeout":
    case "idle_timeout":
    case "total_timeout":
    case "disconnected":
    case "http_status":
    case "model_missing":
    case "server_error":
    case "bad_response":
    case "aborted":
      return false;
  }
}

/** Texts of Ollama's errors that asking again at once cannot change. */
const LASTING = [
  "more system memory",
  "out of memory",
  "not enough memory",
  "insufficient memory",
  "no space left",
  "unable to allocate",
  "unsupported model",
  "unknown model architecture",
];

function isLasting(text: string): boolean {
  const lower = text.toLowerCase();
  return LASTING.some((phrase) => lower.includes(phrase));
}

/**
 * True when asking the same link again at once can help.
 *
 * Never after a timeout: an Ollama on a CPU goes on with the abandoned prompt and a second request
 * waits behind it (ollama/ollama#11889).
 */
export function canPassAtOnce(failure: LinkError): boolean {
  const { kind, detail, message } = failure;
  if (isWrongAnswer(kind)) return true;
  switch (kind) {
    case "disconnected":
    case "bad_response":
      return true;
    case "server_error":
      return !isLasting(message);
    case "http_status":
      return detail.aboutThinking === true || ((detail.status ?? 0) >= 500 && !isLasting(message));
    default:
      return false;
  }
}
