import { isObject } from "../base/json.ts";
import { isoSecond } from "../base/text/span.ts";
import type { Action } from "../llm/diagnosis.ts";

/** How long after its event a proposal may be approved. */
export interface Validity {
  readonly repairSeconds: number; // a restart or redeploy
  readonly noticeSeconds: number; // a notify
}

/** Half an hour for what changes something, a day for what only tells. */
const DEFAULT_VALIDITY: Validity = { repairSeconds: 1_800, noticeSeconds: 86_400 };

/**
 * Until when a proposal may be approved: ISO 8601 in UTC, whole seconds.
 *
 * Counted from the event, not from the writing: what was seen an hour ago is no reason to restart
 * something now, however long the diagnosis took. An event that waited too long is therefore past
 * its time when it is written, and {@linkcode isStale} says so from the start. A sender's clock
 * that runs ahead gains nothing: an event is never younger than `writtenMs`.
 *
 * @param timestamp the event's, in seconds since 1970; `writtenMs` is the proposal's, in milliseconds
 */
export function validUntil(
  timestamp: number,
  { action, writtenMs, validity = DEFAULT_VALIDITY }: {
    readonly action: Action;
    readonly writtenMs: number;
    readonly validity?: Validity | undefined;
  },
): string {
  const { repairSeconds, noticeSeconds } = validity;
  const seconds = action === "restart" || action === "redeploy" ? repairSeconds : noticeSeconds;
  const eventMs = Number.isFinite(timestamp) ? Math.max(0, timestamp * 1000) : writtenMs;
  return isoSecond(Math.min(eventMs, writtenMs) + seconds * 1000);
}

const ISO_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

/**
 * Whether a parsed proposal is past its `payload.valid_until` at `nowMs` (milliseconds since 1970).
 * One without the key, as earlier versions wrote them, never is; one whose time cannot be read
 * always is.
 */
export function isStale(content: unknown, nowMs: number): boolean {
  const payload = isObject(content) ? content.payload : undefined;
  const until = isObject(payload) ? payload.valid_until : undefined;
  if (until === undefined) return false;
  const untilMs = typeof until === "string" && ISO_UTC.test(until) ? Date.parse(until) : NaN;
  return !(nowMs < untilMs);
}
