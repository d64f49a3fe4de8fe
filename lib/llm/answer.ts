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
import { extentOf, type Found, surveyOf } from "./answer/survey.ts";
import { thinkingMarks } from "./answer/thinking.ts";

/** Why a text holds no answer. */
export interface NoAnswer {
  readonly ok: false;
  readonly kind: "empty" | "not_json" | "several_objects";
  readonly error: string;
}

type Answer = { readonly ok: true; readonly value: Record<string, unknown> } | NoAnswer;

/** Longest text that is looked at, in UTF-16 units. */
const LONGEST_TEXT = 64 * 1024;
/** An object in a string in a string is read; deeper nesting is not an answer. */
const MOST_QUOTINGS = 2;

/**
 * Reads an answer: a JSON object as the whole text, JSON-encoded as a string, in a fence, behind
 * thinking that ends, or with prose around it. Takes time linear in the text, whatever it holds.
 */
export function readAnswer(text: string): Answer {
  if (text.length <= LONGEST_TEXT) return read(text.trim(), MOST_QUOTINGS);
  return refuse("not_json", `longer than ${LONGEST_TEXT} characters`);
}

function read(text: string, quotings: number): Answer {
  if (text === "") return refuse("empty", "nothing but blanks");
  const whole = parseJson(text);
  if (isObject(whole)) return accept({ value: whole, keys: extentOf(text, 0).keys });
  if (typeof whole === "string" && quotings > 0) return read(whole.trim(), quotings - 1);
  if (whole !== undefined) return refuse("not_json", `a JSON ${kindOf(whole)}, not an object`);
  const inside = insideFence(text);
  if (inside !== undefined) return read(inside.trim(), quotings);

  const survey = surveyOf(text);
  if ("problem" in survey) return refuse(survey.kind, survey.problem);
  const { found, drafts, outside } = survey;
  const last = found.at(-1);
  if (!last) {
    if (drafts.length > 0) return refuse("not_json", "an object inside thinking, none behind it");
    const rest = outside.trim();
    if (rest === "") return refuse("empty", "nothing but thinking");
    return rest === text ? refuse("not_json", "no complete JSON object") : read(rest, quotings);
  }
  const all = [...drafts, ...found];
  if (all.some(({ value }) => !isDeepStrictEqual(value, last.value))) {
    return refuse("several_objects", `${all.length} JSON objects, one was asked for`);
  }
  if (announcesDraft(last.lead)) {
    return refuse("not_json", "the object is called an example or a draft");
  }
  if (leavesStanding(text.slice(last.end), last.value.action)) {
    return accept(last);
  }
  return refuse("not_json", "the text behind the object goes on reasoning or takes it back");
}

function refuse(kind: NoAnswer["kind"], error: string): NoAnswer {
  return { ok: false, kind, error };
}

function accept({ value, keys }: Pick<Found, "value" | "keys">): Answer {
  // JSON.parse keeps the last of two equal keys; which one was meant is anybody's guess.
  if (keys === Object.keys(value).length) return { ok: true, value };
  return refuse("not_json", "an object that has a key twice");
}

/** What is in the fence when the text is one fenced block, not of thinking, and nothing else. */
function insideFence(text: string): string | undefined {
  const [, fence = "", head = "", inside] = /^(```|~~~)([^\n]*\n)([^]*)\1$/.exec(text) ?? [];
  if (inside === undefined || inside.includes(fence)) return undefined;
  const opens = thinkingMarks(fence + head).some(({ kind }) => kind === "opens");
  return opens ? undefined : inside;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "list" : typeof value;
}
