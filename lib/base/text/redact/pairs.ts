/**
 * Values that follow a secret-looking name in free text: `NAME=value`, `name: value`, JSON and
 * XML inside a string, headers, flags, `password value`.
 *
 * @module
 */
import { isProse, looksLikeCode, looksSecret, type SecretKind, secretKind, STEM } from "./keys.ts";
import { backslashesBefore, closingQuote, QUOTE, skipBlanks, valueAt } from "./extent.ts";
import { REDACTED, type Report } from "./spans.ts";
import { valueBelow } from "./yaml.ts";

/** Farthest a name reaches to either side of its stem, in UTF-16 units. */
const REACH = 64;
function isName(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) ||
    code === 95 || code === 45 || code === 46 || (code >= 0xc0 && code < 0x2000);
}

const WORD = /^(?:[A-Z][A-Z0-9_]*|[A-Za-zÀ-ſ_]{2,24})$/;

interface Separator {
  /** `flag`: white space after a name that begins with a dash. */
  readonly kind: "=" | ":" | "space" | "flag" | "xml" | "%3D";
  readonly next: number;
}

const VALUE_FIELD =
  /["'\\]{0,6}[\s,;]{0,12}["'\\]{0,6}(?:value|val|v|new|old|new_?value|old_?value|current|default|content|data)["'\\]{0,6}\s{0,8}[:=]\s{0,8}/iy;
/** The rest of a tag whose attribute is the name: the value is in a further one, or behind it. */
const TAG_VALUE = /["'][^<>\n"']{0,40}(?:["'][^<>\n"']{0,60}["'][^<>\n"']{0,40}){0,4}?\bvalue=/iy;
const TAG_END = /["'][^<>\n]{0,120}(?<!\/)>/y;
const OPEN_TAG = /^[ \t][^<>\n]{0,120}(?<!\/)>/;
/** `define("NAME", "value")`, `{"NAME", "value"}`, `NAME("value")`. */
const NEXT_ARGUMENT = /["'`]\s{0,4},\s{0,4}(?=["'`])/y;
const ASSIGN = /(?::=|={1,2}>?|:)(?!:)/y;

function separatorAfter(text: string, start: number, end: number): Separator | undefined {
  if (text[start - 1] === "<" && text[end] === ">") return { kind: "xml", next: end + 1 };
  const named = text.charAt(start - 1);
  if (named === "<" && OPEN_TAG.test(text.slice(end, end + 128))) {
    return { kind: "xml", next: text.indexOf(">", end) + 1 };
  }
  if (/["'.]/.test(named) && QUOTE.test(text.charAt(end))) {
    const before = text.slice(Math.max(0, start - 4 * REACH), start);
    const inTag = before.lastIndexOf("<") > before.lastIndexOf(">");
    TAG_VALUE.lastIndex = TAG_END.lastIndex = end;
    if (inTag && TAG_VALUE.test(text)) return { kind: "=", next: TAG_VALUE.lastIndex };
    if (inTag && TAG_END.test(text)) return { kind: "xml", next: TAG_END.lastIndex };
    NEXT_ARGUMENT.lastIndex = end;
    const opening = text.slice(Math.max(0, start - REACH), start).search(
      /[({]\s{0,4}["'`][\w.-]*$/,
    );
    if (opening >= 0 && NEXT_ARGUMENT.test(text)) {
      return { kind: "=", next: NEXT_ARGUMENT.lastIndex };
    }
  }
  if (text[end] === "(" && QUOTE.test(text.charAt(end + 1))) return { kind: "=", next: end + 1 };
  if (/^%3d/i.test(text.slice(end, end + 3))) return { kind: "%3D", next: end + 3 };
  VALUE_FIELD.lastIndex = end;
  if (QUOTE.test(text.charAt(end)) || text[end] === "\\") {
    if (VALUE_FIELD.test(text)) return { kind: "=", next: VALUE_FIELD.lastIndex };
  }
  let at = end;
  while (at < end + 8 && text[at] === "\\") at++;
  if (QUOTE.test(text.charAt(at))) at++;
  else at = end;
  if (text[at] === "]") at++;
  const afterName = at;
  at = skipBlanks(text, at);
  ASSIGN.lastIndex = at;
  const assign = ASSIGN.exec(text)?.[0];
  if (assign) {
    const next = skipBlanks(text, at + assign.length);
    return { kind: assign.startsWith(":") && assign !== ":=" ? ":" : "=", next };
  }
  // A quote closed the name: what follows after blanks is not its value.
  if (at === afterName || afterName !== end) return undefined;
  return { kind: text[start] === "-" ? "flag" : "space", next: at };
}

const LINKING = /(?:(?:is|was|be|to|set|now|as|changed|value|of|=|:)[ \t:=]{1,4}){0,4}/iy;

/** `password hunter2`: only what does not read as prose. */
function reportSpoken(text: string, from: number, kind: SecretKind, report: Report): void {
  LINKING.lastIndex = from;
  LINKING.test(text);
  const linked = LINKING.lastIndex > from;
  const start = Math.max(from, LINKING.lastIndex);
  if (/[{[]/.test(text.charAt(start))) return;
  const value = valueAt(text, start, "secret");
  const word = text.slice(value.start, value.end);
  if (word === "" || word === REDACTED) return;
  if (kind === "code") {
    if (/\d{4}/.test(word) && looksLikeCode(word)) report(value.start, value.end);
    return;
  }
  const quoted = value.quoted && word.length <= 128;
  const secret = kind === "password" && !linked
    ? quoted || (/^[\w!@#$%^&*+~/.]/.test(word) && !isProse(word))
    : (kind === "password" && quoted) || looksSecret(word);
  if (secret && !isProse(word)) report(value.start, value.end);
}

function reportValue(
  text: string,
  name: { start: number; end: number; kind: SecretKind },
  report: Report,
): number {
  const separator = separatorAfter(text, name.start, name.end);
  if (!separator) return name.end;
  const { kind, next } = separator;
  if (kind === "space") {
    // A word of prose or a variable; "username-password" or "db-pw-7" is neither.
    if (WORD.test(text.slice(name.start, name.end))) reportSpoken(text, next, name.kind, report);
    return name.end;
  }
  if (kind === "xml" || kind === "%3D") {
    const stop = kind === "xml" ? /<|$/g : /%26|[&\s"'`<]|$/gi;
    stop.lastIndex = next;
    const end = stop.exec(text)?.index ?? text.length;
    report(next, end);
    return end;
  }
  const below = kind === ":" ? valueBelow(text, { key: name.start, next }, report) : undefined;
  if (below !== undefined) return below;
  if (kind === ":" && /[\r\n]/.test(text.charAt(next))) {
    return reportNextLine(text, next, name.kind, report) ?? name.end;
  }
  const isHeader = name.kind === "authorization" || name.kind === "cookie";
  const labelled = kind === ":" && !isHeader ? reportLabelled(text, next, report) : undefined;
  if (labelled !== undefined) return labelled;
  const before = text.charAt(name.start - 1);
  const header = name.kind === "authorization" || name.kind === "cookie";
  const enclosed = QUOTE.test(before) && !QUOTE.test(text.slice(name.end, next + 1)) &&
    (kind === "=" || header);
  const { start, end, quoted } = enclosed
    ? {
      start: next,
      end: closingQuote(text, next, before, depthAt(text, name.start)),
      quoted: false,
    }
    : valueAt(text, next, name.kind);
  const value = text.slice(start, Math.min(end, start + 256));
  if (end <= start || isHarmless(value, name.kind, kind, quoted)) return name.end;
  if (kind === "flag" && value.startsWith("-")) return name.end;
  report(start, end);
  VALUE_FIELD.lastIndex = end;
  if (!VALUE_FIELD.test(text)) return end;
  // `"old": "...", "new": "..."`: the name counts for both.
  const more = valueAt(text, VALUE_FIELD.lastIndex, name.kind);
  report(more.start, more.end);
  return more.end;
}

const LABELLED =
  /([\w.-]{1,32})[=:] ?["']?([^\s,;"'{}[\]]{1,512})["']?(?:[,;] {0,4}| {1,4}(?=[\w.-]{1,32}=)|(?=\s|$))/y;

/** `Network Key: configured=..., adapter=...`: every value behind the one name. */
function reportLabelled(text: string, from: number, report: Report): number | undefined {
  let end: number | undefined;
  LABELLED.lastIndex = from;
  for (let match = LABELLED.exec(text); match; match = LABELLED.exec(text)) {
    const [whole, , value = ""] = match;
    const start = match.index + whole.indexOf(value, (match[1] ?? "").length);
    if (
      /^\/\//.test(value) || (end === undefined && whole.charAt((match[1] ?? "").length) !== "=")
    ) break;
    if (looksSecret(value) || value.length >= 16) report(start, start + value.length);
    end = LABELLED.lastIndex;
  }
  return end;
}

const ALONE =
  /\r?\n[ \t]{0,16}(?:[-=~]{3,40}\r?\n[ \t]{0,16})?["']?([^\s"':=]{4,256})["']?[ \t]*(?=\r?\n|$)/y;

/** A prompt, and what was typed below it. */
function reportNextLine(
  text: string,
  from: number,
  kind: SecretKind,
  report: Report,
): number | undefined {
  ALONE.lastIndex = from;
  const word = ALONE.exec(text)?.[1];
  if (word === undefined || isProse(word) || kind === "weak" || word.startsWith("-")) {
    return undefined;
  }
  if (kind === "code" && !looksLikeCode(word)) return undefined;
  if (kind !== "password" && !looksSecret(word)) return undefined;
  const start = text.indexOf(word, from);
  report(start, start + word.length);
  return start + word.length;
}

/** Backslashes before the quote that stands before `start`. */
const depthAt = (text: string, start: number) => backslashesBefore(text, start - 1, 0);

function isHarmless(value: string, name: SecretKind, separator: string, quoted: boolean): boolean {
  if (/^(?:true|false|null|none|undefined|nil)$/i.test(value)) return true;
  if (name === "code") return !looksLikeCode(value);
  // What a test is called, after its result.
  if (name === "weak" && /^Test[A-Z_]/.test(value)) return true;
  if ((name === "plural" || name === "weak") && /^\d{1,12}$/.test(value)) return true;
  if (quoted) return name === "weak" && isProse(value);
  if (name === "weak" || separator === ":") return isProse(value);
  return false;
}

/** `api key`, `door code`: the word before belongs to the name; so does YAML's key above. */
function nameStart(text: string, start: number, name: string): number {
  if (!/^(?:keys?|codes?|passe)$/i.test(name) || !/[ ]/.test(text.charAt(start - 1))) return start;
  const above = /:[ \t]*\r?\n[ \t]+$/.exec(text.slice(Math.max(0, start - REACH), start))?.[0];
  let from = start - (above?.length ?? 1);
  while (from > 0 && start - from < 20 && isName(text.charCodeAt(from - 1))) from--;
  return from;
}

// In a query string these say more than elsewhere.
const QUERY_SECRET = /^(?:key|sig|signature)$/i;
const AUTH_SCHEME = /^(?:bearer|basic)$/i;

function reportCredentials(text: string, end: number, scheme: string, report: Report): number {
  const start = skipBlanks(text, end);
  if (start === end) return end;
  let stop = start;
  while (stop < text.length && /[\w.~+/=:-]/.test(text.charAt(stop))) stop++;
  const word = text.slice(start, Math.min(stop, start + 256)).replace(/[.:]+$/, "");
  const basic = /^basic$/i.test(scheme);
  if (isProse(word) || (word.length < 10 && !looksSecret(word))) return end;
  if (basic && !looksSecret(word) && !word.endsWith("=")) return end;
  report(start, stop);
  return stop;
}

/** Finds every secret-looking name in the text and reports its value. */
export function namedValues(text: string, report: Report): void {
  STEM.lastIndex = 0;
  let done = 0;
  for (let match = STEM.exec(text); match; match = STEM.exec(text)) {
    let start = match.index;
    const floor = Math.max(done, start - REACH);
    while (start > floor && isName(text.charCodeAt(start - 1))) start--;
    let end = match.index + match[0].length;
    while (end < text.length && isName(text.charCodeAt(end))) end++;
    done = end;
    let nameEnd = end;
    while (nameEnd > start && /[.-]/.test(text.charAt(nameEnd - 1))) nameEnd--;
    const word = text.slice(Math.max(start, nameEnd - 2 * REACH), nameEnd);
    const from = nameStart(text, start, word);
    const named = secretKind(text.slice(Math.max(from, nameEnd - 2 * REACH), nameEnd));
    const signed = /[?&]/.test(text.charAt(start - 1)) && QUERY_SECRET.test(word) &&
      !/^=[a-z]{1,8}(?![\w%.~-])/.test(text.slice(nameEnd, nameEnd + 12));
    const kind = named === "none" && signed ? "secret" : named;
    if (AUTH_SCHEME.test(word)) done = reportCredentials(text, nameEnd, word, report);
    if (kind !== "none" && done === end) {
      done = reportValue(text, { start, end: nameEnd, kind }, report);
    }
    done = Math.max(done, end);
    STEM.lastIndex = done;
  }
}
