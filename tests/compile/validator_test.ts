import assert from "node:assert/strict";
import { Ajv } from "ajv";
import fc from "fast-check";
import { DIAGNOSIS_SCHEMA } from "../../lib/llm/diagnosis.ts";
import { validate } from "../../lib/llm/validator.js";
import { validatorModule } from "../../scripts/compile/validator.ts";
import { anyCharacter } from "../support/any_character.ts";

const WRITTEN = await Deno.readTextFile(
  new URL("../../lib/llm/validator.js", import.meta.url),
);

/** Answers that are right in some keys and wrong in others. */
const answer = fc.record({
  action: fc.constantFrom("restart", "ignore", "Restart", 1, null),
  service: fc.constantFrom("mosquitto", "", 7),
  node: fc.constantFrom("piha", {}),
  reason: fc.oneof(fc.string({ unit: anyCharacter, maxLength: 14 }), fc.integer()),
  confidence: fc.oneof(fc.double({ min: -1, max: 2 }), fc.constantFrom("0.9", 0, 1)),
  requires_human: fc.constantFrom(true, false, "false"),
  more: fc.constant(1),
}, { requiredKeys: [] });

Deno.test("validate: judges as ajv does, with the same errors", () => {
  const ajv = new Ajv({ allErrors: true, strict: true, coerceTypes: false, verbose: true });
  const ofAjv = ajv.compile(DIAGNOSIS_SCHEMA);
  const told = (check: typeof validate | typeof ofAjv, value: unknown) => [
    check(value),
    check.errors ?? null,
  ];
  fc.assert(fc.property(fc.oneof(answer, fc.anything()), (value) => {
    assert.deepEqual(told(validate, value), told(ofAjv, value));
  }));
  const right = {
    action: "notify",
    service: "s",
    node: "n",
    reason: "😀".repeat(10),
    confidence: 1,
    requires_human: true,
  };
  assert.deepEqual(told(validate, right), [true, null]);
  assert.equal(validate({ ...right, reason: "😀".repeat(9) }), false);
});

Deno.test("validator.js: is what ajv makes of today's schema; else run `deno task validator`", () => {
  const license = WRITTEN.slice(WRITTEN.indexOf("/* ajv:\n") + 8, WRITTEN.indexOf("*/"));
  assert.match(license, /MIT License/);
  assert.equal(WRITTEN, validatorModule(license));
  assert.doesNotMatch(WRITTEN, /require\(|from "ajv|import /);
});
