import assert from "node:assert/strict";
import { visibleText } from "../../../lib/base/text/visible.ts";

Deno.test("visibleText: of every kind that is not drawn nothing is left, inside a word, too", () => {
  const unseen = {
    controls: "\0\x07\x7f\x85",
    format: "\u00ad\u200b\u202e\ufeff\u{e0041}",
    "line and paragraph separators": "\u2028\u2029",
    "halves of a pair": "\ud800",
    "drawn as nothing": "\u034f\u115f\u3164\ufe0f\u{e0100}",
    "a blank cell of braille": "\u2800",
  };
  for (const [kind, characters] of Object.entries(unseen)) {
    for (const character of characters) {
      assert.equal(visibleText(`a${character}b`), "ab", kind);
    }
  }
  assert.equal(visibleText("tab\tand\nline, ä 東 🚀"), "tab\tand\nline, ä 東 🚀");
});

Deno.test("visibleText: sequences of terminals go whole, of one that never ends its beginning", () => {
  const sequences = [
    ...["\x1b[31m", "\x9b31m", "\x1b]0;title\x07", "\x1b]0;title\x1b\\", "\x1b]8;;http://x\x9c"],
    ...["\x1bPq\x1b\\", "\x1bX\x9c", "\x1b^a\x9c", "\x1b_a\x9c", "\x1b(B", "\x1bc", "\x1b7"],
  ];
  for (const sequence of sequences) assert.equal(visibleText(`a${sequence}b`), "ab", sequence);
  assert.equal(visibleText("a\x1b]never ends"), "a]never ends");
});
