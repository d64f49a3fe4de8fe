import { RedisProtocolError } from "../../base/redis/errors.ts";

/** An entry by its stream and its id, milliseconds and a counter: `1700000000000-0`. */
export interface EntryName {
  readonly stream: string;
  readonly id: string;
}

/** An entry as it lies in its stream; `fields` alternates names and values, null once trimmed. */
export interface StreamEntry extends EntryName {
  readonly fields: readonly Uint8Array[] | null;
}

/** An entry that was handed to a consumer and is not acknowledged yet. */
export interface PendingEntry extends EntryName {
  readonly idleMs: number; // since it was handed over last
  readonly deliveries: number; // how often it was handed over
}

const decoder = new TextDecoder();

/** Whatever has another shape is an error of the protocol, never a wrong entry. */
function wrong(what: string): never {
  throw new RedisProtocolError(`an answer to ${what} of another shape`);
}

function list(reply: unknown, what: string): readonly unknown[] {
  return Array.isArray(reply) ? reply : wrong(what);
}

function idOf(reply: unknown, what: string): string {
  if (!(reply instanceof Uint8Array) || reply.length > 50) return wrong(what);
  const id = decoder.decode(reply);
  return /^\d{1,20}-\d{1,20}$/.test(id) ? id : wrong(what);
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

/** The entries of an XRANGE or XCLAIM; those that an old Redis answers as nil are left out. */
export function entriesOf(reply: unknown, what: string, stream: string): readonly StreamEntry[] {
  return list(reply, what).filter((entry) => entry !== null).map((entry) => {
    const [id, fields] = list(entry, what);
    const name = { stream, id: idOf(id, what) };
    if (fields === null || fields === undefined) return { ...name, fields: null };
    const words = list(fields, what);
    return { ...name, fields: words.every(isBytes) ? words : wrong(what) };
  });
}

/** The entries of an XREADGROUP; none when it waited in vain. */
export function readOf(reply: unknown): readonly StreamEntry[] {
  if (reply === null) return [];
  return list(reply, "XREADGROUP").flatMap((part) => {
    const [name, entries] = list(part, "XREADGROUP");
    if (!isBytes(name)) return wrong("XREADGROUP");
    return entriesOf(entries, "XREADGROUP", decoder.decode(name));
  });
}

/** The reply to XPENDING with a range. */
export function pendingOf(reply: unknown, stream: string): readonly PendingEntry[] {
  return list(reply, "XPENDING").map((part) => {
    const [id, , idleMs, deliveries] = list(part, "XPENDING");
    if (typeof idleMs !== "number" || typeof deliveries !== "number") return wrong("XPENDING");
    return { stream, id: idOf(id, "XPENDING"), idleMs, deliveries };
  });
}

/** The reply to XAUTOCLAIM JUSTID; `gone` are those that were trimmed (Redis 7 tells). */
export function autoclaimOf(reply: unknown) {
  const what = "XAUTOCLAIM";
  const [cursor, ids, gone = []] = list(reply, what);
  return {
    cursor: idOf(cursor, what),
    ids: list(ids, what).filter((id) => id !== null).map((id) => idOf(id, what)),
    gone: list(gone, what).length,
  };
}
