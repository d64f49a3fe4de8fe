import { skipBlanks } from "./extent.ts";
import { looksSecret } from "./keys.ts";
import { matchFrom, type Report } from "./search.ts";

/** Farthest the start of a key's line is looked for, in UTF-16 units. */
const LONGEST_INDENT = 256;

/** Also behind a tag or an anchor (`!vault |`). */
const HEADER = /(?:[&!][\w!.-]{1,32}[ \t]{1,4})?([|>][+-]?\d?[+-]?)?[ \t]*\r?\n/y;
const LINE = /([ \t]*)([^\n]*)\n?/y;
const ITEM = /-[ \t]{1,8}["']?([^\s"'#]{1,512})["']?[ \t]{0,8}\r?(?=\n|$)/y;
const NUMBER = /^(?:\d{1,12}|0x[\da-f]{1,64})$/i;

/** Where the line below a key begins, and how far the key is indented. */
type Below = { readonly from: number; readonly indent: number };

/**
 * Reports the value that a YAML key, which begins at `key`, has below the line that its colon ends
 * before `next`: a block (`password: |`) or a list of numbers and words (`network_key:`). Returns
 * where that ends, undefined when nothing does.
 */
export function valueBelow(
  text: string,
  { key, next }: { readonly key: number; readonly next: number },
  report: Report,
): number | undefined {
  const header = matchFrom(HEADER, text, next);
  if (!header) return undefined;
  const line = text.lastIndexOf("\n", key - 1) + 1;
  if (key - line > LONGEST_INDENT) return undefined;
  const below = { from: next + header[0].length, indent: skipBlanks(text, line) - line };
  return (header[1] === undefined ? listItems : block)(text, below, report);
}

/** All lines that are indented deeper than their key are one value. */
function block(text: string, { from, indent }: Below, report: Report): number {
  let start: number | undefined;
  let end = from;
  for (let line = from; line < text.length; line = LINE.lastIndex) {
    const [, blanks = "", content = ""] = matchFrom(LINE, text, line) ?? [];
    if (content === "" || content.startsWith("\r")) continue;
    if (blanks.length <= indent) break;
    start ??= line + blanks.length;
    end = line + blanks.length + content.length - (content.endsWith("\r") ? 1 : 0);
  }
  if (start !== undefined) report(start, end);
  return end;
}

/** Items that are numbers or look secret; names of secrets stay. */
function listItems(text: string, { from, indent }: Below, report: Report): number | undefined {
  let end: number | undefined;
  for (let line = from; line < text.length; line = end + 1) {
    const first = skipBlanks(text, line);
    const item = first - line >= indent ? matchFrom(ITEM, text, first) : null;
    if (!item) break;
    const [whole, word = ""] = item;
    const start = first + whole.indexOf(word, 1);
    if (NUMBER.test(word) || looksSecret(word)) report(start, start + word.length);
    end = first + whole.length;
  }
  return end;
}
