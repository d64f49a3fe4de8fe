import { looksSecret } from "./keys.ts";
import { eachMatch, matchFrom, REDACTED, type Report } from "./search.ts";
import { wordSet } from "../tables.ts";

// Also with JSON's escaped slashes and percent-encoded inside another URL.
const AFTER_SCHEME = /:(?:\\?\/){2}|%3a%2f%2f/gi;
// A backslash ends a URL in JSON text, but as part of an escaped slash.
const URL_RUN = /^(?:[^\s"'`<>\\]|\\(?=\/))*/;
const WEB = /^(?:https?|wss?|ftp|file)$/;
const QUERY = /\?[\w.-]+=/g;

// In notification services' URLs (shoutrrr, Apprise) host and path are tokens as well.
const NOTIFIERS = wordSet(`
  telegram tgram discord slack gotify gotifys pushover pover pushbullet pbul teams msteams ifttt join
  mattermost mmost mmosts rocketchat rocket zulip opsgenie pagerduty bark googlechat hangouts matrixs
  twilio sendgrid mailgun ntfys pushsafer pushed simplepush spush prowl wxteams lametric`);

function schemeBefore(text: string, end: number): string {
  const before = text.slice(Math.max(0, end - 24), end);
  return (/[A-Za-z0-9+.-]*$/.exec(before)?.[0] ?? "").toLowerCase();
}

/** A URL in a sentence is followed by the sentence's marks: `http://piha:11434;` */
function withoutPunctuation(url: string): string {
  const bare = url.replace(/(?<![.,;:!)])[.,;:!)]+$/, "");
  return /:\d{1,5}$/.test(bare) ? bare : url;
}

/**
 * The end of the user part of `url` (what follows `scheme://`), -1 when it has none. Where a
 * password holds `/`, `?`, `#` or `@` unescaped, the last `@` that can end it does.
 */
function userEnd(url: string, web: boolean): number {
  const first = url.indexOf("@");
  if (first < 0) {
    // A host has nothing but digits after its colon: this was cut off inside the password.
    const cut = /^[^/?#:@[\]]*:(?=[^/?#]*[^\d/?#])[^/?#]+$/.test(withoutPunctuation(url));
    return cut || /^:[^/?#]/.test(url) ? url.length : -1;
  }
  const last = url.lastIndexOf("@", matchFrom(QUERY, url, first)?.index ?? url.length);
  const authority = url.split(/[/?#]/, 1)[0] ?? "";
  if (authority.includes("@")) return last;
  // Here a "/" comes before the "@": part of a password, or of a path?
  const host = /^(?:\[[\da-f:.]*\]|[^:[\]]*)(?::\d{0,5})?$/i.test(authority);
  return host && (web || authority === "") ? -1 : last;
}

/** The user part of URLs of any scheme, with the password or token in it; all but the scheme for notification services. */
export function urlUsers(text: string, report: Report): void {
  if (!text.includes("/") && !text.includes("%")) return;
  let next = matchFrom(AFTER_SCHEME, text, 0);
  while (next) {
    const { index, 0: mark } = next;
    const start = index + mark.length;
    next = AFTER_SCHEME.exec(text);
    const limit = next ? next.index - schemeBefore(text, next.index).length : text.length;
    const url = URL_RUN.exec(text.slice(start, limit))?.[0] ?? "";
    const scheme = schemeBefore(text, index);
    const encoded = mark.startsWith("%");
    const secret = NOTIFIERS.has(scheme)
      ? url.length
      : encoded
      ? url.toLowerCase().split("&", 1)[0]?.lastIndexOf("%40") ?? -1
      : userEnd(url, WEB.test(scheme));
    if (secret > 0) report(start, start + secret);
  }
}

const RUN_WITH_USER = /(?<![^\s"'`<>])[^\s"'`<>@]*@[^\s"'`<>]*/g;

/**
 * `user:password@host` without a scheme, as in Go's MySQL addresses. Image digests (`@sha256:`)
 * and addresses after a label (`to:a@b`) stay.
 */
export function bareUsers(text: string, report: Report): void {
  if (!text.includes("@")) return;
  eachMatch(RUN_WITH_USER, text, ({ index, 0: run }) => {
    if (run.includes("://") || run.includes(":\\/\\/")) return;
    const last = run.lastIndexOf("@");
    const colon = run.indexOf(":");
    const host = run.slice(last + 1);
    if (colon < 1 || colon > last - 2 || host.startsWith("sha256:")) return;
    const name = /[\w.-]{1,64}$/.exec(run.slice(0, colon))?.[0];
    if (name === undefined || !/^[\w[(]/.test(host)) return;
    const password = run.slice(colon + 1, last);
    if (password !== REDACTED && (/^(?:tcp|unix)\(/.test(host) || looksSecret(password))) {
      report(index + colon - name.length, index + last);
    }
  });
}
