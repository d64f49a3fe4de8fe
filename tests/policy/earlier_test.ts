import assert from "node:assert/strict";
import fc from "fast-check";
import { type Action, ACTIONS, type Diagnosis } from "../../lib/llm/diagnosis.ts";
import { applyOutcomes, outcomesInWords } from "../../lib/policy/earlier.ts";
import type { ProposalOutcome } from "../../lib/policy/earlier.ts";
import type { DecidedFolder } from "../../lib/proposal/read/decided.ts";
import { pipeline } from "../support/pipeline.ts";

const NOW = Date.UTC(2026, 0, 2, 12);
const OPTIONS = { repeats: 3, windowSeconds: 86_400, nowMs: NOW };
const MINUTES = 60_000;

function diagnosis(action: Action = "restart"): Diagnosis {
  return {
    action,
    node: "piha",
    service: "mosquitto",
    reason: "the broker was killed",
    confidence: 0.9,
    requires_human: false,
  };
}

function outcome(
  became: DecidedFolder,
  minutesAgo: number,
  action: Action = "restart",
): ProposalOutcome {
  return { actionId: `plan-${minutesAgo}`, action, became, atMs: NOW - minutesAgo * MINUTES };
}

const thrice = [40, 180, 1_439].map((minutes) => outcome("completed", minutes));

Deno.test("applyOutcomes: a restart that was completed three times becomes a notify that says so", () => {
  assert.deepEqual(applyOutcomes(diagnosis(), thrice, OPTIONS), {
    diagnosis: {
      ...diagnosis("notify"),
      reason: "not proposed as restart: restart was completed 3 times within 24 h and the fault " +
        "is back. The diagnosis: the broker was killed",
    },
    changes: [{
      rule: "repeated_without_lasting_effect",
      field: "action",
      from: "restart",
      to: "notify",
      because: "restart was completed 3 times within 24 h and the fault is back",
    }],
  });
});

Deno.test("applyOutcomes: one rejection is enough", () => {
  const { diagnosis: after, changes } = applyOutcomes(
    diagnosis("redeploy"),
    [outcome("rejected", 90, "redeploy")],
    OPTIONS,
  );
  assert.equal(after.action, "notify");
  assert.equal(
    after.reason,
    "not proposed as redeploy: a person rejected a redeploy 1 h ago. The diagnosis: the broker " +
      "was killed",
  );
  assert.deepEqual(changes.map(({ rule }) => rule), ["rejected_by_a_person"]);
});

Deno.test("applyOutcomes: both causes are recorded", () => {
  const { changes } = applyOutcomes(diagnosis(), [outcome("rejected", 1), ...thrice], OPTIONS);
  assert.deepEqual(changes.map(({ rule }) => rule), [
    "rejected_by_a_person",
    "repeated_without_lasting_effect",
  ]);
});

Deno.test("applyOutcomes: what does not count leaves the diagnosis alone", () => {
  const cases: Readonly<Record<string, readonly ProposalOutcome[]>> = {
    "none at all": [],
    "two of three": thrice.slice(0, 2),
    "one outside the window": [...thrice.slice(0, 2), outcome("completed", 1_440)],
    "a rejection outside the window": [outcome("rejected", 1_440)],
    "of another action": [
      ...[1, 2, 3].map((minutes) => outcome("completed", minutes, "redeploy")),
      outcome("rejected", 4, "redeploy"),
    ],
    "not carried out": (["approved", "running", "failed", "cancelled"] as const).flatMap((became) =>
      [1, 2, 3].map((minutes) => outcome(became, minutes))
    ),
  };
  for (const [name, outcomes] of Object.entries(cases)) {
    const expected = { diagnosis: diagnosis(), changes: [] };
    assert.deepEqual(applyOutcomes(diagnosis(), outcomes, OPTIONS), expected, name);
  }
});

Deno.test("applyOutcomes: 0 repeats turn that off but not rejections, a window of 0 turns both off", () => {
  const all = [outcome("rejected", 0), ...thrice];
  const rules = (options: Partial<typeof OPTIONS>) =>
    applyOutcomes(diagnosis(), all, { ...OPTIONS, ...options }).changes.map(({ rule }) => rule);
  assert.deepEqual(rules({ repeats: 0 }), ["rejected_by_a_person"]);
  assert.deepEqual(rules({ windowSeconds: 0 }), []);
});

Deno.test("applyOutcomes: where outcomes may be missing no repair is proposed", () => {
  const cut = { ...OPTIONS, isCut: true };
  const { diagnosis: after, changes } = applyOutcomes(diagnosis(), [], cut);
  assert.equal(after.action, "notify");
  assert.deepEqual(changes, [{
    rule: "too_many_to_know",
    field: "action",
    from: "restart",
    to: "notify",
    because: "more was decided for it lately than can be looked at",
  }]);
  assert.deepEqual(applyOutcomes(diagnosis("ignore"), [], cut).changes, []);
  assert.deepEqual(applyOutcomes(diagnosis(), [], { ...cut, windowSeconds: 0 }).changes, []);
});

Deno.test("applyOutcomes: only ever more careful, and done after one time", () => {
  const anyOutcome = fc.record({
    actionId: fc.string(),
    action: fc.constantFrom(...ACTIONS),
    became: fc.constantFrom<DecidedFolder>("approved", "completed", "failed", "rejected"),
    atMs: fc.integer({ min: NOW - 100_000_000, max: NOW }),
  });
  fc.assert(fc.property(
    fc.constantFrom(...ACTIONS),
    fc.array(anyOutcome),
    fc.integer({ min: 0, max: 4 }),
    (action, outcomes, repeats) => {
      const options = { ...OPTIONS, repeats };
      const { diagnosis: after, changes } = applyOutcomes(diagnosis(action), outcomes, options);
      assert.equal(changes.length > 0, after.action !== action);
      if (changes.length > 0) assert.equal(after.action, "notify");
      const { reason: _, ...rest } = after;
      const { reason: __, ...same } = diagnosis(after.action);
      assert.deepEqual(rest, same);
      assert.deepEqual(applyOutcomes(after, outcomes, options), { diagnosis: after, changes: [] });
    },
  ));
});

Deno.test("outcomesInWords: the last three, in words of the program's own", () => {
  assert.equal(outcomesInWords([], NOW), "");
  assert.equal(
    outcomesInWords([outcome("running", 3), outcome("rejected", 60, "redeploy")], NOW),
    "restart running for 3 min, redeploy rejected 1 h ago",
  );
  assert.equal(
    outcomesInWords([...thrice, outcome("rejected", 3_000)], NOW),
    "restart completed 40 min ago, restart completed 3 h ago, restart completed 23 h ago; " +
      "the fault is back",
  );
  const untold = [3, 4, 5].map((minutes) => outcome("rejected", minutes));
  assert.equal(
    outcomesInWords([...untold, outcome("completed", 60)], NOW),
    "restart rejected 3 min ago, restart rejected 4 min ago, restart rejected 5 min ago",
  );
});

const past = (became: DecidedFolder, nowMs: number): ProposalOutcome => ({
  actionId: "plan-piha-mosquitto-1",
  action: "restart",
  became,
  atMs: nowMs - 40 * MINUTES,
});

Deno.test("planner: the prompt tells what became of earlier proposals", async () => {
  const p = pipeline({}, { outcomes: () => [past("completed", p.clock.now())] });
  await p.publish();
  const lines = p.calls[0]?.prompt.split("\n") ?? [];
  assert.deepEqual(lines.slice(0, 7), [
    "Health event received:",
    "  node: piha",
    "  service: mosquitto",
    "  type: service_unhealthy",
    "  severity: error",
    "  timestamp: 2026-01-02T03:04:05+00:00",
    "  earlier proposals: restart completed 40 min ago; the fault is back",
  ]);
});

Deno.test("planner: a rejection while the model thinks turns its restart into a notify", async () => {
  let outcomes: readonly ProposalOutcome[] = [];
  const p = pipeline({}, { outcomes: () => outcomes });
  await p.publish();
  assert.ok(!p.calls[0]?.prompt.includes("earlier proposals"));
  outcomes = [past("rejected", p.clock.now())];
  await p.calls[0]?.answer({ requires_human: true });

  const [proposal] = p.proposals;
  assert.equal(proposal?.diagnosis.action, "notify");
  assert.deepEqual(proposal?.changes, [{
    rule: "rejected_by_a_person",
    field: "action",
    from: "restart",
    to: "notify",
    because: "a person rejected a restart 40 min ago",
  }]);
  assert.deepEqual(p.log.of("policy_applied").map(({ changes }) => changes), [proposal?.changes]);
});
