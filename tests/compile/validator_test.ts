import assert from "node:assert/strict";
import fc from "fast-check";
import { DIAGNOSIS_SCHEMA } from "../../lib/llm/diagnosis.ts";
import { validatorOf } from "../../lib/llm/validator.ts";
import { validatorModule } from "../../scripts/compile/validator.ts";

const LICENSE = "The MIT License */\nas is";
const url = `data:application/javascript,${encodeURIComponent(validatorModule(LICENSE))}`;
const built = await import(url) as { validatorOf: typeof validatorOf };

/** Answers that are right in some keys and wrong in others. */
const answer = fc.record({
  action: fc.constantFrom("restart", "ignore", "Restart", 1, null),
  service: fc.constantFrom("mosquitto", "", 7),
  node: fc.constantFrom("piha", {}),
  reason: fc.oneof(fc.string({ unit: "binary", maxLength: 14 }), fc.integer()),
  confidence: fc.oneof(fc.double({ min: -1, max: 2 }), fc.constantFrom("0.9", 0, 1)),
  requires_human: fc.constantFrom(true, false, "false"),
  more: fc.constant(1),
}, { requiredKeys: [] });

Deno.test("validatorModule: judges as ajv does, with the same errors", () => {
  const ofAjv = validatorOf(DIAGNOSIS_SCHEMA);
  const ofBinary = built.validatorOf(DIAGNOSIS_SCHEMA);
  const told = (
    validate: typeof ofAjv,
    value: unknown,
  ) => [validate(value), validate.errors ?? null];
  fc.assert(fc.property(fc.oneof(answer, fc.anything()), (value) => {
    assert.deepEqual(told(ofBinary, value), told(ofAjv, value));
  }));
  const right = {
    action: "notify",
    service: "s",
    node: "n",
    reason: "😀".repeat(10),
    confidence: 1,
    requires_human: true,
  };
  assert.deepEqual(told(ofBinary, right), [true, null]);
  assert.equal(ofBinary({ ...right, reason: "😀".repeat(9) }), false);
});

Deno.test("validatorModule: knows one schema, and says so of another", () => {
  assert.throws(() => built.validatorOf({ type: "object" }), /has the check of one schema/);
});

Deno.test("validatorModule: carries ajv's licence, and asks for no package", () => {
  const text = validatorModule(LICENSE);
  assert(text.startsWith("/* ajv:\nThe MIT License * /\nas is*/\n"));
  assert.doesNotMatch(text, /require\(|from "ajv|import /);
});
