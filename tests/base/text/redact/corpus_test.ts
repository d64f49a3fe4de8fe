import assert from "node:assert/strict";
import { redactText, redactValue } from "../../../../lib/base/text/redact.ts";
import { visibleText } from "../../../../lib/base/text/visible.ts";

const FOLDER = new URL("./corpus/", import.meta.url);

/** Values without end, always the same: no machine of the world has one of them. */
function values() {
  let state = 20_251_102;
  const next = (limit: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % limit;
  };
  const of = (letters: string, length: number) =>
    Array.from({ length }, () => letters[next(letters.length)]).join("");
  const LOWER = "abcdefghijkmnopqrstuvwxyz";
  return {
    digits: (n: number) => of("123456789", n),
    hex: (n: number) => of("0123456789abcdef", n),
    lower: (n: number) => of(LOWER, n),
    // A digit, a capital and a small letter at least, as in real ones.
    alnum: (n: number) =>
      `${of(LOWER, 1)}${of("23456789", 1)}${of("ABCDEFGHJK", 1)}` +
      of(LOWER + LOWER.toUpperCase() + "23456789", Math.max(0, n - 3)),
  };
}

const encoder = new TextEncoder();
const bytesOf = (text: string) => [...encoder.encode(text)];
const hexOf = (text: string) => bytesOf(text).map((each) => each.toString(16).padStart(2, "0"));

function dump(text: string): string {
  const hex = hexOf(text);
  const rows = Array.from({ length: Math.ceil(hex.length / 16) }, (_, nth) => nth);
  return rows.map((nth) =>
    `${(nth * 16).toString(16).padStart(8, "0")}  ${hex.slice(nth * 16, nth * 16 + 16).join(" ")}`
  ).join("\n");
}

const ENCODINGS: Readonly<Record<string, (text: string) => string>> = {
  base64: (text) => encoder.encode(text).toBase64(),
  hexof: (text) => hexOf(text).join(""),
  hexlist: (text) => hexOf(text).join(" "),
  xbytes: (text) => hexOf(text).map((each) => `\\x${each}`).join(""),
  bytes: (text) => bytesOf(text).join(", "),
  dump,
};

/** A line with its placeholders filled, and what must not be left of it. */
function filled(line: string, given = values()): { text: string; secrets: string[] } {
  const secrets: string[] = [];
  const hidden = (secret: string) => (secrets.push(secret), secret);
  const text = line.replaceAll("\\n", "\n").replace(
    /\{(base64|hexof|hexlist|xbytes|bytes|dump):(.*?\}?)\}(?=$|[\s\]>])|\{([A-Za-z]+?)(\d*)(b?)\}/g,
    (whole, encoding, plain, kind, length) => {
      const n = Number(length || 12);
      if (encoding) {
        return hidden(
          ENCODINGS[encoding]?.(
            plain.replace("=S", `=${given.alnum(12)}`).replace(':"S"', `:"${given.alnum(12)}"`),
          ) ?? "",
        );
      }
      switch (kind) {
        case "S":
          return hidden(given.alnum(12));
        case "W":
          return hidden("zzyzxq");
        case "N":
          return hidden(given.digits(n));
        case "hex":
          return hidden(given.hex(n));
        case "HEX":
          return hidden(given.hex(n).toUpperCase());
        case "alnum":
        case "Alnum":
          return hidden(given.alnum(n));
        case "ALNUM":
          return hidden(given.alnum(n).toUpperCase());
        case "lower":
          return hidden(given.lower(n));
        case "pair":
          return hidden(encoder.encode(`bob:${given.alnum(12)}`).toBase64());
        case "b":
          return hidden(encoder.encode(`\0bob\0${given.alnum(24)}`).toBase64());
        default:
          return whole;
      }
    },
  );
  return { text, secrets };
}

/** The lines that a line with choices, `[[a|b]]`, stands for. */
function expanded(line: string): string[] {
  const [whole, choices] = /\[\[(.*?)\]\]/.exec(line) ?? [];
  if (whole === undefined || choices === undefined) return [line];
  return choices.split("|").flatMap((choice) => expanded(line.replace(whole, () => choice)));
}

async function linesOf(name: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(name, FOLDER));
  return text.split("\n").filter((line) => line !== "" && !/^##? /.test(line)).flatMap(expanded);
}

const SECRETS = await linesOf("secrets.txt");
const ORDINARY = await linesOf("ordinary.txt");

Deno.test("redactText: of the corpus of secrets none is left, in a line alone or among others", () => {
  const left: string[] = [];
  for (const line of SECRETS) {
    const { text, secrets } = filled(line);
    assert.ok(secrets.length > 0, `no placeholder: ${line}`);
    for (
      const shown of [redactText(text), redactText(`2026-01-02 app[3]: ok\n${text}\nnext line`)]
    ) {
      if (secrets.some((secret) => shown.includes(secret))) left.push(`${line}  ->  ${shown}`);
    }
  }
  assert.deepEqual(left, []);
  assert.ok(SECRETS.length >= 300, `${SECRETS.length} shapes`);
});

Deno.test("redactValue: nor in a payload's text, whatever the key", () => {
  for (const line of SECRETS) {
    const { text, secrets } = filled(line);
    const shown = JSON.stringify(redactValue({ log: text, lines: [text] }, {
      text: (each) => redactText(visibleText(each)),
    }));
    for (const secret of secrets) assert.ok(!shown.includes(secret), `${line} -> ${shown}`);
  }
});

Deno.test("redactText: of the corpus of ordinary lines nothing is lost", () => {
  const changed = ORDINARY.map((line) => [line, redactText(line)]).filter(([a, b]) => a !== b);
  assert.deepEqual(changed, []);
  assert.ok(ORDINARY.length >= 300, `${ORDINARY.length} lines`);
});

Deno.test("SECURITY.md: the sizes of both corpora are what they are", async () => {
  const page = await Deno.readTextFile(new URL("../../../../SECURITY.md", import.meta.url));
  const [, secrets, ordinary] =
    /of (\d+) shapes of secrets all are taken out, of (\d+) lines of ordinary/.exec(
      page.replace(/\s+/g, " "),
    ) ?? [];
  assert.deepEqual([Number(secrets), Number(ordinary)], [SECRETS.length, ORDINARY.length]);
});
