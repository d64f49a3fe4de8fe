import { eachMatch, type Report } from "./search.ts";

/** Longest run that is decoded; of a longer one this much of its start. */
const LONGEST_RUN = 8_192;
/** Characters decoded of one text: enough for an event, and an end for a flood of runs. */
const MOST_DECODED = 262_144;

const BASE64 = /(?<![\w+/=-])[A-Za-z0-9+/_-]{12,}={0,2}/g;
const HEX = /(?<![\w-])(?:[0-9a-f]{2}){8,}(?![\w-])/gi;
const HEX_LIST =
  /(?<![\w:])(?:(?:0x|\\x)?[0-9a-f]{2}(?:[ :,]{1,2}|(?=\\x))){7,}(?:0x|\\x)?[0-9a-f]{2}(?!\w)/gi;
const DECIMAL_LIST = /(?<![\d.])(?:\d{1,3}(?:, {0,2}|\s{1,8})){7,}\d{1,3}(?![\d.])/g;
// Spelled out, as ignoring case makes a search half as fast again.
const MAYBE_HEX_LIST =
  /[0-9a-fA-F]{2}(?:[ :,]{1,2}(?:0[xX])?[0-9a-fA-F]{2}){3}[ :,]|(?:\\[xX][0-9a-fA-F]{2}){4}/;
const MAYBE_DECIMAL_LIST = /\d(?:(?:, {0,2}|\s{1,8})\d{1,3}){2}(?:, {0,2}|\s{1,8})\d/;
const MAYBE_DUMP = /^[0-9a-f]{4,8}[: ]/im;
const FIRST_OF_DUMP = /^[0-9a-f]{4,8}[: ]/i;
const DUMP_LINE =
  /^(?:[0-9a-f]{4,8}[: ]\s{0,4})((?:[0-9a-f]{2} {0,2}|[0-9a-f]{4} {0,2}){1,16})(?:[ |].*)?$/i;
/** `user:password`, as basic authentication and Docker's files encode it; or SASL's NULs. */
const PAIR = /^\0?[\w.@-]{1,64}[:\0][^\s:\0]{3,128}(?:\0[^\0]{1,128})?$/;

const decoder = new TextDecoder();

/** Bytes as the text they are, or undefined: of random bytes hardly any run is one. */
export function textOfBytes(bytes: Uint8Array): string | undefined {
  const text = decoder.decode(bytes);
  // deno-lint-ignore no-control-regex
  return /[\x01-\x08\x0e-\x1a\x1c-\x1f\ufffd]/.test(text) ? undefined : text;
}

/** How UTF-8 begins, byte by byte: ordinary words are base64, too, and decode to anything. */
const READABLE =
  /^(?:[\0\t\n\r -~]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})*(?:[\xc2-\xf4][\x80-\xbf]{0,2})?$/;

function ofBase64(run: string): string | undefined {
  const digits = run.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  if (!READABLE.test(atob(digits.slice(0, 12)))) return undefined;
  const whole = digits.slice(0, digits.length - (digits.length % 4 === 1 ? 1 : 0));
  return textOfBytes(Uint8Array.fromBase64(whole, { lastChunkHandling: "loose" }));
}

function ofNumbers(run: string, radix: 10 | 16): string | undefined {
  const numbers = (run.match(radix === 16 ? /[0-9a-f]{2}(?![x0-9a-f])/gi : /\d+/g) ?? [])
    .map((each) => Number.parseInt(each, radix));
  return numbers.every((each) => each < 256) ? textOfBytes(Uint8Array.from(numbers)) : undefined;
}

const ofHex = (run: string) => textOfBytes(Uint8Array.fromHex(run));

/**
 * Reports every run behind an encoding (base64, hexadecimal digits, dumps and lists of bytes) whose
 * text `holds` a secret. What is decoded is looked at and thrown away; the run is taken out whole.
 */
export function encodedSecrets(
  text: string,
  holds: (plain: string) => boolean,
  report: Report,
): void {
  let left = MOST_DECODED;
  const search = (pattern: RegExp, decode: (run: string) => string | undefined) =>
    eachMatch(pattern, text, ({ index, 0: run }) => {
      if (left <= 0) return;
      left -= Math.min(run.length, LONGEST_RUN);
      const plain = decode(run.slice(0, LONGEST_RUN));
      if (plain === undefined) return;
      const isPair = decode === ofBase64 && PAIR.test(plain) && /\d|[^\w.@:\0-]/.test(plain);
      if (isPair || holds(plain)) report(index, index + run.length);
    });
  search(BASE64, ofBase64);
  search(HEX, ofHex);
  if (MAYBE_HEX_LIST.test(text)) {
    search(HEX_LIST, (run) => ofNumbers(run.replace(/0x|\\x/gi, " "), 16));
  }
  if (MAYBE_DECIMAL_LIST.test(text)) search(DECIMAL_LIST, (run) => ofNumbers(run, 10));
  if (FIRST_OF_DUMP.test(text) || (text.includes("\n") && MAYBE_DUMP.test(text))) {
    dumps(text, holds, report);
  }
}

/** Dumps of `xxd`, `hexdump -C` and `od -x`: their lines are read together. */
function dumps(text: string, holds: (plain: string) => boolean, report: Report): void {
  let block: { start: number; end: number; hex: string } | undefined;
  const close = () => {
    if (block && holds(ofHex(block.hex) ?? "")) report(block.start, block.end);
    block = undefined;
  };
  let at = 0;
  for (const line of text.split("\n")) {
    const digits = line.length <= 256 ? DUMP_LINE.exec(line)?.[1]?.replace(/\s/g, "") : undefined;
    if (digits === undefined) close();
    else {
      block ??= { start: at, end: at, hex: "" };
      block.end = at + line.length;
      if (block.hex.length < LONGEST_RUN) block.hex += digits;
    }
    at += line.length + 1;
  }
  close();
}
