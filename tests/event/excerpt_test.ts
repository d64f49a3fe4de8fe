import assert from "node:assert/strict";
import fc from "fast-check";
import { excerpt } from "../../lib/event/excerpt.ts";
import { anyCharacter } from "../support/any_character.ts";

const MiB = 1 << 20;
const bytes = (text: string) => new TextEncoder().encode(text).length;

Deno.test("excerpt: JSON with one blank of indent, empty for no payload", () => {
  assert.equal(excerpt({}, 2048), "");
  assert.equal(
    excerpt({ restarts: 9, alerts: [{ labels: { alertname: "NodeDown" } }], on: null }, 2048),
    `{
 "restarts": 9,
 "alerts": [
  {
   "labels": {
    "alertname": "NodeDown"
   }
  }
 ],
 "on": null
}`,
  );
});

Deno.test("excerpt: secrets are replaced, the rest stays", () => {
  const text = excerpt({
    Env: ["POSTGRES_PASSWORD=pg-s3cr3t-99", "PATH=/usr/bin"],
    cmd: "redis-cli -a r3dis-pw-77 ping",
    url: "mqtt://user:mqttpw55@broker:1883",
    pem: "-----BEGIN PRIVATE KEY-----\nMIIEvAIBADANBg\n-----END PRIVATE KEY-----",
    exit_code: 137,
  }, 2048);
  assert.deepEqual(JSON.parse(text), {
    Env: ["POSTGRES_PASSWORD=[redacted]", "PATH=/usr/bin"],
    cmd: "redis-cli -a [redacted] ping",
    url: "mqtt://[redacted]@broker:1883",
    pem: "[redacted]",
    exit_code: 137,
  });
});

Deno.test("excerpt: a secret split by colours or invisible characters is found", () => {
  const text = excerpt(
    { log: "pass\x1b[1mword=hun\u200bter2 tok\u00aden: abc\u{e0041}def9" },
    2048,
  );
  assert.equal(JSON.parse(text).log, "password=[redacted] token: [redacted]");
});

Deno.test("excerpt: a long string keeps head and tail and says what is missing", () => {
  const text = excerpt({ log: `HEAD ${"x".repeat(900_000)} TAIL`, restarts: 9 }, 1000);
  const { log, restarts } = JSON.parse(text);
  assert.equal(restarts, 9);
  const [, missing] = /^HEAD x+…\[(\d+) bytes cut\]…x+ TAIL$/.exec(log) ?? [];
  const shown = log.replace(/…\[\d+ bytes cut\]…/, "").length;
  assert.equal(Number(missing), 900_010 - shown);
  assert.ok(bytes(text) > 900, `only ${bytes(text)} of 1000 bytes used`);
});

Deno.test("excerpt: letters of three bytes count as three", () => {
  const text = excerpt({ log: "€".repeat(600) }, 1300);
  assert.ok(bytes(text) <= 1300, `${bytes(text)} bytes`);
  assert.match(text, /€…\[\d+ bytes cut\]…€/);
});

Deno.test("excerpt: short strings stay whole beside long ones, which share what is left", () => {
  const payload = { a: "a".repeat(5_000), state: "unhealthy", b: "b".repeat(50_000) };
  const parsed = JSON.parse(excerpt(payload, 1000));
  assert.equal(parsed.state, "unhealthy");
  assert.ok(parsed.a.length > 300 && parsed.b.length > 300, JSON.stringify(parsed));
});

Deno.test("excerpt: redaction comes before cutting", () => {
  // Every length puts the cut at another place of the secret.
  for (let n = 0; n < 400; n += 3) {
    const pem = `-----BEGIN PRIVATE KEY-----\n${
      "SECRETline\n".repeat(300)
    }-----END PRIVATE KEY-----`;
    const payload = { log: `${"x".repeat(n)} password='${"SECRET ".repeat(200)}' ${pem} tail` };
    assert.ok(!excerpt(payload, 300).includes("SECRET"));
  }
});

Deno.test("excerpt: markers of chat templates and fences become plain text", () => {
  const markers =
    "<|im_start|> <|eot_id|> [INST] [/INST] <<SYS>> <start_of_turn> </s> <s> <think> " +
    "### Instruction: ``` ~~~~ <｜User｜> </tool_call>";
  const { log } = JSON.parse(excerpt({ log: markers }, 2048));
  assert.equal(
    log,
    "(|im_start|) (|eot_id|) (INST) (/INST) ((SYS)) (start_of_turn) (/s) (s) (think) " +
      "=== Instruction: ''' '''' (｜User｜) (/tool_call)",
  );
});

Deno.test("excerpt: comparisons, headings and arrows of ordinary logs stay", () => {
  const log = "a < b | c > d -> [info] ## Summary <none> a<b";
  assert.equal(JSON.parse(excerpt({ log }, 2048)).log, log);
});

Deno.test("excerpt: entries in the middle of a long list or object are left out", () => {
  const log = Array.from({ length: 5000 }, (_, i) => `line ${i}`);
  const parsed = JSON.parse(excerpt({ log }, 65_536)).log;
  assert.equal(parsed.length, 4097);
  assert.equal(parsed[0], "line 0");
  assert.equal(parsed.at(-1), "line 4999");
  assert.ok(parsed.includes("[904 entries left out]"));
});

Deno.test("excerpt: hostile payloads end and stay within the limit", () => {
  let deep: unknown = "SECRET";
  for (let i = 0; i < 100_000; i++) deep = i % 2 ? [deep] : { a: deep };
  const wide: Record<string, number> = {};
  for (let i = 0; i < 200_000; i++) wide[`key${i}`] = i;
  const payloads: Record<string, unknown>[] = [
    { deep },
    wide,
    { ["k".repeat(MiB)]: 1 },
    { list: Array.from({ length: 200_000 }, () => "é🚀") },
    { n: 1e308, m: Infinity, nan: NaN, big: 2n ** 128n, u: undefined },
    { q: '"'.repeat(MiB) },
    { s: "\ud800".repeat(1000) },
    { m: "<|".repeat(MiB / 2), h: "#".repeat(MiB / 2), f: "`".repeat(1000) },
    JSON.parse('{"__proto__": {"password": "SECRET"}, "constructor": 1}'),
  ];
  for (const payload of payloads) {
    for (const limit of [1, 2048]) {
      const text = excerpt(payload, limit);
      assert.ok(bytes(text) <= limit, `${bytes(text)} bytes of ${limit}`);
      assert.ok(!text.includes("SECRET"));
    }
  }
});

Deno.test("excerpt: any JSON within any limit, well-formed and without control characters", () => {
  const value = fc.object({
    maxDepth: 4,
    key: fc.string({ unit: anyCharacter }),
    values: [
      fc.string({ unit: anyCharacter, maxLength: 400 }),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
    ],
  });
  fc.assert(
    fc.property(value, fc.integer({ min: 1, max: 600 }), (payload, limit) => {
      const text = excerpt(payload, limit);
      assert.ok(bytes(text) <= limit);
      assert.ok(!/(?!\n)[\p{Cc}\p{Cf}\p{Cs}]/u.test(text));
      assert.ok(text.isWellFormed());
      assert.ok(!/```|<\|/.test(text));
    }),
    { numRuns: 300 },
  );
});

const SECRET = "Pl4nted-S3cret";
const planted = fc.constantFrom(
  `DB_PASSWORD=${SECRET}`,
  `{"apiKey": "${SECRET}"}`,
  `{\\"client_secret\\":\\"${SECRET}\\"}`,
  `GET /x?token=${SECRET}&y=1`,
  `Authorization: Bearer ${SECRET}`,
  `postgres://ha:${SECRET}@db:5432/ha`,
  `redis-cli -a ${SECRET} ping`,
  `curl -u admin:${SECRET} https://x`,
  `-----BEGIN RSA PRIVATE KEY-----\n${SECRET}`,
  `eyJhbGciOiJIUzI1NiJ9.${SECRET}.x`,
);
const filler = fc.string({ unit: fc.constantFrom(..."ab 1,.;\n"), maxLength: 60 });
const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.tuple(filler, planted, filler).map(([before, secret, after]) =>
    `${before} ${secret} ${after}`
  ),
  fc.constantFrom("password", "api_key", "X-Auth-Token", "dbPass").map((key) => ({
    [key]: SECRET,
  })),
  fc.constantFrom("SMTP_PASS", "token").map((name) => ({ name, value: SECRET })),
  fc.constant(["redis-cli", "-a", SECRET]),
  fc.constant(["docker", "login", "--password", SECRET]),
  filler,
  fc.integer(),
);
const tree = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie("node"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom("a", "b", "log", "env", "state"), tie("node")),
  ),
})).node;

Deno.test("excerpt: a secret planted anywhere in any JSON never survives, wherever it is cut", () => {
  fc.assert(
    fc.property(tree, fc.integer({ min: 40, max: 900 }), (value, limit) => {
      const text = excerpt({ value }, limit);
      assert.ok(!text.includes(SECRET), text);
      assert.ok(!text.includes(SECRET.slice(0, 8)), text);
    }),
    { numRuns: 500 },
  );
});
