import { errorMessage } from "../error_message.ts";

/** The connection broke, or what came over it is not HTTP. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  constructor(readonly kind: "disconnected" | "bad_response", message: string) {
    super(message);
  }
}

export type HttpReply = Awaited<ReturnType<typeof readReply>>;

const LONGEST_LINE = 16 * 1024;
const MOST_HEADERS = 200;

type ByteSource = ReturnType<typeof byteSource>;

function byteSource(conn: Deno.Conn) {
  const chunk = new Uint8Array(16 * 1024);
  let waiting = new Uint8Array(0);
  /** Reads on; false when the peer has closed. */
  async function more(): Promise<boolean> {
    const count = await conn.read(chunk).catch((error) => {
      throw new HttpError("disconnected", `the connection broke: ${errorMessage(error)}`);
    });
    if (count === null) return false;
    const joined = new Uint8Array(waiting.length + count);
    joined.set(waiting);
    joined.set(chunk.subarray(0, count), waiting.length);
    waiting = joined;
    return true;
  }
  return {
    /** A line without its end. */
    async line(): Promise<string> {
      for (;;) {
        const end = waiting.indexOf(10);
        const length = end < 0 ? waiting.length : end;
        // Of a line that is whole, too: else what is too long would depend on how it came.
        if (length > LONGEST_LINE) throw notHttp("a header line is too long");
        if (end >= 0) {
          const bytes = waiting.subarray(0, waiting[end - 1] === 13 ? end - 1 : end);
          waiting = waiting.subarray(end + 1);
          return new TextDecoder("latin1").decode(bytes);
        }
        if (await more()) continue;
        throw new HttpError("disconnected", "the server hung up before its reply was complete");
      }
    },
    /** Between 1 and `most` bytes, or null when the peer has closed. */
    async some(most: number): Promise<Uint8Array | null> {
      while (waiting.length === 0) if (!await more()) return null;
      const bytes = waiting.subarray(0, most);
      waiting = waiting.subarray(bytes.length);
      return bytes;
    },
  };
}

/** Reads a reply up to its body, which throws when it ends too early. @throws {HttpError} */
export async function readReply(conn: Deno.Conn) {
  const source = byteSource(conn);
  for (;;) {
    const statusLine = await source.line();
    const status = /^HTTP\/1\.[01] ([1-9]\d\d)(?: |$)/.exec(statusLine)?.[1];
    if (status === undefined) throw notHttp(`the reply starts with "${statusLine.slice(0, 60)}"`);
    const headers = await readHeaders(source);
    // 1xx are announcements, the reply follows.
    if (status.startsWith("1")) continue;
    const encoding = headers.get("content-encoding") ?? "identity";
    if (encoding === "identity") {
      return { status: Number(status), headers, body: bodyOf(source, headers) };
    }
    throw notHttp(`the reply is encoded as "${encoding}", not asked for`);
  }
}

/** Names in lower case; of repeated ones the last. */
async function readHeaders(source: ByteSource): Promise<Map<string, string>> {
  const headers = new Map<string, string>();
  for (let count = 0; count < MOST_HEADERS; count++) {
    const line = await source.line();
    if (line === "") return headers;
    const colon = line.indexOf(":");
    if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  throw notHttp("the reply has too many headers");
}

function bodyOf(
  source: ByteSource,
  headers: ReadonlyMap<string, string>,
): AsyncIterable<Uint8Array> {
  const coding = headers.get("transfer-encoding")?.toLowerCase();
  if (coding === "chunked") return chunks(source);
  if (coding !== undefined) throw notHttp(`unknown transfer encoding "${coding}"`);
  const length = headers.get("content-length");
  if (length === undefined) return bytesOf(source);
  if (!/^\d{1,15}$/.test(length)) throw notHttp(`Content-Length is "${length}"`);
  return bytesOf(source, Number(length));
}

/** So many bytes; without a length, all until the peer closes. */
async function* bytesOf(source: ByteSource, length = Infinity): AsyncGenerator<Uint8Array> {
  for (let left = length; left > 0;) {
    const some = await source.some(left);
    if (!some && length === Infinity) return;
    if (!some) throw new HttpError("disconnected", `the reply ended ${left} bytes too early`);
    left -= some.length;
    yield some;
  }
}

async function* chunks(source: ByteSource): AsyncGenerator<Uint8Array> {
  for (;;) {
    const line = await source.line();
    const size = /^([0-9a-f]{1,8})[ \t]*(?:;|$)/i.exec(line)?.[1];
    if (size === undefined) throw notHttp(`a chunk starts with "${line.slice(0, 60)}"`);
    const length = Number(`0x${size}`);
    // Trailers are read, and of no interest.
    if (length === 0) return void await readHeaders(source);
    yield* bytesOf(source, length);
    if (await source.line() !== "") throw notHttp("a chunk is longer than it says");
  }
}

function notHttp(what: string): HttpError {
  return new HttpError("bad_response", `not an HTTP reply: ${what}`);
}

/** A whole body as text. @throws {HttpError} for one of more than `mostBytes`. */
export async function textOf(body: AsyncIterable<Uint8Array>, mostBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > mostBytes) throw new HttpError("bad_response", "its reply is too long");
    text += decoder.decode(part, { stream: true });
  }
  return text;
}
