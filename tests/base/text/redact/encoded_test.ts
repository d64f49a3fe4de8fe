import assert from "node:assert/strict";
import { redactText } from "../../../../lib/base/text/redact.ts";

const S = "S3CRETx9";
const R = "[redacted]";
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** As `xxd` writes it, in pairs of bytes. */
function xxd(text: string): string {
  const hex = bytesOf(text).toHex();
  return Array.from({ length: Math.ceil(hex.length / 32) }, (_, row) => {
    const at = (row * 16).toString(16).padStart(8, "0");
    const digits = hex.slice(row * 32, row * 32 + 32).replace(/.{4}/g, "$& ").trimEnd();
    return `${at}: ${digits}  ${text.slice(row * 16, row * 16 + 16)}`;
  }).join("\n");
}

Deno.test("redactText: the lines of a dump are read together, and go together", () => {
  const dump = xxd(`host=db user=bob password=${S} more of it`);
  assert.equal(dump.split("\n").length, 3);
  assert.equal(redactText(dump), R);
  assert.equal(redactText(`before\n${dump}\nafter`), `before\n${R}\nafter`);
  assert.equal(redactText(xxd("x password=S3CRE")), R);
  const harmless = xxd("nothing to see here, move on now");
  assert.equal(redactText(harmless), harmless);
});

Deno.test("redactText: base64 of any length, of either alphabet, also behind a long run", () => {
  const run = bytesOf(`password=${S}!`).toBase64();
  for (const cut of [run, `${run}Q`, run.slice(0, -1), run.slice(0, -2)]) {
    assert.equal(redactText(`a ${cut} b`), `a ${R} b`);
  }
  const odd = bytesOf(`~~?>password=${S}`).toBase64({ alphabet: "base64url" });
  assert.match(odd, /[_-]/);
  assert.equal(redactText(odd), R);
  for (const letters of ["ключ ", "är ", "東 ", "🚀 "]) {
    assert.equal(redactText(bytesOf(`${letters}password=${S}`).toBase64()), R, letters);
  }
  const long = bytesOf("z".repeat(9_000)).toBase64();
  assert.equal(redactText(`${long} ${run}`), `${long} ${R}`);
});

Deno.test("redactText: numbers that are no bytes are no text", () => {
  const numbers = [...bytesOf(`password=${S}`)];
  assert.equal(redactText(numbers.join(", ")), R);
  assert.equal(redactText(numbers.join(" ")), R);
  const hex = numbers.map((each) => each.toString(16));
  for (const list of [hex.join(" "), `0x${hex.join(", 0x")}`, `\\x${hex.join("\\x")}`]) {
    assert.match(redactText(list), /^(?:password=)?\[redacted\]$/);
  }
  const larger = numbers.map((each) => each + 256).join(", ");
  assert.equal(redactText(larger), larger);
});

Deno.test("redactText: a short token, escapes of markup, accents that stand by themselves", () => {
  assert.equal(redactText("eyJabc.de"), R);
  assert.equal(redactText(`api&#45;key=${S}`), `api-key=${R}`);
  assert.equal(redactText(`cle\u0301 api: ${S}`), `clé api: ${R}`);
  assert.equal(
    redactText("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOYBF\nab"),
    R,
  );
  for (const name of ["enter", "manual", "setup", "2fa", "secret"]) {
    assert.equal(redactText(`${name} key: JBSW Y3DP EHPK 3PXP`).includes("3PXP"), false, name);
  }
  const vault = `$ANSIBLE_VAULT;1.1;AES256\\n${"6133".repeat(12)}`;
  assert.equal(redactText(`"${vault}"`), `"$ANSIBLE_VAULT;1.1;AES256${R}"`);
  assert.equal(redactText("token v2 works"), "token v2 works");
  const thrice = JSON.stringify(JSON.stringify(JSON.stringify({ password: `a"${S}` })));
  assert.equal(redactText(thrice).includes(S), false);
});
