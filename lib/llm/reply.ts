import type { HttpReply } from "../base/http/reply.ts";
import { isObject, parseObject } from "../base/json.ts";
import { withoutMarkup } from "../base/text/markup.ts";
import type { Figures, Spoken } from "./contract.ts";
import { LinkError } from "./failure.ts";

/** Longest answer that is read, in UTF-16 units; a diagnosis is a hundredth of that. */
const LONGEST_CONTENT = 64 * 1024;
/** Longest line, and longest reply that is one object over several lines. */
const LONGEST_LINE = 256 * 1024;
/** Longest stream: thinking tokens count here only. */
const LONGEST_STREAM = 8 * 1024 * 1024;

export type Json = Readonly<Record<string, unknown>>;

/** What one object of a reply says. */
export interface Piece extends Omit<Spoken, "figures"> {
  readonly figures: { readonly [Name in keyof Figures]: number | undefined };
  /** Undefined where the object does not say. */
  readonly done: boolean | undefined;
  /** Nothing more needs to be read. */
  readonly isLast: boolean;
  /** The model has moved on by a token. */
  readonly moved: boolean;
}

/** How the replies of an API are written. */
export interface ReplyForm {
  readonly lineEnd: RegExp;
  /** For messages: the API, what its stream is made of and ends with, and what breaks its form. */
  readonly words: Readonly<Record<"api" | "part" | "end" | "stray" | "neither", string>>;
  /**
   * The object on a line, "end" where nothing more needs to be read, "nothing" or, for what may be a
   * part of one whole object, "other".
   */
  lineOf(line: string, inWhole: boolean): Json | "end" | "nothing" | "other";
  /** @throws {LinkError} */
  pieceOf(object: Json, isWhole: boolean): Piece;
}

/**
 * Reads a model server's reply to its end: a stream of lines, or one whole JSON object.
 *
 * @param onToken called whenever the model has moved on.
 * @throws {LinkError} `server_error`, `bad_response` or `disconnected`.
 */
export async function readReply(
  body: HttpReply["body"],
  form: ReplyForm,
  onToken: () => void,
): Promise<Spoken> {
  const { words } = form;
  const decoder = new TextDecoder();
  const sum = { content: "", thought: false, calledTools: false };
  let doneReason: string | undefined;
  let figures: Figures = {};
  let done: boolean | undefined;
  let parts = 0;
  /** What is no line of a stream; the whole object where it is one. */
  let whole = "";

  function take(object: Json, isWhole: boolean): boolean {
    const piece = form.pieceOf(object, isWhole);
    sum.content += piece.content;
    sum.thought ||= piece.thought;
    sum.calledTools ||= piece.calledTools;
    doneReason = piece.doneReason ?? doneReason;
    done = done || piece.done;
    const said = Object.entries(piece.figures).filter(([, value]) => value !== undefined);
    figures = { ...figures, ...Object.fromEntries(said) };
    parts++;
    if (sum.content.length > LONGEST_CONTENT) {
      throw new LinkError("bad_response", `an answer of more than ${LONGEST_CONTENT} characters`);
    }
    if (piece.moved) onToken();
    return piece.isLast;
  }

  /** True once nothing more needs to be read. */
  function takeLine(line: string): boolean {
    const read = form.lineOf(line, whole !== "");
    if (typeof read === "object") return take(read, false);
    if (read !== "other") return read === "end";
    if (parts > 0) throw notReply(form, words.stray, line);
    whole += `${line}\n`;
    if (whole.length <= LONGEST_LINE) return false;
    throw notReply(form, "a reply too long for one object", line);
  }

  let received = 0;
  /** The line that is not whole yet; in it a line end is looked for once, however it comes. */
  let pending = "";
  /** A carriage return that came last: a line feed may follow. */
  let edge = "";
  let isOver = false;
  for await (const bytes of body) {
    const text = decoder.decode(bytes, { stream: true });
    received += text.length;
    if (received > LONGEST_STREAM) {
      throw new LinkError("bad_response", `a stream of more than ${LONGEST_STREAM} characters`);
    }
    const fresh = edge + text;
    edge = fresh.endsWith("\r") ? "\r" : "";
    const lines = fresh.slice(0, fresh.length - edge.length).split(form.lineEnd);
    lines[0] = pending + lines[0];
    pending = lines.pop() ?? "";
    isOver = lines.some(takeLine);
    if (isOver) break;
    if (pending.length > LONGEST_LINE) throw notReply(form, "a line without end", pending);
  }
  const rest = (pending + edge).trimEnd();
  if (!isOver && rest !== "") isOver = takeLine(rest);
  if (parts === 0 && whole !== "") {
    const object = parseObject(whole);
    if (!object) throw notReply(form, words.neither, whole);
    take(object, true);
  }
  // A server that answers with one object may leave `done` out; a stream may not.
  if (isOver || done || (parts === 1 && done === undefined)) return { ...sum, doneReason, figures };
  const far = parts === 0 ? `before the first ${words.part}` : `after ${parts} ${words.part}s`;
  throw new LinkError("disconnected", `the reply ended ${far}, without ${words.end}`);
}

/** A reply that is not what the API says. */
export function notReply({ words }: Pick<ReplyForm, "words">, what: string, text: string) {
  const message = `not a reply of ${words.api} (${what}): ${errorText(text)}`;
  return new LinkError("bad_response", message);
}

/** The text of an error reply: the server's own, that of an HTML page, or the body as it is. */
export function errorText(body: unknown): string {
  if (typeof body === "string") {
    const object = parseObject(body);
    const said = object?.error ?? object?.message;
    if (said !== undefined && said !== null) return errorText(said);
    const page = body.slice(0, 16 * 1024);
    return /<(?:html|!doctype|head|body|h1|title)\b/i.test(page) ? withoutMarkup(page) : page;
  }
  if (isObject(body) && typeof body.message === "string") return body.message;
  return JSON.stringify(body) ?? "";
}

/** A count or time that a server reports, rounded; undefined for anything else. */
export function figure(value: unknown, per = 1): number | undefined {
  const isNumber = typeof value === "number" && value >= 0 && value / per < 1e12;
  return isNumber ? Math.round(value / per) : undefined;
}
