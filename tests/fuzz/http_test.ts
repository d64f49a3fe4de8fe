import "../support/deadlines.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { get } from "../../lib/base/http/http.ts";
import { HttpError, textOf } from "../../lib/base/http/reply.ts";
import { cuts, pieces } from "./hostile.ts";
import { depths, inTime, runs } from "./runs.ts";
import { dialling, replyOf } from "./wire.ts";

const MOST_BYTES = 10_000;

const body = fc.oneof(
  { weight: 9, arbitrary: fc.string({ maxLength: 300 }) },
  fc.constant("x".repeat(12_000)),
);
const bytes = fc.oneof({ weight: 5, arbitrary: replyOf(body) }, fc.uint8Array({ maxLength: 200 }));

/** A reply's status and text, or what kind of failure it is. */
async function read(parts: readonly Uint8Array[]) {
  const { signal } = new AbortController();
  try {
    return await get(new URL("http://127.0.0.1:1/api/tags"), {
      signal,
      dial: dialling(parts),
      read: async ({ status, body }) => ({ status, text: await textOf(body, MOST_BYTES) }),
    });
  } catch (error) {
    assert.ok(error instanceof HttpError, String(error));
    return error.kind;
  }
}

Deno.test("fuzz: whatever an HTTP server answers, and however split, it is one reply or failure", async () => {
  const depth = depths();
  await fc.assert(
    fc.asyncProperty(bytes, cuts, async (raw, at) => {
      const whole = await inTime(() => read([raw]));
      const split = await inTime(() => read(pieces(raw, at)));
      assert.deepEqual(split, whole);
      depth.note("reply", typeof whole === "object");
      if (typeof whole === "object") assert.ok(whole.text.length <= MOST_BYTES);
    }),
    runs(600),
  );
  depth.atLeast({ reply: 0.4 });
});

Deno.test("fuzz: whatever comes over a real connection, it is a reply or a failure, soon", async () => {
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
      await inTime(() => get(url, { signal, read: ({ body }) => textOf(body, MOST_BYTES) })).catch(
        (error) => assert.ok(error instanceof HttpError || isReset(error), String(error)),
      );
    }),
    runs(60),
  );
  listener.close();
  await serving;
});

function isReset(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe;
}
