import {
  isProse,
  looksLikeCode,
  looksRandom,
  looksSecret,
  placeholderEnd,
  type SecretKind,
} from "./keys.ts";
import { valueAt } from "./extent.ts";
import { endFrom, matchFrom, REDACTED, type Report } from "./search.ts";

/** Where a name of a secret stands. */
export type Name = { readonly start: number; readonly end: number; readonly kind: SecretKind };

/** Names behind which a word without digits is a password, not the rest of a sentence. */
const PLAIN_PASSWORD =
  /(?:passw(?:or)?[dt]|kennwort|has[lł]o|passphrase|pass|pswd|psw|psk|pword|pwd|pw|auth)$/i;
const LINKING =
  /(?:(?:is|was|has|been|be|to|set|now|as|changed|value|seed|of|lautet|ist|est|es|è|é|är|er|это|jest|je|=|:|[-–—])[ \t:=]{1,4}){0,4}/iy;
/** `password X` of a configuration or of a report: there a word alone may be one. */
const SAID = /(?:[;,({]|\b(?:with|using|and|set|login \S{1,64}|connect \S{1,64}))[ \t]{0,16}$/;
/** Behind a word that was quoted from somewhere the sentence goes on like this. */
const GOES_ON =
  /^[ \t"']*(?:[\r\n.,;)]|$|(?:for|from|failed|rejected|refused|denied|accepted|is|was|did|does|to|on|at|in|and|or|works?|incorrect|wrong|invalid|expired|not)\b)/i;
const PARTICIPLE = /(?:ed|ing|tion|ment)\.?$/;
/** What no word of a sentence is written like. */
const ODD_WORD = /[A-Z]{3}|[a-z][A-Z]|[^\p{L}.,;:'-]/u;
/** The next pair; a function that is called. */
const PAIR = /^\(?[A-Za-z][\w.-]*=(?!=?$)/;
const CALLED = /^\(?[A-Za-z][\w.=-]*\(/;
const BRACKETED = /\[([^\s\][{}"',=:]{4,128})\]/y;
/** Names of keys whose fingerprints stand behind them. */
const PUBLIC_KEY = /\b(?:rsa|dsa|ecdsa|ed25519|ssh|gpg|pgp|host) $/i;

/** `password hunter2`: only what does not read as prose. */
export function reportSpoken(text: string, from: number, name: Name, report: Report): void {
  const { kind } = name;
  const start = endFrom(LINKING, text, from) ?? from;
  if (/[{[]/.test(text.charAt(start))) {
    const bracketed = matchFrom(BRACKETED, text, start)?.[1] ?? "";
    if (looksSecret(bracketed)) report(start + 1, start + 1 + bracketed.length);
    return;
  }
  // `status=pass duration=12s`, `keyformat=passphrase keylocation=prompt`
  const isValue = kind === "weak" || text[name.start - 1] === "=";
  const value = valueAt(text, start, "secret");
  const word = text.slice(value.start, value.end);
  if (word === "" || word === REDACTED) return;
  if (
    kind === "code"
      ? (looksRandom(word) || /\d{4}|\d{3}-\d{2}-\d{3}/.test(word)) && looksLikeCode(word)
      : isSpoken()
  ) {
    report(value.start, value.end);
  }

  function isSpoken(): boolean {
    if (isProse(word) || /^(?:HTTP\/\d|[~.]{0,2}\/[\w.@-]{0,64}\/)/.test(word)) return false;
    // The name of the next pair; a variable.
    if (/^[A-Za-z][\w.-]*:$/.test(word) || placeholderEnd(text, start) !== undefined) return false;
    if (kind === "random") return looksRandom(word);
    // A secret by its name, as Kubernetes tells of one.
    if (
      /^secrets?$/i.test(text.slice(name.start, name.end)) &&
      /^[a-z\d-]+(?:\.[a-z\d-]+)+$/.test(word)
    ) {
      return false;
    }
    if (value.quoted && kind === "password" && word.length <= 128) return true;
    if (looksSecret(word)) {
      return !CALLED.test(word) && !(isValue && PAIR.test(word)) &&
        !PUBLIC_KEY.test(text.slice(Math.max(0, name.start - 9), name.start));
    }
    // A word of letters alone: in a setting, or as a sentence has it.
    return kind === "password" && start === from && /^[\w!@#$%^&*+~/.]/.test(word) &&
      !CALLED.test(word) &&
      (ODD_WORD.test(word) || PLAIN_PASSWORD.test(text.slice(name.start, name.end)) && (
            (!PARTICIPLE.test(word) && GOES_ON.test(text.slice(value.end, value.end + 16))) ||
            SAID.test(text.slice(Math.max(0, name.start - 80), name.start))
          ));
  }
}
