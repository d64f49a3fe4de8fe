import assert from "node:assert/strict";
import fc from "fast-check";
import { ACTIONS, type Diagnosis } from "../../../lib/llm/diagnosis.ts";
import { violations } from "../../../lib/cli/eval/violations.ts";
import { applyPolicy, BUILT_IN_RULES, type PolicyRule } from "../../../lib/policy/policy.ts";
import { waitingEvent } from "../../support/waiting_event.ts";

function diagnosis(changes: Partial<Diagnosis> = {}): Diagnosis {
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

const policy = BUILT_IN_RULES;

Deno.test("violations: each built-in rule, by its name", () => {
  const event = waitingEvent();
  assert.deepEqual(violations(diagnosis(), { event, policy }), []);
  assert.deepEqual(violations(diagnosis({ confidence: 0.69 }), { event, policy }), [
    "low_confidence_needs_human",
  ]);
  assert.deepEqual(violations(diagnosis({ service: "redis" }), { event, policy }), [
    "target_is_the_events_own",
  ]);
  const far = waitingEvent({ node: "Chelsty-ha", type: "disk_pressure_high" });
  assert.deepEqual(violations(diagnosis({ node: "Chelsty-ha" }), { event: far, policy }), [
    "disk_pressure_is_notify",
    "offline_first_needs_human",
  ]);
});

Deno.test("violations: rules of the operator's own count, too", () => {
  const own: PolicyRule = {
    name: "by_hand",
    when: { service: "mos*" },
    then: { action: "notify" },
  };
  const options = { event: waitingEvent(), policy: [...policy, own] };
  assert.deepEqual(violations(diagnosis(), options), ["by_hand"]);
});

Deno.test("violations: found without the built-in rules' own code", () => {
  const event = waitingEvent({ node: "chelsty-ha", type: "disk_pressure" });
  const wrong = diagnosis({ node: "chelsty-ha", confidence: 0.1 });
  const rules = violations(wrong, { event, policy: [] });
  assert.equal(rules.length, 3);
});

Deno.test("violations: none are left when the policy was applied", () => {
  const arbitrary = fc.record({
    action: fc.constantFrom(...ACTIONS),
    node: fc.constantFrom("piha", "chelsty-ha", "vps"),
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
    requires_human: fc.boolean(),
  });
  const node = fc.constantFrom("piha", "chelsty-ha", "CHELSTY-x");
  const type = fc.constantFrom("service_unhealthy", "disk_pressure", "Disk_Pressure_high");
  fc.assert(fc.property(arbitrary, node, type, (changes, node, type) => {
    const event = waitingEvent({ node, type });
    const after = applyPolicy(policy, event, diagnosis(changes)).diagnosis;
    assert.deepEqual(violations(after, { event, policy }), []);
  }));
});
