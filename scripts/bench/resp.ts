/**
 * As much of Redis' protocol (RESP2) as it takes to publish and to ask who listens.
 *
 * @module
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const COLON = 0x3a, MINUS = 0x2d, ZERO = 0x30, RETURN = 0x0d, NEWLINE = 0x0a;

const LINE_END = encoder.encode("\r\n");

function concatenated(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** One command as bytes. */
export function encodeCommand(...words: readonly (string | Uint8Array)[]): Uint8Array {
  const parts: Uint8Array[] = [encoder.encode(`*${words.length}\r\n`)];
  for (const word of words) {
    const bytes = typeof word === "string" ? encoder.encode(word) : word;
    parts.push(encoder.encode(`$${bytes.length}\r\n`), bytes, LINE_END);
  }
  return concatenated(parts);
}

/** Commands ready to be written in one go. */
export interface Prepared {
  readonly bytes: Uint8Array;
  readonly count: number;
}

export function prepare(commands: readonly Uint8Array[]): Prepared {
  return { bytes: concatenated(commands), count: commands.length };
}

/** A PUBLISH for each message. */
export function preparePublish(channel: string, messages: readonly string[]): Prepared {
  return prepare(messages.map((message) => encodeCommand("PUBLISH", channel, message)));
}

/** Counts replies of pipelined PUBLISHes, cut into chunks anywhere. */
export interface ReplyCounter {
  push(chunk: Uint8Array): void;
  readonly replies: number;
  /** Replies that say that nobody was subscribed. */
  readonly unheard: number;
  readonly errors: number;
}

export function createReplyCounter(): ReplyCounter {
  let replies = 0, unheard = 0, errors = 0;
  // Position in the line; how the line began; whether all of it so far reads ":0".
  let column = 0, kind = 0, zero = false;
  return {
    push(chunk) {
      for (const byte of chunk) {
        if (byte === NEWLINE) {
          replies++;
          if (kind === MINUS) errors++;
          else if (zero) unheard++;
          column = 0;
          zero = false;
        } else if (byte !== RETURN) {
          if (column === 0) kind = byte;
          else zero = kind === COLON && column === 1 && byte === ZERO;
          column++;
        }
      }
    },
    get replies() {
      return replies;
    },
    get unheard() {
      return unheard;
    },
    get errors() {
      return errors;
    },
  };
}

export type Reply = string | number | null | readonly Reply[];

/** A connection that is used by one caller at a time. */
export interface RedisConnection {
  /** @throws when Redis answers with an error or hangs up. */
  command(...words: readonly string[]): Promise<Reply>;
  /** Writes all of `parts` while reading the replies; for PUBLISH only. */
  pipeline(...parts: readonly Prepared[]): Promise<ReplyCounter>;
  close(): void;
}

/** Connects to 127.0.0.1. */
export async function connectRedis(port: number): Promise<RedisConnection> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  conn.setNoDelay(true);
  const chunk = new Uint8Array(256 * 1024);
  let rest = new Uint8Array(0);

  async function read(): Promise<Uint8Array> {
    const length = await conn.read(chunk);
    if (length === null) throw new Error("Redis closed the benchmark's connection");
    return chunk.subarray(0, length);
  }

  async function take(until: () => number): Promise<string> {
    let end = until();
    while (end === -1) {
      const more = await read();
      const joined = new Uint8Array(rest.length + more.length);
      joined.set(rest);
      joined.set(more, rest.length);
      rest = joined;
      end = until();
    }
    const text = decoder.decode(rest.subarray(0, end));
    rest = rest.slice(end + 2);
    return text;
  }

  async function reply(): Promise<Reply> {
    const line = await take(() => {
      const newline = rest.indexOf(NEWLINE);
      return newline === -1 ? -1 : newline - 1;
    });
    const value = line.slice(1);
    switch (line[0]) {
      case "+":
        return value;
      case ":":
        return Number(value);
      case "$": {
        const length = Number(value);
        return length < 0 ? null : await take(() => rest.length < length + 2 ? -1 : length);
      }
      case "*": {
        const replies: Reply[] = [];
        for (let i = 0; i < Number(value); i++) replies.push(await reply());
        return replies;
      }
      default:
        throw new Error(`Redis answered "${line}"`);
    }
  }

  async function write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at, at + 262_144));
  }

  return {
    async command(...words) {
      await write(encodeCommand(...words));
      return await reply();
    },
    async pipeline(...parts) {
      const counter = createReplyCounter();
      const count = parts.reduce((sum, part) => sum + part.count, 0);
      const writing = (async () => {
        for (const part of parts) await write(part.bytes);
      })();
      const reading = (async () => {
        while (counter.replies < count) counter.push(await read());
      })();
      await Promise.all([writing, reading]);
      return counter;
    },
    close: () => conn.close(),
  };
}
