import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { MAX_MESSAGE_BYTES, readMessage, type RefusalKind } from "../../lib/event/message.ts";
import { anyCharacter } from "../support/any_character.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const hex = (digits: string) => new Uint8Array(Buffer.from(digits, "hex"));

function valueOf(bytes: Uint8Array | string): Record<string, unknown> {
  const result = readMessage(typeof bytes === "string" ? utf8(bytes) : bytes);
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

function refusalOf(bytes: Uint8Array | string) {
  const result = readMessage(typeof bytes === "string" ? utf8(bytes) : bytes);
  assert.ok(!result.ok, JSON.stringify(result));
  return result.refusal;
}

Deno.test("readMessage: an object is handed on as it was sent", () => {
  const sent = { type: "service_unhealthy", node: "piha", payload: { a: [1, null, "ü🚀"] } };
  assert.deepEqual(valueOf(JSON.stringify(sent)), sent);
  assert.deepEqual(valueOf(" \r\n\t{} \n"), {});
});

Deno.test("readMessage: a byte order mark in front is accepted", () => {
  assert.deepEqual(valueOf(hex("efbbbf7b7d")), {});
  assert.deepEqual(valueOf(hex("efbbbf7b2261223a4e614e7d")), { a: null });
});

Deno.test("readMessage: reads a view into a larger buffer", () => {
  assert.deepEqual(valueOf(Buffer.from('xx{"a":1}yy').subarray(2, -2)), { a: 1 });
});

Deno.test("readMessage: exactly 1 MiB is read, one byte more is too large", () => {
  const text = (length: number) => `{"a":"${"x".repeat(length - 8)}"}`;
  assert.equal(utf8(text(MAX_MESSAGE_BYTES)).length, 1_048_576);
  assert.equal(String(valueOf(text(MAX_MESSAGE_BYTES)).a).length, MAX_MESSAGE_BYTES - 8);
  assert.deepEqual(refusalOf(text(MAX_MESSAGE_BYTES + 1)), {
    kind: "too_large",
    preview: `{"a":"${"x".repeat(114)}`,
  });
});

const REFUSED: readonly (readonly [RefusalKind, string | Uint8Array, string])[] = [
  ["invalid_utf8", hex("fffe7b2274797065223a22782280"), '\ufffd\ufffd{"type":"x"\ufffd'],
  ["invalid_utf8", hex("7b2261223a22c3227d"), '{"a":"\ufffd"}'], // a lead byte alone
  ["invalid_utf8", hex("7b2261223a22c0af227d"), '{"a":"\ufffd\ufffd"}'], // overlong
  ["invalid_utf8", hex("7b2261223a22eda080227d"), '{"a":"\ufffd\ufffd\ufffd"}'], // a surrogate
  ["invalid_utf8", hex("7b2261223a22f4908080227d"), '{"a":"\ufffd\ufffd\ufffd\ufffd"}'],
  ["invalid_json", "", ""],
  ["invalid_json", "\0\u0001\u001b[31mred\u001b[0m\n\u202e!", "red !"],
  ["invalid_json", "{'type': 'x'}", "{'type': 'x'}"],
  ["invalid_json", '{"type":"x"', '{"type":"x"'],
  ["invalid_json", '{"a":1}{"b":2}', '{"a":1}{"b":2}'],
  ["invalid_json", '{"a":"line\nbreak"}', '{"a":"line break"}'],
  ["invalid_json", "{a: NaN}", "{a: NaN}"],
  ["invalid_json", '{NaN: "NaN"}', '{NaN: "NaN"}'],
  ["invalid_json", '{"a":-NaN}', '{"a":-NaN}'],
  ["invalid_json", '{"a":1NaN}', '{"a":1NaN}'],
  ["invalid_json", '{"a":NaNNaN}', '{"a":NaNNaN}'],
  ["invalid_json", '{"a":--Infinity}', '{"a":--Infinity}'],
  ["invalid_json", '{"a":nan}', '{"a":nan}'],
  ["invalid_json", '{"a":NaN,"b":"open', '{"a":NaN,"b":"open'],
  ["not_object", "null", "null"],
  ["not_object", "NaN", "NaN"],
  ["not_object", "12.5", "12.5"],
  ["not_object", "true", "true"],
  ["not_object", '"text"', '"text"'],
  ["not_object", '[{"type":"x"}]', '[{"type":"x"}]'],
];

for (const [kind, message, preview] of REFUSED) {
  Deno.test(`readMessage: ${kind}: ${preview || "(empty)"}`, () => {
    assert.deepEqual(refusalOf(message), { kind, preview });
  });
}

Deno.test("readMessage: a replacement character that was sent is no invalid UTF-8", () => {
  assert.deepEqual(valueOf('{"a":"\ufffd"}'), { a: "\ufffd" });
});

Deno.test("readMessage: a preview is never cut inside a character", () => {
  assert.equal(refusalOf(`x${"🚀".repeat(300)}`).preview, `x${"🚀".repeat(59)}`);
});

Deno.test("readMessage: what is too large is so whatever stands before a NUL, and shows no secret", () => {
  const large = refusalOf(`{"a":1}\0${"x".repeat(MAX_MESSAGE_BYTES)}`);
  assert.equal(large.kind, "too_large");
  assert.equal(
    refusalOf('{"password":"hunter2secret", x').preview,
    '{"password":"[redacted]", x',
  );
});

Deno.test("readMessage: integers keep their digits, negative ones too, as deep as anybody looks", () => {
  assert.deepEqual(valueOf('{"a":-9007199254740993}'), { a: "-9007199254740993" });
  const nested = (levels: number) =>
    JSON.stringify(
      valueOf(`${'{"a":'.repeat(levels)}{"n":9007199254740993}${"}".repeat(levels)}`),
    );
  assert.match(nested(24), /"9007199254740993"/);
  assert.doesNotMatch(nested(25), /"9007199254740993"/);
});

Deno.test("readMessage: bare NaN and Infinity count as null", () => {
  assert.deepEqual(
    valueOf('{"a": NaN, "b":[-Infinity,Infinity , NaN],"c":{"d":-Infinity}, "e": 1}'),
    { a: null, b: [null, null, null], c: { d: null }, e: 1 },
  );
});

Deno.test("readMessage: NaN and Infinity in strings and keys stay", () => {
  assert.deepEqual(
    valueOf('{"NaN":NaN,"a":"NaN","b":"\\"NaN","c":"\\\\","d":Infinity,"e":"-Infinity\\\\\\""}'),
    { NaN: null, a: "NaN", b: '"NaN', c: "\\", d: null, e: '-Infinity\\"' },
  );
});

Deno.test("readMessage: a key __proto__ is an ordinary key", () => {
  const value = valueOf('{"__proto__":{"type":"x","polluted":true},"constructor":{"a":1}}');
  assert.deepEqual(Object.keys(value), ["__proto__", "constructor"]);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.equal(value.type, undefined);
  assert.equal(Reflect.get({}, "polluted"), undefined);
});

Deno.test("readMessage: hostile messages of full size have an outcome", () => {
  const full = (start: string, part: string, end = "") =>
    start + part.repeat((MAX_MESSAGE_BYTES - start.length - end.length) / part.length) + end;
  const outcome = (text: string) => {
    const result = readMessage(utf8(text));
    return result.ok ? "ok" : result.refusal.kind;
  };
  assert.equal(outcome(full('{"a":', "[")), "invalid_json");
  assert.equal(outcome(full("", '{"a":')), "invalid_json");
  assert.equal(outcome(`{"a":${"[".repeat(5e5)}${"]".repeat(5e5)}}`), "ok");
  assert.equal(outcome(full("NaN", '"')), "invalid_json");
  assert.equal(outcome(full('NaN"', "\\")), "invalid_json");
  assert.equal(outcome(full('NaN"', '\\"')), "invalid_json");
  assert.equal(outcome(full("", "NaN")), "invalid_json");
  assert.equal(outcome(full("", "-Infinity")), "invalid_json");
  assert.equal(outcome(full("", " ")), "invalid_json");
  assert.equal(outcome(full('{"a":[NaN', ",NaN", "]}")), "ok");
  assert.equal(outcome(full('{"a":[NaN', ',"x"', "]}")), "ok");
});

/** JSON values with NaN and infinities among them, and the text that Python writes for them. */
const pythonJson = fc.jsonValue({ stringUnit: anyCharacter }).chain((json) =>
  fc.record({
    text: fc.constantFrom("NaN", "Infinity", "-Infinity"),
    key: fc.string({ unit: fc.constantFrom("N", "a", "NaN", '"', "\\", "-Infinity", " ") }),
  }).map(({ text, key }) => ({
    sent: `{"v":${text},${JSON.stringify(key + "k")}:[${JSON.stringify(json)},${text}]}`,
    meant: { v: null, [key + "k"]: [JSON.parse(JSON.stringify(json)), null] },
  }))
);

Deno.test("readMessage: any JSON with bare numbers among its values is read as null there", () => {
  fc.assert(fc.property(pythonJson, ({ sent, meant }) => {
    assert.deepEqual(valueOf(sent), meant);
  }));
});

Deno.test("readMessage: decodes as a fatal decoder does, for any bytes", () => {
  const fatal = new TextDecoder("utf-8", { fatal: true });
  const bytes = fc.oneof(
    fc.constant(Uint8Array.of(123, 125, 0, 128)),
    fc.uint8Array({ maxLength: 64 }),
    fc.string({ unit: anyCharacter }).map((text) => utf8(JSON.stringify({ text }))),
    fc.tuple(fc.nat(40), fc.nat(255)).map(([at, byte]) => {
      const valid = utf8('{"type":"ünïcødé 🚀","node":"piha","n":NaN}');
      valid[at] = byte;
      return valid;
    }),
  );
  fc.assert(
    fc.property(bytes, (message) => {
      const result = readMessage(message);
      // What follows a NUL is nobody's, where what stands before it is a message.
      const end = result.ok ? message.indexOf(0) : -1;
      let valid = true;
      try {
        fatal.decode(end > 0 ? message.subarray(0, end) : message);
      } catch {
        valid = false;
      }
      assert.equal(!result.ok && result.refusal.kind === "invalid_utf8", !valid);
      if (!result.ok) {
        assert.ok(result.refusal.preview.length <= 120);
        assert.doesNotMatch(result.refusal.preview, /\p{Cc}|\p{Cf}/u);
      }
    }),
    { numRuns: 500 },
  );
});

const UNWRAPPED: Readonly<Record<string, readonly [string, unknown]>> = {
  "a trailing NUL": ['{"a":1}\0', { a: 1 }],
  "what lies behind a NUL in a buffer": ['{"a":1}\0\0"rest of an older message"}', { a: 1 }],
  "JSON in a JSON string": [JSON.stringify('{"a":1}'), { a: 1 }],
  "JSON in a JSON string in another": [JSON.stringify(JSON.stringify('{"a":1}')), { a: 1 }],
  "integers beyond 2^53 as their digits": [
    '{"a":11871999999999999121,"b":[-9007199254740993],"c":9007199254740993.5,"d":"1"}',
    { a: "11871999999999999121", b: ["-9007199254740993"], c: 9007199254740994, d: "1" },
  ],
  "integers that a number holds as numbers": ['{"a":1767323045000000000}', { a: 1767323045e9 }],
};

for (const [what, [text, value]] of Object.entries(UNWRAPPED)) {
  Deno.test(`readMessage: reads ${what}`, () => {
    assert.deepEqual(readMessage(new TextEncoder().encode(text)), { ok: true, value });
  });
}

Deno.test("readMessage: a NUL first, or a string that holds no object, is refused as it is", () => {
  const kindOf = (text: string) => {
    const message = readMessage(new TextEncoder().encode(text));
    return message.ok ? "ok" : message.refusal.kind;
  };
  assert.deepEqual(['\0{"a":1}', '"text"', '"[1]"', "{\0}"].map(kindOf), [
    "invalid_json",
    "not_object",
    "not_object",
    "invalid_json",
  ]);
});
