import "../support/deadlines.ts";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { get } from "../../lib/base/http/http.ts";
import { HttpError, textOf } from "../../lib/base/http/reply.ts";
import { inTime, runs } from "./runs.ts";

const encoder = new TextEncoder();
const MOST_BYTES = 10_000;

const status = fc.constantFrom(
  ...["HTTP/1.1 200 OK", "HTTP/1.0 200", "HTTP/1.1 404 Not Found", "HTTP/1.1 100 Continue"],
  ...["HTTP/1.1 301 Moved", "HTTP/2 200", "HTTP/1.1 999", "HTTP/1.1 ", "ICY 200 OK", "", "+OK"],
);
const header = fc.oneof(
  fc.constantFrom(
    ...["Content-Length: 5", "Content-Length: -1", "Content-Length: 99999999999999999999"],
    ...["Content-Length: 5\r\nContent-Length: 6", "Transfer-Encoding: chunked", "content-length:"],
    ...["Transfer-Encoding: gzip, chunked", "Location: http://127.0.0.1:1/", "Connection: close"],
    ...[
      "Content-Encoding: gzip",
      ": x",
      "no colon",
      " folded",
      "A: \x1b[31m",
      `X: ${"y".repeat(20_000)}`,
    ],
  ),
  fc.string({ maxLength: 40 }),
);
const chunk = fc.oneof(
  fc.string({ maxLength: 30 }).map((text) => {
    return `${encoder.encode(text).length.toString(16)}\r\n${text}\r\n`;
  }),
  fc.constantFrom(
    "0\r\n\r\n",
    "0\r\nTrailer: x\r\n\r\n",
    "5\r\nab",
    "-1\r\n",
    "zz\r\n",
    "ffffffffff\r\n",
  ),
  fc.string({ maxLength: 30 }),
);
const reply = fc.tuple(
  status,
  fc.array(header, { maxLength: 5 }),
  fc.constantFrom("\r\n", "\n", "\r"),
  fc.array(chunk, { maxLength: 5 }),
).map(([first, headers, end, chunks]) =>
  encoder.encode([first, ...headers, "", ""].join(end) + chunks.join(""))
);
const bytes = fc.oneof(
  reply,
  fc.tuple(reply, fc.nat(), fc.nat(255)).map(([raw, at, byte]) => {
    const broken = raw.slice();
    if (broken.length > 0) broken[at % broken.length] = byte;
    return broken;
  }),
  fc.tuple(reply, fc.nat()).map(([raw, at]) => raw.subarray(0, at % (raw.length + 1))),
  fc.uint8Array({ maxLength: 200 }),
);

Deno.test("fuzz: whatever an HTTP server answers, it is a reply or a failure, soon", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = new URL(`http://127.0.0.1:${listener.addr.port}/api/tags`);
  let sent: Uint8Array = new Uint8Array(0);
  const serving = (async () => {
    try {
      for await (const conn of listener) {
        await conn.read(new Uint8Array(1_024));
        for (let at = 0; at < sent.length;) at += await conn.write(sent.subarray(at));
        conn.close();
      }
    } catch {
      // The listener was closed, or the client hung up first.
    }
  })();
  await fc.assert(
    fc.asyncProperty(bytes, async (raw) => {
      sent = raw;
      const { signal } = new AbortController();
      try {
        const text = await inTime(() =>
          get(url, { signal, read: ({ body }) => textOf(body, MOST_BYTES) })
        );
        assert.ok(Buffer.byteLength(text) <= 3 * MOST_BYTES);
      } catch (error) {
        assert.ok(error instanceof HttpError || isReset(error), String(error));
      }
    }),
    runs(120),
  );
  listener.close();
  await serving;
});

function isReset(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe;
}
