import { isProse, looksLikeCode, looksSecret, type SecretKind, secretKind, STEM } from "./keys.ts";
import { backslashesBefore, closingQuote, QUOTE, skipBlanks, valueAt } from "./extent.ts";
import { endFrom, matchFrom, REDACTED, type Report } from "./search.ts";
import { valueBelow } from "./yaml.ts";

/** Farthest a name reaches to either side of its stem, in UTF-16 units. */
const REACH = 64;
const IN_NAME = /[\w.\u00c0-\u1fff-]/;
const NAME_REST = /[\w.\u00c0-\u1fff-]*/y;
const WORD = /^(?:[A-Z][A-Z0-9_]*|[A-Za-zÀ-ſ_]{2,24})$/;

type Name = { readonly start: number; readonly end: number; readonly kind: SecretKind };

/** What stands between a name and its value; `flag`: white space after a name with a dash. */
type Separator = "=" | ":" | "space" | "flag" | "xml" | "%3D";

const VALUE_FIELD =
  /["'\\]{0,6}[\s,;]{0,12}["'\\]{0,6}(?:value|val|v|new|old|new_?value|old_?value|current|default|content|data)["'\\]{0,6}\s{0,8}[:=]\s{0,8}/iy;
/** The rest of a tag that is named so. */
const NAMED_TAG = /(?:[ \t][^<>\n]{0,120}(?<!\/))?>/y;
/** The rest of a tag whose attribute is the name: the value is in a further one, or behind it. */
const TAG_VALUE = /["'][^<>\n"']{0,40}(?:["'][^<>\n"']{0,60}["'][^<>\n"']{0,40}){0,4}?\bvalue=/iy;
const TAG_END = /["'][^<>\n]{0,120}(?<!\/)>/y;
/** `define("NAME", "value")`, `{"NAME", "value"}`, `NAME("value")`. */
const OPENING = /[({]\s{0,4}["'`][\w.-]*$/;
const NEXT_ARGUMENT = /["'`]\s{0,4},\s{0,4}(?=["'`])/y;
const CALL = /\((?=["'`])/y;
const ENCODED = /%3d/iy;
/** What may close a quoted name, and `name]`. */
const CLOSING = /(?:\\{0,8}["'`])?\]?/y;
const ASSIGN = /[ \t]*(:=|={1,2}>?|:)(?!:)[ \t]*/y;

function separatorAfter(
  text: string,
  { start, end }: Name,
): { kind: Separator; next: number } | undefined {
  const named = text.charAt(start - 1);
  const tag = named === "<" ? endFrom(NAMED_TAG, text, end) : undefined;
  if (tag !== undefined) return { kind: "xml", next: tag };
  const isClosed = QUOTE.test(text.charAt(end));
  if (isClosed && /["'.]/.test(named)) {
    const before = text.slice(Math.max(0, start - 4 * REACH), start);
    if (before.lastIndexOf("<") > before.lastIndexOf(">")) {
      const value = endFrom(TAG_VALUE, text, end);
      if (value !== undefined) return { kind: "=", next: value };
      const behind = endFrom(TAG_END, text, end);
      if (behind !== undefined) return { kind: "xml", next: behind };
    }
    const next = OPENING.test(before.slice(-REACH)) ? endFrom(NEXT_ARGUMENT, text, end) : undefined;
    if (next !== undefined) return { kind: "=", next };
  }
  const argument = endFrom(CALL, text, end) ??
    (isClosed || text[end] === "\\" ? endFrom(VALUE_FIELD, text, end) : undefined);
  if (argument !== undefined) return { kind: "=", next: argument };
  const encoded = endFrom(ENCODED, text, end);
  if (encoded !== undefined) return { kind: "%3D", next: encoded };
  const closed = endFrom(CLOSING, text, end) ?? end;
  const assign = matchFrom(ASSIGN, text, closed)?.[1];
  if (assign) return { kind: assign === ":" ? ":" : "=", next: ASSIGN.lastIndex };
  // A quote closed the name: what follows after blanks is not its value.
  const next = skipBlanks(text, end);
  if (closed !== end || next === end) return undefined;
  return { kind: text[start] === "-" ? "flag" : "space", next };
}

const LINKING = /(?:(?:is|was|be|to|set|now|as|changed|value|of|=|:)[ \t:=]{1,4}){0,4}/iy;

/** `password hunter2`: only what does not read as prose. */
function reportSpoken(text: string, from: number, kind: SecretKind, report: Report): void {
  const start = endFrom(LINKING, text, from) ?? from;
  if (/[{[]/.test(text.charAt(start))) return;
  const value = valueAt(text, start, "secret");
  const word = text.slice(value.start, value.end);
  if (word === "" || word === REDACTED) return;
  const quoted = value.quoted && word.length <= 128;
  const secret = kind === "code" ? /\d{4}/.test(word) && looksLikeCode(word) : !isProse(word) &&
    (kind !== "password"
      ? looksSecret(word)
      : quoted || (start > from ? looksSecret(word) : /^[\w!@#$%^&*+~/.]/.test(word)));
  if (secret) report(value.start, value.end);
}

/** Reports the value of a name; returns where it ends, or the name's end where there is none. */
function reportValue(text: string, name: Name, report: Report): number {
  const { kind, next = 0 } = separatorAfter(text, name) ?? {};
  if (kind === undefined) return name.end;
  if (kind === "space") {
    // A word of prose or a variable; "username-password" or "db-pw-7" is neither.
    if (WORD.test(text.slice(name.start, name.end))) reportSpoken(text, next, name.kind, report);
    return name.end;
  }
  if (kind === "xml" || kind === "%3D") {
    const end = matchFrom(kind === "xml" ? /<|$/g : /%26|[&\s"'`<]|$/gi, text, next)?.index ?? next;
    report(next, end);
    return end;
  }
  const isHeader = name.kind === "authorization" || name.kind === "cookie";
  if (kind === ":") {
    const below = valueBelow(text, { key: name.start, next }, report);
    if (below !== undefined) return below;
    if (/[\r\n]/.test(text.charAt(next))) return reportNextLine(text, name, next, report);
    const labelled = isHeader ? undefined : reportLabelled(text, next, report);
    if (labelled !== undefined) return labelled;
  }
  const before = text.charAt(name.start - 1);
  const isEnclosed = QUOTE.test(before) && !QUOTE.test(text.slice(name.end, next + 1)) &&
    (kind === "=" || isHeader);
  const depth = isEnclosed ? backslashesBefore(text, name.start - 1, 0) : 0;
  const { start, end, quoted } = isEnclosed
    ? { start: next, end: closingQuote(text, next, before, depth), quoted: false }
    : valueAt(text, next, name.kind);
  const value = text.slice(start, Math.min(end, start + 256));
  if (end <= start || isHarmless({ value, quoted }, name.kind, kind)) return name.end;
  report(start, end);
  const field = endFrom(VALUE_FIELD, text, end);
  if (field === undefined) return end;
  // `"old": "...", "new": "..."`: the name counts for both.
  const more = valueAt(text, field, name.kind);
  report(more.start, more.end);
  return more.end;
}

const LABELLED =
  /([\w.-]{1,32})([=:] ?["']?)([^\s,;"'{}[\]]{1,512})["']?(?:[,;] {0,4}| {1,4}(?=[\w.-]{1,32}=)|(?=\s|$))/y;

/** `Network Key: configured=..., adapter=...`: every value behind the one name. */
function reportLabelled(text: string, from: number, report: Report): number | undefined {
  let end: number | undefined;
  for (let match = matchFrom(LABELLED, text, from); match; match = LABELLED.exec(text)) {
    const [, label = "", sign = "", value = ""] = match;
    if (value.startsWith("//") || (end === undefined && !sign.startsWith("="))) break;
    const start = match.index + label.length + sign.length;
    if (looksSecret(value) || value.length >= 16) report(start, start + value.length);
    end = LABELLED.lastIndex;
  }
  return end;
}

const ALONE =
  /\r?\n[ \t]{0,16}(?:[-=~]{3,40}\r?\n[ \t]{0,16})?["']?([^\s"':=]{4,256})["']?[ \t]*(?=\r?\n|$)/y;

/** A prompt, and what was typed below it. */
function reportNextLine(text: string, { end, kind }: Name, from: number, report: Report): number {
  const word = matchFrom(ALONE, text, from)?.[1] ?? "-";
  if (isProse(word) || kind === "weak" || word.startsWith("-")) return end;
  if (kind === "code" && !looksLikeCode(word) || kind !== "password" && !looksSecret(word)) {
    return end;
  }
  const start = text.indexOf(word, from);
  report(start, start + word.length);
  return start + word.length;
}

function isHarmless(
  { value, quoted }: { readonly value: string; readonly quoted: boolean },
  name: SecretKind,
  separator: Separator,
): boolean {
  if (/^(?:true|false|null|none|undefined|nil)$/i.test(value)) return true;
  if (separator === "flag" && value.startsWith("-")) return true;
  if (name === "code") return !looksLikeCode(value);
  // What a test is called, after its result.
  if (name === "weak" && /^Test[A-Z_]/.test(value)) return true;
  if ((name === "plural" || name === "weak") && /^\d{1,12}$/.test(value)) return true;
  return (name === "weak" || (separator === ":" && !quoted)) && isProse(value);
}

/** `api key`, `door code`: the word before belongs to the name; so does YAML's key above. */
function nameStart(text: string, start: number, name: string): number {
  if (!/^(?:keys?|codes?|passe)$/i.test(name) || text[start - 1] !== " ") return start;
  const above = /:[ \t]*\r?\n[ \t]+$/.exec(text.slice(Math.max(0, start - REACH), start))?.[0];
  let from = start - (above?.length ?? 1);
  while (from > 0 && start - from < 20 && IN_NAME.test(text.charAt(from - 1))) from--;
  return from;
}

// In a query string these say more than elsewhere.
const QUERY_SECRET = /^(?:key|sig|signature)$/i;
const AUTH_SCHEME = /^(?:bearer|basic)$/i;
const CREDENTIALS = /[ \t]+([\w.~+/=:-]*)/y;

function reportCredentials(text: string, end: number, scheme: string, report: Report): number {
  const [whole = "", credentials = ""] = matchFrom(CREDENTIALS, text, end) ?? [];
  const word = credentials.slice(0, 256).replace(/[.:]+$/, "");
  const isSecret = looksSecret(word) ||
    (word.length >= 10 && (word.endsWith("=") || !/^basic$/i.test(scheme)));
  if (whole === "" || isProse(word) || !isSecret) return end;
  const stop = end + whole.length;
  report(stop - credentials.length, stop);
  return stop;
}

/**
 * Finds every secret-looking name in the text and reports its value: `NAME=value`, `name: value`,
 * JSON and XML inside a string, headers, flags, `password value`.
 */
export function namedValues(text: string, report: Report): void {
  let done = 0;
  for (let match = matchFrom(STEM, text, 0); match; match = matchFrom(STEM, text, done)) {
    let start = match.index;
    const floor = Math.max(done, start - REACH);
    while (start > floor && IN_NAME.test(text.charAt(start - 1))) start--;
    const runEnd = endFrom(NAME_REST, text, match.index + match[0].length) ?? text.length;
    let end = runEnd;
    while (end > start && /[.-]/.test(text.charAt(end - 1))) end--;
    const word = text.slice(Math.max(start, end - 2 * REACH), end);
    const from = nameStart(text, start, word);
    const named = secretKind(text.slice(Math.max(from, end - 2 * REACH), end));
    const signed = /[?&]/.test(text.charAt(start - 1)) && QUERY_SECRET.test(word) &&
      !/^=[a-z]{1,8}(?![\w%.~-])/.test(text.slice(end, end + 12));
    const kind = named === "none" && signed ? "secret" : named;
    done = AUTH_SCHEME.test(word) ? reportCredentials(text, end, word, report) : runEnd;
    if (kind !== "none" && done === runEnd) done = reportValue(text, { start, end, kind }, report);
    done = Math.max(done, runEnd);
  }
}
