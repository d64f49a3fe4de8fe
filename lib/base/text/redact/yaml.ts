/**
 * Values that a YAML key has on the lines below it: a block (`password: |`) or a list of numbers
 * and words (`network_key:`), as a dump of somebody's settings shows them.
 *
 * @module
 */
import { isBlank } from "./extent.ts";
import { looksSecret } from "./keys.ts";
import type { Report } from "./spans.ts";

/** Farthest the start of a key's line is looked for, in UTF-16 units. */
const LONGEST_INDENT = 256;

const HEADER = /([|>][+-]?\d?[+-]?)?[ \t]*\r?\n/y;
const ITEM = /-[ \t]{1,8}["']?([^\s"'#]{1,512})["']?[ \t]{0,8}\r?(?=\n|$)/y;
const NUMBER = /^(?:\d{1,12}|0x[\da-f]{1,64})$/i;

/** How far the line of `at` is indented; undefined when its start is too far away. */
function indentOf(text: string, at: number): number | undefined {
  const line = text.lastIndexOf("\n", at - 1) + 1;
  if (at - line > LONGEST_INDENT) return undefined;
  return firstOn(text, line) - line;
}

/** The first place on the line that is not blank. */
function firstOn(text: string, line: number): number {
  let at = line;
  while (isBlank(text[at])) at++;
  return at;
}

/** The end of the line that begins at `from`, its newline not included. */
function lineEnd(text: string, from: number): number {
  const newline = text.indexOf("\n", from);
  return newline < 0 ? text.length : newline;
}

/**
 * Reports what stands below the key that begins at `key`; `next` is the place behind its colon.
 * Returns where that ends, undefined when nothing does.
 */
export function valueBelow(
  text: string,
  { key, next }: { readonly key: number; readonly next: number },
  report: Report,
): number | undefined {
  HEADER.lastIndex = next;
  const header = HEADER.exec(text);
  const indent = header && indentOf(text, key);
  if (!header || indent === undefined || indent === null) return undefined;
  const from = next + header[0].length;
  return header[1] === undefined
    ? listItems(text, { from, indent }, report)
    : block(text, { from, indent }, report);
}

type Below = { readonly from: number; readonly indent: number };

/** All lines that are indented deeper than their key are one value. */
function block(text: string, { from, indent }: Below, report: Report): number {
  let start = -1;
  let end = from;
  for (let line = from; line < text.length;) {
    const first = firstOn(text, line);
    const stop = lineEnd(text, line);
    const isEmpty = first >= stop || text[first] === "\r";
    if (!isEmpty && first - line <= indent) break;
    if (!isEmpty) {
      if (start < 0) start = first;
      end = text[stop - 1] === "\r" ? stop - 1 : stop;
    }
    line = stop + 1;
  }
  if (start >= 0) report(start, end);
  return end;
}

/** Items that are numbers or look secret; names of secrets stay. */
function listItems(text: string, { from, indent }: Below, report: Report): number | undefined {
  let end: number | undefined;
  for (let line = from; line < text.length;) {
    const first = firstOn(text, line);
    ITEM.lastIndex = first;
    const item = first - line >= indent ? ITEM.exec(text) : null;
    const word = item?.[1];
    if (!item || word === undefined) break;
    const start = first + item[0].indexOf(word, 1);
    if (NUMBER.test(word) || looksSecret(word)) report(start, start + word.length);
    end = first + item[0].length;
    line = lineEnd(text, end) + 1;
  }
  return end;
}
