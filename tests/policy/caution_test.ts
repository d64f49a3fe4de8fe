import assert from "node:assert/strict";
import { withCaution } from "../../lib/policy/caution.ts";
import type { Diagnosis } from "../../lib/llm/diagnosis.ts";
import { REPEATED_RULE } from "../../lib/policy/earlier.ts";
import type { PolicyRule } from "../../lib/policy/policy.ts";
import { waitingEvent } from "../support/waiting_event.ts";

const NOW = Date.UTC(2026, 0, 2, 12);

function careless(changes: Partial<Diagnosis> = {}): Diagnosis {
  return {
    action: "restart",
    node: "piha",
    service: "mosquitto",
    reason: "the broker was killed",
    confidence: 0.9,
    requires_human: false,
    ...changes,
  };
}

const policy: readonly PolicyRule[] = [
  { name: "notify_needs_human", when: { action: ["notify"] }, then: { requires_human: true } },
];

const options = {
  event: waitingEvent(),
  policy,
  outcomes: [{
    actionId: "plan-piha-mosquitto-1",
    action: "restart",
    became: "completed",
    atMs: NOW - 60_000,
  }] as const,
  repeats: 1,
  windowSeconds: 3_600,
  nowMs: NOW,
};

Deno.test("withCaution: risk rules, then outcomes, then rules about what came of those", () => {
  const answer = careless({ node: "vps" });
  const { diagnosis, changes } = withCaution(answer, options);
  assert.deepEqual(
    [diagnosis.node, diagnosis.action, diagnosis.requires_human],
    ["piha", "notify", true],
  );
  assert.deepEqual(
    changes.map(({ rule, field }) => `${field} by ${rule}`),
    [
      "target by target_is_the_events_own",
      `action by ${REPEATED_RULE}`,
      "requires_human by notify_needs_human",
    ],
  );
});

Deno.test("withCaution: an answer that is careful already stays as it is", () => {
  const answer = careless({ action: "notify", requires_human: true });
  assert.deepEqual(withCaution(answer, options), { diagnosis: answer, changes: [] });
});
