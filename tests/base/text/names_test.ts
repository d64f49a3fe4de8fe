import assert from "node:assert/strict";
import fc from "fast-check";
import { cleanName, fileSlug, looksLike, plainName } from "../../../lib/base/text/names.ts";
import { anyCharacter } from "../../support/any_character.ts";

Deno.test("cleanName: leaves an ordinary name as it is", () => {
  for (
    const name of ["mosquitto", "chelsty-ha", "/", "a b", "$(id)", "../../approved/x", "..", ""]
  ) {
    assert.equal(cleanName(name), name);
  }
});

Deno.test("cleanName: removes control, ANSI and invisible characters", () => {
  const cases: [string, string][] = [
    ["nul\0byte", "nulbyte"],
    ["new\nline\r\t", "newline"],
    ["  vps \u00a0", "vps"],
    ["\x1b[31mred\x1b[0m", "red"],
    ["\x9b1mred\x85", "red"],
    ["\x1b]0;title\x07piha", "piha"],
    ["\x1b]0;never ends", "]0;never ends"],
    ["chel\u200bsty\u2060-\u00adha\ufeff", "chelsty-ha"],
    ["\u202evps\u202c\u2066", "vps"],
    ["v\u{e0070}\u{e0001}ps", "vps"],
    ["p\u034fi\ufe0fha\u{e0100}\u3164", "piha"],
    ["a\ud800b\udc00c", "abc"],
    ["\u2028x\u2029", "x"],
    ["ünïcødé-🚀", "ünïcødé-🚀"],
    ["\u200b\n ", ""],
  ];
  for (const [given, expected] of cases) assert.equal(cleanName(given), expected);
});

Deno.test("plainName: full-width letters and every dash have one spelling", () => {
  for (
    const dash of "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\u02d7\u30fc\u2e3a\u2e3b\uff0d"
  ) {
    assert.equal(plainName(`ｐｉｈａ${dash}db`), "piha-db", dash);
  }
  assert.equal(plainName("Ünïcode"), "Ünïcode");
});

Deno.test("looksLike: accents, capitals and letters of other scripts look like plain ones", () => {
  assert.deepEqual(["PIHA", "pïhà", "ріhа", "ＰＩＨＡ", "ᴄlοuԁ"].map(looksLike), [
    ...["piha", "piha", "piha", "piha", "cloud"],
  ]);
  assert.equal(looksLike("сервер"), looksLike("СЕРВЕР"));
});

Deno.test("cleanName: bounds code points and never cuts a surrogate pair", () => {
  assert.equal(cleanName("x".repeat(5000)), "x".repeat(200));
  assert.equal(cleanName("🚀".repeat(300)), "🚀".repeat(200));
  assert.equal(cleanName("a🚀b", 2), "a🚀");
  assert.equal(cleanName("ab  cd", 4), "ab");
  assert.equal(cleanName("\0".repeat(300) + "piha", 3), "pih");
});

const anyText = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 300 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 300 })
    .map((units) => String.fromCharCode(...units)),
  fc.array(
    fc.constantFrom(
      "\x1b[",
      "\x1b]",
      "\x07",
      "0m",
      " ",
      "\u200b",
      "\ud83d",
      "\ude80",
      "x",
      "\u{e0041}",
    ),
  ).map((parts) => parts.join("")),
);

Deno.test("cleanName: no name keeps what it must not, and cleaning twice is cleaning once", () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1, max: 40 }), (text, limit) => {
      const name = cleanName(text, limit);
      assert.ok(!/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u.test(name));
      assert.equal(name, name.trim());
      assert.ok([...name].length <= limit);
      assert.equal(cleanName(name, limit), name);
    }),
    { numRuns: 500 },
  );
});

Deno.test("cleanName: a mebibyte of unfinished escape sequences ends", () => {
  assert.equal(cleanName("\x1b[".repeat(1 << 19), 3), "[[[");
  assert.equal(cleanName("\x1b[" + "1".repeat(1 << 20), 3), "[11");
  assert.equal(cleanName(" ".repeat(1 << 20) + "x"), "x");
});

Deno.test("fileSlug: one dash for each code point that is not plain", () => {
  const cases: [string, string][] = [
    ["mosquitto_1.2-x", "mosquitto_1.2-x"],
    ["/", "-"],
    ["a/../../b", "a-..-..-b"],
    ["a\\b c", "a-b-c"],
    ["$(id)", "--id-"],
    ["🚀ü\ud800\0", "----"],
    ["", ""],
  ];
  for (const [given, expected] of cases) assert.equal(fileSlug(given), expected);
  assert.equal(fileSlug("🚀".repeat(10), 4), "----");
  assert.equal(fileSlug("x".repeat(300), 200), "x".repeat(200));
});

Deno.test("fileSlug: never leaves its alphabet or its limit", () => {
  fc.assert(fc.property(anyText, fc.integer({ min: 0, max: 40 }), (text, limit) => {
    const slug = fileSlug(text, limit);
    assert.match(slug, /^[A-Za-z0-9._-]*$/);
    assert.equal(slug.length, Math.min(limit, [...text].length));
  }));
});
