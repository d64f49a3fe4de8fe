/**
 * What the pipeline tells the log: one function an event, with the seed's names and fields. Lines
 * that a flood would repeat are folded.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Config } from "../config/config.ts";
import type { Diagnosis } from "../llm/diagnosis.ts";
import type { HealthEvent, WaitingEvent } from "../event/event.ts";
import { foldedLines, SILENT } from "../base/log/fold.ts";
import { isBenign } from "../gate/gate.ts";
import type { ChainExhausted } from "../llm/contract.ts";
import type { Log } from "../base/log/log.ts";
import type { PolicyChange } from "../policy/policy.ts";
import { readableReason } from "../proposal/action_file.ts";
import type { QueueEntry } from "../queue/queue.ts";
import type { Muted } from "../gate/suppression.ts";
import { svcKey, targetKey } from "../event/target.ts";

/** Longest error of an exhausted chain, as in the seed. */
const LONGEST_ERROR = 400;

export type PlannerLog = ReturnType<typeof createPlannerLog>;

export function createPlannerLog(log: Log, { clock, config }: { clock: Clock; config: Config }) {
  const fold = foldedLines(log, clock);
  const received = fold("info", "event_received");
  // Of its own, so that no flood of them takes the place of what is wrong.
  const receivedBenign = fold("info", "event_received");
  // Most of what comes; even the counting costs.
  const benign = config.logLevel === "debug" ? fold("debug", "benign_event_skipped") : SILENT;
  const cooldown = fold("info", "cooldown_active");
  const muted = fold("info", "event_muted");
  const waits = fold("info", "event_held");
  const dropped = fold("warning", "event_dropped");
  const recovered = fold("info", "recovered_before_diagnosis");
  const held = fold("info", "proposal_held");
  const exhausted = fold("error", "llm_chain_exhausted");
  const parked = fold("info", "event_parked");
  const expired = fold("warning", "event_expired");
  const ignored = fold("info", "proposal_ignored");
  const policyApplied = fold("info", "policy_applied");
  const lines = [received, receivedBenign, benign, cooldown, muted, dropped, recovered, held]
    .concat(waits, exhausted, parked, expired, ignored, policyApplied);
  return {
    received(event: HealthEvent, key: string) {
      const line = isBenign(event.type) ? receivedBenign : received;
      line.log(`${event.channel}\0${event.severity}\0${event.type}\0${key}`, () => ({
        channel: event.channel,
        svc_key: svcKey(event),
        type: event.type,
        severity: event.severity,
      }));
    },
    benign(event: HealthEvent, key: string) {
      benign.log(`${event.type}\0${key}`, () => ({ type: event.type, svc_key: svcKey(event) }));
    },
    /** Returns what there is to say to people. */
    cooldown(event: HealthEvent | WaitingEvent, key: string, remainingMs: number): string {
      const seconds = Math.round(remainingMs / 1000);
      cooldown.log(key, () => ({ svc_key: svcKey(event), remaining_seconds: seconds }));
      return `${seconds} s remain`;
    },
    muted(event: HealthEvent | WaitingEvent, key: string, { outcome, detail }: Muted) {
      const fields = { svc_key: svcKey(event), type: event.type, outcome, reason: detail };
      muted.log(`${outcome}\0${event.type}\0${key}`, () => fields);
    },
    /** An event is kept back for `ms` milliseconds at most. */
    waits(event: HealthEvent, key: string, { why, ms }: { why: string; ms: number }) {
      const fields = { svc_key: svcKey(event), reason: why, seconds: Math.ceil(ms / 1000) };
      waits.log(`${why}\0${key}`, () => fields);
    },
    dropped({ event, key }: QueueEntry) {
      dropped.log(key, () => ({
        svc_key: svcKey(event),
        severity: event.severity,
        reason: "queue_full",
        queue_limit: config.queueLimit,
      }));
    },
    recovered(event: WaitingEvent) {
      const fields = { svc_key: svcKey(event), type: event.type };
      recovered.log(`${event.type}\0${targetKey(event)}`, () => fields);
    },
    /** Returns what there is to say to people. */
    held(event: WaitingEvent, pending: number): string {
      const max_pending_per_service = config.maxPendingPerService;
      const fields = { svc_key: svcKey(event), pending, max_pending_per_service };
      held.log(targetKey(event), () => fields);
      return `proposals for it that wait already: ${pending}`;
    },
    /** Returns what there is to say to people. */
    proposedBefore(event: WaitingEvent, action_id: string): string {
      log.info("proposal_found", { action_id, svc_key: svcKey(event) });
      return `proposed before, as ${action_id}`;
    },
    exhausted(event: WaitingEvent, error: ChainExhausted) {
      const text = error.message.slice(0, LONGEST_ERROR);
      exhausted.log(`${text}\0${targetKey(event)}`, () => ({
        svc_key: svcKey(event),
        error: text,
        attempts: error.attempts.length,
      }));
    },
    parked({ event, failures, key }: QueueEntry, delayMs: number) {
      const retry = Math.round(delayMs / 1000);
      const fields = { svc_key: svcKey(event), failures, retry_in_seconds: retry };
      parked.log(`${failures}\0${key}`, () => fields);
    },
    expired({ event, failures, key }: QueueEntry) {
      expired.log(key, () => ({
        svc_key: svcKey(event),
        failures,
        event_ttl_seconds: config.eventTtlSeconds,
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
    /** Logs what is folded. */
    flush() {
      for (const line of lines) line.flush();
    },
  };
}
