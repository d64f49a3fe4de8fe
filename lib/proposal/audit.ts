/**
 * Where a proposal comes from: what was heard, asked and answered.
 *
 * @module
 */
import { cutAndCounted } from "../base/text/cut.ts";
import { isoSecond } from "../base/text/span.ts";
import { asciiJson } from "../base/json.ts";
import { sha256 } from "./digest.ts";
import type { WaitingEvent } from "../event/event.ts";
import type { Attempt, Message } from "../llm/contract.ts";
import { VERSION } from "../base/version.ts";

const LONGEST_PAYLOAD = 4_096; // UTF-16 units
const MOST_ATTEMPTS = 50; // the last ones; a chain has fewer in all but the strangest settings

export interface Provenance {
  readonly event: WaitingEvent;
  readonly modelUsed: string; // its name, or `rules`
  readonly attempts: readonly Attempt[]; // every request that it took, in order
  /** From the event's arrival to the beginning of its diagnosis, in milliseconds. */
  readonly waitedMs: number;
  /** Absent where nothing was asked. */
  readonly promptSha256?: string;
  /** The model's, as its Ollama reports it; absent where that is not known. */
  readonly modelDigest?: string | undefined;
}

/**
 * SHA-256 of the messages that a diagnosis began with: `[{"role":…,"content":…},…]` as JSON without
 * blanks, ASCII only (Python's `json.dumps(messages, separators=(",", ":"))`).
 */
export function promptSha256(messages: readonly Message[]): string {
  return sha256(asciiJson(messages.map(({ role, content }) => ({ role, content }))));
}

/**
 * `payload.audit` of a proposal that is written at `writtenMs` (milliseconds since 1970). `expired`:
 * its event waited so long that it is past its `valid_until` by then.
 */
export function audit(
  { event, modelUsed, attempts, waitedMs, promptSha256, modelDigest }: Provenance,
  { writtenMs, expired }: { readonly writtenMs: number; readonly expired: boolean },
) {
  const { channel, node, service, type, severity, timestamp, excerpt } = event;
  return {
    agent_version: VERSION,
    proposed_at: isoSecond(writtenMs),
    ...(expired && { expired_when_written: true }),
    waited_ms: Math.round(waitedMs),
    ...(promptSha256 !== undefined && { prompt_sha256: promptSha256 }),
    model: modelUsed,
    ...(modelDigest !== undefined && { model_digest: modelDigest }),
    attempts: attempts.slice(-MOST_ATTEMPTS).map(auditAttempt),
    /** As received, its payload redacted and cut as for the prompt. */
    event: {
      channel,
      node,
      service,
      type,
      severity,
      timestamp,
      ...(excerpt !== "" && { payload: cutAndCounted(excerpt, LONGEST_PAYLOAD) }),
    },
  };
}

/** One request to a link. Keys and units as in the log. */
function auditAttempt({ link, model, outcome, error, milliseconds, figures = {} }: Attempt) {
  const { promptTokens, cachedTokens, answerTokens, loadMs, promptMs, answerMs } = figures;
  return {
    link,
    model,
    outcome,
    ...(error !== undefined && { error }),
    milliseconds,
    ...(promptTokens !== undefined && { prompt_tokens: promptTokens }),
    ...(cachedTokens !== undefined && { cached_tokens: cachedTokens }),
    ...(answerTokens !== undefined && { answer_tokens: answerTokens }),
    ...(loadMs !== undefined && { load_ms: loadMs }),
    ...(promptMs !== undefined && { prompt_ms: promptMs }),
    ...(answerMs !== undefined && { answer_ms: answerMs }),
  };
}
