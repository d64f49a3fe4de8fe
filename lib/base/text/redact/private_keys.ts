import { matchFrom, type Report } from "./search.ts";

// PEM (RFC 7468), SSH2 (with four dashes), OpenVPN's static and client keys.
const BEGIN =
  /-----? ?BEGIN [\w .-]{0,40}(?:PRIVATE KEY(?: BLOCK)?|Static key V1|client key) ?-----?/g;
const END = /-----? ?END [\w .-]{0,40}(?:PRIVATE KEY(?: BLOCK)?|Static key V1|client key) ?-----?/g;
const HINT = /PRIVATE KEY|Static key V1|client key/;

const lastMark = (text: string, mark: string) =>
  Math.max(text.lastIndexOf(`--${mark}`), text.lastIndexOf(`-- ${mark}`));

/** Does a private key begin in this text without ending in it, or only end in it? */
export function privateKeyEdge(text: string): "begins" | "ends" | "none" {
  if (!text.includes("---") || !HINT.test(text)) return "none";
  const begin = lastMark(text, "BEGIN ");
  const end = lastMark(text, "END ");
  if (begin > end) return "begins";
  return end >= 0 && begin < 0 ? "ends" : "none";
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
    while (i > floor && /[A-Za-z0-9+/=]/.test(text.charAt(i - 1))) i--;
    if (lineEnd - i < 4 || (i > floor && !/[\s\\"']/.test(text.charAt(i - 1)))) return start;
    start = i;
  }
}

/** Private keys in PEM: whole ones, and those without their end (to the end of the text) or without their start. */
export function privateKeys(text: string, report: Report): void {
  if (!text.includes("---") || !HINT.test(text)) return;
  let begin = matchFrom(BEGIN, text, 0);
  let end = matchFrom(END, text, 0);
  let from = 0;
  while (begin || end) {
    if (!end) return report(begin?.index ?? from, text.length);
    const isWhole = begin !== null && begin.index < end.index;
    const after = end.index + end[0].length;
    report(isWhole && begin ? begin.index : base64LinesBefore(text, end.index, from), after);
    from = after;
    end = matchFrom(END, text, from);
    // Searched again only when it was passed, so that each is one pass over the text.
    while (begin && begin.index < from) {
      begin = matchFrom(BEGIN, text, begin.index + begin[0].length);
    }
  }
}
