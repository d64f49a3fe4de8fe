import { visibleText } from "./visible.ts";

// Most names: printable ASCII without blanks at the ends.
const CLEAN = /^[!-~](?:[ -~]*[!-~])?$/;
const SLUG = /^[A-Za-z0-9._-]*$/;
const NOT_SLUG = /[^A-Za-z0-9._-]/gu;

/**
 * A name without control characters (newline and NUL too), ANSI sequences and invisible
 * characters, trimmed, at most `limit` code points long. May be "".
 */
export function cleanName(text: string, limit = 200): string {
  if (text.length <= limit && CLEAN.test(text)) return text;
  const seen = visibleText(text).replace(/[\t\n]/g, "").trimStart();
  // Twice the limit in UTF-16 units holds at least `limit` code points.
  return Array.from(seen.slice(0, limit * 2)).slice(0, limit).join("").trimEnd();
}

const NOT_ASCII = /[^\0-\x7f]/;
/** Hyphens, dashes and minus signs that compatibility forms leave as they are. */
const DASHES = /[\u2010-\u2015\u2212\u2043\u02d7\u30fc\u2e3a\u2e3b]/gu;

/** A clean name with one spelling of what looks the same: full-width letters, dashes. */
export function plainName(name: string): string {
  return NOT_ASCII.test(name) ? cleanName(name.normalize("NFKC").replace(DASHES, "-")) : name;
}

// Letters of other scripts that are drawn like Latin ones (Unicode's confusables, the usual ones).
const LOOKS =
  "аaвbсcԁdеeһhіiјjκkкkӏlмmпnоoрpԛqгrѕsтtцuνvѵvԝwхxуyзzοoαaεeιiρpτtυuχxγyɩiıiɡgʜhʟlѡwꜱsᴄcᴏo";
const LATIN = new Map(LOOKS.match(/../gu)?.map(([strange = "", latin = ""]) => [strange, latin]));

/**
 * What a name looks like to a person, in small letters. For rules that make more careful only:
 * names in another script are names of their own.
 */
export function looksLike(name: string): string {
  if (!NOT_ASCII.test(name)) return name.toLowerCase();
  const letters = plainName(name).toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
  return letters.replace(/[^\0-\x7f]/gu, (letter) => LATIN.get(letter) ?? letter);
}

/**
 * A part of a file name: each code point outside `A-Za-z0-9._-` becomes one `-`, at most `limit`
 * characters. "." and ".." come back as they are, so it is a part of a longer name, never a path
 * component of its own.
 */
export function fileSlug(text: string, limit = 200): string {
  if (text.length <= limit && SLUG.test(text)) return text;
  // Twice the limit in UTF-16 units holds at least `limit` code points.
  return text.slice(0, limit * 2).replace(NOT_SLUG, "-").slice(0, limit);
}
