import { rowsOf } from "../tables.ts";

const WORD = "[^\\s\"'`,;]{1,256}";
/** Names of several words. */
const PHRASE = rowsOf(String.raw`
  mot de passe|cl[ée] (?:d['’]|de )?(?:api|acc[èe]s|secr[èe]te|priv[ée]e)|
  code (?:d['’]acc[èe]s|secret)|parola d['’]ordine|chiave (?:api|segreta|privata|di accesso)|
  clave (?:api|secreta|privada|de (?:acceso|api))|chave (?:api|secreta|privada|de (?:acesso|api))|
  palavra[- ]passe|(?:код|пароль|ключ|токен) (?:доступа|доступу|api)|
  klucz (?:api|dost[ęe]pu|prywatny)|api[- ](?:sleutel|schl(?:ü|ue)ssel|nyckel|kulcs|anahtar[ıi])|
  κωδικ[όο]ς πρ[όο]σβασης
`).join("");
/** Keys and tokens, whatever the words around say of them. */
const KEY = rowsOf(String.raw`
  cl[ée]|jeton|clave|chiave|chave|cheie|ключ|токен|klucz|kl[íi]č|kľúč|ključ|schl(?:ü|ue)ssel|sleutel|
  nyckeln?|nøgle|nøkkel|avain|kulcs|anahtar[ıi]?|κλειδ[ίι]
`).join("");
/** Passwords, as far as the words decline. */
const PASSWORD = rowsOf(String.raw`
  pass(?:wort|ord(?:et)?)|kennwort|contrase[nñ]a|senha|has[lł][oa]|
  парол[ьяеію]м?|парола|лозинка|lozinka|wachtwoord|parol[aăe]|heslo|jelsz[oóa]\p{L}{0,2}|
  l[oö]senord(?:et)?|adgangskoden?|salasana|[sş]ifre(?:si|niz)?|mot de passe|κωδικ[oό][sς]
`).join("");
/** What a code is for, before or behind that word. */
const CODE_FOR = rowsOf(String.raw`
  verifi?[kc]\p{L}*|v[ée]rification|verificaci[oó]n|verifica[çc][aã]o|weryfikac\p{L}*|подтвержд\p{L}*|
  підтвердж\p{L}*|do[gğ]rulama|ov[eě]řovac\p{L}*|ellen[oő]rz[oő]|επαλήθευσης|usage unique|un solo uso|
  autoryzac\p{L}*|доступ\p{L}*|acc[eè]s\p{L}*|desbloqueo
`).join("");

/** Rows of statements in other languages than English; for their form see {@linkcode ./statements.ts}. */
export const LANGUAGES = String.raw`
  passe|clé |cle |code d|code s|parola d|chiave |clave |chave |palavra|код |пароль |ключ |токен |klucz |sleutel|schl|nyckel|kulcs|anahtar|κωδικ  (?:${PHRASE})["']?\s{0,3}(?:[:=]|est|è|es|é|ist|is|—)\s{0,3}["']?(${WORD})
  :|=|—|–?     (?:${PASSWORD})(?: [\p{L}\d'"@.-]{1,32}){1,3} ?[:=—–] ?["']?(${WORD})
  es |är |est |este |è |é |je |lautet|jest|είναι?  (?:${PASSWORD})(?: [\p{L}\d'"@.-]{1,32}){0,3} (?:es|är|este?|è|é|je|to|is|lautet|jest|είναι) ["']?(${WORD})
  :|=|—        (?<![\p{L}\d])(?:${KEY})(?:[ _-][\p{L}'’]{1,24}){0,3}["']?\s{0,3}[:=—]\s{0,3}["']?((?![0-9a-f]{8}-[0-9a-f]{4}-)(?=[^\s"']{0,32}\d)(?=[^\s"']{0,32}\p{L})[\w+/=.~-]{16,256})
  cod|cód|kod|код|kód|κωδ  (?:(?:${CODE_FOR})[- ]?(?:code|kodu?|k[oó]d|код)|(?:code|c[oó]d(?:igo|ice)|kod|код|k[oó]d|κωδικ[όο]ς)(?: d[eiu]| à| d')? ?(?:${CODE_FOR}))(?: \p{L}{1,12}){0,2}\W{1,6}(\d{3}[ -]?\d{1,5})(?!\d)
  密|口令|令牌|パスワード|暗証|비밀번호  (?:密码|密碼|密钥|密鑰|口令|令牌|パスワード|暗証番号|비밀번호)["']?[ \t]{0,2}(?:[:=]|は|是)[ \t]{0,2}["']?(${WORD})
`;

/** What every text in which one of them is found has, in small letters. */
export const SOME_LANGUAGE =
  /[^\0-\x7f]|passwort|passe|passord|parol|palavra|senha|contras|clave|ch(?:iave|ave|eie)|cle |jeton|kl(?:ucz|ic)|nyckel|schlue|sleutel|avain|kulcs|anahtar|lozinka|wachtw|heslo|kennwort|haslo|jelszo|losenord|adgangsk|s(?:alasana|ifre)|cod(?:ig|ic|e [ds])|kod/;
