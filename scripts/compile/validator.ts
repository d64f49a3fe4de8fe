/**
 * The text of lib/llm/validator.js: the check of a diagnosis that ajv makes of its schema. Written
 * beforehand, so that source, tests and binary run the same check, and none of them needs the
 * compiler that wrote it, some 3 MB.
 *
 * @module
 */
import { Ajv } from "ajv";
import * as ucs2length from "ajv/dist/runtime/ucs2length.js";
import standalone from "ajv/dist/standalone/index.js";
import { DIAGNOSIS_SCHEMA } from "../../lib/llm/diagnosis.ts";

/** No coercion and no defaults: "0.95" is not a number and a missing key stays missing. */
const AJV_OPTIONS = {
  allErrors: true,
  strict: true,
  coerceTypes: false,
  verbose: true,
} as const;

/** ajv asks for its helpers with require(), which a module does not have. */
const HELPERS: Readonly<Record<string, () => unknown>> = {
  'require("ajv/dist/runtime/ucs2length").default': commonJs(ucs2length).default,
};

/** What a CommonJS file exports; its types speak of a module. */
function commonJs(imported: { default: unknown }): { default: () => unknown } {
  return imported.default as { default: () => unknown };
}

/** ajv's code needs a helper that is not written into it. */
export class ValidatorError extends Error {
  override readonly name = "ValidatorError";
}

/**
 * The module, in JavaScript.
 *
 * @param license ajv's, which goes with its code.
 * @throws {ValidatorError}
 */
export function validatorModule(license: string): string {
  const ajv = new Ajv({ ...AJV_OPTIONS, code: { source: true, esm: true } });
  // Typed as a namespace, and is the function.
  const print = standalone as unknown as (ajv: Ajv, validate: unknown) => string;
  let code = print(ajv, ajv.compile(DIAGNOSIS_SCHEMA));
  for (const [call, helper] of Object.entries(HELPERS)) {
    code = code.replaceAll(call, () => String(helper));
  }
  const unknown = /\brequire\([^)]*\)/.exec(code);
  if (unknown) {
    throw new ValidatorError(
      `ajv's code needs ${unknown[0]}: add it to HELPERS in scripts/compile/validator.ts`,
    );
  }
  return `// @ts-self-types="./validator.d.ts"
// Written by \`deno task validator\`; do not edit.
/* ajv:\n${license.replaceAll("*/", "* /")}*/
${code}
`;
}
