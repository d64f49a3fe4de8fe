/**
 * Redis' protocol (RESP2) in both directions, as bytes.
 *
 * @module
 */
import "./deadlines.ts";

export type Word = string | Uint8Array;
export type Reply = string | number | null | RespError | Uint8Array | readonly Reply[];

/** An error as Redis words it. */
export class RespError extends Error {
  override readonly name = "RespError";
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A reply, or a command as an array of words. A bulk string is given as bytes. */
export function encodeReply(reply: Reply): Uint8Array<ArrayBuffer> {
  if (reply === null) return encoder.encode("$-1\r\n");
  if (typeof reply === "number") return encoder.encode(`:${reply}\r\n`);
  if (typeof reply === "string") return encoder.encode(`+${reply}\r\n`);
  if (reply instanceof RespError) return encoder.encode(`-${reply.message}\r\n`);
  if (reply instanceof Uint8Array) {
    return concat(encoder.encode(`$${reply.length}\r\n`), reply, encoder.encode("\r\n"));
  }
  return concat(encoder.encode(`*${reply.length}\r\n`), ...reply.map(encodeReply));
}

export function bulk(word: Word): Uint8Array {
  return typeof word === "string" ? encoder.encode(word) : word;
}

function encodeCommand(words: readonly Word[]): Uint8Array<ArrayBuffer> {
  return encodeReply(words.map(bulk));
}

/** Bulk strings as text, all the way down. */
export function asText(reply: Reply): Reply {
  if (reply instanceof Uint8Array) return decoder.decode(reply);
  return Array.isArray(reply) ? reply.map(asText) : reply;
}

/** Puts chunks together and gives out whole replies or commands. */
export function createReader() {
  let held = new Uint8Array(0);

  /** The reply at `start` and where it ends, or null while it is not whole. */
  function parse(start: number): { readonly reply: Reply; readonly end: number } | null {
    const stop = held.indexOf(10, start);
    if (stop < 0) return null;
    const line = decoder.decode(held.subarray(start + 1, stop - 1));
    const kind = String.fromCharCode(held[start] ?? 0);
    switch (kind) {
      case "+":
        return { reply: line, end: stop + 1 };
      case "-":
        return { reply: new RespError(line), end: stop + 1 };
      case ":":
        return { reply: Number(line), end: stop + 1 };
      case "$": {
        const length = Number(line);
        if (length < 0) return { reply: null, end: stop + 1 };
        const end = stop + 1 + length;
        return held.length < end + 2 ? null : { reply: held.slice(stop + 1, end), end: end + 2 };
      }
      case "*": {
        const items: Reply[] = [];
        let end = stop + 1;
        for (let i = 0; i < Number(line); i++) {
          const item = parse(end);
          if (!item) return null;
          items.push(item.reply);
          end = item.end;
        }
        return { reply: items, end };
      }
      default:
        throw new RespError(`not RESP2: ${JSON.stringify(kind + line.slice(0, 40))}`);
    }
  }

  return (chunk: Uint8Array): readonly Reply[] => {
    held = concat(held, chunk);
    const replies: Reply[] = [];
    for (let found = parse(0); found; found = held.length > 0 ? parse(0) : null) {
      replies.push(found.reply);
      held = held.slice(found.end);
    }
    return replies;
  };
}

/** A client of one caller at a time. */
export interface RespClient {
  /** @throws {RespError} when Redis answers with one. */
  command(...words: readonly Word[]): Promise<Reply>;
  close(): void;
}

export async function respClient(port: number): Promise<RespClient> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const read = createReader();
  const replies: Reply[] = [];
  return {
    async command(...words) {
      await writeAll(connection, encodeCommand(words));
      const chunk = new Uint8Array(65_536);
      while (replies.length === 0) {
        const length = await connection.read(chunk);
        if (length === null) throw new RespError("the server closed the connection");
        replies.push(...read(chunk.subarray(0, length)));
      }
      const reply = replies.shift() ?? null;
      if (reply instanceof RespError) throw reply;
      return asText(reply);
    },
    close: () => connection.close(),
  };
}

export async function writeAll(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}
