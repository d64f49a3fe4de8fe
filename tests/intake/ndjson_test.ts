import "../support/deadlines.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { readLines } from "../../lib/intake/ndjson.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function streamOf(...chunks: (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(chunks.map((c) => typeof c === "string" ? encoder.encode(c) : c));
}

/** The lines as text, a refusal as it is. */
async function linesOf(stream: ReadableStream<Uint8Array>, limit?: number) {
  const lines: unknown[] = [];
  for await (const line of readLines(stream, limit)) {
    lines.push(line instanceof Uint8Array ? decoder.decode(line) : line);
  }
  return lines;
}

Deno.test("readLines: LF, CRLF, blank lines, and a last line without its end", async () => {
  assert.deepEqual(
    await linesOf(streamOf('{"a":1}\n\r\n{"b":2}\r\n \t \n\n{"c":3}')),
    ['{"a":1}', '{"b":2}', '{"c":3}'],
  );
});

Deno.test("readLines: nothing and blank lines alone give no line", async () => {
  assert.deepEqual(await linesOf(streamOf()), []);
  assert.deepEqual(await linesOf(streamOf("", "\n", "\r", "\n \n")), []);
});

Deno.test("readLines: a line and a CRLF may be cut anywhere", async () => {
  assert.deepEqual(await linesOf(streamOf("a", "", "b\r", "\nc", "d\n", "ü🚀")), [
    "ab",
    "cd",
    "ü🚀",
  ]);
  const bytes = [...encoder.encode("🚀\r\nx")].map((byte) => Uint8Array.of(byte));
  assert.deepEqual(await linesOf(streamOf(...bytes)), ["🚀", "x"]);
});

Deno.test("readLines: a carriage return inside a line stays", async () => {
  assert.deepEqual(await linesOf(streamOf("a\rb\r\r\nc")), ["a\rb\r", "c"]);
});

Deno.test("readLines: a line of exactly the limit is read, whatever ends it", async () => {
  const whole = "x".repeat(8);
  for (const end of ["\n", "\r\n", "\r", ""]) {
    assert.deepEqual(await linesOf(streamOf(whole + end), 8), [whole], JSON.stringify(end));
    assert.deepEqual(await linesOf(streamOf("xxx", "xxxxx" + end), 8), [whole]);
  }
});

Deno.test("readLines: a line over the limit is refused once and the next is read", async () => {
  const refused = { kind: "too_large", preview: "xxxxxxxxx" };
  for (const end of ["\n", "\r\n"]) {
    const rest = [refused, "ok"];
    assert.deepEqual(await linesOf(streamOf(`xxxxxxxxx${end}ok\n`), 8), rest);
    assert.deepEqual(await linesOf(streamOf("xxxxx", `xxxx${end}ok`), 8), rest);
  }
  assert.deepEqual(
    await linesOf(streamOf("xxxx", "xxxxxx", "xxxxx", "xx\nok\nyyyy", "yyyyyyy", "zz"), 8),
    [
      { kind: "too_large", preview: "xxxxxxxxxx" },
      "ok",
      { kind: "too_large", preview: "yyyyyyyyyyy" },
    ],
  );
});

Deno.test("readLines: a refusal does not wait for the end of its line", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const lines = readLines(readable, 8);
  const first = lines.next();
  const written = writer.write(encoder.encode("0123456789"));
  assert.deepEqual((await first).value, { kind: "too_large", preview: "0123456789" });
  const second = lines.next();
  const closed = writer.close();
  assert.equal((await second).done, true);
  await Promise.all([written, closed]);
});

Deno.test("readLines: by default 1 MiB is the limit", async () => {
  const half = encoder.encode("y".repeat(524_288));
  const lines = await linesOf(streamOf(half, half, "\n", half, half, "y", "\nend"));
  assert.equal(String(lines[0]).length, 1_048_576);
  assert.deepEqual(lines.slice(1), [{ kind: "too_large", preview: "y".repeat(120) }, "end"]);
});

Deno.test("readLines: the stream's error is passed on after the lines before it", async () => {
  async function* broken() {
    yield encoder.encode("a\nb");
    await Promise.resolve();
    throw new Error("the file system went away");
  }
  const lines = readLines(ReadableStream.from(broken()));
  const first = (await lines.next()).value;
  assert.ok(first instanceof Uint8Array);
  assert.equal(decoder.decode(first), "a");
  await assert.rejects(lines.next(), /the file system went away/);
});

Deno.test("readLines: leaving early cancels the stream", async () => {
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(encoder.encode("a\nb\n")),
    cancel: () => void (cancelled = true),
  });
  for await (const _ of readLines(endless)) break;
  assert.equal(cancelled, true);
});

Deno.test("readLines: any chunking of any bytes gives the same lines", async () => {
  const text = fc.string({
    unit: fc.constantFrom("\n", "\r\n", "\r", " ", "a", "{}", "ü"),
    maxLength: 40,
  });
  const cuts = fc.array(fc.nat(60), { maxLength: 12 });
  await fc.assert(fc.asyncProperty(text, cuts, async (sent, at) => {
    const limit = 6;
    const expected = sent.split("\n").map((line) => line.replace(/\r$/, ""))
      .filter((line) => /[^ \t\r]/.test(line) || encoder.encode(line).length > limit)
      .map((line) => encoder.encode(line).length > limit ? "too_large" : line);
    const bytes = encoder.encode(sent);
    const bounds = [0, ...at.sort((a, b) => a - b), bytes.length];
    const chunks = bounds.slice(1).map((end, i) => bytes.subarray(bounds[i], end));
    const lines = await linesOf(streamOf(...chunks), limit);
    assert.deepEqual(
      lines.map((line) => typeof line === "string" ? line : Reflect.get(Object(line), "kind")),
      expected,
    );
  }));
});
