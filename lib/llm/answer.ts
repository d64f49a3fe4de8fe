/**
 * Finds the one JSON object in what a model wrote: forgiving about what surrounds it, strict about
 * the object. Nothing is repaired, thinking is never the answer, of several different objects none is
 * taken, and neither is one that the text around it calls a draft or takes back.
 *
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import { isObject, parseJson } from "../base/json.ts";
import { announcesDraft, leavesStanding } from "./answer/surroundings.ts";
import { surveyOf } from "./answer/survey.ts";
import { thinkingMarks } from "./answer/thinking.ts";

/** What a model's text holds. */
type Answer =
  | { readonly ok: true; readonly value: Record<string, unknown> }
  | {
    readonly ok: false;
    readonly kind: "empty" | "not_json" | "several_objects";
    readonly error: string;
  };

/** Longest text that is looked at, in UTF-16 units. */
const LONGEST_TEXT = 64 * 1024;
/** An object in a string in a string is read; deeper nesting is not an answer. */
const MOST_QUOTINGS = 2;
/**
 * Reads an answer: a JSON object as the whole text, JSON-encoded as a string, in a fence, behind
 * thinking that ends, or with prose around it. Takes time linear in the text, whatever it holds.
 */
export function readAnswer(text: string): Answer {
  return text.length > LONGEST_TEXT
    ? refuse("not_json", `longer than ${LONGEST_TEXT} characters`)
    : read(text, MOST_QUOTINGS);
}

function read(text: string, quotings: number): Answer {
  const trimmed = text.trim();
  if (trimmed === "") return refuse("empty", "nothing but blanks");
  const whole = parseJson(trimmed);
  if (isObject(whole)) return accept({ source: trimmed, value: whole });
  if (typeof whole === "string" && quotings > 0) return read(whole, quotings - 1);
  if (whole !== undefined) return refuse("not_json", `a JSON ${kindOf(whole)}, not an object`);
  const inside = insideFence(trimmed);
  if (inside !== undefined) return read(inside, quotings);

  const survey = surveyOf(trimmed);
  if ("problem" in survey) return refuse(survey.kind, survey.problem);
  const { found, drafts, outside } = survey;
  const last = found.at(-1);
  if (!last) {
    if (drafts.length > 0) return refuse("not_json", "an object inside thinking, none behind it");
    const rest = outside.trim();
    if (rest === "") return refuse("empty", "nothing but thinking");
    if (rest !== trimmed) return read(rest, quotings);
    return refuse("not_json", "no complete JSON object");
  }
  const all = [...drafts, ...found];
  if (all.some(({ value }) => !isDeepStrictEqual(value, last.value))) {
    return refuse("several_objects", `${all.length} JSON objects, one was asked for`);
  }
  if (announcesDraft(last.lead)) {
    return refuse("not_json", "the object is called an example or a draft");
  }
  return leavesStanding(trimmed.slice(last.end), last.value.action)
    ? accept(last)
    : refuse("not_json", "the text behind the object goes on reasoning or takes it back");
}

function refuse(kind: "empty" | "not_json" | "several_objects", error: string): Answer {
  return { ok: false, kind, error };
}

function accept(
  { source, value }: { readonly source: string; readonly value: Record<string, unknown> },
): Answer {
  // JSON.parse keeps the last of two equal keys; which one was meant is anybody's guess.
  const doubled = keysWritten(source) !== Object.keys(value).length;
  return doubled ? refuse("not_json", "an object that has a key twice") : { ok: true, value };
}

/** What is in the fence when the text is one fenced block, not of thinking, and nothing else. */
function insideFence(text: string): string | undefined {
  const fence = text.startsWith("```") ? "```" : "~~~";
  const firstLine = text.indexOf("\n");
  if (!text.startsWith(fence) || !text.endsWith(fence) || firstLine < 0) return undefined;
  if (thinkingMarks(text.slice(0, firstLine + 1)).some(({ kind }) => kind === "opens")) {
    return undefined;
  }
  const inside = text.slice(firstLine + 1, -fence.length);
  return inside.includes(fence) ? undefined : inside;
}

/** How many keys the object in `source`, which is valid JSON, has as written. */
function keysWritten(source: string): number {
  let depth = 0;
  let inString = false;
  let colons = 0;
  for (let at = 0; at < source.length; at++) {
    const character = source.charAt(at);
    if (inString) {
      if (character === "\\") at++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") depth--;
    else if (character === ":" && depth === 1) colons++;
  }
  return colons;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "list" : typeof value;
}
