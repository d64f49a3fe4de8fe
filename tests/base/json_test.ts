import assert from "node:assert/strict";
import { asciiJson, isObject, parseJson, parseObject, walkSigns } from "../../lib/base/json.ts";

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

Deno.test("walkSigns: brackets, colons and commas, but not those in strings", () => {
  const signs = (text: string, start = 0, enough = Infinity) => {
    const seen: string[] = [];
    walkSigns(text, start, (sign, at) => seen.push(`${sign}${at}`) === enough);
    return seen.join(" ");
  };
  assert.equal(signs('{"a":{}}', 0, 2), "{0 :4");
  assert.equal(signs('{"a{\\"}":[1,"\\\\"]}'), "{0 :8 [9 ,11 ]16 }17");
  assert.equal(signs('{"a":{}}', 5), "{5 }6 }7");
  // A string that does not end hides what follows.
  assert.equal(signs('["a, ]'), "[0");
  assert.equal(signs('["a\\'), "[0");
});
