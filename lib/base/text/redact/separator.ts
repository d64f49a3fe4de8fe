import { QUOTE, skipBlanks } from "./extent.ts";
import { endFrom, matchFrom } from "./search.ts";

/** Farthest that is looked back from a name, in UTF-16 units. */
const REACH = 64;

/** What stands between a name and its value; `flag`: white space after a name with a dash. */
export type Separator = "=" | ":" | "->" | "space" | "flag" | "xml" | "%3D";

export const VALUE_FIELD =
  /["'\\]{0,6}[\s,;]{0,12}["'\\]{0,6}(?:value|val|v|new|old|new_?value|old_?value|current|default|content|data)["'\\]{0,6}\s{0,8}[:=]\s{0,8}/iy;
/** `- name: DB_PASSWORD` and its value in the line below. */
const VALUE_BELOW =
  /[ \t]{0,4}\r?\n[ \t]{1,64}(?:value|val|default|data)[ \t]{0,4}[:=][ \t]{0,4}/iy;
/** The rest of a tag that is named so. */
const NAMED_TAG = /(?:[ \t][^<>\n]{0,120}(?<!\/))?>/y;
/** The rest of a tag whose attribute is the name: the value is in a further one, or behind it. */
const TAG_VALUE = /["'][^<>\n"']{0,40}(?:["'][^<>\n"']{0,60}["'][^<>\n"']{0,40}){0,4}?\bvalue=/iy;
/** A property list's `<key>name</key><string>value`, and its like with other elements. */
const NEXT_TAG = /<\/[\w:-]{1,32}>\s{0,32}<(?:string|data|value|val)\b[^<>\n]{0,60}>/y;
const ESCAPED_TAG = /&gt;/y;
const CDATA = /\s{0,16}<!\[CDATA\[/y;
const TAG_END = /["'][^<>\n]{0,120}(?<!\/)>/y;
/** `define("NAME", "value")`, `{"NAME", "value"}`, `NAME("value")`. */
const OPENING = /[({]\s{0,4}["'`][\w.-]*$/;
const LISTED = /\[\s{0,4}["'`][\w.-]*$/;
const NEXT_ARGUMENT = /["'`]\s{0,4},\s{0,4}(?=["'`])/y;
const CALL = /\((?=["'`])/y;
/** Erlang's `{password, <<"..."`. */
const NEXT_TERM = /,\s{0,4}(?=(?:<<)?["'])/y;
const ENCODED = /(?:%(?:25)?2[27])?%(?:25)?3[ad](?:%20|\+)?(?:%(?:25)?2[27])?/iy;
/** A leader of dots before the colon, arrows, and the wall of a table's cell. */
const ARROW = /[ \t]{0,4}(?:-{1,2}>|[→⇒])[ \t]{0,4}|[ \t]{1,64}[|│┃║][ \t]{1,64}/y;
/** What may close a quoted name, and `name]`. */
const CLOSING = /(?:\\{0,8}["'`])?\]?/y;
const ASSIGN = /(?:[ \t]|\.(?=[.: \t]))*(:=|={1,3}>?|:)(?!:)[ \t]*(?:\\\r?\n[ \t]*)?/y;

/** Where an element's text begins whose name, or whose key before it, is `[start, end)`. */
function tagEnd(text: string, start: number, end: number): number | undefined {
  if (text[end] === "&") return endFrom(ESCAPED_TAG, text, end);
  if (text[end] === "<") return endFrom(NEXT_TAG, text, end);
  const named = text.charAt(start - 1);
  const isTag = named === "<" ||
    (named === ":" && /<[\w-]{1,32}:$/.test(text.slice(Math.max(0, start - 34), start)));
  return isTag ? endFrom(NAMED_TAG, text, end) : undefined;
}

/** What makes what follows the value of the name `[start, end)`, and where that begins. */
export function separatorAfter(
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
): { kind: Separator; next: number } | undefined {
  const named = text.charAt(start - 1);
  const tag = tagEnd(text, start, end);
  if (tag !== undefined) return { kind: "xml", next: endFrom(CDATA, text, tag) ?? tag };
  if (named === "{" && text[end] === ",") {
    const term = endFrom(NEXT_TERM, text, end);
    if (term !== undefined) return { kind: "=", next: term };
  }
  const isClosed = QUOTE.test(text.charAt(end));
  if (isClosed && /["'.]/.test(named)) {
    const before = text.slice(Math.max(0, start - 4 * REACH), start);
    if (before.lastIndexOf("<") > before.lastIndexOf(">")) {
      const value = endFrom(TAG_VALUE, text, end);
      if (value !== undefined) return { kind: "=", next: value };
      const behind = endFrom(TAG_END, text, end);
      if (behind !== undefined) return { kind: "xml", next: behind };
    }
    const next = OPENING.test(before.slice(-REACH)) ? endFrom(NEXT_ARGUMENT, text, end) : undefined;
    if (next !== undefined) return { kind: "=", next };
    // A list of names has the same form: only what looks like a secret is one.
    const listed = LISTED.test(before.slice(-REACH))
      ? endFrom(NEXT_ARGUMENT, text, end)
      : undefined;
    if (listed !== undefined) return { kind: "->", next: listed };
  }
  const argument = endFrom(CALL, text, end) ??
    (isClosed || text[end] === "\\" ? endFrom(VALUE_FIELD, text, end) : undefined) ??
    (/\s/.test(text.charAt(end)) ? endFrom(VALUE_BELOW, text, end) : undefined);
  if (argument !== undefined) return { kind: "=", next: argument };
  const encoded = text[end] === "%" ? endFrom(ENCODED, text, end) : undefined;
  if (encoded !== undefined) return { kind: "%3D", next: encoded };
  const behind = endFrom(CLOSING, text, end) ?? end;
  // `gdm-password]:` closes a bracket that was opened before the name's word.
  const isBracketed = text[behind - 1] !== "]" ||
    /\[[^\]\n]*$/.test(text.slice(Math.max(0, start - 8), start));
  const closed = isBracketed ? behind : end;
  const assign = matchFrom(ASSIGN, text, closed)?.[1];
  if (assign) return { kind: assign === ":" ? ":" : "=", next: ASSIGN.lastIndex };
  const arrow = closed === end ? endFrom(ARROW, text, end) : undefined;
  if (arrow !== undefined) return { kind: "->", next: arrow };
  // A quote closed the name: what follows after blanks is not its value.
  const next = skipBlanks(text, end);
  if (closed !== end || next === end) return undefined;
  return { kind: text[start] === "-" ? "flag" : "space", next };
}
