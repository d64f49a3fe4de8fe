import assert from "node:assert/strict";
import { redactValue } from "../lib/base/text/redact.ts";

const S = "S3CRETx9";
const R = "[redacted]";

Deno.test("redactValue: secret keys, name/value pairs, settings, arguments, lines of a key", () => {
  assert.deepEqual(
    JSON.parse(JSON.stringify(redactValue({
      env: { MQTT_PASSWORD: S, port: 1883, pin: null },
      password: 1234,
      token: { any: [S] },
      tokens: 12,
      auth: { enabled: true, password: S },
      passed: 3,
      secret: null,
      k8s: [{ name: "DB_PASSWORD", value: S }, { name: "PORT", value: "80" }],
      headers: [["Cookie", S], ["Host", "h"]],
      Env: [`A_TOKEN=x y "${S}`, "PATH=/usr/bin", "DOOR_CODE=word"],
      Cmd: ["redis-cli", "-a", S, "ping"],
      Args: ["run", "--password", S, "--verbose"],
      Entrypoint: ["/usr/bin/mysql", `-p${S}`],
      encryption: { key: S, keys: [S] },
      cache: { key: "piha" },
      ofKubernetes: { kind: "Secret", data: { user: S }, stringData: { any: S }, type: "x" },
      configured: { kind: "ConfigMap", data: { user: "bob" } },
      lines: ["-----BEGIN PRIVATE KEY-----", S, S, "-----END PRIVATE KEY-----", "after"],
      [`url redis://:${S}@h`]: `--token=${S}`,
    }))),
    {
      env: { MQTT_PASSWORD: R, port: 1883, pin: null },
      password: R,
      token: R,
      tokens: 12,
      auth: { enabled: true, password: R },
      passed: 3,
      secret: null,
      k8s: [{ name: "DB_PASSWORD", value: R }, { name: "PORT", value: "80" }],
      headers: [["Cookie", R], ["Host", "h"]],
      Env: [`A_TOKEN=${R}`, "PATH=/usr/bin", `DOOR_CODE=${R}`],
      Cmd: ["redis-cli", "-a", R, "ping"],
      Args: ["run", "--password", R, "--verbose"],
      Entrypoint: ["/usr/bin/mysql", `-p${R}`],
      encryption: { key: R, keys: R },
      cache: { key: "piha" },
      ofKubernetes: { kind: "Secret", data: R, stringData: R, type: "x" },
      configured: { kind: "ConfigMap", data: { user: "bob" } },
      lines: [R, R, R, R, "after"],
      [`url redis://${R}@h`]: `--token=${R}`,
    },
  );
});

Deno.test("redactValue: what is asked for and answered, and keys of which a half is public", () => {
  assert.deepEqual(
    JSON.parse(JSON.stringify(redactValue({
      shown: { label: "Wi-Fi password", text: S },
      form: { type: "password", data: S },
      entry: { attribute: "userPassword", values: [S] },
      asked: { question: "password?", answer: S },
      terminal: ["Enter password:", S, S],
      words: ["Enter password:", "denied"],
      jwk: { kty: "EC", crv: "P-256", x: "public", d: S },
      kind: { k: S, d: S },
      helper: { entity_id: "input_text.alarm_code", state: "4821" },
      run: { argv0: "sshpass", argv: ["-p", S, "ssh"] },
      "clé_api": "4f8a2b6c9d0e1f3a5b7c8d9e0f1a2b3c",
      "パスワード": S,
      vendor: { some_vendor_key: "4f8a2b6c9d0e1f3a5b7c8d9e0f1a2b3c", cache_key: "a1" },
    }))),
    {
      shown: { label: "Wi-Fi password", text: R },
      form: { type: "password", data: R },
      entry: { attribute: "userPassword", values: R },
      asked: { question: "password?", answer: R },
      terminal: ["Enter password:", R, S],
      words: ["Enter password:", "denied"],
      jwk: { kty: "EC", crv: "P-256", x: "public", d: R },
      kind: { k: S, d: S },
      helper: { entity_id: "input_text.alarm_code", state: R },
      run: { argv0: "sshpass", argv: ["-p", R, "ssh"] },
      "clé_api": R,
      "パスワード": R,
      vendor: { some_vendor_key: R, cache_key: "a1" },
    },
  );
});

Deno.test("redactValue: lists of bytes, of words under a weak name, and behind what was left out", () => {
  const bytes = [...new TextEncoder().encode(`password=${S}`)];
  assert.deepEqual(redactValue({ bytes, few: bytes.slice(0, 5) }), {
    __proto__: null,
    bytes: `password=${R}`,
    few: bytes.slice(0, 5),
  });
  assert.deepEqual(redactValue(bytes.slice(0, 8)), bytes.slice(0, 8));
  assert.deepEqual(redactValue({ auth: [S] }), { __proto__: null, auth: R });
  const command = ["redis-cli", "x", "y", "-a", S, "ping"];
  assert.deepEqual(redactValue(command, { entries: 4 }), [
    ...["redis-cli", "x", "[2 entries left out]", R, "ping"],
  ]);
  assert.deepEqual(redactValue(["--password", "-----END PRIVATE KEY-----", S]), [
    ...["--password", R, R],
  ]);
});

Deno.test("redactValue: a private key has 128 lines at most", () => {
  const lines = ["-----BEGIN RSA PRIVATE KEY-----", ...Array.from({ length: 130 }, () => "MIIE")];
  assert.deepEqual(redactValue(lines), [...Array.from({ length: 129 }, () => R), "MIIE", "MIIE"]);
});

Deno.test("redactValue: what stands for a value, switches, counts and folders stay", () => {
  const harmless = {
    env: [
      "max_tokens=4096 temperature=0.2",
      "ENABLE_PASSWORD=true",
      "PASSWORD=****",
      "PWD=/media/usb",
      "OLDPWD=/media/usb",
    ],
    PWD: "/media",
    OLDPWD: "/media",
    password: "${DB_PASSWORD}",
    token: "!secret ha_token",
    api_key: "(hidden)",
    XDG_SESSION_ID: "4",
  };
  assert.deepEqual(JSON.parse(JSON.stringify(redactValue(harmless))), harmless);
});

Deno.test("redactValue: is bounded in depth, width and in all", () => {
  let deep: unknown = S;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  assert.deepEqual(redactValue(deep, { depth: 2 }), [["[nested too deep]"]]);
  const wide = Array.from({ length: 10 }, (_, i) => i);
  assert.deepEqual(redactValue(wide, { entries: 4 }), [0, 1, "[6 entries left out]", 8, 9]);
  assert.deepEqual(redactValue([wide, wide], { total: 3 }), [
    [0, "[9 entries left out]"],
    ["[10 entries left out]"],
  ]);
  const object = redactValue({ a: 1, b: 2, c: 3, d: 4 }, { entries: 2 });
  assert.deepEqual(Object.entries(object as object), [
    ["a", 1],
    ["…", "[2 entries left out]"],
    ["d", 4],
  ]);
  const spent = redactValue([wide, { e: 5, f: 6 }], { total: 4 });
  assert.equal(
    JSON.stringify(spent),
    '[[0,"[8 entries left out]",9],{"…":"[2 entries left out]"}]',
  );
});

Deno.test("redactValue: what was left out still tells about what follows", () => {
  const command = ["sh", "x", "x", "--password", S, "y"];
  assert.ok(!JSON.stringify(redactValue(command, { entries: 4 })).includes(S));
  const pem = ["a", "b", "-----BEGIN PRIVATE KEY-----", S, S, S];
  assert.ok(!JSON.stringify(redactValue(pem, { entries: 4 })).includes(S));
});

Deno.test("redactValue: a key named __proto__ is a key", () => {
  const copy = redactValue(JSON.parse(`{"__proto__": {"password": "${S}"}}`));
  assert.equal(JSON.stringify(copy), `{"__proto__":{"password":"${R}"}}`);
});
