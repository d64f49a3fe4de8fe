/**
 * User names, passwords and tokens in URLs and connection strings.
 *
 * @module
 */
import { looksSecret } from "./keys.ts";
import { REDACTED, type Report } from "./spans.ts";

// Also with JSON's escaped slashes and percent-encoded inside another URL.
const AFTER_SCHEME = /:(?:\\?\/){2}|%3a%2f%2f/gi;
const RUN_END = /[\s"'`<>]/;
const WEB = /^(?:https?|wss?|ftp|file)$/;
const QUERY = /\?[\w.-]+=/g;

// In notification services' URLs (shoutrrr, Apprise) host and path are tokens as well.
const NOTIFIERS = new Set(
  ("telegram tgram discord slack gotify gotifys pushover pover pushbullet pbul teams msteams ifttt " +
    "join mattermost mmost mmosts rocketchat rocket zulip opsgenie pagerduty bark googlechat hangouts " +
    "matrixs twilio sendgrid mailgun ntfys pushsafer pushed simplepush spush prowl wxteams lametric")
    .split(" "),
);

function schemeBefore(text: string, end: number): string {
  let start = end;
  while (start > 0 && end - start < 24 && /[A-Za-z0-9+.-]/.test(text.charAt(start - 1))) start--;
  return text.slice(start, end).toLowerCase();
}

/** Where the run of URL characters that begins at `from` ends, `limit` at the latest. */
function urlEnd(text: string, from: number, limit: number): number {
  let at = from;
  for (; at < limit; at++) {
    const char = text.charAt(at);
    // A backslash ends a URL in JSON text, but as part of an escaped slash.
    if (RUN_END.test(char) || (char === "\\" && text[at + 1] !== "/")) break;
  }
  return at;
}

/** A URL in a sentence is followed by the sentence's marks: `http://piha:11434;` */
function withoutPunctuation(url: string): string {
  let end = url.length;
  while (end > 0 && ".,;:!)".includes(url.charAt(end - 1))) end--;
  return /:\d{1,5}$/.test(url.slice(Math.max(0, end - 6), end)) ? url.slice(0, end) : url;
}

/**
 * The end of the user part of `url` (what follows `scheme://`), -1 when it has none. Where a
 * password holds `/`, `?`, `#` or `@` unescaped, the last `@` that can end it does.
 */
function userEnd(url: string, web: boolean): number {
  if (!url.includes("@")) {
    // A host has nothing but digits after its colon: this was cut off inside the password.
    const cut = /^[^/?#:@[\]]*:(?=[^/?#]*[^\d/?#])[^/?#]+$/.test(withoutPunctuation(url));
    return cut || /^:[^/?#]/.test(url) ? url.length : -1;
  }
  const first = url.indexOf("@");
  QUERY.lastIndex = 0;
  let query: number;
  do {
    query = QUERY.exec(url)?.index ?? url.length;
  } while (query < first);
  const last = url.lastIndexOf("@", query);
  const end = url.search(/[/?#]/);
  const authority = end < 0 ? url : url.slice(0, end);
  if (authority.includes("@")) return last;
  // Here a "/" comes before the "@": part of a password, or of a path?
  const host = /^(?:\[[\da-f:.]*\]|[^:[\]]*)(?::\d{0,5})?$/i.test(authority);
  if (!host) return last;
  return web || authority === "" ? -1 : last;
}

/** The user part of URLs of any scheme; all but the scheme for notification services. */
export function urlUsers(text: string, report: Report): void {
  const found = [...text.matchAll(AFTER_SCHEME)];
  let done = 0;
  for (const [i, match] of found.entries()) {
    const start = match.index + match[0].length;
    if (start < done) continue;
    const next = found[i + 1]?.index ?? text.length;
    const limit = next < text.length ? next - schemeBefore(text, next).length : next;
    const end = urlEnd(text, start, Math.max(limit, start));
    const scheme = schemeBefore(text, match.index);
    if (NOTIFIERS.has(scheme)) report(start, end);
    else if (match[0].startsWith("%")) {
      const at = text.slice(start, end).toLowerCase().split("&")[0]?.lastIndexOf("%40") ?? -1;
      if (at > 0) report(start, start + at);
    } else {
      const users = userEnd(text.slice(start, end), WEB.test(scheme));
      if (users > 0) report(start, start + users);
    }
    done = end;
  }
}

/**
 * `user:password@host` without a scheme, as in Go's MySQL addresses. Image digests (`@sha256:`)
 * and addresses after a label (`to:a@b`) stay.
 */
export function bareUsers(text: string, report: Report): void {
  let from = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", from)) {
    let end = at;
    while (end < text.length && !RUN_END.test(text.charAt(end))) end++;
    let start = at;
    while (start > from && !RUN_END.test(text.charAt(start - 1))) start--;
    const run = text.slice(start, end);
    from = end;
    if (run.includes("://") || run.includes(":\\/\\/")) continue;
    const last = run.lastIndexOf("@");
    const colon = run.indexOf(":");
    if (colon < 1 || colon > last - 2 || run.startsWith("sha256:", last + 1)) continue;
    const name = /[\w.-]{1,64}$/.exec(run.slice(0, colon))?.[0];
    if (name === undefined || !/^[\w[(]/.test(run.slice(last + 1, last + 2))) continue;
    const password = run.slice(colon + 1, last);
    const address = /^(?:tcp|unix)\(/.test(run.slice(last + 1, last + 6));
    if (password !== REDACTED && (address || looksSecret(password))) {
      report(start + colon - name.length, start + last);
    }
  }
}
