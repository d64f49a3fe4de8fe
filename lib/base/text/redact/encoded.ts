/**
 * Secrets behind an encoding: base64, hexadecimal digits, dumps and lists of bytes. What is decoded
 * is looked at and thrown away; whatever holds a secret is taken out whole.
 *
 * @module
 */
import type { Report } from "./spans.ts";

/** Longest run that is decoded; of a longer one this much of its start. */
const LONGEST_RUN = 8_192;
/** Characters decoded of one text: enough for an event, and an end for a flood of runs. */
const MOST_DECODED = 262_144;

const BASE64 = /(?<![\w+/=-])[A-Za-z0-9+/_-]{12,}={0,2}/g;
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUE_OF = new Map([...DIGITS, ..."-_"].map((digit, at) => [digit, at < 64 ? at : at - 2]));
const HEX = /(?<![\w-])(?:[0-9a-f]{2}){8,}(?![\w-])/gi;
const HEX_LIST =
  /(?<![\w:])(?:(?:0x|\\x)?[0-9a-f]{2}(?:[ :,]{1,2}|(?=\\x))){7,}(?:0x|\\x)?[0-9a-f]{2}(?!\w)/gi;
const DECIMAL_LIST = /(?<![\d.])(?:\d{1,3}(?:, {0,2}|\s{1,8})){7,}\d{1,3}(?![\d.])/g;
const MAYBE_HEX_LIST = /(?:[0-9a-f]{2}[ :,]{1,2}(?:0x)?){4}|(?:\\x[0-9a-f]{2}){4}/i;
const MAYBE_DECIMAL_LIST =
  /\d(?:, {0,2}|\s{1,8})\d{1,3}(?:, {0,2}|\s{1,8})\d{1,3}(?:, {0,2}|\s{1,8})\d/;
const DUMP_LINE =
  /^(?:[0-9a-f]{4,8}[: ]\s{0,4})((?:[0-9a-f]{2} {0,2}|[0-9a-f]{4} {0,2}){1,16})(?:[ |].*)?$/i;
/** `user:password`, as basic authentication and Docker's files encode it; or SASL's NULs. */
const PAIR = /^\0?[\w.@-]{1,64}[:\0][^\s:\0]{3,128}(?:\0[^\0]{1,128})?$/;

/** Whether a decoded text holds a secret; handed in, for it is the caller who asks. */
type HoldsSecret = (text: string) => boolean;

const decoder = new TextDecoder();

/** Bytes as the text they are, or undefined: of random bytes hardly any run is one. */
export function textOfBytes(bytes: Uint8Array): string | undefined {
  const text = decoder.decode(bytes);
  // deno-lint-ignore no-control-regex
  return /[\x01-\x08\x0e-\x1a\x1c-\x1f\ufffd]/.test(text) ? undefined : text;
}

/** Whether the first bytes can be text: ordinary words are base64, too, and decode to anything. */
function beginsReadable(run: string): boolean {
  for (let at = 0; at + 4 <= 12; at += 4) {
    let bits = 0;
    for (let n = 0; n < 4; n++) bits = bits * 64 + (VALUE_OF.get(run.charAt(at + n)) ?? 0);
    for (const byte of [bits >> 16, (bits >> 8) & 255, bits & 255]) {
      if ((byte < 32 && byte !== 0 && byte !== 10 && byte !== 13 && byte !== 9) || byte === 127) {
        return false;
      }
      if (byte > 0xf4 || byte === 0xc0 || byte === 0xc1) return false;
    }
  }
  return true;
}

function ofBase64(run: string): string | undefined {
  if (!beginsReadable(run)) return undefined;
  const plain = run.replace(/=+$/, "").replaceAll("-", "+").replaceAll("_", "/");
  const whole = plain.slice(0, plain.length - (plain.length % 4 === 1 ? 1 : 0));
  return textOfBytes(Uint8Array.fromBase64(whole, { lastChunkHandling: "loose" }));
}

function ofNumbers(run: string, radix: number): string | undefined {
  const numbers = (run.match(radix === 16 ? /[0-9a-f]{2}(?![x0-9a-f])/gi : /\d+/g) ?? [])
    .map((each) => Number.parseInt(each, radix));
  return numbers.every((each) => each < 256) ? textOfBytes(Uint8Array.from(numbers)) : undefined;
}

const ofHex = (run: string) => ofNumbers(run.replace(/../g, "$& "), 16);

/** Reports every encoded run that holds a secret. */
export function encodedSecrets(text: string, holds: HoldsSecret, report: Report): void {
  let left = MOST_DECODED;
  const search = (pattern: RegExp, decode: (run: string) => string | undefined, pairs = false) => {
    for (const { index, 0: run } of text.matchAll(pattern)) {
      if (left <= 0) return;
      left -= Math.min(run.length, LONGEST_RUN);
      const plain = decode(run.slice(0, LONGEST_RUN));
      if (plain === undefined) continue;
      if (holds(plain) || (pairs && PAIR.test(plain) && /\d|[^\w.@:\0-]/.test(plain))) {
        report(index, index + run.length);
      }
    }
  };
  search(BASE64, ofBase64, true);
  search(HEX, ofHex);
  if (MAYBE_HEX_LIST.test(text)) {
    search(HEX_LIST, (run) => ofNumbers(run.replace(/0x|\\x/gi, " "), 16));
  }
  if (MAYBE_DECIMAL_LIST.test(text)) search(DECIMAL_LIST, (run) => ofNumbers(run, 10));
  if (/^[0-9a-f]{4,8}[: ]/im.test(text)) dumps(text, holds, report);
}

/** Dumps of `xxd`, `hexdump -C` and `od -x`: their lines are read together. */
function dumps(text: string, holds: HoldsSecret, report: Report): void {
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
