/**
 * Where the objects of a text stand, and what is thinking around them.
 *
 * @module
 */
import { isObject, parseJson, signsOf } from "../../base/json.ts";
import { type Mark, thinkingMarks } from "./thinking.ts";

/** Each attempt at an object may look at the whole text, so their number is bounded. */
const MOST_ATTEMPTS = 32;
/** The beginning of an answer, in whatever quotes. */
const ANSWER_LIKE =
  /^\{\s{0,20}["'“`]?(?:evidence|cause|reason|action|confidence|requires_human)\b/i;
const LONGEST_OPENING = 40;

/** An object in prose. */
export interface Found {
  readonly value: Record<string, unknown>;
  /** How many keys are written, equal ones counted each. */
  readonly keys: number;
  /** Where it ends in the text. */
  readonly end: number;
  /** What stands before it, as far as the last object or thinking. */
  readonly lead: string;
}

/** What a text holds, or why that is not one answer. */
type Survey =
  | {
    /** The objects behind all thinking, and those before its last mark but not inside it. */
    readonly found: readonly Found[];
    readonly drafts: readonly Found[];
    /** The text outside of thinking, as far as it can hold an answer. */
    readonly outside: string;
  }
  | { readonly kind: "not_json" | "several_objects"; readonly problem: string };

/** The prose's brackets that are still open, and whether each looks like JSON's. */
type OpenBrackets = Record<"{" | "[", boolean[]>;

const nothingOpen = (): OpenBrackets => ({ "{": [], "[": [] });

/** The objects in prose, and whether they stand inside thinking. Takes time linear in the text. */
export function surveyOf(text: string): Survey {
  const marks = thinkingMarks(text);
  const drafts: Found[] = [];
  let found: Found[] = [];
  let outside = "";
  /** Where the present piece of prose began. */
  let from = 0;
  let open = nothingOpen();
  let attempts = 0;
  let next = 0;
  for (let at = 0; at < text.length; at++) {
    // Marks inside an object's texts do not count.
    while ((marks[next]?.at ?? Infinity) < at) next++;
    const mark = marks[next];
    if (mark?.at === at && mark.kind !== "ends") {
      const close = mark.kind === "closes" ? mark : closing(mark, marks.slice(next + 1));
      if (!close) return { kind: "not_json", problem: "thinking that does not end, no answer" };
      drafts.push(...found);
      found = [];
      outside = mark.kind === "closes" ? "" : `${outside}${text.slice(from, at)}\n`;
      open = nothingOpen();
      from = close.end;
      at = close.end - 1;
      continue;
    }
    const character = text.charAt(at);
    if (character === "}") open["{"].pop();
    if (character === "]") open["["].pop();
    if (character === "[") open["["].push(/["']/.test(behind(text, at + 1)));
    if (character !== "{") continue;
    const first = behind(text, at + 1);
    const likely = first === '"' || first === "}";
    if (likely && ++attempts > MOST_ATTEMPTS) {
      return { kind: "not_json", problem: "too many braces" };
    }
    const { end, keys } = likely ? extentOf(text, at) : { end: at, keys: 0 };
    const value = end > at ? parseJson(text.slice(at, end)) : undefined;
    if (!isObject(value)) {
      const answerLike = ANSWER_LIKE.test(text.slice(at, at + LONGEST_OPENING));
      if (found.length > 0 && (answerLike || first === '"')) {
        const problem = "a JSON object and another one that is broken";
        return { kind: "several_objects", problem };
      }
      if (answerLike) return { kind: "not_json", problem: "a JSON object that is broken" };
      open["{"].push(/["']/.test(first));
      continue;
    }
    // Prose about code is full of {}, and it never is an answer.
    if (Object.keys(value).length > 0) {
      const around = [...open["{"], ...open["["]];
      if (around.includes(true) || isFragment(text, { at, end, nested: around.length > 0 })) {
        return { kind: "not_json", problem: "an object inside something that is not JSON" };
      }
      found.push({ value, keys, end, lead: text.slice(from, at) });
      from = end;
    }
    at = end - 1;
  }
  return { found, drafts, outside: outside + text.slice(from) };
}

/** The mark that ends the thinking which `opening` begins. */
function closing(opening: Mark, later: readonly Mark[]): Mark | undefined {
  return later.find(({ family, kind, at }) =>
    family === opening.family && kind !== "opens" && at >= opening.end
  );
}

const BLANKS = new Set(" \n\r\t\u00a0");

/** The first character from `at` on that is no blank; "" at the end. */
function behind(text: string, at: number): string {
  while (BLANKS.has(text.charAt(at))) at++;
  return text.charAt(at);
}

/** Whether the object from `at` to `end` touches something that makes it a part of broken JSON. */
function isFragment(
  text: string,
  { at, end, nested }: { at: number; end: number; nested: boolean },
): boolean {
  if (/[}\]"]/.test(behind(text, end))) return true;
  const before = lastBefore(text, at);
  const previous = text.charAt(before);
  if (/["{[]/.test(previous)) return true;
  // "Here it is: {…}" is prose, `"answer": {…}` and `…], {…}` are not.
  const earlier = text.charAt(lastBefore(text, before));
  if (previous === ":") return nested || earlier === '"';
  return previous === "," && (nested || /["}\]0-9]/.test(earlier));
}

/** Where the last character before `at` stands that is no blank; -1 where there is none. */
function lastBefore(text: string, at: number): number {
  do at--; while (BLANKS.has(text.charAt(at)));
  return at;
}

/** Where the object at `start` ends, at `start` if nowhere, and how many keys it has as written. */
export function extentOf(text: string, start: number): { end: number; keys: number } {
  let depth = 0;
  let keys = 0;
  for (const { sign, at } of signsOf(text, start)) {
    if (sign === "{" || sign === "[") depth++;
    else if (sign === ":" && depth === 1) keys++;
    else if ((sign === "}" || sign === "]") && --depth === 0) return { end: at + 1, keys };
  }
  return { end: start, keys };
}
