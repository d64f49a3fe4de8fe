/**
 * Finds the one JSON object in what a model wrote: forgiving about what surrounds it, strict about
 * the object. Nothing is repaired, and of several objects none is taken.
 *
 * @module
 */
import { isObject, parseJson } from "../base/json.ts";

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
const MOST_THOUGHTS = 8;
/** Each attempt at an object may look at the whole text, so their number is bounded. */
const MOST_ATTEMPTS = 32;

/**
 * Reads an answer: a JSON object as the whole text, JSON-encoded as a string, in a fence, behind
 * `<think>…</think>`, or with prose around it. Takes time linear in the text, whatever it holds.
 */
export function readAnswer(text: string): Answer {
  return text.length > LONGEST_TEXT
    ? refuse("not_json", `longer than ${LONGEST_TEXT} characters`)
    : read(text, MOST_QUOTINGS);
}

function read(text: string, quotings: number): Answer {
  const visible = withoutThoughts(text.trim());
  if (visible === undefined) return refuse("not_json", "thinking that does not end, no answer");
  if (visible === "") return refuse("empty", "nothing but blanks or thinking");
  const inside = insideFence(visible);
  if (inside !== undefined) return read(inside, quotings);
  const whole = parseJson(visible);
  if (whole === undefined) return findObject(visible);
  if (isObject(whole)) return accept(visible, whole);
  if (typeof whole === "string" && quotings > 0) return read(whole, quotings - 1);
  return refuse("not_json", `a JSON ${kindOf(whole)}, not an object`);
}

function refuse(kind: "empty" | "not_json" | "several_objects", error: string): Answer {
  return { ok: false, kind, error };
}

function accept(source: string, value: Record<string, unknown>): Answer {
  // JSON.parse keeps the last of two equal keys; which one was meant is anybody's guess.
  const doubled = keysWritten(source) !== Object.keys(value).length;
  return doubled ? refuse("not_json", "an object that has a key twice") : { ok: true, value };
}

const THOUGHT = /^[<[◁](think|thinking|thought|reasoning|seed:think)[>\]▷]/i;

/**
 * The text behind leading blocks of thinking; undefined when the last of them does not end, since
 * what it holds are drafts. A closing tag alone stays, as prose: with it, drafts would be hidden.
 */
function withoutThoughts(text: string): string | undefined {
  let rest = text;
  for (let count = 0; count < MOST_THOUGHTS; count++) {
    const opening = THOUGHT.exec(rest.slice(0, 20))?.[0];
    if (opening === undefined) return rest;
    const closing = `${opening[0]}/${opening.slice(1)}`.toLowerCase();
    const end = indexOfTag(rest, closing);
    if (end < 0) return undefined;
    rest = rest.slice(end + closing.length).trim();
  }
  return rest;
}

function indexOfTag(text: string, tag: string): number {
  for (let at = text.indexOf(tag[0] ?? ""); at >= 0; at = text.indexOf(tag[0] ?? "", at + 1)) {
    if (text.slice(at, at + tag.length).toLowerCase() === tag) return at;
  }
  return -1;
}

/** What is in the fence when the text is one fenced block and nothing else. */
function insideFence(text: string): string | undefined {
  const fence = text.startsWith("```") ? "```" : "~~~";
  const firstLine = text.indexOf("\n");
  if (!text.startsWith(fence) || !text.endsWith(fence) || firstLine < 0) return undefined;
  const inside = text.slice(firstLine + 1, -fence.length);
  return inside.includes(fence) ? undefined : inside;
}

/** The only object in prose. */
function findObject(text: string): Answer {
  const found: { source: string; value: Record<string, unknown> }[] = [];
  const open = openBrackets();
  let attempts = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === "}" || character === "]") open.close(character);
    if (character === "[") open.open("[", startsJson(text, at, "\"'"));
    if (character !== "{") continue;
    const likely = startsJson(text, at, '"}');
    if (likely && ++attempts > MOST_ATTEMPTS) return refuse("not_json", "too many braces");
    const end = likely ? endOfObject(text, at) : -1;
    const source = end < 0 ? "" : text.slice(at, end);
    const value = end < 0 ? undefined : parseJson(source);
    if (!isObject(value)) {
      open.open("{", startsJson(text, at, "\"'"));
      continue;
    }
    // Prose about code is full of {}, and it never is an answer.
    if (Object.keys(value).length > 0) {
      if (open.inJson() || isFragment(text, { at, end, nested: open.any() })) {
        return refuse("not_json", "an object inside something that is not JSON");
      }
      found.push({ source, value });
    }
    at = end - 1;
  }
  const [only, another] = found;
  if (another) return refuse("several_objects", `${found.length} JSON objects, one was asked for`);
  return only ? accept(only.source, only.value) : refuse("not_json", "no complete JSON object");
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
