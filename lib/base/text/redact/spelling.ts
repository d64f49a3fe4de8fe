const ENTITY = /&(?:#(\d{2,3})|#x([0-9a-f]{2})|(quot|apos|equals|colon|lowbar|hyphen|period));/gi;
const NAMED = {
  quot: '"',
  apos: "'",
  equals: "=",
  colon: ":",
  lowbar: "_",
  hyphen: "-",
  period: ".",
};
/** `\x70`, `\u0070`, `\u{70}`, `%70`, where they stand for a letter, a digit, `_` or `=`. */
const ESCAPE = /(?:\\x|\\u00|\\u\{0{0,2}|%(?=[3-7]))([3-7][0-9a-f])(\}?)/gi;
/** What Go's and other JSON writers escape besides: quotes, `&`, `<`, `>`, a colon. */
const JSON_ESCAPE = /\\(?:u00|x)(2[267]|3[ace])/gi;
/** Letters, digits and what stands between a name and its value. */
const FULL_WIDTH = /[\uff10-\uff1a\uff1d\uff21-\uff3a\uff3f\uff41-\uff5a]/g;
/** Blanks of other widths. */
const BLANKS = /(?! )\p{Zs}/gu;
/** Colours as system logs and terminals write them: `#033[1m`, `^[[32m`. */
const COLOURS = /(?:#033|\^\[)\[[\d;]{0,12}m/g;
// deno-lint-ignore no-control-regex
const NOT_ASCII = /[^\x00-\x7f]/;
// deno-lint-ignore no-control-regex
const NOT_LATIN = /[^\x00-\xff]/;

function withoutEntity(whole: string, decimal?: string, hex?: string, name?: string): string {
  if (name !== undefined) return NAMED[name.toLowerCase() as keyof typeof NAMED];
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  const char = String.fromCharCode(code);
  return code > 0x20 && code < 0x7f && !"<>&%\\".includes(char) ? char : whole;
}

function withoutEscape(whole: string, hex: string, brace: string): string {
  if ((brace === "}") !== whole.includes("{")) return whole;
  const letter = String.fromCharCode(Number.parseInt(hex, 16));
  // What ends a name or a value keeps its escape: URLs and JSON mean it.
  return (whole.startsWith("%") ? /[a-z]/i : /[\w=]/).test(letter) ? letter : whole;
}

/** A quote keeps its backslash: it does not end the string that it is in. */
function withoutJsonEscape(_: string, hex: string): string {
  const char = String.fromCharCode(Number.parseInt(hex, 16));
  return /["']/.test(char) ? `\\${char}` : char;
}

/**
 * The text with ASCII written as ASCII: entities of markup, escapes of programming languages and
 * full-width forms are resolved where they stand for letters of a name.
 */
export function plainSpelling(text: string): string {
  let plain = text;
  if (plain.includes("&")) plain = plain.replace(ENTITY, withoutEntity);
  if (/[\\%]/.test(plain)) {
    plain = plain.replace(ESCAPE, withoutEscape).replace(JSON_ESCAPE, withoutJsonEscape);
  }
  if (plain.includes("#033[") || plain.includes("^[[")) plain = plain.replace(COLOURS, "");
  if (!NOT_ASCII.test(plain)) return plain;
  plain = plain.replace(BLANKS, " ");
  if (/\p{M}/u.test(plain)) plain = plain.normalize("NFC");
  return plain.replace(FULL_WIDTH, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
}

// Letters of other scripts that are drawn like Latin ones (Unicode's confusables, the usual ones).
const LOOKS = "аaеeоoрpсcхxуyіiѕsԁdһhјjкkԝwӏlοoαaρpνvιiτtυuɡgАAВBЕEКKМMНHОOРPСCТTХXΑAΕEΟOΡPΤT";
const LATIN = new Map(LOOKS.match(/../gu)?.map(([strange = "", latin = ""]) => [strange, latin]));
const WORDS = /[\w\u0370-\u052f\u0261-]+/g;

/**
 * The text with look-alikes inside Latin words as Latin letters, of the same length, so that a place
 * in it is one in the text. Words of another script alone stay what they are.
 */
export function withoutLookalikes(text: string): string {
  if (!NOT_LATIN.test(text)) return text;
  return text.replace(WORDS, (word) => {
    const mixed = /[A-Za-z]/.test(word) && /[\u0261-\u052f]/.test(word);
    return mixed ? word.replace(/[\u0261-\u052f]/g, (letter) => LATIN.get(letter) ?? letter) : word;
  });
}
