import assert from "node:assert/strict";
import { createMemory } from "../../lib/gate/memory.ts";
import type { Diagnosis } from "../../lib/llm/diagnosis.ts";
import { createDecision } from "../../lib/planner/decide.ts";
import type { PolicyRule } from "../../lib/policy/policy.ts";
import { fakeClock } from "../support/clock.ts";
import { waitingEvent } from "../support/waiting_event.ts";

const RESTART: Diagnosis = {
  action: "restart",
  node: "piha",
  service: "mosquitto",
  reason: "the broker was killed",
  confidence: 0.9,
  requires_human: false,
};

async function rulesFor(policy: readonly PolicyRule[], isCut = false) {
  const clock = fakeClock();
  const decide = createDecision({
    clock,
    settings: { outcomeRepeats: 3, outcomeWindowSeconds: 86_400 },
    policy: () => policy,
    memory: createMemory({ clock }),
    decidedFor: () => Promise.resolve({ outcomes: [], isCut }),
  });
  const { diagnosis, changes } = await decide(waitingEvent(), RESTART);
  return [diagnosis.action, diagnosis.requires_human, changes.map(({ rule }) => rule)];
}

Deno.test("createDecision: the operator's rules as they are now, and what is not known of earlier ones, count", async () => {
  assert.deepEqual(await rulesFor([]), ["restart", false, []]);
  const rule: PolicyRule = {
    name: "broker",
    when: { service: "mosquitto" },
    then: { requires_human: true },
  };
  assert.deepEqual(await rulesFor([rule]), ["restart", true, ["broker"]]);
  assert.deepEqual(await rulesFor([], true), ["notify", false, ["too_many_to_know"]]);
});
