import assert from "node:assert/strict";
import fc from "fast-check";
import { redactText } from "../../../lib/base/text/redact.ts";

const S = "S3CRETx9";
const R = "[redacted]";
const raw = String.raw;

const SECRETS: Record<string, Record<string, string>> = {
  "names and values": {
    [`POSTGRES_PASSWORD=${S}`]: `POSTGRES_PASSWORD=${R}`,
    [`REPO_PASS=${S}`]: `REPO_PASS=${R}`,
    [`PGPASSWORD=${S} psql -h db`]: `PGPASSWORD=${R} psql -h db`,
    [`GET /x?token=${S}&x=1 200`]: `GET /x?token=${R}&x=1 200`,
    [`?key=${S}&v=1 ?sig=${S} X-Amz-Signature=${S}`]:
      `?key=${R}&v=1 ?sig=${R} X-Amz-Signature=${R}`,
    [`apiKey: ${S}, user: bob`]: `apiKey: ${R}, user: bob`,
    [`{"password":"${S}","n":1}`]: `{"password":"${R}","n":1}`,
    [raw`{\"password\": \"a\\\"${S}\", \"n\": 1}`]: raw`{\"password\": \"${R}\", \"n\": 1}`,
    [`{'api_key': '${S} with blanks'}`]: `{'api_key': '${R}'}`,
    [`password="a\\"b${S}" next`]: `password="${R}" next`,
    [`password='it'\\''${S}' next`]: `password=${R} next`,
    [`Server=db;Password=${S};Database=x`]: `Server=db;Password=${R};Database=x`,
    [`-e "DB_PASSWORD=a b ${S}" image`]: `-e "DB_PASSWORD=${R}" image`,
    [`"credentials": {"user": "x", "p": "${S}"} end`]: `"credentials": ${R} end`,
    [`{"name":"DB_PASSWORD","value":"${S}"}`]: `{"name":"DB_PASSWORD","value":"${R}"}`,
    [`<password>${S}</password>`]: `<password>${R}</password>`,
    [`next=%2F%3Ftoken%3D${S}%26a`]: `next=%2F%3Ftoken%3D${R}%26a`,
    [`api key: ${S}`]: `api key: ${R}`,
    [`hasło: ${S}`]: `hasło: ${R}`,
    [`ENCRYPTION_KEY=${S}`]: `ENCRYPTION_KEY=${R}`,
    [`password: "${S} cut off`]: `password: "${R}`,
    [`DB_PW=${S}`]: `DB_PW=${R}`,
  },
  "lines below a YAML key": {
    [`a:\n  password: |\n    ${S}\n\n    two\n  b: 1`]: `a:\n  password: |\n    ${R}\n  b: 1`,
    [`token: >-\r\n  ${S}\r\nb: 1`]: `token: >-\r\n  ${R}\r\nb: 1`,
    [`  private_key: |2\n    ${S}`]: `  private_key: |2\n    ${R}`,
    ["network_key:\n  - 41\n  - 0x2b\nchannel: 11"]:
      `network_key:\n  - ${R}\n  - ${R}\nchannel: 11`,
    [`passwords:\n- "${S}"\n- plain\nb: 1`]: `passwords:\n- "${R}"\n- plain\nb: 1`,
    [`api:\n  encryption:\n    key: "${S}="\n`]: `api:\n  encryption:\n    key: "${R}"\n`,
  },
  "prose": {
    [`login with password ${S} failed`]: `login with password ${R} failed`,
    [`the password is ${S}`]: `the password is ${R}`,
    [`requirepass ${S}`]: `requirepass ${R}`,
    [`auth_pass ${S}`]: `auth_pass ${R}`,
    [`machine h login u password ${S}`]: `machine h login u password ${R}`,
    [`ENV DB_PASSWORD ${S}`]: `ENV DB_PASSWORD ${R}`,
  },
  "headers": {
    [`Authorization: Bearer ${S} and more`]: `Authorization: ${R} and more`,
    [`authorization: Basic ${S}==`]: `authorization: ${R}`,
    [`-H 'Authorization: Token ${S}' -v`]: `-H 'Authorization: ${R}' -v`,
    [`sent Bearer ${S}`]: `sent Bearer ${R}`,
    [`Cookie: a=${S}; b=${S}\nHost: x`]: `Cookie: ${R}\nHost: x`,
    [`x-api-key: ${S}`]: `x-api-key: ${R}`,
  },
  "URLs": {
    [`postgres://ha:${S}@db:5432/ha`]: `postgres://${R}@db:5432/ha`,
    [`redis://:${S}@h`]: `redis://${R}@h`,
    [`https://${S}@github.com/x`]: `https://${R}@github.com/x`,
    [`telegram://${S}@telegram?chats=-1`]: `telegram://${R}`,
    [`postgres://ha:p@${S}/x@db/ha`]: `postgres://${R}@db/ha`,
    [`postgres://ha:p/${S}?#@db/ha`]: `postgres://${R}@db/ha`,
    [`mqtt://u:%40${S}%2F@h:1883`]: `mqtt://${R}@h:1883`,
    [`amqp://u:${S}@h1,amqp://u:${S}@h2`]: `amqp://${R}@h1,amqp://${R}@h2`,
    [raw`postgres:\/\/ha:${S}@host`]: raw`postgres:\/\/${R}@host`,
    [`u=postgres%3A%2F%2Fha%3A${S}%40host`]: `u=postgres%3A%2F%2F${R}%40host`,
    [`postgres://ha:${S}`]: `postgres://${R}`,
    [`ha:${S}@tcp(10.0.0.9:3306)/ha`]: `${R}@tcp(10.0.0.9:3306)/ha`,
  },
  "command lines": {
    [`redis-cli -a ${S} ping`]: `redis-cli -a ${R} ping`,
    [`mysqldump -uroot -p${S} db`]: `mysqldump -uroot -p${R} db`,
    [`curl -s -u user:${S} http://h`]: `curl -s -u ${R} http://h`,
    [`mosquitto_pub -h x -P ${S} -t a`]: `mosquitto_pub -h x -P ${R} -t a`,
    [`["redis-cli","-a","${S}"]`]: `["redis-cli","-a","${R}"]`,
    [`[0 127.0.0.1:6] "AUTH" "default" "${S}"`]: `[0 127.0.0.1:6] "AUTH" "default" "${R}"`,
    [`docker login -u x -p ${S} reg`]: `docker login -u x -p ${R} reg`,
    [`x --password ${S} --verbose`]: `x --password ${R} --verbose`,
    [`x --token=${S} y`]: `x --token=${R} y`,
  },
  "private keys": {
    [`a -----BEGIN PRIVATE KEY-----\n${S}\n-----END PRIVATE KEY----- b`]: `a ${R} b`,
    [`-----BEGIN OPENSSH PRIVATE KEY-----\\n${S}`]: R,
    [`cut: ${S}\n${S}==\n-----END RSA PRIVATE KEY----- b`]: `cut: ${R} b`,
    [raw`${S}\n-----END PRIVATE KEY-----`]: R,
  },
  "shapes": {
    [`a eyJhbGciOi.${S}.bbbb b`]: `a ${R} b`,
    [`ghp_${S}${S} x`]: `${R} x`,
    [`github_pat_${S}_${S}`]: R,
    [`glpat-${S}${S}`]: R,
    [`xoxb-1-${S}`]: R,
    [`sk-proj-${S}${S}`]: R,
    ["AKIAS3CRETX9S3CRETX9"]: R,
    [`AIza${S}${S}${S}`]: R,
    [`hf_${S}${S}`]: R,
    [`npm_${S}${S}`]: R,
    [`tskey-auth-${S}`]: R,
    [`hvs.${S}`]: R,
    [`bob:$apr1$H6uskkkW$IgXLP6ewTrSuBk`]: `bob:${R}`,
    [`AGE-SECRET-KEY-1${S}`]: R,
    [`api.telegram.org/bot123456789:AA${S}/getMe`]: `api.telegram.org/bot${R}/getMe`,
    [`https://hooks.slack.com/services/T0/B0/${S}`]: `https://hooks.slack.com/services/${R}`,
    [`https://discord.com/api/webhooks/12/${S}`]: `https://discord.com/api/webhooks/${R}`,
  },
};

for (const [kind, cases] of Object.entries(SECRETS)) {
  Deno.test(`redactText: ${kind}`, () => {
    for (const [given, expected] of Object.entries(cases)) {
      assert.equal(redactText(given), expected);
      assert.equal(redactText(expected), expected);
    }
  });
}

Deno.test("redactText: leaves what is no secret", () => {
  const harmless = [
    "secrets:\n  - db_password\n  - source: x\nports:\n  - 8080",
    "password:\n  min_length: 8",
    "password: |\nport: 1",
    "cache:\n  key: piha",
    "session_id missing",
    "PATH=/usr/bin",
    "key: value",
    "keyboard: us",
    "author: bob",
    "passed: 3, failed: 0",
    "token_count: 12, tokens: 12, max_tokens=4096",
    "exit_code=137",
    "secretary: x",
    "password authentication failed for user x",
    "token expired",
    "Access denied for user 'x'@'h' (using password: YES)",
    "password_file=/run/secrets/x",
    "nginx:1.25@sha256:0123456789abcdef",
    "https://mastodon.social/@scope/pkg",
    "https://matrix.to/#/@user:server",
    "http://piha:9100/metrics http://[::1]:8080/x",
    'groupKey: {}:{alertname="HostOutOfMemory"}',
    "auth: failed",
    "basic authentication required",
    "NOAUTH Authentication required.",
    "WRONGPASS invalid username-password pair or user is disabled.",
    "wg-quick@wg0.service failed",
    "git@github.com:org/repo alice@example.org",
    "task-runner-for-things, risk-assessment-of-thing",
    "public key: abc",
    "context deadline exceeded",
    "r3dis-pw-77 ping",
    "signature: valid",
  ];
  for (const text of harmless) assert.equal(redactText(text), text);
});

Deno.test("redactText: twice is once", () => {
  const pieces = Object.values(SECRETS).flatMap((cases) => Object.keys(cases));
  const glue = [
    ..." \n'\"\\,;:=&@/[]{}",
    "password",
    "://",
    R,
    "%3D",
    "Bearer ",
    "eyJ",
    "-----END PRIVATE KEY-----",
    "key:\n  - 41\n",
    ": |\n  ",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces, ...glue), { maxLength: 12 }), (parts) => {
      const once = redactText(parts.join(""));
      assert.equal(redactText(once), once);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("redactText: hostile text without end costs time in proportion", () => {
  const units = [
    "x",
    "-----BEGIN ",
    "-----BEGIN PRIVATE KEY-----",
    "A\n-----END PRIVATE KEY-----",
    "eyJ",
    "eyJ.",
    "@",
    "a:@",
    "://",
    "http://a:b@",
    "%3a%2f%2f ",
    "pass",
    "password=",
    'password="',
    "password {",
    "password={",
    "token ",
    "-sk-sk",
    "password='\\",
    "\\",
    "curl -u ",
    "login ",
    "password=&&&&",
    ",a=",
    "1:",
    " key",
    "cookie:;",
    "password ",
    "bearer ",
    'password", "value',
    "password:\n- 1\n",
    "password: |\n ",
    " password: |\n\n",
    "key:\n  ",
    "A\\n",
    "syt_",
    "a_key=",
    'auth=("a", ',
    "password: a:b.c<d>",
    "insert into a(passw,",
    "clave a b c ",
    "password a b c d ",
    "[password] ",
    "---- BEGIN ",
    "\\u0022",
    "#",
    "<",
    "é",
    "\ud800",
  ];
  const start = performance.now();
  for (const unit of units) redactText(unit.repeat((1 << 17) / unit.length));
  // All of them together take a second or two, a single quadratic case far longer than that.
  assert.ok(performance.now() - start < 60_000);
});
