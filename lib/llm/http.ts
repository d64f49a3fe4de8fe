/**
 * One HTTP/1.1 request on a connection of its own.
 *
 * Deno's fetch() is not used for three reasons: it says nothing before the headers, which Ollama
 * sends only after loading the model, so a deadline for connecting cannot be told from one for
 * loading; it silently sends a request again when the server dies before its first byte, so a
 * crashed Ollama would load the model twice; and it obeys proxy variables of the environment.
 * A connection that is used once cannot die unnoticed in a pool either, as they do on LTE.
 *
 * @module
 */

/** The connection broke, or what came over it is not HTTP. */
export class HttpFailure extends Error {
  override readonly name = "HttpFailure";
  constructor(readonly kind: "disconnected" | "bad_response", message: string) {
    super(message);
  }
}

/** Opens a connection to the URL's host; TLS included for https. */
export type Dial = (url: URL, signal: AbortSignal) => Promise<Deno.Conn>;

export interface PostOptions {
  readonly signal: AbortSignal;
  readonly dial?: Dial;
  /** Called once the connection stands, before the request is sent. */
  readonly onConnected?: () => void;
}

export interface HttpReply {
  readonly status: number;
  /** Names in lower case; of repeated ones the last. */
  readonly headers: ReadonlyMap<string, string>;
  /** The decoded body; throws {@linkcode HttpFailure} when it ends too early. */
  readonly body: AsyncIterable<Uint8Array>;
}

const LONGEST_LINE = 16 * 1024;
const MOST_HEADERS = 200;

/** Connects with Deno's own TCP and TLS. */
export const dial: Dial = async (url, signal) => {
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const secure = url.protocol === "https:";
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  const tcp = await Deno.connect({ hostname, port, signal });
  if (!secure) return tcp;
  const tls = await Deno.startTls(tcp, { hostname });
  try {
    await tls.handshake();
    return tls;
  } catch (error) {
    tls.close();
    throw error;
  }
};

/**
 * Sends `json` to `url` and hands the reply to `read`. Redirects are not followed. The connection
 * is closed when `read` is done or `signal` is aborted; then the signal's reason is thrown.
 *
 * @throws {HttpFailure}, the error of the dialling, or the reason of the signal.
 */
export function post<T>(url: URL, json: string, options: ExchangeOptions<T>): Promise<T> {
  return exchange(url, requestBytes(url, json), options);
}

/** The same for a GET. */
export function get<T>(url: URL, options: ExchangeOptions<T>): Promise<T> {
  return exchange(url, requestBytes(url), options);
}

type ExchangeOptions<T> = PostOptions & { readonly read: (reply: HttpReply) => Promise<T> };

async function exchange<T>(
  url: URL,
  request: Uint8Array,
  options: ExchangeOptions<T>,
): Promise<T> {
  const { signal, read, onConnected } = options;
  const conn = await connected((options.dial ?? dial)(url, signal), signal);
  let open = true;
  const hangUp = () => {
    if (!open) return;
    open = false;
    conn.close();
  };
  signal.addEventListener("abort", hangUp);
  try {
    signal.throwIfAborted();
    onConnected?.();
    await send(conn, request);
    return await read(await readReply(byteSource(conn)));
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", hangUp);
    hangUp();
  }
}

/** The dialled connection, or the signal's reason at once; a connection that comes late is closed. */
function connected(dialling: Promise<Deno.Conn>, signal: AbortSignal): Promise<Deno.Conn> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort);
    dialling.then((conn) => {
      if (signal.aborted) conn.close();
      else resolve(conn);
    }, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** A POST of `json`, or a GET without it. */
function requestBytes(url: URL, json?: string): Uint8Array {
  const encoder = new TextEncoder();
  const head = [
    `${json === undefined ? "GET" : "POST"} ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    "User-Agent: planner-agent",
    "Accept: application/x-ndjson, application/json",
    ...(json === undefined ? [] : [
      "Content-Type: application/json",
      `Content-Length: ${encoder.encode(json).length}`,
    ]),
    "Connection: close",
    "\r\n",
  ];
  return encoder.encode(head.join("\r\n") + (json ?? ""));
}

async function send(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
  } catch (error) {
    throw new HttpFailure("disconnected", `the connection broke while asking: ${reasonOf(error)}`);
  }
}

interface ByteSource {
  /** A line without its end. Throws when the peer hangs up first. */
  line(): Promise<string>;
  /** Between 1 and `most` bytes, or null when the peer has closed. */
  some(most: number): Promise<Uint8Array | null>;
}

function byteSource(conn: Deno.Conn): ByteSource {
  let held = new Uint8Array(0);
  const more = async (): Promise<boolean> => {
    const chunk = new Uint8Array(16 * 1024);
    let count: number | null;
    try {
      count = await conn.read(chunk);
    } catch (error) {
      throw new HttpFailure("disconnected", `the connection broke: ${reasonOf(error)}`);
    }
    if (count === null) return false;
    const joined = new Uint8Array(held.length + count);
    joined.set(held);
    joined.set(chunk.subarray(0, count), held.length);
    held = joined;
    return true;
  };
  return {
    async line() {
      for (;;) {
        const end = held.indexOf(10);
        if (end >= 0) {
          const bytes = held.subarray(0, end > 0 && held[end - 1] === 13 ? end - 1 : end);
          held = held.subarray(end + 1);
          return new TextDecoder("latin1").decode(bytes);
        }
        if (held.length > LONGEST_LINE) throw notHttp("a header line is too long");
        if (!await more()) {
          throw new HttpFailure("disconnected", "the server hung up before its reply was complete");
        }
      }
    },
    async some(most) {
      while (held.length === 0) if (!await more()) return null;
      const bytes = held.subarray(0, most);
      held = held.subarray(bytes.length);
      return bytes;
    },
  };
}

async function readReply(source: ByteSource): Promise<HttpReply> {
  for (;;) {
    const statusLine = await source.line();
    const status = /^HTTP\/1\.[01] ([1-9]\d\d)(?: |$)/.exec(statusLine)?.[1];
    if (status === undefined) throw notHttp(`the reply starts with "${statusLine.slice(0, 60)}"`);
    const headers = await readHeaders(source);
    // 1xx are announcements, the reply follows.
    if (status.startsWith("1")) continue;
    const encoding = headers.get("content-encoding") ?? "identity";
    if (encoding !== "identity") {
      throw notHttp(`the reply is encoded as "${encoding}", not asked for`);
    }
    return { status: Number(status), headers, body: bodyOf(source, headers) };
  }
}

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
  if (length === undefined) return untilClosed(source);
  if (!/^\d{1,15}$/.test(length)) throw notHttp(`Content-Length is "${length}"`);
  return exactly(source, Number(length));
}

async function* untilClosed(source: ByteSource): AsyncGenerator<Uint8Array> {
  for (let some = await source.some(Infinity); some; some = await source.some(Infinity)) yield some;
}

async function* exactly(source: ByteSource, length: number): AsyncGenerator<Uint8Array> {
  for (let left = length; left > 0;) {
    const some = await source.some(left);
    if (!some) throw new HttpFailure("disconnected", `the reply ended ${left} bytes too early`);
    left -= some.length;
    yield some;
  }
}

async function* chunks(source: ByteSource): AsyncGenerator<Uint8Array> {
  for (;;) {
    const line = await source.line();
    const size = /^([0-9a-f]{1,8})[ \t]*(?:;|$)/i.exec(line)?.[1];
    if (size === undefined) throw notHttp(`a chunk starts with "${line.slice(0, 60)}"`);
    if (Number(`0x${size}`) === 0) {
      await readHeaders(source); // trailers
      return;
    }
    yield* exactly(source, Number(`0x${size}`));
    if (await source.line() !== "") throw notHttp("a chunk is longer than it says");
  }
}

function notHttp(what: string): HttpFailure {
  return new HttpFailure("bad_response", `not an HTTP reply: ${what}`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
