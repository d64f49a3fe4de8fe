/**
 * Decides whether what a model wrote is a diagnosis.
 *
 * @module
 */
import { cut } from "../base/text/cut.ts";
import type { Diagnosis } from "./diagnosis.ts";
import type { Target } from "../event/target.ts";
import { readAnswer } from "./answer.ts";
import { saysNothing } from "./answer/reason.ts";
import { type SchemaError, validate } from "./validator.js";

type Judgement =
  | { readonly ok: true; readonly diagnosis: Diagnosis }
  | {
    readonly ok: false;
    readonly kind: "empty" | "not_json" | "several_objects" | "schema_violation";
    /** For the model and the log; quotes the answer, so redact it before showing. */
    readonly error: string;
  };

/**
 * The diagnosis in `text` about `target`. A node and a service named by the model are not looked
 * at: the target is the event's own, always.
 */
export function judge(text: string, target: Target): Judgement {
  const answer = readAnswer(text);
  if (!answer.ok) return answer;
  const { node: _node, service: _service, action, ...rest } = answer.value;
  // The keys in the order of an action file; a missing action must stay missing.
  const record: unknown = {
    ...(action === undefined ? {} : { action }),
    service: target.service,
    node: target.node,
    ...rest,
  };
  if (validate(record)) {
    return saysNothing(record.reason)
      ? {
        ok: false,
        kind: "schema_violation",
        error: `reason must say why in at least 10 characters, not ${quoted(record.reason)}`,
      }
      : { ok: true, diagnosis: record };
  }
  return { ok: false, kind: "schema_violation", error: inWords(validate.errors ?? []) };
}

const MOST_ERRORS = 5;

function inWords(errors: readonly SchemaError[]): string {
  const words = errors.slice(0, MOST_ERRORS).map(oneInWords);
  const more = errors.length - words.length;
  return words.join("; ") + (more > 0 ? `; and ${more} more` : "");
}

function oneInWords(error: SchemaError): string {
  const where = error.instancePath.slice(1) || "the object";
  const { missingProperty, additionalProperty, allowedValues, limit } = error.params;
  switch (error.keyword) {
    case "required":
      return `${String(missingProperty)} is missing`;
    case "additionalProperties":
      return `${quoted(additionalProperty)} is not one of its keys`;
    case "enum":
      return `${where} must be one of ${(allowedValues as readonly string[]).join(", ")}, not ${
        quoted(error.data)
      }`;
    case "minLength":
      return `${where} must have at least ${String(limit)} characters`;
    default:
      return `${where} ${error.message ?? "is wrong"}, not ${quoted(error.data)}`;
  }
}

function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return cut(text, 60);
}
