import assert from "node:assert/strict";
import { redactText, redactValue } from "../../../../lib/base/text/redact.ts";
import { secretKind } from "../../../../lib/base/text/redact/keys.ts";

const S = "S3CRETx9";
const R = "[redacted]";
const words = (list: string) => list.trim().split(/\s+/);

/** Every name is of this kind. */
function areAll(kind: string, names: readonly string[]) {
  assert.deepEqual(names.filter((name) => secretKind(name) !== kind), [], kind);
}

Deno.test("secretKind: whatever a code opens, and codes by words of their own", () => {
  const opened = words(`
    access door alarm setup pairing recovery backup verification unlock install security sms 2fa otp
    entry gate time pin sign passcode homekit matter arm disarm master invite invitation activation
    login onetime scratch lock keypad panic duress bypass totp mfa`);
  areAll("code", opened.filter((word) => word !== "passcode").map((word) => `${word} code`));
  areAll(
    "code",
    words(`
    pin puk pincode pincodes upin otp totp passkey einmalcode sicherheitscode bestätigungscode
    freischaltcode verificatiecode`),
  );
});

Deno.test("secretKind: passwords by abbreviations, keys of devices, and words that end in -pass", () => {
  areAll(
    "password",
    words(`
    pw psw psk passin passout masterauth authtok rpcauth basicauth httpauth loginpas pword passw
    wpakey rootpw adminpw userpw dbpw mailpw einmalpasswort`),
  );
  areAll("secret", words("irk ltk dsk bindkey unsealkey authstring"));
  areAll(
    "none",
    words(`
    bypass compass encompass overpass underpass surpass trespass multipass lowpass highpass bandpass
    allpass onepass`),
  );
});

Deno.test("secretKind: what a name tells about a secret is none", () => {
  const about = words(`
    count counts type types url uri endpoint name names expires expiry expiration expired ttl age
    length len limit limits size file path dir policy status state error errors enabled required
    valid invalid version algorithm alg rotation usage used budget issuer created updated at time
    date seconds days in login ms min max attempts failures failed provider manager store backend
    format encoding stdin ref refs changed protected missing method mode rate per total remaining`);
  areAll("none", about.map((word) => `token_${word}`));
});

Deno.test("secretKind: keys by whose they are, in any spelling; others by their value", () => {
  const owners = words(`
    api access secret private priv encryption signing sign master ssh shared preshared account
    storage license deploy deployment service fi session tls ssl hmac aes rsa ed25519 wg wireguard
    network client admin root webhook write ingest ingestion app application consumer integration
    age gpg pgp cipher crypt decrypt decryption jwt csrf django openai anthropic stripe sendgrid
    mailgun google aws azure gcp maps hetzner cloudflare dns influx grafana security s0 s2 link wifi
    wep wpa wpa2 cf server user bot tailscale ts backup vault unseal recovery ha local dev stream
    streaming rtmp gotify secure pairing login mesh nwk nwks apps zigbee thread sqlcipher bind
    pushover device`);
  areAll("secret", owners.map((owner) => `${owner} key`));
  areAll(
    "secret",
    words("key_seed jwt_seed totp_seed otp_seed secret_seed wallet_seed master_seed"),
  );
  areAll(
    "secret",
    words("auth in nonce secure encryption hash key secret session token").map((of) =>
      `${of}_salt`
    ),
  );
  areAll("secret", ["key_material", "code_verifier", "session_id"]);
  areAll("cookie", ["cookie", "cookies", "cookie_jar"]);
  areAll("random", ["vendor_key", "clé mqtt", "klucz mqtt", "anahtarı mqtt"]);
  const plain = words(`
    PUBLIC PUB PRIMARY FOREIGN SORT PARTITION CACHE GROUP ROUTING HOT REGISTRY HKEY INDEX LOOKUP
    DEDUP IDEMPOTENCY OBJECT ROW UNIQUE HASH MAP DICT JSON CONFIG REG SHIFT CTRL ALT ANY HAS NO
    PRESS HOST KNOWN JOB EVENT TASK QUEUE MESSAGE ENTITY RESOURCE FILE IMAGE CONTENT BLOB BUCKET
    LAYER NODE PEER TAG ITEM FIELD COLUMN SETTING TRANSLATION STATE SEARCH TRACE REQUEST`);
  areAll("none", plain.map((owner) => `${owner}_KEY`));
  areAll("none", ["LoadCredential", "ImportCredential", "dkim-signature", "arc_message_signature"]);
});

Deno.test("secretKind: how a value is written says nothing of it, nor does what a long name ends in", () => {
  const forms = words("hex b64 base64 enc raw plain pem str value old new current previous");
  areAll("secret", forms.map((form) => `api_key_${form}`));
  areAll("random", forms.map((form) => `vendor_key_${form}`));
  areAll("password", ["password_of_the_database_of_home_assistant"]);
  areAll("plural", ["XDG_SESSION_ID", "tokens"]);
});

Deno.test("redactText: the secret of every command's flags, by name, by path, quoted or attached", () => {
  const flags = {
    "redis-cli valkey-cli keydb-cli": ["-a ", "AUTH ", "auth "],
    "mysql mysqldump mysqladmin mysqlcheck mysqlimport mysqlshow mariadb mariadb-dump mariadb-admin":
      ["-p", "-p'a ", '-p"a '],
    "mosquitto mosquitto_pub mosquitto_sub mosquitto_rr ipmitool zip mqttx": ["-P "],
    "rabbitmqadmin ncftpput ncftpget ncftp": ["-p "],
    bw: ["--session "],
    "mongo mongosh mongodump mongorestore mongoexport mongoimport sshpass": ["-p ", "-p", "-p'a "],
    "ldapsearch ldapadd ldapmodify ldapwhoami": ["-w ", "-w"],
    "snmpwalk snmpget snmpgetnext snmpbulkwalk snmpset snmptable snmptrap trapsess": [
      "-c ",
      "-A ",
      "-X ",
    ],
    "7z 7za rar unrar": ["-p"],
    curl: [
      ...["-u ", "--user ", "-U ", "--proxy-user ", "-b ", "--cookie "],
      ...["-u", "-U", "--user=", "--proxy-user=", "--user='bob:x "],
    ],
    smbclient: ["-U ", "--user ", "-U", "--user="],
    "sqlcmd unzip": ["-P ", "-P"],
    influx: ["-t "],
    "ssh-keygen": ["-N ", "-P "],
    "cqlsh useradd usermod racadm login": ["-p "],
  };
  const left: string[] = [];
  for (const [commands, options] of Object.entries(flags)) {
    for (const command of commands.split(" ")) {
      for (const option of options) {
        const quote = /['"]/.exec(option)?.[0] ?? "";
        const line = `/usr/bin/${command} -x ${option}hunter,two${quote} next`;
        const shown = redactText(line);
        if (shown.includes("hunter") || !shown.endsWith("next")) left.push(`${line} -> ${shown}`);
      }
    }
  }
  assert.deepEqual(left, []);
});

Deno.test("redactText: a flag alone, a user's name, and a list of arguments keep what is none", () => {
  for (
    const line of [
      "mysql -u root -p db",
      'sh -c "mysql -u x -p" and "next"',
      '["mysql","-p","db"]',
      "curl -u bob http://h",
      'curl -u"bob" http://h',
      "curl --user bob.smith http://h",
    ]
  ) assert.equal(redactText(line), line);
  assert.equal(redactText("redis-cli -a hunter ping"), `redis-cli -a ${R} ping`);
  assert.equal(redactText(`curl -s http://h mysql -p${S} x`), `curl -s http://h mysql -p${R} x`);
});

Deno.test("redactValue: every field that names another, and every one that holds what is named", () => {
  const names = words(`
    name key k id field param parameter option setting property attribute header variable var env
    label path entity_id type question prompt title column`);
  const values = words(`
    value values val v content data text answer input arg argument new old from to default current
    previous actual expected got new_value old_value newVal oldVal new_state oldState state before
    after`);
  const seen = (value: unknown) => JSON.stringify(redactValue(value));
  assert.deepEqual(
    names.filter((name) => seen({ [name]: "db_password", value: S }).includes(S)),
    [],
  );
  assert.deepEqual(values.filter((key) => seen({ name: "db_password", [key]: S }).includes(S)), []);
  for (const program of words("cmd command argv0 exe comm program")) {
    assert.ok(!seen({ [program]: "/usr/bin/redis-cli", args: ["-a", S] }).includes(S), program);
  }
  const jwk = Object.fromEntries(words("k d dp dq p q qi n e x y").map((key) => [key, S]));
  assert.deepEqual(
    Object.entries(redactValue({ kty: "RSA", ...jwk }) as object).filter(([, value]) => value === S)
      .map(([key]) => key),
    ["n", "e", "x", "y"],
  );
});
