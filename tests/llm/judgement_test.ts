import assert from "node:assert/strict";
import fc from "fast-check";
import { DIAGNOSIS_SCHEMA } from "../../lib/llm/diagnosis.ts";
import { judge } from "../../lib/llm/judgement.ts";

const TARGET = { node: "piha", service: "mosquitto" };
const GOOD = {
  reason: "the broker was killed",
  action: "restart",
  confidence: 0.9,
  requires_human: false,
};

function judged(value: unknown) {
  return judge(JSON.stringify(value), TARGET);
}

Deno.test("judge: gives a valid answer the event's target", () => {
  assert.deepEqual(judged(GOOD), { ok: true, diagnosis: { ...GOOD, ...TARGET } });
});

Deno.test("judge: does not look at a node and a service that the model names", () => {
  for (const named of [{ node: "vps", service: "traefik" }, { node: 7 }, { service: null }]) {
    assert.deepEqual(judged({ ...named, ...GOOD }), {
      ok: true,
      diagnosis: { ...GOOD, ...TARGET },
    });
  }
});

const WRONG: Readonly<Record<string, [change: Record<string, unknown>, error: string]>> = {
  "an unknown action": [
    { action: "reboot" },
    'action must be one of restart, redeploy, notify, ignore, not "reboot"',
  ],
  "an action in capitals": [
    { action: "Restart" },
    'action must be one of restart, redeploy, notify, ignore, not "Restart"',
  ],
  "a number in quotes": [{ confidence: "0.95" }, 'confidence must be number, not "0.95"'],
  "a boolean in quotes": [
    { requires_human: "false" },
    'requires_human must be boolean, not "false"',
  ],
  "null": [{ requires_human: null }, "requires_human must be boolean, not null"],
  "a confidence in percent": [{ confidence: 95 }, "confidence must be <= 1, not 95"],
  "a negative confidence": [{ confidence: -0.1 }, "confidence must be >= 0, not -0.1"],
  "a missing key": [{ requires_human: undefined }, "requires_human is missing"],
  "a missing action": [{ action: undefined }, "action is missing"],
  "a key too many": [{ severity: "high" }, '"severity" is not one of its keys'],
  "a short reason": [{ reason: "dead" }, "reason must have at least 10 characters"],
  "several mistakes": [
    { reason: 1, confidence: true },
    "reason must be string, not 1; confidence must be number, not true",
  ],
};

for (const [what, [change, error]] of Object.entries(WRONG)) {
  Deno.test(`judge: refuses ${what}`, () => {
    assert.deepEqual(judged({ ...GOOD, ...change }), {
      ok: false,
      kind: "schema_violation",
      error,
    });
  });
}

Deno.test("judge: refuses a number that JavaScript reads as infinite", () => {
  const text = JSON.stringify(GOOD).replace("0.9", "1e999");
  const judgement = judge(text, TARGET);
  assert.equal(judgement.ok ? "" : judgement.kind, "schema_violation");
});

Deno.test("judge: refuses __proto__ as a key", () => {
  const text = JSON.stringify(GOOD).replace("{", '{"__proto__": {}, ');
  const judgement = judge(text, TARGET);
  assert.equal(judgement.ok ? "" : judgement.error, '"__proto__" is not one of its keys');
});

Deno.test("judge: words few errors, and quotes little of the answer", () => {
  const judgement = judged({
    ...GOOD,
    action: "x".repeat(500),
    ...Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`key${i}`, i])),
  });
  assert.ok(!judgement.ok);
  assert.match(judgement.error, /; and 46 more$/);
  assert.ok(judgement.error.length < 400, judgement.error);
});

Deno.test("judge: quotes 60 characters of a wrong value, and no more", () => {
  const judgement = judged({ ...GOOD, action: "x".repeat(61) });
  assert.match(judgement.ok ? "" : judgement.error, /, not "x{59}…$/);
});

Deno.test("judge: passes on why a text is no object", () => {
  const judgement = judge("restart it", TARGET);
  assert.deepEqual(judgement, { ok: false, kind: "not_json", error: "no complete JSON object" });
});

Deno.test("judge: what it accepts has exactly the seed's keys and the event's target", () => {
  fc.assert(
    fc.property(
      fc.json(),
      fc.dictionary(fc.constantFrom(...Object.keys(GOOD), "node"), fc.jsonValue()),
      (text, change) => {
        for (const given of [text, JSON.stringify({ ...GOOD, ...change })]) {
          const judgement = judge(given, TARGET);
          if (!judgement.ok) continue;
          const { node, service } = judgement.diagnosis;
          assert.deepEqual({ node, service }, TARGET);
          assert.deepEqual(
            Object.keys(judgement.diagnosis).sort(),
            [...DIAGNOSIS_SCHEMA.required].sort(),
          );
        }
      },
    ),
  );
});
