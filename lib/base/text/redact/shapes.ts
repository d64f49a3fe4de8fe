/**
 * Secrets that are recognized by their own form: PEM blocks, JWTs, tokens with a known prefix.
 *
 * @module
 */
import { CAPABILITY_URLS } from "./capability_urls.ts";
import type { Report } from "./spans.ts";
import { INNER_TOKEN_FORMS, TOKEN_FORM } from "./token_forms.ts";

const BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;

/** Does a private key begin in this text without ending in it, or only end in it? */
export function privateKeyEdge(text: string): "begins" | "ends" | "none" {
  if (!text.includes("PRIVATE KEY")) return "none";
  const begin = text.lastIndexOf("-----BEGIN ");
  const end = text.lastIndexOf("-----END ");
  if (begin > end) return "begins";
  return end >= 0 && begin < 0 ? "ends" : "none";
}

function isBase64(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) ||
    code === 43 || code === 47 || code === 61;
}

/** Where the base64 lines directly above `end` begin; `floor` is the first place looked at. */
function base64LinesBefore(text: string, end: number, floor: number): number {
  let start = end;
  for (;;) {
    let i = start;
    while (i > floor && /[\s\\]/.test(text.charAt(i - 1))) i--;
    // In a text with literal "\n" the n belongs to the line end, as in "…Bg\n-----END".
    if (i === start && i - 2 >= floor && /\\[nr]/.test(text.slice(i - 2, i))) i -= 2;
    const lineEnd = i;
    while (i > floor && isBase64(text.charCodeAt(i - 1))) i--;
    if (lineEnd - i < 4 || (i > floor && !/[\s\\"']/.test(text.charAt(i - 1)))) return start;
    start = i;
  }
}

/** PEM private keys, also without their end (to the end of the text) or without their start. */
export function privateKeys(text: string, report: Report): void {
  if (!text.includes("PRIVATE KEY")) return;
  const find = (pattern: RegExp, from: number) => {
    pattern.lastIndex = from;
    return pattern.exec(text);
  };
  let begin = find(BEGIN, 0);
  let end = find(END, 0);
  let from = 0;
  while (begin || end) {
    if (!end) return report(begin?.index ?? from, text.length);
    const after = end.index + end[0].length;
    const inside = begin !== null && begin.index < end.index;
    report(inside && begin ? begin.index : base64LinesBefore(text, end.index, from), after);
    from = after;
    end = find(END, from);
    // Searched again only when it was passed, so that each is one pass over the text.
    while (begin && begin.index < from) begin = find(BEGIN, begin.index + begin[0].length);
  }
}

function isBase64Url(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) ||
    code === 45 || code === 95;
}

function runEnd(text: string, from: number): number {
  let end = from;
  while (end < text.length && isBase64Url(text.charCodeAt(end))) end++;
  return end;
}

/** A first part alone is taken for a cut-off token, or base64 of JSON, from this length on. */
const LONE_PART = 24;

/** JSON Web Tokens (RFC 7519): base64url parts joined by dots, the first of them of `{"`. */
export function jsonWebTokens(text: string, report: Report): void {
  let start = text.indexOf("eyJ");
  while (start >= 0) {
    const first = runEnd(text, start);
    let end = first;
    for (let part = 0; part < 4 && text[end] === "."; part++) {
      const next = runEnd(text, end + 1);
      if (next === end + 1 && part === 0) break;
      end = next;
    }
    if ((end > first && first - start >= 6) || first - start >= LONE_PART) report(start, end);
    start = text.indexOf("eyJ", end);
  }
}

// A prefix of letters may stand before the digits: api.telegram.org/bot123456789:AA...
const TELEGRAM = /(?<!\d)\d{6,12}:(?:AA[\w-]{8,}|[\w-]{30,})/g;
const CRYPT =
  /\$(?:2[abxy]|argon2(?:i|d|id)|apr1|scrypt|pbkdf2[\w-]{0,10}|gy|[15678y])\$[\w./$,=+-]{16,}/gi;

// Redis MONITOR and SLOWLOG quote each argument.
const REDIS_AUTH = /"auth" (?:"[^"\n]{0,128}" )?"([^"\n]{1,512})(?=")/dgi;

function reportMatches(text: string, pattern: RegExp, report: Report): void {
  for (const match of text.matchAll(pattern)) {
    const [whole, secret = whole] = match.indices ?? [[match.index, match.index + match[0].length]];
    if (whole) report(...(secret ?? whole));
  }
}

/** Tokens of well-known services, webhook addresses, password hashes. */
export function knownTokens(text: string, report: Report): void {
  if (text.length < 10) return;
  reportMatches(text, TOKEN_FORM, report);
  for (const [hint, form] of INNER_TOKEN_FORMS) {
    if (text.includes(hint)) reportMatches(text, form, report);
  }
  if (text.includes(":")) reportMatches(text, TELEGRAM, report);
  if (text.includes("$")) reportMatches(text, CRYPT, report);
  if (text.includes('" "')) reportMatches(text, REDIS_AUTH, report);
  if (text.includes("/")) {
    for (const pattern of CAPABILITY_URLS) reportMatches(text, pattern, report);
  }
}
