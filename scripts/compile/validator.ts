/**
 * What a binary has in place of lib/llm/validator.ts: the code that ajv makes of the diagnosis's
 * schema. The same check of the same package, without the compiler that writes it.
 *
 * @module
 */
import { Ajv } from "ajv";
import * as ucs2length from "ajv/dist/runtime/ucs2length.js";
import standalone from "ajv/dist/standalone/index.js";
import { DIAGNOSIS_SCHEMA } from "../../lib/llm/diagnosis.ts";
import { AJV_OPTIONS } from "../../lib/llm/validator.ts";

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
  override name = "ValidatorError";
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
  return `/* ajv:\n${license.replaceAll("*/", "* /")}*/
${code}
const SCHEMA = ${JSON.stringify(JSON.stringify(DIAGNOSIS_SCHEMA))};
export function validatorOf(schema) {
  if (JSON.stringify(schema) !== SCHEMA) {
    throw new TypeError("this binary has the check of one schema, and it is another");
  }
  return validate;
}
`;
}
