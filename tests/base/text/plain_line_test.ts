import assert from "node:assert/strict";
import fc from "fast-check";
import { plainLine } from "../../../lib/base/text/plain_line.ts";

const CASES: readonly [what: string, text: string, line: string][] = [
  ["plain text stays", 'rc is {"rc": 137} and a stray }', 'rc is {"rc": 137} and a stray }'],
  ["letters and pictures stay", "Überlauf auf 東京 🚀", "Überlauf auf 東京 🚀"],
  ["line breaks become blanks", "\n one\r\n\ttwo\n", "one two"],
  ["controls go", "a\u0000b\u0007c\u007fd\u0080e", "abcde"],
  ["invisible characters go", "re\u200bst\u202eart\ufeff\u{e0041}\u{e0042}", "restart"],
  ["halves of characters go", "a\ud800b\udc00c", "abc"],
  ["colours go", "\u001b[1;31mred\u001b[0m and \u009b32mgreen\u009b0m", "red and green"],
  ["a title is not set", "a\u001b]0;root@vps\u0007b", "ab"],
];

for (const [what, text, line] of CASES) {
  Deno.test(`plainLine: ${what}`, () => assert.equal(plainLine(text, 1_000), line));
}

Deno.test("plainLine: a secret does not stay for what hides it", () => {
  assert.equal(plainLine("pass\u200bword=hunter22x ok", 100), "password=[redacted] ok");
  for (const hidden of ["postgres://ha:\u200bhunter22", "postgres\u001b[0m://ha:hunt\u0000er22"]) {
    const line = plainLine(`login to ${hidden}@10.0.0.9/ha is refused`, 1_000);
    assert.ok(!line.includes("hunter22"), line);
    assert.ok(line.startsWith("login to postgres"), line);
  }
});

Deno.test("plainLine: a secret at the cut is redacted before it", () => {
  const line = plainLine(`${"x".repeat(30)} postgres://ha:hunter22@10.0.0.9/ha`, 50);
  assert.ok(!line.includes("hunt"), line);
});

Deno.test("plainLine: a cut is marked, and halves no character", () => {
  assert.equal(plainLine("x".repeat(10), 10), "x".repeat(10));
  assert.equal(plainLine("x".repeat(11), 10), `${"x".repeat(10)}… (11 characters)`);
  assert.equal(plainLine("abc🚀🚀", 4), "abc… (7 characters)");
  assert.equal(plainLine("abc🚀🚀", 5), "abc🚀… (7 characters)");
});

Deno.test("plainLine: any text becomes one bounded line of visible characters", () => {
  const unit = fc.oneof(
    fc.nat(0xffff).map((code) => String.fromCharCode(code)),
    fc.constantFrom("\u001b", "[31", "]0;", "\u0007", "\\", "\n", "\u009b", "x", "\ud83d"),
  );
  fc.assert(fc.property(fc.array(unit), (units) => {
    const line = plainLine(units.join(""), 40);
    assert.ok(line.length <= 40 + "… (99999 characters)".length);
    assert.doesNotMatch(line, /[\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]/u);
  }));
});
