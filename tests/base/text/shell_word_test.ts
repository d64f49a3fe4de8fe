import assert from "node:assert/strict";
import fc from "fast-check";
import { shellWord } from "../../../lib/base/text/shell_word.ts";

Deno.test("shellWord: plain paths stay as they are", () => {
  assert.equal(shellWord("/opt/homelab/actions/x.json"), "/opt/homelab/actions/x.json");
});

Deno.test("shellWord: everything a shell would read as more is quoted", () => {
  assert.equal(shellWord("/a b"), "'/a b'");
  assert.equal(shellWord("it's"), `'it'\\''s'`);
  assert.equal(shellWord("$(x)`y`"), "'$(x)`y`'");
  assert.equal(shellWord(""), "''");
  assert.equal(shellWord("a\n"), "'a\n'");
  for (const sign of '~!#&*();<>?[]{}|\\"^ \t') {
    assert.equal(shellWord(`${sign}a`), `'${sign}a'`, sign);
  }
});

Deno.test("shellWord: a shell reads the same word back", () => {
  fc.assert(fc.property(fc.string(), (word) => {
    // In POSIX shells a single quote ends a quoted piece, and nothing else does.
    const read = shellWord(word).replace(
      /'([^']*)'|\\(.)/gs,
      (_all, piece, escaped) => piece ?? escaped,
    );
    assert.equal(read, word);
  }));
});
