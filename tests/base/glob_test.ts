import assert from "node:assert/strict";
import fc from "fast-check";
import { globMatches } from "../../lib/base/glob.ts";

const CASES: readonly [glob: string, text: string, matches: boolean][] = [
  ["mosquitto", "mosquitto", true],
  ["mosquitto", "mosquitto2", false],
  ["mosquitto", "a-mosquitto", false],
  ["MOSquitto", "mosQUITTO", true],
  ["chelsty-*", "chelsty-ha", true],
  ["chelsty-*", "CHELSTY-HA", true],
  ["chelsty-*", "chelsty-", true],
  ["chelsty-*", "chelsty", false],
  ["chelsty-*", "not-chelsty-ha", false],
  ["*", "", true],
  ["*", "anything at all", true],
  ["**", "x", true],
  ["", "", true],
  ["", "x", false],
  ["?", "", false],
  ["?", "x", true],
  ["?", "🚀", true],
  ["?", "xy", false],
  ["a?c", "a🚀c", true],
  ["*?", "🚀", true],
  ["*a*b", "xaxbxab", true],
  ["*a*b", "xaxbxabx", false],
  ["*.*", "no dot", false],
  ["a.c", "abc", false],
  ["ΝΑΣ*", "ΝΑΣΑ", true],
  ["[a-z]", "b", false],
  ["[a-z]", "[A-Z]", true],
  ["post*es*", "postgres-14", true],
  ["(a+)+$", "aaaa", false],
];

for (const [glob, text, matches] of CASES) {
  const verb = matches ? "matches" : "does not match";
  Deno.test(`globMatches: ${JSON.stringify(glob)} ${verb} ${JSON.stringify(text)}`, () => {
    assert.equal(globMatches(glob, text), matches);
  });
}

/** The definition, word for word; exponential, so for short texts only. */
function byDefinition(glob: string, text: string): boolean {
  const [first] = glob;
  if (first === undefined) return text === "";
  const rest = glob.slice(first.length);
  if (first === "*") {
    return byDefinition(rest, text) || (text !== "" && byDefinition(glob, text.slice(1)));
  }
  return text !== "" && (first === "?" || first === text[0]) && byDefinition(rest, text.slice(1));
}

Deno.test("globMatches: agrees with the definition on short texts", () => {
  const letters = (units: string) => fc.string({ unit: fc.constantFrom(...units), maxLength: 8 });
  fc.assert(
    fc.property(letters("ab*?"), letters("ab"), (glob, text) => {
      assert.equal(globMatches(glob, text), byDefinition(glob, text));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("globMatches: a text matches itself, and every pattern made by widening it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.nat(), (text, at) => {
      const points = Array.from(text.replaceAll("*", ""));
      const whole = points.join("");
      const cut = at % (points.length + 1);
      assert.ok(globMatches(whole, whole));
      assert.ok(globMatches(`${points.slice(0, cut).join("")}*`, whole));
      assert.ok(globMatches(`*${points.slice(cut).join("")}`, whole));
      assert.equal(globMatches(`${whole}x`, whole), false);
    }),
  );
});

Deno.test("globMatches: a pattern that makes a backtracking regex hang is answered", () => {
  assert.equal(globMatches("*a".repeat(100) + "b", "a".repeat(100_000)), false);
  assert.equal(globMatches("*a".repeat(100), "a".repeat(100_000)), true);
});
