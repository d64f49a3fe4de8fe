import { isProse, looksSecret } from "./keys.ts";
import { eachMatch, type Report } from "./search.ts";
import { LANGUAGES, SOME_LANGUAGE } from "./languages.ts";
import { rowsOf } from "../tables.ts";

const WORD = "[^\\s\"'`,;]{1,256}";
const QUOTED = String.raw`['"]?([^\s"']{1,256})['"]?`;

/**
 * Each row has a form, whose groups are the secrets, behind what has to occur in a text (in any case)
 * for it to be searched at all: most texts have none of these. `?` marks a form that is met in prose:
 * there only what looks like a secret counts. Every run has a bound or an end, so that a search is
 * linear.
 */
const STATEMENTS = statementsOf(String.raw`
  # Mail and file transfer: RFC 4954, 3501, 1939, 959.
  auth         \bAUTH(?:ENTICATE)?[ =]+(?:PLAIN|LOGIN|XOAUTH2|OAUTHBEARER|NTLM|EXTERNAL|CRAM-MD5|SCRAM-SHA-\d{1,3}(?:-PLUS)?)[ =]+([A-Za-z0-9+/=]{4,})
  334          \b334[ -][A-Za-z0-9+/=]*(?:\s|\\[rn]|[CS<>|-]+:? ?){1,12}([A-Za-z0-9+/]{4,}={0,2})(?![\w-])
  pass         \bUSER[ :]+\S{1,128}[^]{0,80}?\bPASS[ :]+([^\s"'\\]{1,256})
  pass         (?:^|[CS<>|-] ?[:>|]? ?)(?-i:PASS) ([^\s"'\\:/]{1,256})$
  login        \b[a-z]{0,4}\d{1,6} LOGIN "?[^\s"]{1,128}"? "?([^\s"]{1,256})
  # Network management: RFC 3414 users, communities of net-snmp and of Cisco's kind.
  communit     \b(?:snmp-server community|(?:ro|rw)community6?|trapcommunity|(?:auth|snmp)?community(?:[ _-](?:string|name))?["']?\s{0,4}[:=])\s{1,4}["']?(${WORD})
  communit     \bcommunity(?:[ _-](?:string|name))?["']?[:=]["']?(${WORD})
  communit?    \bcommunity string (?:is |was )?['"]?([^\s"',;.]{3,64})
  createuser   \bcreateUser (?:-e \S+ )?\S{1,64} (?:MD5|SHA[\d-]{0,7}) ${QUOTED}(?: (?:DES|AES[\d-]{0,5}) ${QUOTED})?
  com2sec      \bcom2sec6? \S{1,64} \S{1,64} (${WORD})
  sink         \btrap2?sink \S{1,128} (${WORD})
  # Files of credentials.
  :            ^(?:(?:[\w-]*\.[\w.-]{1,253}|localhost|\*):(?:\d{2,5}|\*)|[\w-]{1,63}:(?:543\d|6432)):[A-Za-z_*][\w*-]{0,63}:[A-Za-z_*][\w*.-]{0,63}:([^\s:]{1,256})$
  *            (?:^|: )["']?[\w@.\\-]{1,64}["']?[ \t]+\*[ \t]+["']?([^\s"'*]{3,256})["']?[ \t]+(?:\*|[\d.]{7,15})[ \t]*$
  "            ^["'][\w@.\\-]{1,64}["'][ \t]+["']?[\w.*-]{1,64}["']?[ \t]+["']([^\s"']{1,256})["'](?=[ \t]|$)
  :            :[ \t]{1,4}(?:PSK|XAUTH|EAP|RSA)[ \t]{1,4}["']([^"'\n]{1,256})["']
  option       \boption (?:key|password|passwd|psk|secret|sae_password|auth_secret|wpakey|private_key|preshared_key|token)[ \t]+['"]?([^'"\n]{1,256})
  wireless     \bwireless\.[\w@[\].-]{1,64}\.key='?([^'\s"]{1,256})
  {            \{(?:(?:S?SHA\d{0,3}|S?MD5|(?:BLF-|SHA\d{3}-)?CRYPT|ARGON2\w{0,3}|PBKDF2[\w-]{0,10})\}([\w$./+=,-]{12,})|(?:PLAIN|CLEAR(?:TEXT)?)\}([^\s:"']{3,256}))
  :            :\d{1,10}:([0-9A-FX]{32}):([0-9A-F]{32}):
  secret       \bsecret [579] (\S{8,})
  secret       \b(?:enable|username \S{1,64}(?: privilege \d{1,2})?) (?:secret|password)(?: \d{1,2})? (\S{3,256})
  putty        ^Private-(?:Lines: \d{1,3}\s{1,2}((?:[A-Za-z0-9+/=]{16,76}\s{0,2}){1,64})|MAC: ([a-f0-9]{40,64}))
  password     \bpassword [057] (\S{3,256})
  # Devices being set up: Wi-Fi's and Matter's QR codes, HomeKit's and Matter's codes.
  wifi:        WIFI:(?:[TSHR]:(?:\\.|[^;\n]){0,64};){0,4}P:((?:\\.|[^;\n]){1,128})
  mt:          \bMT:([A-Z0-9.-]{12,40})
  x-hm:        \bX-HM://([A-Z0-9]{8,32})
  code|payload  (?:set-?up|pairing|homekit|matter|manual)[ _-](?:pin|code|pairing code|payload)\W{1,6}(\d{3}-?\d{2}-?\d{3}|\d{4}-?\d{3}-?\d{4})
  password|passphrase|passcode?  \bpass(?:word|phrase|code)(?: (?!fail|auth|incorr|inval|wrong|attempt|denied|reject|check|error)[\w'"@.-]{1,32}){1,8} ?[:=] ?["']?([^\s"']{1,256})
  unseal       \bunseal key(?: ?\(?\w{1,3}\)?)?["']?[:=]\s{0,4}["']?(${WORD})
  phrase       (?:seed|recovery|mnemonic|secret|backup)[ _-]phrase\W{1,6}((?:[a-z]{3,8}[ ,]{1,2}){5,23}[a-z]{3,8})
  mnemonic     mnemonic\W{1,6}((?:[a-z]{3,8}[ ,]{1,2}){5,23}[a-z]{3,8})
  code         (?:one[- ]time|verification|security|login|access|sign-?in|auth\w{0,10}|2fa|sms)[ -](?:pass)?code:? (?:is )?(\d{4,8})(?!\d)
  .psk         \.psk (\S{8,64})
  # Databases and brokers.
  identified   \bIDENTIFIED (?:WITH \S{1,64} )?(?:BY|AS) (?:PASSWORD )?(?:'([^'\n]{1,256})'|"([^"\n]{1,256})")
  setuser      \bSETUSER\b[^\n]{0,200}?[ "][>#]([^\s"]{1,256})
  rabbitmqctl  \brabbitmqctl (?:add_user|change_password|authenticate_user) \S{1,64} ${QUOTED}
  pragma       \bPRAGMA (?:hex|re)?key ?= ?${QUOTED}
  insert into  \binsert into [^\n(]{1,128}\([^()\n]{0,400}?(?:passw|pwd|secret|token|api_?key)[^()\n]{0,400}\)\s{0,4}values\s{0,4}(\([^()\n]{1,2000}\))
  jdbc:        \bjdbc:oracle:\w{1,16}:[\w.-]{1,64}\/([^\s@"']{1,256})@
  auth?        (?:^|[>"'|] ?)(?-i:AUTH) (?:[\w.-]{1,64} )?([^\s"']{4,256})$
  # Shells: secrets by their place.
  stdin|-fd|cryptsetup|secret create|smbpasswd|load-key  \b(?:echo|printf) (?:-n )?(?:['"]?%s(?:\\n)?['"]? )?['"]?([^\s'"|]{1,256})['"]? ?\| ?(?:[^\n|]{1,128}?--?(?:pass(?:word|phrase)?-)?(?:stdin|fd)|(?:sudo )?(?:cryptsetup|docker secret|podman secret|smbpasswd|zfs load-key))
  <<<          \b(?:passwd|vncpasswd|smbpasswd|login|cryptsetup|load-key|sudo|gpg|openssl|auth|unlock)\b[^\n<|]{0,128}<<< ?(?:\$?'([^']{1,256})'|"([^"\n]{1,256})"|([^\s'"]{1,256}))
  <            <\((?:echo|printf) (?:-n )?(?:['"]?%s(?:\\n)?['"]? )?['"]?([^\s'")]{1,256})
  --user?      --user(?:name)?[ =]["']?[\w.@-]{1,64}:([^\s"']{1,256})
  -p ?         (?:-u|--user(?:name)?)[ =]\S{1,64} -p (?!-)([^\s"']{3,256})
  net use      \bnet use [^\n]{0,128}?\\\\\S{1,128} (?![/*])(\S{1,256})
  hmac-        \bhmac-\w{3,10}:[\w.-]{1,128}:([\w+/=]{8,})
  master|slave|secondary|primary  \bMONITOR \S{1,128}@\S{1,128} \d{1,3} \S{1,64} (\S{1,256}) (?:master|slave|primary|secondary)
  chpasswd     \b(?:echo|printf)[^\n|]{0,40}?[ '"][\w.-]{1,64}:([^\s'"|]{1,256})['"]? ?\| ?(?:sudo )?chpasswd
  sudo         \b(?:echo|printf) (?:-n )?['"]?([^\s'"|]{1,256})['"]? ?\| ?sudo (?:-\w+ )*-\w*S
  passwd       \b(?:htpasswd|mosquitto_passwd) -\w*b\w* \S{1,256} \S{1,64} ${QUOTED}
  htpasswd     \bhtpasswd -\w*n\w*b\w* \S{1,64} ${QUOTED}
  wpa_pass     \bwpa_passphrase (?:"[^"\n]{1,64}"|'[^'\n]{1,64}'|\S{1,64}) ${QUOTED}
  key s:       \bkey s:(\S{1,64})
  /p:          \x20/p:['"]?([^\s'"]{1,256})
  lftp         \blftp\b[^\n]{0,100}? -u [^,\s]{1,64},([^\s]{1,256})
  mc           \bmc (?:alias|config host) (?:set|add) \S{1,64} \S{1,256} (\S{1,256}) (\S{1,256})
  bw unlock    \bbw unlock (?!-)['"]?([^\s'"]{1,256})
  vault        \bvault (?:operator unseal|login|unwrap) (?!-)(?:token=)?(\S{8,256})
  net user     \bnet user \S{1,64} (?![/*])(\S{1,256})
  radtest      \bradtest \S{1,64} (\S{1,256}) \S{1,256} \d{1,6} (\S{1,256})
  http         \bhttps? (?:\S{1,20} ){0,3}?(?:-a|--auth)[ =](\S{1,256})
  smbclient    \bsmbclient\b[^\n]{0,200}?[ '"][\w.\\-]{1,64}%([^\s'"]{1,256})
  rcon         \b(?:rcon(?:\.password|_password)|rconpassword)[ =:]+(\S{1,256})
  pveapitoken  \bPVEAPIToken[= ]+[\w@.!-]{1,128}[=:]([\w-]{8,})
  proxy-auth?  \bproxy-auth(?:orization)?[ =:]+(\S{3,256})
  # App passwords of Nextcloud and of Apple, which have a form of their own.
  -            (?<![\w-])((?=\w{5}-)(?=[\w-]{0,28}[A-Z])(?=[\w-]{0,28}[a-z])[A-Za-z0-9]{5}(?:-[A-Za-z0-9]{5}){4})(?![\w-])
  session=|session%3|session"|sid=|sid%3|sid"  (?<![\w.-])(?:[\w.-]{0,32}session|connect\.sid|_?sid)["']?(?:=|%3D|["']: ?)["']?((?=[^\s"']{0,64}\d)(?=[^\s"']{0,64}[A-Za-z])[\w%.+/=:-]{20,512})
  attempt [    \battempt \[(?:b')?[^\s/\]]{1,64}?'?\/(?:b')?([^\s\]]{1,256}?)'?\]
  cwjap        \+CWJAP\w{0,8}=(?:\d,)?"[^"\n]{0,64}","([^"\n]{1,128})"
  +cpin        \+CPIN="?(\d{4,8})
  device_code|user_code  \b(?:device|user)_code["']?[=:] ?["']?([\w-]{8,})
  enter key|setup key|secret key|manual key|2fa key  \b(?:enter|manual|setup|secret|2fa) key:? (?-i:((?:[A-Z2-7]{4} ){3,15}[A-Z2-7]{4}))
  # Keys of which the public half stands beside: RFC 7517; Ansible's vault; Kubernetes' web sockets.
  kty          ["'](?:k|d|dp|dq|p|q|qi)["']\s{0,4}:\s{0,4}["']([\w-]{16,})
  $ansible_v   \$ANSIBLE_VAULT;[\w.;-]{1,64}((?:(?:\s|\\n){1,24}[0-9a-f]{12,80})+)
  .k8s.io      bearer\.authorization\.k8s\.io\.([\w-]{8,})
`);
const IN_LANGUAGES = statementsOf(LANGUAGES);

/** A row for each hint: what is looked through for every text is short. */
function statementsOf(table: string) {
  return rowsOf(table).flatMap((row) => {
    const [, hints = "", doubtful, form = ""] = /^(.+?)(\?)? {2,}(\S.*)$/.exec(row) ?? [];
    const statement = { doubtful: doubtful !== undefined, form: new RegExp(form, "dgimu") };
    return hints.split("|").map((hint) => ({ hint, statement }));
  });
}

/** Most texts have none of the hints that are words, which one search tells. */
const BY_SIGN = STATEMENTS.filter(({ hint }) => !/[\p{L}\d]/u.test(hint));
const ANY_WORD = new RegExp(
  STATEMENTS.filter((row) => !BY_SIGN.includes(row)).map(({ hint }) => hint).join("|")
    .replaceAll(/[.$[+*]/g, "\\$&"),
);

/** Finds what the place gives away, not a name: in lines of protocols, settings and shells. */
export function secretStatements(text: string, report: Report): void {
  const lower = text.toLowerCase();
  const find = (rows: typeof STATEMENTS) => {
    for (const row of rows) if (lower.includes(row.hint)) reportStatement(text, row, report);
  };
  find(ANY_WORD.test(lower) ? STATEMENTS : BY_SIGN);
  if (SOME_LANGUAGE.test(lower)) find(IN_LANGUAGES);
}

function reportStatement(
  text: string,
  { statement: { form, doubtful } }: typeof STATEMENTS[number],
  report: Report,
): void {
  eachMatch(form, text, ({ indices = [] }) => {
    for (const group of indices.slice(1)) {
      const word = group ? text.slice(...group) : "";
      if (group && !isProse(word) && (!doubtful || looksSecret(word))) report(...group);
    }
  });
}
