import type { SecretKind } from "./keys.ts";
import { endFrom, matchFrom, REDACTED } from "./search.ts";

export const QUOTE = /["'`]/;

export function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\t") at++;
  return at;
}

export function backslashesBefore(text: string, at: number, floor: number): number {
  let n = 0;
  while (at - n > floor && text[at - n - 1] === "\\") n++;
  return n;
}

/**
 * Where a quoted string that was opened behind `depth` backslashes (JSON inside JSON) closes, or
 * the text's end. A longer run of backslashes belongs to a quote inside.
 */
export function closingQuote(text: string, from: number, quote: string, depth: number): number {
  const step = 2 * (depth + 1);
  for (let at = text.indexOf(quote, from); at >= 0; at = text.indexOf(quote, at + 1)) {
    const run = backslashesBefore(text, at, from);
    if (run < depth || (run - depth) % step === 0) return at - Math.min(run, depth);
  }
  return text.length;
}

/** Where the brackets that open at `from` are balanced, or the text's end. */
function closingBracket(text: string, from: number): number {
  let open = 0;
  for (let at = from; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '"') at = closingQuote(text, at + 1, '"', 0);
    else if (char === "{" || char === "[") open++;
    else if ((char === "}" || char === "]") && --open === 0) return at + 1;
  }
  return text.length;
}

/** Until white space, a quote, a line end written with a backslash, or the next pair. */
const BARE =
  /(?:[^\s"`<\\,;&]|\\(?![nrt"'\\])|[,;&](?!\s{0,4}["']?[\w .-]{1,40}["']?\s{0,4}[=:]))*/y;

/** The end of a value without quotes, and without the punctuation behind it. */
function bareEnd(text: string, from: number): number {
  const behind = from + REDACTED.length;
  if (text.startsWith(REDACTED, from) && /^[\s,;&)\]}<>"'`\\.:]?$/.test(text.charAt(behind))) {
    return behind;
  }
  let at = endFrom(BARE, text, from) ?? from;
  while (at > from && /[,;.)\]}>']/.test(text.charAt(at - 1))) at--;
  return at;
}

const SCHEME = /[A-Za-z][\w-]{0,24}[ \t]{1,4}(?=[^\s"'`=,;]{4})/y;
const COOKIE_MORE = /(?:;[ \t]*[^\s;"'\\]+)*/y;

function headerEnd(text: string, from: number, kind: "authorization" | "cookie"): number {
  if (kind === "cookie") {
    const end = bareEnd(text, from);
    return endFrom(COOKIE_MORE, text, end) ?? end;
  }
  const scheme = matchFrom(SCHEME, text, from)?.[0] ?? "";
  if (!/^(?:digest|oauth|aws4)/i.test(scheme)) return bareEnd(text, from + scheme.length);
  const line = text.indexOf("\n", from);
  return line < 0 ? text.length : line;
}

/**
 * What languages write around a quoted value: `Some("..."`, `b'...'`, `<<"..."`, `string(12) "..."`,
 * a type before it (`password: String = "..."`).
 */
const WRAPPER =
  /(?:\s{0,16}string\(\d{1,6}\) ?|(?:&?[A-Za-z_][\w:.<>]{0,40}(?:\[\])? ?= ?)?(?:&?[A-Za-z_][\w:.]{0,40}\(){1,3}|&?[A-Za-z_][\w:.<>]{0,40}(?:\[\])? = ?|<<|[bBrRuUfL]{1,2})(?=\\{0,8}["'`])/y;

/** A YAML tag or anchor before a value. */
const TAGGED = /[&!][\w!.-]{1,32}[ \t]{1,4}(?=[^\s|>])/y;

/** `[start, end)` of the value that begins at `from`, without the quotes around it. */
export function valueAt(
  text: string,
  place: number,
  kind: SecretKind,
): { start: number; end: number; quoted: boolean } {
  const isWrapped = !QUOTE.test(text.charAt(place)) && QUOTE.test(text.slice(place, place + 96));
  const from = (isWrapped ? endFrom(WRAPPER, text, place) : undefined) ?? place;
  let depth = 0;
  while (depth < 16 && text[from + depth] === "\\") depth++;
  const first = text.charAt(from + depth);
  if (QUOTE.test(first)) {
    const start = from + depth + 1;
    const end = closingQuote(text, start, first, depth);
    const joined = depth === 0 ? joinedEnd(text, end + 1) : 0;
    return joined > end + 1
      ? { start: from, end: joined, quoted: false }
      : { start, end, quoted: end < text.length };
  }
  const end = /[{[]/.test(first) && !text.startsWith(REDACTED, from)
    ? closingBracket(text, from)
    : kind === "authorization" || kind === "cookie"
    ? headerEnd(text, from, kind)
    : bareEnd(text, endFrom(TAGGED, text, from) ?? from);
  return { start: from, end, quoted: false };
}

/** The shell joins what stands directly behind a closing quote; this is where that ends. */
function joinedEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const char = text.charAt(at);
    if (text.startsWith("\\'", at)) at += 2;
    else if (QUOTE.test(char)) at = closingQuote(text, at + 1, char, 0) + 1;
    else if (/[\w!#$%*+./=?@^~-]/.test(char)) at = Math.max(at + 1, bareEnd(text, at));
    else break;
  }
  return Math.min(at, text.length);
}
