import {
  isFolder,
  isProse,
  looksLikeCode,
  looksRandom,
  looksSecret,
  placeholderEnd,
  secretKind,
  STEM,
} from "./keys.ts";
import { backslashesBefore, closingQuote, QUOTE, valueAt } from "./extent.ts";
import { endFrom, matchFrom, type Report } from "./search.ts";
import { type Separator, separatorAfter, VALUE_FIELD } from "./separator.ts";
import { type Name, reportSpoken } from "./spoken.ts";
import { valueBelow } from "./yaml.ts";

/** Farthest a name reaches to either side of its stem, in UTF-16 units. */
const REACH = 64;
const IN_NAME = /[\w.\u00c0-\u1fff-]/;
const NAME_REST = /[\w.\u00c0-\u1fff-]*/y;
const WORD = /^(?:[A-Z][A-Z0-9_]*|[\p{L}_]{2,24}\d?)$/u;
const NEXT_WORD = /[^\s"']{1,256}/y;
const HYPHENATED = /^[a-z]{1,16}(?:-[a-z]{1,16}){1,3}$/;

/** Reports the value of a name; returns where it ends, or the name's end where there is none. */
function reportValue(text: string, name: Name, report: Report): number {
  const { kind, next = 0 } = separatorAfter(text, name) ?? {};
  if (kind === undefined) return name.end;
  if (kind === "space") {
    // A word of prose or a variable; "username-password" or "db-pw-7" is neither, a header is.
    const word = text.slice(name.start, name.end);
    const isHeader = /^x-/i.test(word) && QUOTE.test(text.charAt(next));
    const isSetting = HYPHENATED.test(word) &&
      (QUOTE.test(text.charAt(next)) || looksRandom(matchFrom(NEXT_WORD, text, next)?.[0] ?? "") ||
        /(?:^|\n)[ \t]{0,16}$/.test(text.slice(Math.max(0, name.start - 17), name.start)));
    if (isHeader || isSetting || WORD.test(word)) reportSpoken(text, next, name, report);
    return name.end;
  }
  if (kind === "xml" || kind === "%3D") {
    const stop = kind === "xml" ? /<|\]\]>|&lt;|$/g : /%(?:25)?2[267]|[&\s"'`<]|$/gi;
    const end = matchFrom(stop, text, next)?.index ?? next;
    // "AUTH <password> called without": a sentence goes on.
    if (kind === "xml" && end === text.length && /\s/.test(text.charAt(next))) return name.end;
    report(next, end);
    // A tag's attributes are looked at, too.
    return kind === "xml" && text.slice(name.end, next).includes("=") ? name.end : end;
  }
  const isHeader = name.kind === "authorization" || name.kind === "cookie";
  if (kind === ":") {
    const below = valueBelow(text, { key: name.start, next }, report);
    if (below !== undefined) return below;
    if (/[\r\n]/.test(text.charAt(next))) return reportNextLine(text, name, next, report);
    const labelled = isHeader ? undefined : reportLabelled(text, next, report);
    if (labelled !== undefined) return labelled;
  }
  const stand = placeholderEnd(text, QUOTE.test(text.charAt(next)) ? next + 1 : next);
  if (stand !== undefined) return stand;
  const pair = text.slice(Math.max(0, next - 1), next + 32).includes("(")
    ? endFrom(USER_AND_PASSWORD, text, next)
    : undefined;
  if (pair !== undefined) {
    report(next, pair);
    return pair;
  }
  const before = text.charAt(name.start - 1);
  // What is no secret is looked at again behind its name: not each time to a long text's end.
  const within = name.kind === "code" || name.kind === "random" ? text.slice(0, next + 512) : text;
  const isEnclosed = QUOTE.test(before) && !QUOTE.test(text.slice(name.end, next + 1)) &&
    (kind === "=" || isHeader);
  const depth = isEnclosed ? backslashesBefore(text, name.start - 1, 0) : 0;
  const { start, end, quoted } = isEnclosed
    ? { start: next, end: closingQuote(text, next, before, depth), quoted: false }
    : valueAt(within, next, name.kind);
  const value = text.slice(start, Math.min(end, start + 256));
  // "Auth: session cookie invalid": a sentence.
  const isAuth = name.kind === "weak" && /auth$/i.test(text.slice(name.start, name.end)) &&
    /^ [a-z]/.test(text.slice(end, end + 2));
  if (end <= start || isHarmless({ value, quoted }, { kind: name.kind, isAuth }, kind)) {
    return name.end;
  }
  if (isFolder(text.slice(name.start, name.end), value)) return end;
  const whole = wholePhrase(text, name, end);
  report(start, whole);
  if (whole > end) return whole;
  const field = endFrom(VALUE_FIELD, text, end);
  if (field === undefined) return end;
  // `"old": "...", "new": "..."`: the name counts for both.
  const more = valueAt(text, field, name.kind);
  report(more.start, more.end);
  return more.end;
}

/** `HTTPBasicAuth('bob', '...'`, `auth=('bob', '...')`, `Some(("bob", "..."))`. */
const USER_AND_PASSWORD =
  /(?:[A-Za-z]{1,16}\(){0,2}\(?b?["'][^"'\n]{0,128}["']\s{0,4},\s{0,4}b?["'][^"'\n]{1,256}["']\){0,3}(?!\s{0,4}[:=])/y;
/** `credentials: bob / hunter2` */
const SLASHED = / {0,2}\/ {0,2}[^\s"'/]{4,128}(?=[\s"']|$)/y;
const MORE_WORDS = /(?: [a-z]{2,12}){1,23}(?=["',;.]?(?:[\r\n]|$))/y;
const MORE_CODES =
  /(?:[ \t]|[ ,;]{2}|,|\r?\n[ \t-]{0,8}){1,2}([A-Za-z0-9]{3,16}(?:-[A-Za-z0-9]{2,16}){0,4})(?![\w-])/y;

/** A passphrase of several words goes on to its line's end, a list of codes while there are some. */
function wholePhrase(text: string, { start, end: nameEnd, kind }: Name, end: number): number {
  const name = text.slice(start, nameEnd);
  if (/passphrase$/i.test(name) && /[a-z]/.test(text.charAt(end - 1))) {
    const [words = ""] = matchFrom(MORE_WORDS, text, end) ?? [];
    return words.trim().split(" ").some(isProse) ? end : end + words.length;
  }
  if (/(?:credentials?|creds|zugangsdaten)$/i.test(name)) {
    return endFrom(SLASHED, text, end) ?? end;
  }
  if (kind !== "code" || !/codes$/i.test(name)) return end;
  let last = end;
  for (let match = matchFrom(MORE_CODES, text, end); match; match = MORE_CODES.exec(text)) {
    if (!looksLikeCode(match[1] ?? "")) break;
    last = MORE_CODES.lastIndex;
  }
  return last;
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
  /(?:\r?\n[ \t]{0,16}){1,3}(?:[-=~]{3,40}\r?\n[ \t]{0,16})?["']?([^\s"':=]{4,256})["']?[ \t]*(?=\r?\n|$)/y;

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
  { kind: name, isAuth }: Pick<Name, "kind"> & { readonly isAuth: boolean },
  separator: Separator,
): boolean {
  if (/^(?:true|false|null|none|undefined|nil|-)$/i.test(value)) return true;
  if (separator === "flag" && value.startsWith("-")) return true;
  if (separator === "->") return isProse(value) || !looksSecret(value);
  // "cannot fetch token: 400 Bad Request"
  if (name === "secret" && /^\d{1,3}$/.test(value)) return true;
  if (name === "random") return !looksRandom(value);
  // "auth: passwd-file(bob)"
  if (name === "weak" && separator === ":" && /^[\w-]{1,64}\(/.test(value)) return true;
  if (isAuth && separator === ":" && !quoted && !looksSecret(value)) return true;
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
/** Also in a header's next line, which begins with a blank then. */
const CREDENTIALS = /[ \t]*(?:\r?\n)?[ \t]+([\w.~+/=:-]*)/y;

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
      !/^=(?:[a-z]{1,8}(?![\w%.~-])|\/\w{1,16}\/)/.test(text.slice(end, end + 24));
    const kind = named === "none" && signed ? "secret" : named;
    done = AUTH_SCHEME.test(word) ? reportCredentials(text, end, word, report) : runEnd;
    if (kind !== "none" && done === runEnd) done = reportValue(text, { start, end, kind }, report);
    done = Math.max(done, runEnd);
  }
}
