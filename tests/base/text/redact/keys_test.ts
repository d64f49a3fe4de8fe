import assert from "node:assert/strict";
import { secretKind } from "../../../../lib/base/text/redact/keys.ts";

Deno.test("secretKind: names of secrets in any spelling", () => {
  const names =
    "password passwd pwd pass token secret api_key apiKey APIKey API-KEY apikey x-api-key " +
    "authorization Proxy-Authorization bearer cookie Set-Cookie credentials privateKey private_key " +
    "access_key AWS_SECRET_ACCESS_KEY passphrase SMTP_PASS GITHUB_TOKEN MQTT_PASSWORD dbPassword " +
    "client_secret clientSecret PGPASSWORD MYSQL_PWD mysqlRootPassword token2 network_key JWT wpa_psk " +
    "session_id refreshToken _authToken STRIPE_KEY db.password encryptionKey requirepass auth";
  for (const name of names.split(" ")) assert.notEqual(secretKind(name), "none", name);
});

Deno.test("secretKind: ordinary names", () => {
  const names =
    "key keyboard author passed token_count token_type exit_code PATH secretary bypass " +
    "compass groupKey primary_key PUBLIC_KEY monkey authentication password_file secretName keys " +
    "passenger tokenizer authority session cookiecutter access_time";
  for (const name of names.split(" ")) assert.equal(secretKind(name), "none", name);
});
