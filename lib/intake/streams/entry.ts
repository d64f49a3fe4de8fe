import { Buffer, isUtf8 } from "node:buffer";
import { MAX_MESSAGE_BYTES, readMessage } from "../../event/message.ts";
import type { ReplyBounds } from "../../base/redis/reply_check.ts";

/** Of a reply with entries; what is cut is still refused as too large. */
export const ENTRIES_BOUNDS: ReplyBounds = { most: 64 * 1_048_576, kept: 4 * 1_048_576 };

const MAX_ENTRY_FIELDS = 100; // most fields of an entry that counts as an event
const SHOWN_BYTES = 4_096; // how much of an entry that is no event is handed on, for its log line

/** Fields that hold an object when they are JSON text. */
const NESTED: ReadonlySet<string> = new Set(["payload", "details"]);

const NOTHING = new Uint8Array(0);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The message that an entry carries, as `readMessage` takes it.
 *
 * An entry with a field `data`, and with neither `type` nor `event_type`, carries the message
 * there. Any other is the event itself, a field each: values stay text, but for JSON objects in
 * `payload` and `details`. Of an entry that is neither (no fields, more than
 * {@linkcode MAX_ENTRY_FIELDS}, no UTF-8, over 1 MiB) come bytes that `readMessage` refuses for
 * just that reason.
 */
export function entryMessage(fields: readonly Uint8Array[] | null): Uint8Array {
  if (!fields || fields.length < 2 || fields.length % 2 !== 0) return NOTHING;
  const data = dataOf(fields);
  if (data) return data;
  const size = fields.reduce((sum, word) => sum + word.length, 0);
  if (size > MAX_MESSAGE_BYTES) return shown(fields, MAX_MESSAGE_BYTES + 1);
  if (fields.length > 2 * MAX_ENTRY_FIELDS) return shown(fields, SHOWN_BYTES);
  return fields.every((word) => isUtf8(word)) ? objectOf(fields) : shown(fields, MAX_MESSAGE_BYTES);
}

function dataOf(fields: readonly Uint8Array[]): Uint8Array | undefined {
  let data: Uint8Array | undefined;
  for (let i = 0; i < fields.length && i < 2 * MAX_ENTRY_FIELDS; i += 2) {
    const name = fields[i];
    if (!name || name.length > 10) continue;
    const text = decoder.decode(name);
    if (text === "type" || text === "event_type") return undefined;
    if (text === "data") data = fields[i + 1];
  }
  return data;
}

function objectOf(fields: readonly Uint8Array[]): Uint8Array {
  const members: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = decoder.decode(fields[i]);
    const value = fields[i + 1] ?? NOTHING;
    const text = decoder.decode(value);
    // Spliced in as it is: to write a parsed value anew could overflow the stack.
    const nested = NESTED.has(name) && readMessage(value).ok;
    members.push(`${JSON.stringify(name)}:${nested ? text : JSON.stringify(text)}`);
  }
  return encoder.encode(`{${members.join()}}`);
}

/** The fields as `fields: name=value …`, which is no JSON; at most `limit` bytes. */
function shown(fields: readonly Uint8Array[], limit: number): Uint8Array {
  const parts: Uint8Array[] = [encoder.encode("fields: ")];
  let size = 0;
  for (const [i, word] of fields.entries()) {
    if (size > limit) break;
    parts.push(word, encoder.encode(i % 2 === 0 ? "=" : " "));
    size += word.length;
  }
  return Buffer.concat(parts).subarray(0, limit);
}
