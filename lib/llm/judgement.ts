import { cut } from "../base/text/cut.ts";
import type { Diagnosis } from "./diagnosis.ts";
import type { Target } from "../event/target.ts";
import { type NoAnswer, readAnswer } from "./answer.ts";
import { type SchemaError, validate } from "./validator.js";

type Judgement =
  | { readonly ok: true; readonly diagnosis: Diagnosis }
  | NoAnswer
  | { readonly ok: false; readonly kind: "schema_violation"; readonly error: string };

/**
 * The diagnosis in `text` about `target`, or for the model and the log what is wrong: that quotes
 * the answer, so redact it before showing. A node and a service named by the model are not looked
 * at: the target is the event's own, always.
 */
export function judge(text: string, target: Target): Judgement {
  const answer = readAnswer(text);
  if (!answer.ok) return answer;
  const { node, service } = target;
  const record: unknown = { ...answer.value, node, service };
  const violates = (error: string) => ({ ok: false, kind: "schema_violation", error }) as const;
  if (!validate(record)) return violates(inWords(validate.errors ?? []));
  if (!saysNothing(record.reason)) return { ok: true, diagnosis: record };
  return violates(`reason must say why in at least 10 characters, not ${quoted(record.reason)}`);
}

const MOST_ERRORS = 5;

function inWords(errors: readonly SchemaError[]): string {
  const words = errors.slice(0, MOST_ERRORS).map(oneInWords);
  const more = errors.length - words.length;
  return words.join("; ") + (more > 0 ? `; and ${more} more` : "");
}

function oneInWords({ keyword, instancePath, params, message, data }: SchemaError): string {
  const where = instancePath.slice(1) || "the object";
  switch (keyword) {
    case "required":
      return `${String(params.missingProperty)} is missing`;
    case "additionalProperties":
      return `${quoted(params.additionalProperty)} is not one of its keys`;
    case "enum": {
      const allowed = params.allowedValues as readonly string[];
      return `${where} must be one of ${allowed.join(", ")}, not ${quoted(data)}`;
    }
    case "minLength":
      return `${where} must have at least ${String(params.limit)} characters`;
    default:
      return `${where} ${message ?? "is wrong"}, not ${quoted(data)}`;
  }
}

function quoted(value: unknown): string {
  return cut(JSON.stringify(value) ?? String(value), 60);
}

/** Words that fill a text without saying why. */
const EMPTY_WORDS = new Set(
  ("n a na nan none no not non null nil undefined unknown unspecified empty blank void reason reasons text " +
    "string value here todo tbd tba your the an is of to be any given available applicable " +
    "provided specified determined description explanation placeholder lorem ipsum dolor sit amet " +
    "example ok yes true false short cause why and in one or two sentences word " +
    "keine kein grund angabe aucune aucun raison ninguna ninguno sin motivo nessuno nessun " +
    "nenhum нет причина причины нету brak 无 無 没有 原因 理由 なし 不明 未知 없음").split(" "),
);
/** As ANSWER_SCHEMA asks for, here of what can be seen. */
const LEAST_CHARACTERS = 10;
const LEAST_DIFFERENT = 4;

/** True for blanks, dots, dashes, invisible characters, one letter again and again, "n/a" and so on. */
function saysNothing(reason: string): boolean {
  const visible = reason.normalize("NFKC").replace(/[\p{Default_Ignorable_Code_Point}\p{C}]/gu, "");
  if ([...visible.trim().replace(/\s+/g, " ")].length < LEAST_CHARACTERS) return true;
  const words = visible.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  const telling = words.filter((word) => !EMPTY_WORDS.has(word));
  return new Set(telling.join("")).size < LEAST_DIFFERENT;
}
