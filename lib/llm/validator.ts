/**
 * ajv, with the options that every check of an answer uses. A compiled binary has in place of this
 * module what ajv makes of the one schema that there is, without ajv itself: it would take some 3 MB
 * (scripts/compile/validator.ts).
 *
 * @module
 */
import { Ajv, type ValidateFunction } from "ajv";
import type { Diagnosis } from "./diagnosis.ts";

/** No coercion and no defaults: "0.95" is not a number and a missing key stays missing. */
export const AJV_OPTIONS = {
  allErrors: true,
  strict: true,
  coerceTypes: false,
  verbose: true,
} as const;

const ajv = new Ajv(AJV_OPTIONS);
const compiled = new WeakMap<object, ValidateFunction<Diagnosis>>();

/** The check of a record by `schema`, which is compiled once. */
export function validatorOf(schema: object): ValidateFunction<Diagnosis> {
  let validate = compiled.get(schema);
  if (!validate) {
    validate = ajv.compile<Diagnosis>(schema);
    compiled.set(schema, validate);
  }
  return validate;
}
