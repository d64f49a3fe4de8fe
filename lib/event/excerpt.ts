import { withoutMarkers } from "../base/text/chat_markers.ts";
import { redactText, redactValue } from "../base/text/redact.ts";
import { remembering } from "../base/text/remembering.ts";
import { visibleText } from "../base/text/visible.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const byteLength = (text: string) => encoder.encode(text).length;
const sizeAsJson = (text: string) => byteLength(JSON.stringify(text));

const DEPTH = 24; // levels of nesting that are shown
/** The shortest that a string is cut to, in bytes; what is lost beyond is the whole text's cut. */
const SHORTEST_SHARE = 48;
const HEAD = 0.6; // the part of a cut text that its start gets; the rest is its end's

const cleaned = remembering((text) => redactText(visibleText(text)));

/**
 * Head and tail of a text, with what is missing between them; at most `most` UTF-8 bytes. Counted in
 * bytes: the fast way of TextEncoder's encodeInto in Deno 2.7 miscounts letters such as é.
 */
function headAndTail(text: string, most: number): string {
  const bytes = encoder.encode(text);
  if (bytes.length <= most) return text;
  const isWithinCharacter = (at: number) => ((bytes[at] ?? 0) & 0xc0) === 0x80;
  // The mark is sized for the largest number it may say.
  const room = most - byteLength(mark(bytes.length));
  let head = room > 0 ? Math.ceil(room * HEAD) : most;
  while (isWithinCharacter(head)) head--;
  const start = decoder.decode(bytes.subarray(0, head));
  if (room <= 0) return start;
  let tail = bytes.length - (room - head);
  while (isWithinCharacter(tail)) tail++;
  return start + mark(tail - head) + decoder.decode(bytes.subarray(tail));
}

const mark = (bytes: number) => `…[${bytes} bytes cut]…`;

/** A bounded value with each string and key in it replaced. */
function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === "string") return map(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((inner) => mapTexts(inner, map));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [map(key), mapTexts(inner, map)]),
  );
}

/** The limit for each string under which all of them together have `room` bytes. */
function shareOf(sizes: number[], room: number): number {
  sizes.sort((a, b) => a - b);
  let left = room;
  for (const [i, size] of sizes.entries()) {
    const share = left / (sizes.length - i);
    if (size > share) return Math.floor(share);
    left -= size;
  }
  return Infinity;
}

/**
 * An event's payload as the text that a prompt may show: JSON with one blank of indent, redacted
 * first, then cut. Long strings keep head and tail and say how much is missing, and so does the
 * whole, which has at most `maxBytes` UTF-8 bytes. Control and invisible characters, chat-template
 * markers and code fences are gone. "" for a payload without entries.
 */
export function excerpt(payload: Readonly<Record<string, unknown>>, maxBytes: number): string {
  if (Object.keys(payload).length === 0) return "";
  const entries = Math.max(32, Math.ceil(maxBytes / 16));
  const shown = redactValue(payload, { text: cleaned, depth: DEPTH, entries, total: 4 * entries });
  const whole = JSON.stringify(shown, null, 1) ?? "";
  if (whole.length * 3 <= maxBytes || byteLength(whole) <= maxBytes) return withoutMarkers(whole);
  const sizes: number[] = [];
  mapTexts(shown, (text) => {
    sizes.push(sizeAsJson(text));
    return text;
  });
  const texts = sizes.reduce((sum, size) => sum + size, 0);
  const frame = byteLength(whole) - texts;
  const share = Math.max(SHORTEST_SHARE, shareOf(sizes, maxBytes - frame));
  const fitting = mapTexts(shown, (text) => {
    const size = sizeAsJson(text);
    // Written as JSON a string gets two quotes and grows: its cut is smaller by as much.
    const growth = (size - 2) / byteLength(text);
    return size <= share ? text : headAndTail(text, Math.floor((share - 2) / growth));
  });
  return headAndTail(withoutMarkers(JSON.stringify(fitting, null, 1)), maxBytes);
}
