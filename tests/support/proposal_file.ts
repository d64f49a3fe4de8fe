import { approvalDigest } from "../../lib/proposal/digest.ts";

type Json = Record<string, unknown>;

/** The text of a proposal's file as the agent writes it, with changes on top and in the payload. */
export function proposalFile(changes: Json = {}, payloadChanges: Json = {}): string {
  const file = {
    action_id: "plan-piha-mosquitto-1767323045",
    type: "container_restart",
    node: "piha",
    service: "mosquitto",
    risk_level: "low",
    confidence: 0.9,
    requires_human: false,
    description: "RESTART mosquitto on piha: the container was killed",
    status: "pending",
    timestamp: 1_767_323_045,
    source_event: "service_unhealthy",
    llm_model: "qwen2.5:7b",
    llm_attempts: 2,
    ...changes,
  };
  const payload: Json = {
    action: "restart",
    reason: "the container was killed",
    valid_until: "2026-01-02T03:34:05Z",
    audit: {
      agent_version: "0.1.0",
      proposed_at: "2026-01-02T03:04:15Z",
      waited_ms: 2_000,
      prompt_sha256: "ab".repeat(32),
      model: "qwen2.5:7b",
      attempts: [
        { link: "qwen2.5:7b", outcome: "not_json", error: "no object in it", milliseconds: 4_000 },
        { link: "qwen2.5:7b", outcome: "ok", milliseconds: 3_500 },
      ],
      event: { channel: "health_events", severity: "error", payload: '{ "exit_code": 137 }' },
    },
    ...payloadChanges,
  };
  if (!("digest" in payload)) {
    payload.digest = approvalDigest({
      action_id: String(file.action_id),
      node: String(file.node),
      service: String(file.service),
      type: String(file.type),
      action: String(payload.action),
    });
  }
  return JSON.stringify({ ...file, payload }, null, 2);
}
