import { isObject, isSame, parseJson, walkSigns } from "../base/json.ts";
import { announcesDraft, leavesStanding } from "./answer/surroundings.ts";
import { type Mark, thinkingMarks } from "./answer/thinking.ts";

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
/** Taking thinking out can bring other thinking to light, and a hostile text thousands of times. */
const MOST_ROUNDS = 3;

/**
 * Finds the one JSON object in what a model wrote: as the whole text, JSON-encoded as a string, in a
 * fence, behind thinking that ends, or with prose around it. Nothing is repaired, thinking is never
 * the answer, of several different objects none is taken, and neither is one that the text around it
 * calls a draft or takes back. Takes time linear in the text, whatever it holds.
 */
export function readAnswer(text: string): Answer {
  if (text.length <= LONGEST_TEXT) return read(text.trim(), MOST_QUOTINGS, MOST_ROUNDS);
  return refuse("not_json", `longer than ${LONGEST_TEXT} characters`);
}

function read(text: string, quotings: number, rounds: number): Answer {
  if (text === "") return refuse("empty", "nothing but blanks");
  const whole = parseJson(text);
  if (isObject(whole)) return accept({ value: whole, keys: extentsIn(text)(0).keys });
  if (typeof whole === "string" && quotings > 0) return read(whole.trim(), quotings - 1, rounds);
  if (whole !== undefined) return refuse("not_json", `a JSON ${kindOf(whole)}, not an object`);
  const inside = insideFence(text);
  if (inside !== undefined) return read(inside.trim(), quotings, rounds);

  const survey = surveyOf(text);
  if ("error" in survey) return survey;
  const { found, drafts, outside } = survey;
  const last = found.at(-1);
  if (!last) {
    if (drafts.length > 0) return refuse("not_json", "an object inside thinking, none behind it");
    const rest = outside.trim();
    if (rest === "") return refuse("empty", "nothing but thinking");
    if (rest !== text && rounds > 0) return read(rest, quotings, rounds - 1);
    return refuse("not_json", "no complete JSON object");
  }
  const all = [...drafts, ...found];
  if (all.some(({ value }) => !isSame(value, last.value))) {
    return refuse("several_objects", `${all.length} JSON objects, one was asked for`);
  }
  if (announcesDraft(last.lead)) {
    return refuse("not_json", "the object is called an example or a draft");
  }
  if (leavesStanding(text.slice(last.end), last.value.action)) return accept(last);
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

/** Objects of a text that are tried; and of all that end but are no JSON, their length in sum. */
const MOST_ATTEMPTS = 32;
const MOST_BROKEN = 4 * LONGEST_TEXT;
/** The beginning of an answer, in whatever quotes. */
const ANSWER_LIKE =
  /^\{\s{0,20}["'“`]?(?:evidence|cause|reason|action|confidence|requires_human)\b/i;
const LONGEST_OPENING = 40;

/** What an object of a text takes up. */
interface Extent {
  /** Behind its last bracket, or where it begins if there is none. */
  end: number;
  /** How many keys are written, equal ones counted each. */
  keys: number;
}

/** An object in prose. */
interface Found extends Readonly<Extent> {
  readonly value: Record<string, unknown>;
  /** What stands before it, as far as the last object or thinking. */
  readonly lead: string;
}

/** What a text holds. */
interface Survey {
  /** The objects behind all thinking, and those before its last mark but not inside it. */
  readonly found: readonly Found[];
  readonly drafts: readonly Found[];
  /** The text outside of thinking, as far as it can hold an answer. */
  readonly outside: string;
}

/** The objects in prose, and whether they stand inside thinking. */
function surveyOf(text: string): Survey | NoAnswer {
  /** The marks that are still to come, the next one last. */
  const ahead = thinkingMarks(text).reverse();
  const extentAt = extentsIn(text);
  const drafts: Found[] = [];
  let found: Found[] = [];
  let outside = "";
  /** Where the present piece of prose began. */
  let from = 0;
  let open = nothingOpen();
  let attempts = 0;
  let broken = 0;
  for (let at = 0; at < text.length; at++) {
    // Marks inside an object's texts do not count.
    while ((ahead.at(-1)?.at ?? Infinity) < at) ahead.pop();
    const mark = ahead.at(-1);
    if (mark?.at === at && mark.kind !== "ends") {
      const close = mark.kind === "closes" ? mark : closing(mark, ahead);
      if (!close) return refuse("not_json", "thinking that does not end, no answer");
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
    if (character === "[") open["["].push(QUOTES.has(behind(text, at + 1)));
    if (character !== "{") continue;
    const first = behind(text, at + 1);
    const isLikely = first === '"' || first === "}";
    if (isLikely && ++attempts > MOST_ATTEMPTS) return refuse("not_json", "too many braces");
    const { end, keys } = isLikely ? extentAt(at) : { end: at, keys: 0 };
    const value = end > at ? parseJson(text.slice(at, end)) : undefined;
    if (!isObject(value)) {
      broken += end - at;
      if (broken > MOST_BROKEN) return refuse("not_json", "too many braces");
      const isAnswerLike = ANSWER_LIKE.test(text.slice(at, at + LONGEST_OPENING));
      if (found.length > 0 && (isAnswerLike || first === '"')) {
        return refuse("several_objects", "a JSON object and another one that is broken");
      }
      if (isAnswerLike) return refuse("not_json", "a JSON object that is broken");
      open["{"].push(QUOTES.has(first));
      continue;
    }
    // Prose about code is full of {}, and it never is an answer.
    if (Object.keys(value).length > 0) {
      if (isFragment(text, { at, end, around: [...open["{"], ...open["["]] })) {
        return refuse("not_json", "an object inside something that is not JSON");
      }
      found.push({ value, keys, end, lead: text.slice(from, at) });
      from = end;
    }
    at = end - 1;
  }
  return { found, drafts, outside: outside + text.slice(from) };
}

/** The prose's brackets that are still open, and whether each looks like JSON's. */
const nothingOpen = (): Record<"{" | "[", boolean[]> => ({ "{": [], "[": [] });

const QUOTES = new Set(`"'`);
const BLANKS = new Set(" \n\r\t\u00a0");

/** The first character from `at` on that is no blank; "" at the end. */
function behind(text: string, at: number): string {
  while (BLANKS.has(text.charAt(at))) at++;
  return text.charAt(at);
}

/** Where the last character before `at` stands that is no blank; -1 where there is none. */
function lastBefore(text: string, at: number): number {
  do at--; while (BLANKS.has(text.charAt(at)));
  return at;
}

/** The mark that ends the thinking which `opening` begins; those before it are taken off `ahead`. */
function closing(opening: Mark, ahead: Mark[]): Mark | undefined {
  const isOther = ({ family, kind, at }: Mark) =>
    family !== opening.family || kind === "opens" || at < opening.end;
  let mark = ahead.pop();
  while (mark && isOther(mark)) mark = ahead.pop();
  return mark;
}

/** Whether an object stands in, or touches, something that makes it a part of broken JSON. */
function isFragment(
  text: string,
  { at, end, around }: { at: number; end: number; around: readonly boolean[] },
): boolean {
  if (around.includes(true) || /[}\]"]/.test(behind(text, end))) return true;
  const before = lastBefore(text, at);
  const previous = text.charAt(before);
  if (/["{[]/.test(previous)) return true;
  // "Here it is: {…}" is prose, `"answer": {…}` and `…], {…}` are not.
  const earlier = text.charAt(lastBefore(text, before));
  const isNested = around.length > 0;
  if (previous === ":") return isNested || earlier === '"';
  return previous === "," && (isNested || /["}\]0-9]/.test(earlier));
}

/** The extents of objects, asked for by where they begin. */
function extentsIn(text: string): (start: number) => Extent {
  const extents = new Map<number, Extent>();
  return (start) => {
    const known = extents.get(start);
    if (known) return known;
    // What stands inside is told by the same walk, else hostile text is walked over again and again.
    const open: Extent[] = [];
    walkSigns(text, start, (sign, at) => {
      if (sign === "{" || sign === "[") {
        const extent = { end: at, keys: 0 };
        open.push(extent);
        extents.set(at, extent);
        return false;
      }
      const inner = sign === ":" ? open.at(-1) : sign === "," ? undefined : open.pop();
      if (sign === ":" && inner) inner.keys++;
      else if (inner) inner.end = at + 1;
      return open.length === 0;
    });
    return extents.get(start) ?? { end: start, keys: 0 };
  };
}
