/**
 * Where the objects of a text stand, and what is thinking around them.
 *
 * @module
 */
import { isObject, parseJson } from "../../base/json.ts";
import { type Mark, thinkingMarks } from "./thinking.ts";

/** Each attempt at an object may look at the whole text, so their number is bounded. */
const MOST_ATTEMPTS = 32;
/** The beginning of an answer, in whatever quotes. */
const ANSWER_LIKE =
  /^\{\s{0,20}["'“`]?(?:evidence|cause|reason|action|confidence|requires_human)\b/i;
const LONGEST_OPENING = 40;

/** An object in prose. */
interface Found {
  readonly source: string;
  readonly value: Record<string, unknown>;
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

/** The objects in prose, and whether they stand inside thinking. Takes time linear in the text. */
export function surveyOf(text: string): Survey {
  const marks = thinkingMarks(text);
  const drafts: Found[] = [];
  let found: Found[] = [];
  let outside = "";
  /** Where the present piece of prose began. */
  let from = 0;
  let open = openBrackets();
  let attempts = 0;
  let next = 0;
  for (let at = 0; at < text.length; at++) {
    // Marks inside an object's texts do not count.
    while ((marks[next]?.at ?? Infinity) < at) next++;
    const mark = marks[next];
    if (mark?.at === at && mark.kind !== "ends") {
      const close = mark.kind === "closes" ? mark : closing(marks, next);
      if (!close) return { kind: "not_json", problem: "thinking that does not end, no answer" };
      drafts.push(...found);
      found = [];
      outside = mark.kind === "closes" ? "" : `${outside}${text.slice(from, at)}\n`;
      open = openBrackets();
      from = close.end;
      at = close.end - 1;
      continue;
    }
    const character = text.charAt(at);
    if (character === "}" || character === "]") open.close(character);
    if (character === "[") open.open("[", startsJson(text, at, "\"'"));
    if (character !== "{") continue;
    const likely = startsJson(text, at, '"}');
    if (likely && ++attempts > MOST_ATTEMPTS) {
      return { kind: "not_json", problem: "too many braces" };
    }
    const end = likely ? endOfObject(text, at) : -1;
    const source = end < 0 ? "" : text.slice(at, end);
    const value = end < 0 ? undefined : parseJson(source);
    if (!isObject(value)) {
      const answerLike = ANSWER_LIKE.test(text.slice(at, at + LONGEST_OPENING));
      if (answerLike || (found.length > 0 && startsJson(text, at, '"'))) {
        return found.length > 0
          ? { kind: "several_objects", problem: "a JSON object and another one that is broken" }
          : { kind: "not_json", problem: "a JSON object that is broken" };
      }
      open.open("{", startsJson(text, at, "\"'"));
      continue;
    }
    // Prose about code is full of {}, and it never is an answer.
    if (Object.keys(value).length > 0) {
      if (open.inJson() || isFragment(text, { at, end, nested: open.any() })) {
        return { kind: "not_json", problem: "an object inside something that is not JSON" };
      }
      found.push({ source, value, end, lead: text.slice(from, at) });
      from = end;
    }
    at = end - 1;
  }
  return { found, drafts, outside: outside + text.slice(from) };
}

/** The mark that ends the thinking which the one at `index` opens. */
function closing(marks: readonly Mark[], index: number): Mark | undefined {
  const opening = marks[index];
  for (let later = index + 1; opening && later < marks.length; later++) {
    const mark = marks[later];
    if (mark?.family === opening.family && mark.kind !== "opens" && mark.at >= opening.end) {
      return mark;
    }
  }
  return undefined;
}

/** Brackets of the prose that are still open, and whether one of them looks like JSON's. */
function openBrackets() {
  const braces: boolean[] = [];
  const squares: boolean[] = [];
  let inJson = 0;
  return {
    open(bracket: "{" | "[", looksLikeJson: boolean) {
      (bracket === "{" ? braces : squares).push(looksLikeJson);
      if (looksLikeJson) inJson++;
    },
    close(bracket: "}" | "]") {
      if ((bracket === "}" ? braces : squares).pop()) inJson--;
    },
    any: () => braces.length + squares.length > 0,
    inJson: () => inJson > 0,
  };
}

/** Whether the next character behind the bracket at `at` is one of `beginnings`. */
function startsJson(text: string, at: number, beginnings: string): boolean {
  let next = at + 1;
  while (isBlank(text.charCodeAt(next))) next++;
  return next < text.length && beginnings.includes(text.charAt(next));
}

/** Whether the object from `at` to `end` touches something that makes it a part of broken JSON. */
function isFragment(
  text: string,
  { at, end, nested }: { at: number; end: number; nested: boolean },
): boolean {
  let after = end;
  while (isBlank(text.charCodeAt(after))) after++;
  if (after < text.length && '}]"'.includes(text.charAt(after))) return true;
  let before = at - 1;
  while (isBlank(text.charCodeAt(before))) before--;
  if (before < 0) return false;
  const previous = text.charAt(before);
  if ('"{['.includes(previous)) return true;
  if (previous !== ":" && previous !== ",") return false;
  // "Here it is: {…}" is prose, `"answer": {…}` and `…], {…}` are not.
  let earlier = before - 1;
  while (isBlank(text.charCodeAt(earlier))) earlier--;
  const marks = previous === ":" ? '"' : '"}]0123456789';
  return nested || (earlier >= 0 && marks.includes(text.charAt(earlier)));
}

function isBlank(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9 || code === 0xa0;
}

/** The index behind the bracket that closes the one at `start`, or -1. Strings are respected. */
function endOfObject(text: string, start: number): number {
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at++) {
    const character = text.charAt(at);
    if (inString) {
      if (character === "\\") at++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "{" || character === "[") depth++;
    else if ((character === "}" || character === "]") && --depth === 0) return at + 1;
  }
  return -1;
}
