import { asciiJson } from "../base/json.ts";
import type { ActionFile } from "../proposal/action_file.ts";
import type { FollowUp } from "./follow_up.ts";

/**
 * What is published of a new proposal: what a message to a person needs, and what a decision on it
 * is bound to. Later keys may follow; the first five were there first.
 */
export function announcement(file: ActionFile): string {
  const { requires_human, confidence, payload } = file;
  const { reason, valid_until, digest, audit, source, correlation_id, location_tag } = payload;
  return asciiJson({
    ...about(file),
    kind: "proposed",
    severity: audit.event.severity,
    reason,
    requires_human,
    confidence,
    valid_until,
    digest,
    source,
    correlation_id,
    location_tag,
  });
}

/** What is published when an announced proposal needs no decision any more. */
export function laterAnnouncement({ kind, file, by }: FollowUp): string {
  return asciiJson({ ...about(file), kind, superseded_by: by });
}

function about({ action_id, node, service, risk_level, payload: { action } }: ActionFile) {
  return { action_id, node, service, action, risk_level };
}
