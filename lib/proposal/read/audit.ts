/**
 * A proposal's `payload.audit`, read as untrusted. What it leaves out is "" or null.
 *
 * @module
 */
import { isObject } from "../../base/json.ts";
import { listOf, textOf } from "./text.ts";
import { parseTimestamp } from "../../event/timestamp.ts";

interface AttemptView {
  readonly link: string;
  readonly outcome: string;
  readonly error: string;
  readonly milliseconds: number | null;
}

export interface AuditView {
  readonly agentVersion: string;
  /** When the proposal was written, in milliseconds since 1970. */
  readonly proposedMs: number | null;
  readonly expiredWhenWritten: boolean;
  readonly waitedMs: number | null;
  readonly promptSha256: string;
  readonly modelDigest: string;
  readonly attempts: readonly AttemptView[];
  readonly event: {
    readonly channel: string;
    readonly severity: string;
    readonly payload: string;
  };
}

/** The audit in a parsed proposal; undefined for one without, as earlier versions wrote them. */
export function readAudit(content: Readonly<Record<string, unknown>>): AuditView | undefined {
  const audit = isObject(content.payload) ? content.payload.audit : undefined;
  if (!isObject(audit)) return undefined;
  const event = isObject(audit.event) ? audit.event : {};
  return {
    agentVersion: textOf(audit.agent_version),
    proposedMs: momentOf(audit.proposed_at),
    expiredWhenWritten: audit.expired_when_written === true,
    waitedMs: millisecondsOf(audit.waited_ms),
    promptSha256: textOf(audit.prompt_sha256),
    modelDigest: textOf(audit.model_digest),
    attempts: listOf(audit.attempts).map(({ link, outcome, error, milliseconds }) => ({
      link: textOf(link),
      outcome: textOf(outcome),
      error: textOf(error),
      milliseconds: millisecondsOf(milliseconds),
    })),
    event: {
      channel: textOf(event.channel),
      severity: textOf(event.severity),
      payload: textOf(event.payload),
    },
  };
}

function millisecondsOf(value: unknown): number | null {
  return typeof value === "number" && value >= 0 && value < 1e15 ? value : null;
}

function momentOf(value: unknown): number | null {
  if (typeof value !== "string") return null;
  // Without a clock to compare with: one before 2020 was written by a clock that was not set.
  const { seconds, replaced } = parseTimestamp(value, 0);
  return replaced ? null : seconds * 1000;
}
