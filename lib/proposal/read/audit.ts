/**
 * A proposal's `payload.audit`, read as untrusted. What it leaves out is "" or null.
 *
 * @module
 */
import { isObject } from "../../base/json.ts";
import { type Fields, listOf, objectIn, textOf } from "./text.ts";

export type AuditView = NonNullable<ReturnType<typeof readAudit>>;

/** The audit in a parsed proposal; undefined for one without, as earlier versions wrote them. */
export function readAudit(content: Fields) {
  const { audit } = objectIn(content, "payload");
  if (!isObject(audit)) return undefined;
  const { channel, severity, payload } = objectIn(audit, "event");
  return {
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
    event: { channel: textOf(channel), severity: textOf(severity), payload: textOf(payload) },
  };
}

function millisecondsOf(value: unknown): number | null {
  return typeof value === "number" && value >= 0 && value < 1e15 ? value : null;
}
