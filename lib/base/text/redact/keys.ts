import { wordSet } from "../tables.ts";
import { endFrom } from "./search.ts";
import { plainSpelling, withoutLookalikes } from "./spelling.ts";

/**
 * What a name says of its value:
 * - `password`: a password by any name; also in prose ("password hunter2")
 * - `secret`: tokens, keys, credentials
 * - `plural`: `tokens`, which is a count when the value is a number
 * - `weak`: `pass`, `auth`: words that have harmless values, too
 * - `code`: a PIN, or what opens a door; short words and numbers are none
 * - `random`: some key; a secret where its value looks made by a machine
 * - `authorization`, `cookie`: headers whose value has several words
 */
export type SecretKind =
  | "none"
  | "password"
  | "secret"
  | "plural"
  | "weak"
  | "code"
  | "random"
  | "authorization"
  | "cookie";

/** Longest name that is looked at, in UTF-16 units; of a longer one, its end. */
const LONGEST_KEY = 96;

/** What every name of a secret holds; searched before anything else is. */
export const STEM = new RegExp(
  "pass|pas(?![a-z])|pwd|pswd|(?<![a-z])pw(?![a-z])|psw|psk|secret|token|key|auth|cookie|cred|bearer|basic|jwt|" +
    "sess|otp|salt(?![a-z])|pword|(?:root|admin|user|db|mail)pw|signature|\\bsig\\b|communit|(?<![a-z])(?:upin|p[iu][nk])(?![a-z])|pincode|code|unseal|seed|dsk|irk|ltk|" +
    // The same in other languages of Europe.
    "wort|geheim|schl(?:ü|ue?)ssel|zugang|mdp|jeton|contrase|clave|secreto|senha|segred|segret|parol|" +
    "has[lł]o|klucz|heslo|jelsz|l[oö]senord|adgangskode|kodeord|salasana|wachtwoord|sleutel|[sş]ifre|" +
    "anahtar|gizli|lozink|zapork|geslo|парол|лозинк|токен|секрет|κωδικ|συνθηματικ|salasan",
  "gi",
);

const PASSWORD = /(?:passwor[dt]|passwd|passphrase|passcode|passwrd|pswd|pwd|kennwort|has[lł]o)s?$/;
/** Names of passwords, secrets and tokens in other languages of Europe. */
const FOREIGN =
  /(?:parol[aăe]|парол(?:[ьіи]|[аеюя]м?)?|лозинк[a-zа-яá-ž]{0,2}|lozink[aeu]|zaporka|geslo|contrase[nñ]as?|clave|senhas?|palavrapasse|motdepasse|mdp|hesl[oa]|jelsz[oóa][a-zá-ž]{0,3}|l[oö]senord(?:et)?|adgangskoden?|kodeord(?:et)?|passord(?:et)?|salasana[a-zа-яá-ž]{0,2}|wachtwoord(?:en)?|toegangscode|[sş]ifre(?:si|niz)?|κωδικ[oό][sς]|συνθηματικ[oό]|zugangscode|zugangsdaten|geheimnis|geheim|segreto|secreto|segredo|sekret|секрет|gizli|jeton|токен|(?:api|zugriffs|zugangs|geheim|privat|netzwerk|wlan|wifi|verschl(?:ü|ue)sselungs)schl(?:ü|ue)ssel|(?:api|toegangs|privé|netwerk|encryptie)sleutel)$/;
/** What opens something, said of a code. */
const CODE_OF = wordSet(`
  access door alarm setup pairing recovery backup verification unlock install security sms 2fa otp
  entry gate time pin sign passcode homekit matter arm disarm master invite invitation activation login onetime scratch
  lock keypad panic duress bypass totp mfa`);
const CODE_WORD = wordSet(`
  pin puk pincode pincodes upin otp totp passkey einmalcode einmalpasswort sicherheitscode
  bestätigungscode freischaltcode verificatiecode`);

const PASSWORD_WORD = wordSet(`
  pw psw psk passin passout masterauth authtok rpcauth basicauth httpauth loginpas pword passw wpakey rootpw adminpw userpw dbpw
  mailpw`);
/** Keys by abbreviations of their own: Bluetooth's, Z-Wave's. */
const SECRET_WORD = wordSet("irk ltk dsk bindkey unsealkey authstring");
const GLUED_PASS = /[a-z]pass$/;
const NO_PASSWORD = wordSet(`
  bypass compass encompass overpass underpass surpass trespass multipass lowpass highpass bandpass
  allpass onepass`);
const SECRET =
  /(?:secrets?|credentials?|creds?|tokens?|(?:api|access|secret|private|auth|account|signing|encryption|preshared)keys?|bearer|jwt|sess(?:ion)?id|communit(?:y|ies|ystring))$/;

// With these as its last word a name tells about a secret, it does not hold one.
const ABOUT = wordSet(`
  count counts type types url uri endpoint name names expires expiry expiration expired ttl age
  length len limit limits size file path dir policy status state error errors enabled required
  valid invalid version algorithm alg rotation usage used budget issuer created updated at time
  date seconds days in login ms min max attempts failures failed provider manager store backend format
  encoding stdin ref refs changed protected missing method mode rate per total remaining`);

// What stands before "key" in names of secret keys, in any spelling; without digits at its end.
const SECRET_KEY_OF = wordSet(`
  api access secret private priv encryption signing sign master auth ssh shared preshared account
  storage license deploy deployment service fi session tls ssl hmac aes rsa ed wg wireguard
  network client admin root webhook write ingest ingestion app application consumer integration age
  gpg pgp cipher crypt decrypt decryption jwt cookie csrf django openai anthropic stripe sendgrid
  mailgun google aws azure gcp maps hetzner cloudflare dns influx grafana security s0 s2 link wifi
  wep wpa cf server user bot tailscale ts backup vault unseal recovery ha local dev stream streaming rtmp
  gotify hmac secure pairing login mesh nwk nwks apps zigbee thread sqlcipher cookies bind
  pushover device`);
/** `AUTH_SALT` of WordPress, say: keyed hashes are made with it. */
const SEED_OF = wordSet("key jwt totp otp secret wallet master");
const SALT_OF = wordSet("auth in nonce secure encryption password hash key secret session token");
// `SOMETHING_KEY` in capitals is an environment variable and taken for a secret, but for these.
const PLAIN_KEY_OF = wordSet(`
  public pub primary foreign sort partition cache group routing hot registry hkey index lookup
  dedup idempotency object row unique hash map dict json config reg shift ctrl alt any has no press
  host known job event task queue message entity resource file image content blob bucket layer node
  peer tag item field column setting translation state search trace request`);

/** How a value is written (base64), or which of two it is: the word before tells what it is. */
const FORM = wordSet("hex b base enc raw plain pem str value old new current previous");
/** Keys in other languages, with what they are for beside. */
const FOREIGN_KEY = wordSet(`
  clé cle chiave clave chave cheie klucz klíč ключ nyckel kulcs anahtar anahtarı sleutel schlüssel
  schluessel`);
const CJK = /密码|密碼|密钥|令牌|パスワード|비밀번호/;
/** What is looked for in the keys of objects only: in text it would cost more than it finds. */
const OTHER_STEM = new RegExp(`cl[ée]|ch(?:iave|ave|eie)|ключ|nyckel|kulcs|${CJK.source}`, "i");

function wordsOf(key: string): string[] {
  return key
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .map((word) => word.length > 2 ? word.replace(/\d+$/, "") : word)
    .filter((word) => word !== "");
}

function isSecretKey(words: readonly string[], key: string): boolean {
  const at = words.findLastIndex((word) => word === "key" || word === "keys");
  const owner = words[at - 1];
  if (owner === undefined) return false;
  const isVariable = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_KEYS?$/.test(key);
  return SECRET_KEY_OF.has(owner) || (isVariable && !PLAIN_KEY_OF.has(owner));
}

const isPassword = (word: string) =>
  PASSWORD.test(word) || (GLUED_PASS.test(word) && !NO_PASSWORD.has(word));

export function secretKind(name: string): SecretKind {
  const end = name.slice(-LONGEST_KEY);
  const key = /[^\w .:-]/.test(end) ? withoutLookalikes(plainSpelling(end)) : end;
  if (key.search(STEM) < 0 && !OTHER_STEM.test(key)) return "none";
  const words = wordsOf(key);
  while (words.length > 1 && FORM.has(words.at(-1) ?? "")) words.pop();
  const last = words.at(-1) ?? "";
  const joined = words.join("");
  const owner = words.at(-2);
  const hasOwner = owner !== undefined;
  if (hasOwner && ABOUT.has(last)) return "none";
  // systemd names a file.
  if (/^(?:load|import)credential/.test(joined)) return "none";
  if (words.includes("authorization")) return "authorization";
  if (words.includes("cookie") || words.includes("cookies")) return "cookie";
  if (
    /password(?!less)|passphrase/.test(joined) || words.some(isPassword) ||
    PASSWORD_WORD.has(last) ||
    words.includes("pw")
  ) {
    return "password";
  }
  if (last === "tokens") return "plural";
  if (
    words.some((word) => SECRET.test(word)) || FOREIGN.test(joined) || CJK.test(joined) ||
    SECRET_WORD.has(last)
  ) {
    return "secret";
  }
  if (hasOwner && last === "signature") {
    return /^(?:dkim|arc)$/.test(words[0] ?? "") ? "none" : "secret";
  }
  if (hasOwner && words.some((word) => FOREIGN_KEY.has(word))) return "random";
  // A number is one of systemd's sessions.
  if (hasOwner && last === "id" && words.includes("session")) {
    return words.includes("xdg") ? "plural" : "secret";
  }
  if (last === "material" && owner === "key") return "secret";
  if (last === "seed" && SEED_OF.has(owner ?? "")) return "secret";
  if (last === "verifier" && owner === "code") return "secret";
  if (last === "salt" && SALT_OF.has(owner ?? "")) return "secret";
  if (CODE_WORD.has(last)) return "code";
  if (/^codes?$/.test(last) && words.some((word) => CODE_OF.has(word))) return "code";
  if (last === "pas" || last === "passe") return "weak";
  if (last === "pass" || last === "auth") return hasOwner ? "password" : "weak";
  if (isSecretKey(words, key)) return "secret";
  return last === "key" && hasOwner && !PLAIN_KEY_OF.has(owner) ? "random" : "none";
}

/** Letters and digits mixed, in one run as long as keys are, and no UUID. */
export const looksRandom = (value: string) =>
  /^(?=[\w+/=-]{0,64}\d)(?=[\w+/=-]{0,64}[A-Za-z])(?![0-9a-f]{8}-[0-9a-f]{4}-)[\w+=-][\w+/=-]{23,}$/
    .test(value);

// Values and next words that are no secret: states, answers, ordinary prose.
const PROSE = wordSet(`
  true false null none nil undefined yes no on off ok empty unset set failed fail failure failures
  required denied invalid expired error errors missing success successful succeeded disabled
  enabled incorrect wrong bad mismatch rejected refused accepted not is was are be been for has
  have had must may can cannot could should will would does did and or but in on of to from with
  without by via at as the a an this that your our its if when while after before then
  authentication authenticated auth authorization login file files protected reset change changed
  hash policy prompt manager check field length too supplied provided given refresh renewal request
  requested rotation rotated store type unexpected unauthorized forbidden unknown verification
  verified validation exchange endpoint bucket scheme header value values key keys token tokens
  found lookup update updated entry database user users username account accounts attempt attempts
  again instead needed only either both basic digest negotiate bearer rules limit limits count used
  left per second seconds generation generated created falsch ungültig abgelehnt abgelaufen fehlt
  erforderlich incorrect incorrecte incorrecta incorreta expiré errada errato sbagliata scaduta
  błędne nieprawidłowe wygasło onjuist verkeerd verlopen yanlış fel forkert feil väärä pogrešna
  неверный неправильный creation storage using default less based access response string realm pair
  combination same-origin include omit done pending active inactive present absent ready
  unavailable unchanged skipped obtained issued revoked cached loaded saved stored matches mandatory
  optional expiry odrzucone zmienione ustawione geändert gesetzt vergessen zurückgesetzt dialog form page link box screen credential credentials password passwords passphrase secret strength sync prompted passed requires`);

/** Is this word ordinary prose or a state, so that it is shown after a secret-looking name? */
export function isProse(word: string): boolean {
  return PROSE.has(word.toLowerCase().replace(/^[("']+|[.,;:!?)"'\]}]+$/g, ""));
}

/**
 * What stands for a value: asterisks, a word in brackets, a variable, a template, what is looked up
 * somewhere else. The name of a variable must say what it is, as `$UMMER99` may be a password.
 */
const PLACEHOLDER =
  /(?:\*{3,}|•{3,}|x{5,}|X{5,}|[<([](?:(?:un|not )?set|hidden|redacted|masked|filtered|empty|none|secret|sensitive)[)>\]]|\$\{[A-Za-z_]\w{0,64}\}|\$(?=\w{0,64}(?:PASS|PW|SECRET|TOKEN|KEY|pass|secret|token|key|auth))[A-Za-z_]{3,64}|\{\{[^{}\n]{1,128}\}\}|%\([a-z_]{1,32}\)s|%[A-Z][A-Z_]{2,64}%|\/(?:etc|var|run|root|home|usr|opt|srv|data|config|certs?|ssl|keys|app|mnt)\/[\w./@-]{1,256}|!(?:secret|env_var|include|env) \w{1,64}|(?:(?:os\.)?(?:getenv|environ\.get|environ|env)|process\.env|System\.getenv|ENV|env)[.[(]["'\\]{0,4}[A-Za-z_]\w{0,64}["'\\]{0,4}[\])]?)(?=[\s"',;)\]}\\]|$)/y;

const MAY_STAND = /[^a-df-nqrt-wyzA-DF-RT-WYZ0-9]|g/;

/** Where what stands for a value ends; undefined where the value itself is there. */
export function placeholderEnd(text: string, from: number): number | undefined {
  const end = MAY_STAND.test(text.charAt(from)) ? endFrom(PLACEHOLDER, text, from) : undefined;
  return end === from ? undefined : end;
}

/** The shell's folder, as sudo logs it, has the name of a password. */
export const isFolder = (name: string, value: string) =>
  /^(?:OLD)?PWD$/.test(name) && value.startsWith("/");

/** Does a value look like a PIN or a code that opens something, and not like a number of a pin? */
export function looksLikeCode(value: string): boolean {
  return /^[\d -]*\d{2,}[\d -]*\d{2,}/.test(value) ||
    /^[A-Za-z0-9]{3,}(?:-[A-Za-z0-9]{2,})+$/.test(value) || looksSecret(value);
}

/** Does a word without any other sign look like a password or token? */
export function looksSecret(word: string): boolean {
  if (word.length < 6) return false;
  return /[a-z][A-Z]/.test(word) || (/[A-Za-z]/.test(word) && /[\d!@#$%^&*+=~]/.test(word));
}
