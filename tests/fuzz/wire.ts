/**
 * HTTP replies, sound but for something, and a connection over which one comes in pieces.
 *
 * @module
 */
import fc from "fast-check";
import type { Dial } from "../../lib/base/http/http.ts";

const encoder = new TextEncoder();

/** Dials a server that answers whatever it is asked with these bytes, as they are split. */
export function dialling(parts: readonly Uint8Array[]): Dial {
  return () => {
    const left = parts.map((part) => part.slice());
    return Promise.resolve({
      read(into: Uint8Array) {
        const part = left.shift();
        if (!part) return Promise.resolve(null);
        if (part.length > into.length) left.unshift(part.subarray(into.length));
        into.set(part.subarray(0, into.length));
        return Promise.resolve(Math.min(part.length, into.length));
      },
      write: (bytes: Uint8Array) => Promise.resolve(bytes.length),
      close() {},
    } as unknown as Deno.Conn);
  };
}

const head = fc.oneof(
  { weight: 6, arbitrary: fc.constant("HTTP/1.1 200 OK") },
  fc.constantFrom(
    ...["HTTP/1.0 200", "HTTP/1.1 404 Not Found", "HTTP/1.1 400 Bad", "HTTP/1.1 100 Continue"],
    ...["HTTP/1.1 301 Moved", "HTTP/2 200", "HTTP/1.1 999", "HTTP/1.1 ", "ICY 200 OK", "", "+OK"],
  ),
);
const header = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...["Content-Type: application/json", "Date: Fri, 02 Jan 2026 03:04:05 GMT", "Date: \x1b[2J"],
      ...["Connection: close", "Location: http://127.0.0.1:1/\x1b[2J", "X: y", "__proto__: x"],
    ),
  },
  fc.constantFrom(
    ...["Content-Length: 5", "Content-Length: -1", "Content-Length: 99999999999999999999"],
    ...["Transfer-Encoding: gzip, chunked", "Content-Encoding: gzip", ": x", "no colon", " folded"],
    `X: ${"y".repeat(20_000)}`,
  ),
  fc.string({ maxLength: 40 }),
);

/** The body in chunks, in one by its length, or to the end of the connection. */
const framing = fc.constantFrom(
  "chunked",
  "chunked",
  "length",
  "length",
  "close",
  "close",
  "wrong",
);

function framed(body: Uint8Array, how: string, size: number): { header: string; parts: string[] } {
  const text = [...body].map((byte) => String.fromCharCode(byte)).join("");
  if (how === "close") return { header: "", parts: [text] };
  if (how === "length") return { header: `Content-Length: ${body.length}`, parts: [text] };
  const parts: string[] = [];
  const least = Math.max(size, Math.ceil(text.length / 2_000));
  for (let at = 0; at < text.length; at += least) {
    const part = text.slice(at, at + least);
    parts.push(`${part.length.toString(16)}\r\n${part}\r\n`);
  }
  const last = how === "wrong" ? "-1\r\n" : "0\r\n\r\n";
  return { header: "Transfer-Encoding: chunked", parts: [...parts, last] };
}

/** The bytes of a reply with such a body: mostly as they should be, else cut or with one changed. */
export function replyOf(body: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> {
  return fc.tuple(
    head,
    fc.array(header, { maxLength: 2 }),
    fc.tuple(framing, fc.integer({ min: 1, max: 60 })),
    body,
    fc.tuple(fc.nat(), fc.nat(255), fc.nat(19)),
  ).map(([first, headers, [how, size], text, [at, byte, fate]]) => {
    const { header: own, parts } = framed(encoder.encode(text), how, size);
    const lines = [first, ...own === "" ? [] : [own], ...headers, "", ""].join("\r\n");
    const raw = Uint8Array.from(
      // Every unit of the body is a byte already; of the head, what is longer is cut.
      [...lines, ...parts.join("")],
      (unit) => unit.charCodeAt(0) & 255,
    );
    if (fate === 0) return raw.subarray(0, at % (raw.length + 1));
    if (fate === 1 && raw.length > 0) raw[at % raw.length] = byte;
    return raw;
  });
}
