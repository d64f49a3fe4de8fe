/**
 * One HTTP/1.1 request on a connection of its own, which cannot die unnoticed in a pool as on LTE.
 *
 * Deno's fetch() says nothing before the headers, which Ollama sends only after loading the model,
 * so a deadline for connecting cannot be told from one for loading; it sends a request again when
 * the server dies before its first byte, so a crashed Ollama would load the model twice; and it
 * obeys proxy variables of the environment.
 *
 * @module
 */
import { abortable } from "../abortable.ts";
import { connect } from "../connect.ts";
import { errorMessage } from "../error_message.ts";
import { HttpError, type HttpReply, readReply } from "./reply.ts";

/** Opens a connection to the URL's host; TLS included for https. `onTry` hears each address. */
export type Dial = (
  url: URL,
  signal: AbortSignal,
  onTry?: (address: string) => void,
) => Promise<Deno.Conn>;

interface ExchangeOptions<T> {
  readonly signal: AbortSignal;
  readonly dial?: Dial;
  /** The value of the Authorization header; it goes to this URL's host only. */
  readonly authorization?: string | undefined;
  /** Called once the connection stands, before the request is sent. */
  readonly onConnected?: () => void;
  readonly read: (reply: HttpReply) => Promise<T>;
}

export const dial: Dial = (url, signal, onTry) => {
  const tls = url.protocol === "https:";
  const port = url.port === "" ? (tls ? 443 : 80) : Number(url.port);
  return connect({ hostname: url.hostname.replace(/^\[|\]$/g, ""), port, tls }, signal, onTry);
};

/**
 * Sends `json` to `url` and hands the reply to `read`; the connection is closed after that. Redirects
 * are not followed. @throws {HttpError}, the error of the dialling, or the reason of the signal.
 */
export const post = <T>(url: URL, json: string, options: ExchangeOptions<T>): Promise<T> =>
  exchange(url, options, json);

/** Asks for `url` by GET; otherwise as {@linkcode post}. */
export const get = <T>(url: URL, options: ExchangeOptions<T>): Promise<T> => exchange(url, options);

async function exchange<T>(url: URL, options: ExchangeOptions<T>, json?: string): Promise<T> {
  const { signal, read, onConnected, authorization } = options;
  const dialling = (options.dial ?? dial)(url, signal);
  // One that comes too late is closed.
  dialling.then((conn) => signal.aborted && conn.close(), () => {});
  const conn = await abortable(dialling, signal);
  let open = true;
  const hangUp = () => {
    if (open) conn.close();
    open = false;
  };
  signal.addEventListener("abort", hangUp);
  try {
    onConnected?.();
    await send(conn, requestBytes(url, authorization, json));
    return await read(await readReply(conn));
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", hangUp);
    hangUp();
  }
}

function requestBytes(url: URL, authorization?: string, json?: string): Uint8Array {
  const encoder = new TextEncoder();
  const length = encoder.encode(json).length;
  const head = [
    `${json === undefined ? "GET" : "POST"} ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    "User-Agent: planner-agent",
    "Accept: application/x-ndjson, text/event-stream, application/json",
    ...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
    ...(json === undefined ? [] : ["Content-Type: application/json", `Content-Length: ${length}`]),
    "Connection: close",
    "\r\n",
  ];
  return encoder.encode(head.join("\r\n") + (json ?? ""));
}

async function send(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
  } catch (error) {
    const why = `the connection broke while asking: ${errorMessage(error)}`;
    throw new HttpError("disconnected", why);
  }
}
