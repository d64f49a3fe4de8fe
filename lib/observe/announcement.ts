/**
 * What is published of a proposal.
 *
 * @module
 */
import { asciiJson } from "../base/json.ts";
import type { ActionFile } from "../proposal/action_file.ts";
import type { FollowUp } from "./follow_up.ts";

/**
 * What is published of a new proposal: what a message to a person needs, and what a decision on it
 * is bound to. Later keys may follow; the first five were there first.
 */
export function announcement(file: ActionFile): string {
  const { action_id, node, service, risk_level, requires_human, confidence, payload } = file;
  const { action, reason, valid_until, digest, audit } = payload;
  const { source, correlation_id, location_tag } = payload;
  const origin = { source, correlation_id, location_tag };
  return asciiJson({
    action_id,
    node,
    service,
    action,
    risk_level,
    kind: "proposed",
    severity: audit.event.severity,
    reason,
    requires_human,
    confidence,
    valid_until,
    digest,
    ...origin,
  });
}

/** What is published when an announced proposal needs no decision any more. */
export function laterAnnouncement({ kind, file, by }: FollowUp): string {
  const { action_id, node, service, risk_level, payload: { action } } = file;
  const superseding = by === undefined ? {} : { superseded_by: by };
  return asciiJson({ action_id, node, service, action, risk_level, kind, ...superseding });
}
