import assert from "node:assert/strict";
import fc from "fast-check";
import { entryMessage } from "../../../lib/intake/streams/entry.ts";
import { MAX_MESSAGE_BYTES, readMessage } from "../../../lib/event/message.ts";
import { anyCharacter } from "../../support/any_character.ts";

const encoder = new TextEncoder();

function fields(...words: readonly (string | Uint8Array)[]): Uint8Array[] {
  return words.map((word) => typeof word === "string" ? encoder.encode(word) : word);
}

function valueOf(...words: readonly (string | Uint8Array)[]): unknown {
  const result = readMessage(entryMessage(fields(...words)));
  return result.ok ? result.value : result.refusal.kind;
}

Deno.test("entryMessage: the very bytes of a field data", () => {
  const data = new Uint8Array([0x7b, 0xff]);
  const alone = fields("data", data);
  assert.equal(entryMessage(alone), alone[1]);
  const words = fields("source", "piha", "data", data);
  assert.equal(entryMessage(words), words[3]);
});

Deno.test("entryMessage: data beside type or event_type is a field like others", () => {
  assert.deepEqual(valueOf("type", "down", "data", "{}"), { type: "down", data: "{}" });
  assert.deepEqual(valueOf("data", "x", "event_type", "down"), { data: "x", event_type: "down" });
});

Deno.test("entryMessage: flat fields are text, but for objects in payload and details", () => {
  assert.deepEqual(
    valueOf(...["type", "down", "node", "3", "timestamp", "1762053124.5", "severity", "null"]),
    { type: "down", node: "3", timestamp: "1762053124.5", severity: "null" },
  );
  const nested = '\ufeff {"a":[1,{"b":"\u00e9"}],"n":NaN}';
  assert.deepEqual(valueOf("type", "x", "payload", nested, "details", "{}", "other", "{}"), {
    type: "x",
    payload: { a: [1, { b: "\u00e9" }], n: null },
    details: {},
    other: "{}",
  });
  for (const text of ["[1]", "7", "{", '"text"', "", "true", '{"a":1},"node":"evil"']) {
    assert.deepEqual(valueOf("type", "x", "payload", text), { type: "x", payload: text });
  }
});

Deno.test("entryMessage: a name twice counts as its last, __proto__ is a name like others", () => {
  assert.deepEqual(valueOf("type", "a", "type", "b"), { type: "b" });
  const value = valueOf("__proto__", "x", "type", "b");
  assert.deepEqual(Object.entries(value ?? {}), [["__proto__", "x"], ["type", "b"]]);
});

Deno.test("entryMessage: a payload nested a hundred thousand deep neither fails nor overflows", () => {
  const deep = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;
  assert.equal(typeof valueOf("type", "x", "payload", deep), "object");
});

Deno.test("entryMessage: what is no event is refused for just that reason", () => {
  assert.equal(valueOf(), "invalid_json");
  assert.equal(valueOf("alone"), "invalid_json");
  assert.equal(readMessage(entryMessage(null)).ok, false);
  const many = (count: number) => Array.from({ length: count }, (_, i) => [`f${i}`, "1"]).flat();
  assert.equal(typeof valueOf(...many(100)), "object");
  assert.equal(valueOf(...many(101)), "invalid_json");
  const endless = fields("f").concat(Array.from({ length: 400_001 }, () => new Uint8Array(1)));
  assert.equal(readMessage(entryMessage(endless)).ok, false);
  assert.equal(valueOf("type", new Uint8Array([0x61, 0xc3])), "invalid_utf8");
  assert.equal(valueOf(new Uint8Array([0xff]), "x"), "invalid_utf8");
  assert.equal(valueOf("type", "x".repeat(MAX_MESSAGE_BYTES)), "too_large");
  assert.equal(valueOf("data", "x".repeat(MAX_MESSAGE_BYTES + 1)), "too_large");
  const json = ["{", '"type":"x",', ...many(100)];
  assert.equal(valueOf(...json), "invalid_json");
});

Deno.test("entryMessage: what is handed on of an entry that is no event is bounded and shows it", () => {
  const huge = fields("type", "down", "token", "x".repeat(5_000_000));
  const bytes = entryMessage(huge);
  assert.equal(bytes.length, MAX_MESSAGE_BYTES + 1);
  assert.ok(
    new TextDecoder().decode(bytes.subarray(0, 30)).startsWith("fields: type=down token=xx"),
  );
});

Deno.test("entryMessage: any fields come back as they were, or as a refusal", () => {
  const name = fc.string({ unit: anyCharacter, maxLength: 12 })
    .filter((text) => !["data", "payload", "details"].includes(text) && text.isWellFormed());
  const value = fc.string({ unit: anyCharacter, maxLength: 30 }).filter((text) =>
    text.isWellFormed()
  );
  const pairs = fc.uniqueArray(fc.tuple(name, value), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(fc.property(pairs, (pairs) => {
    const words = fields(...pairs.flat());
    const result = readMessage(entryMessage(words));
    assert.ok(result.ok);
    // A decoder drops a byte order mark at the beginning.
    const clean = (text: string) => text.replace(/^\ufeff/, "");
    const sent = new Map(pairs.map(([name, value]) => [clean(name), clean(value)]));
    assert.deepEqual(new Map(Object.entries(result.value)), sent);
  }));
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 12 }), (words) => {
    readMessage(entryMessage(words));
  }));
});

Deno.test("entryMessage: a name without a value, or nothing at all, is no event", () => {
  for (const words of [["type", "down", "node"], ["data"], []]) {
    assert.equal(entryMessage(fields(...words)).length, 0);
  }
  assert.equal(entryMessage(null).length, 0);
});
