import assert from "node:assert/strict";
import { anyCharacter } from "../../support/any_character.ts";
import { fakeClock } from "../../support/clock.ts";
import fc from "fast-check";
import { createLog, formatLine, lineSink, LOG_LEVELS } from "../../../lib/base/log/log.ts";

const NOON = Date.UTC(2026, 0, 2, 12);

Deno.test("formatLine: event, level and timestamp come first", () => {
  assert.equal(
    formatLine("info", "event_received", NOON, { channel: "health_events", svc_key: "a/b" }),
    '{"event":"event_received","level":"info","timestamp":"2026-01-02T12:00:00.000Z",' +
      '"channel":"health_events","svc_key":"a/b"}',
  );
});

Deno.test("formatLine: what a terminal would obey is escaped", () => {
  const hostile = [
    "\u001b[31m",
    "\u0000",
    "\n",
    "\u007f",
    "\u0085",
    "\u009b31m",
    "\u00ad",
    "\u200b",
    "\u200e",
    "\u2028",
    "\u202e",
    "\u2066",
    "\ufeff",
    "\u{e0041}",
  ].join("x");
  const line = formatLine("warning", "malformed_message", NOON, { preview: hostile });
  assert.match(line, /^[\x20-\x7e]*$/);
  assert.equal(JSON.parse(line).preview, hostile);
});

Deno.test("formatLine: readable text of any language stays as it is", () => {
  assert.ok(formatLine("info", "x", NOON, { reason: "größer 日本 🚀" }).includes("größer 日本 🚀"));
});

Deno.test("formatLine: a value is cut after 500 characters and says how long it was", () => {
  const at = (length: number) =>
    JSON.parse(formatLine("info", "x", NOON, { deep: [{ value: "v".repeat(length) }] }))
      .deep[0].value;
  assert.equal(at(500), "v".repeat(500));
  assert.equal(at(501), `${"v".repeat(500)}… (501 characters)`);
  assert.equal(at(1_000_000), `${"v".repeat(500)}… (1000000 characters)`);
});

Deno.test("formatLine: any fields make one line that parses", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.string({ unit: anyCharacter }), (value, text) => {
    const line = formatLine("error", "x", NOON, { value, text, big: 1n });
    assert.ok(!/[\n\r\u2028\u2029]/.test(line));
    const parsed = JSON.parse(line);
    assert.deepEqual(Object.keys(parsed), ["event", "level", "timestamp", "value", "text", "big"]);
    assert.equal(parsed.text, text);
    assert.equal(parsed.big, "1");
  }));
});

Deno.test("createLog: writes lines from its level up", () => {
  for (const [at, level] of LOG_LEVELS.entries()) {
    const lines: string[] = [];
    const log = createLog({ level, write: (line) => lines.push(line), clock: fakeClock() });
    for (const each of LOG_LEVELS) log[each]("heartbeat_failed", { n: 1 });
    const seen = lines.map((line) => JSON.parse(line));
    assert.deepEqual(seen.map((line) => line.level), LOG_LEVELS.slice(at));
    for (const line of seen) assert.equal(line.event, "heartbeat_failed");
    assert.ok(lines.every((line) => line.endsWith("}\n")));
  }
});

Deno.test("createLog: keeps the fields, their order, and braces in values", () => {
  const lines: string[] = [];
  createLog({ level: "info", write: (line) => lines.push(line), clock: fakeClock() }).info(
    "action_proposed",
    {
      svc_key: "{node}/{service}",
      empty: null,
      nested: { list: [1, "{x}"] },
    },
  );
  const { timestamp, ...line } = JSON.parse(lines.join(""));
  assert.deepEqual(Object.entries(line), [
    ["event", "action_proposed"],
    ["level", "info"],
    ["svc_key", "{node}/{service}"],
    ["empty", null],
    ["nested", { list: [1, "{x}"] }],
  ]);
  assert.equal(timestamp, "2026-01-02T03:04:05.000Z");
});

Deno.test("createLog: an event without fields is a line all the same", () => {
  const lines: string[] = [];
  createLog({ level: "info", write: (line) => lines.push(line), clock: fakeClock() }).warning(
    "shutdown_signal",
  );
  assert.deepEqual(Object.keys(JSON.parse(lines.join(""))), ["event", "level", "timestamp"]);
});

Deno.test("lineSink: a stream that takes few bytes at a time gets the whole line", () => {
  const written: number[] = [];
  const sink = lineSink({
    writeSync(bytes) {
      written.push(...bytes.subarray(0, 3));
      return Math.min(3, bytes.length);
    },
  });
  sink("größer 🚀\n");
  assert.equal(new TextDecoder().decode(Uint8Array.from(written)), "größer 🚀\n");
});

Deno.test("lineSink: what a stream does not take is told, that nobody reads is not", () => {
  const told: string[] = [];
  const failing = (error: Error) =>
    lineSink({
      writeSync() {
        throw error;
      },
    }, (error) => told.push(String(error)));
  failing(new Deno.errors.BrokenPipe("nobody"))("a\n");
  failing(new Error("No space left on device"))("a\n");
  assert.deepEqual(told, ["Error: No space left on device"]);
});
