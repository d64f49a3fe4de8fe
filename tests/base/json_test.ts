import assert from "node:assert/strict";
import { asciiJson, isObject, parseJson, parseObject } from "../../lib/base/json.ts";

Deno.test("parseObject: only what has keys; a list, null, text and damage are nothing", () => {
  assert.deepEqual(parseObject('{"a":1}'), { a: 1 });
  for (const text of ["[1]", "null", '"a"', "1", "", "{", '{"a":1}{'] as const) {
    assert.equal(parseObject(text), undefined, text);
  }
  assert.deepEqual([isObject({}), isObject([]), isObject(null)], [true, false, false]);
});

Deno.test("parseJson: undefined tells damage apart from null", () => {
  assert.deepEqual([parseJson("null"), parseJson("nul")], [null, undefined]);
});

Deno.test("asciiJson: nothing outside printable ASCII, and the same value", () => {
  const text = asciiJson("ü\u2028\u007f🚀");
  assert.equal(text, '"\\u00fc\\u2028\\u007f\\ud83d\\ude80"');
  assert.equal(JSON.parse(text), "ü\u2028\u007f🚀");
});
