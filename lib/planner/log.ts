/**
 * What the pipeline writes to the log, one function a line. Names and fields are a contract with
 * those who read the log. Lines that a flood would repeat are folded.
 *
 * @module
 */
import type { Diagnosis } from "../llm/diagnosis.ts";
import type { HealthEvent, WaitingEvent } from "../event/event.ts";
import { type FoldedLine, foldedLines, SILENT } from "../base/log/fold.ts";
import { isBenign } from "../gate/objection.ts";
import type { ChainExhaustedError } from "../llm/contract.ts";
import type { PlannerParts } from "./parts.ts";
import type { PolicyChange } from "../policy/policy.ts";
import { readableReason } from "../proposal/action_file.ts";
import type { QueueEntry } from "../queue/entry.ts";
import type { Objected } from "../gate/objection.ts";
import { svcKey, targetKey } from "../event/target.ts";

/** Longest error of an exhausted chain, in UTF-16 units. */
const LONGEST_ERROR = 400;

export type PlannerLog = ReturnType<typeof createPlannerLog>;

export function createPlannerLog(
  { log, clock, settings }: Pick<PlannerParts, "log" | "clock" | "settings">,
) {
  const fold = foldedLines(log, clock);
  const received = fold("info", "event_received");
  // Folded apart from the others, so that a flood of benign events cannot crowd out faults.
  const receivedBenign = fold("info", "event_received");
  const passed = fold("info", "cooldown_passed");
  const waits = fold("info", "event_held");
  const dropped = fold("warning", "event_dropped");
  const exhausted = fold("error", "llm_chain_exhausted");
  const parked = fold("info", "event_parked");
  const expired = fold("warning", "event_expired");
  const ignored = fold("info", "proposal_ignored");
  const policyApplied = fold("info", "policy_applied");
  const objections: Readonly<Record<Objected["line"], FoldedLine>> = {
    // Most messages end here: even counting them would be costly, and only who debugs reads them.
    benign_event_skipped: settings.logLevel === "debug"
      ? fold("debug", "benign_event_skipped")
      : SILENT,
    cooldown_active: fold("info", "cooldown_active"),
    event_muted: fold("info", "event_muted"),
    proposal_held: fold("info", "proposal_held"),
    proposal_found: fold("info", "proposal_found"),
    recovered_before_diagnosis: fold("info", "recovered_before_diagnosis"),
  };
  const lines = [received, receivedBenign, passed, waits, dropped, exhausted, parked, expired]
    .concat(ignored, policyApplied, Object.values(objections));
  return {
    received(event: HealthEvent, key: string) {
      const line = isBenign(event.type) ? receivedBenign : received;
      line.log(`${event.channel}\0${event.severity}\0${event.type}\0${key}`, () => ({
        channel: event.channel,
        svc_key: svcKey(event),
        type: event.type,
        severity: event.severity,
        ...event.origin,
      }));
    },
    /** The event goes no further. */
    objected(event: HealthEvent | WaitingEvent, key: string, objected: Objected) {
      const { outcome, fields } = objected;
      const line = objections[objected.line];
      if (line === SILENT) return;
      line.log(`${outcome}\0${event.type}\0${key}`, () => ({
        svc_key: svcKey(event),
        type: event.type,
        ...fields,
      }));
    },
    /** A graver event is diagnosed although its target cools down for `remainingMs` more. */
    passed({ type, severity, ...target }: WaitingEvent, key: string, remainingMs: number) {
      if (remainingMs <= 0) return;
      passed.log(`${severity}\0${type}\0${key}`, () => ({
        svc_key: svcKey(target),
        type,
        severity,
        remaining_seconds: Math.round(remainingMs / 1000),
      }));
    },
    /** An event is kept back for `ms` milliseconds at most. */
    waits(event: WaitingEvent, key: string, { why, ms }: { why: string; ms: number }) {
      waits.log(`${why}\0${key}`, () => ({
        svc_key: svcKey(event),
        reason: why,
        seconds: Math.ceil(ms / 1000),
      }));
    },
    dropped({ event, key }: QueueEntry) {
      dropped.log(key, () => ({
        svc_key: svcKey(event),
        severity: event.severity,
        reason: "queue_full",
        queue_limit: settings.queueLimit,
      }));
    },
    exhausted(event: WaitingEvent, error: ChainExhaustedError) {
      const text = error.message.slice(0, LONGEST_ERROR);
      exhausted.log(`${text}\0${targetKey(event)}`, () => ({
        svc_key: svcKey(event),
        error: text,
        attempts: error.attempts.length,
      }));
    },
    parked({ event, failures, key }: QueueEntry, delayMs: number) {
      parked.log(`${failures}\0${key}`, () => ({
        svc_key: svcKey(event),
        failures,
        retry_in_seconds: Math.round(delayMs / 1000),
      }));
    },
    expired({ event, failures, key }: QueueEntry) {
      expired.log(key, () => ({
        svc_key: svcKey(event),
        failures,
        event_ttl_seconds: settings.eventTtlSeconds,
      }));
    },
    policyApplied(event: WaitingEvent, changes: readonly PolicyChange[]) {
      const rules = changes.map(({ rule, from, to }) => `${rule} ${from} ${to}`).join();
      policyApplied.log(
        `${rules}\0${targetKey(event)}`,
        () => ({ svc_key: svcKey(event), changes }),
      );
    },
    ignored({ reason, confidence }: Diagnosis, event: WaitingEvent, model: string) {
      ignored.log(`${model}\0${reason}\0${targetKey(event)}`, () => ({
        svc_key: svcKey(event),
        reason: readableReason(reason),
        confidence,
        llm_model: model,
      }));
    },
    claimLost(event: WaitingEvent) {
      log.warning("claim_lost", { svc_key: svcKey(event) });
    },
    fault(event: WaitingEvent, error: unknown) {
      log.error("planner_error", { svc_key: svcKey(event), error: String(error) });
    },
    flush() {
      for (const line of lines) line.flush();
    },
  };
}
