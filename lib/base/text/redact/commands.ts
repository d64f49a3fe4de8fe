import { endFrom, type Report } from "./search.ts";
import { rowsOf } from "../tables.ts";

/** Commands, then flags whose next argument is secret, and flags that have the secret attached. */
const TABLE = `
  redis-cli valkey-cli keydb-cli: -a AUTH auth
  mysql mysqldump mysqladmin mysqlcheck mysqlimport mysqlshow mariadb mariadb-dump mariadb-admin:: -p
  mosquitto mosquitto_pub mosquitto_sub mosquitto_rr ipmitool zip: -P
  mqttx: -P
  rabbitmqadmin: -p
  ncftpput ncftpget ncftp: -p
  bw: --session
  mongo mongosh mongodump mongorestore mongoexport mongoimport sshpass: -p : -p
  ldapsearch ldapadd ldapmodify ldapwhoami: -w : -w
  snmpwalk snmpget snmpgetnext snmpbulkwalk snmpset snmptable snmptrap trapsess: -c -A -X
  7z 7za rar unrar:: -p
  curl: -u --user -U --proxy-user -b --cookie : -u -U --user= --proxy-user=
  smbclient: -U --user : -U --user=
  sqlcmd unzip: -P : -P
  influx: -t
  ssh-keygen: -N -P
  # "login" is of docker, helm registry and az.
  cqlsh useradd usermod racadm login: -p
`;

type Rules = { readonly next: readonly string[]; readonly attached: readonly string[] };

const COMMANDS = new Map(
  rowsOf(TABLE).flatMap((row) => {
    const [names = [], next = [], attached = []] = row.split(":").map((part) =>
      part.split(" ").filter((word) => word !== "")
    );
    return names.map((name): [string, Rules] => [name, { next, attached }]);
  }),
);

/** The rules of a command by its name or path, for {@linkcode secretArgument}. */
export function commandRules(word: string): Rules | undefined {
  return COMMANDS.get(word.slice(word.lastIndexOf("/") + 1));
}

/** "next" when the argument after this one is secret, the secret's offset when it is in it. */
export function secretArgument(of: Rules, argument: string): "next" | number | undefined {
  if (of.next.includes(argument)) return "next";
  return of.attached
    .find((flag) => argument.startsWith(flag) && argument.length > flag.length)?.length;
}

/** `-u bob` without a password is a user's name. */
const USER = /^[A-Za-z][A-Za-z_.-]{0,31}$/;
const USER_FLAG = /^(?:-u|-U|--user|--proxy-user)=?$/;

const NAMES = [...COMMANDS.keys()].sort((a, b) => b.length - a.length).join("|");
const COMMAND = new RegExp(`(?<![\\w.-])(?:${NAMES})(?![\\w.-])`, "g");
/** What stands between arguments, in a line or in a JSON list; a secret may begin with a bracket. */
const GAP = /(?:[^\S\n]|["'`,[\]\\])*/y;
const GAP_BEFORE_SECRET = /(?:[^\S\n]|["'`,\\])*/y;
const WORD = /[^\s"'`,[\]\\]*/y;
const SECRET = /[^\s"'`]*/y;
const REST_OF_SECRET = /[^\s"`]*/y;
/** In `-p'a b'` the quotes come after the flag; in a list, or around all of a command, they end it. */
const QUOTED = /\\{0,8}(?:'[^\s,;)\]}'][^'\n]{0,256}'|"[^\s,;)\]}"][^"\n]{0,256}")/y;
const MOST_ARGUMENTS = 64; // of one command that are looked at

/**
 * Passwords in command lines, also as a JSON list of arguments, where a flag alone does not say so
 * (`redis-cli -a`, `mysql -p...`, `curl -u`). Flags with a telling name are found by name.
 */
export function commandLines(text: string, report: Report): void {
  if (!text.includes("-") && !/auth/i.test(text)) return;
  COMMAND.lastIndex = 0;
  for (let match = COMMAND.exec(text); match; match = COMMAND.exec(text)) {
    COMMAND.lastIndex = readArguments(text, COMMAND.lastIndex, match[0], report);
  }
}

/** Reads the arguments of the command `name` that ends at `from`; returns where they end. */
function readArguments(text: string, from: number, name: string, report: Report): number {
  let of = COMMANDS.get(name);
  let secretNext = false;
  let userFlag = false;
  let at = from;
  const take = (run: RegExp): string => {
    const start = at;
    at = endFrom(run, text, start) ?? start;
    return text.slice(start, at);
  };
  for (let n = 0; n < MOST_ARGUMENTS && of !== undefined; n++) {
    const before = take(secretNext ? GAP_BEFORE_SECRET : GAP).slice(-1);
    if (/^[\n|;&]?$/.test(text.charAt(at))) return at;
    const start = at;
    if (secretNext) {
      const closing = /["']/.test(before) ? text.indexOf(before, start) : -1;
      if (closing > start) at = closing;
      else take(SECRET);
      if (!userFlag || !USER.test(text.slice(start, at))) report(start, at);
      secretNext = false;
      continue;
    }
    const argument = take(WORD);
    of = commandRules(argument) ?? of;
    const quote = text.charAt(at);
    const quoted: number | undefined = quote === before ? undefined : endFrom(QUOTED, text, at);
    const found: ReturnType<typeof secretArgument> = secretArgument(of, argument) ??
      (quoted && secretArgument(of, argument + quote));
    secretNext = found === "next";
    userFlag = USER_FLAG.test(argument);
    if (typeof found !== "number") continue;
    if (quoted === undefined) take(REST_OF_SECRET);
    else at = quoted;
    report(start + found, at);
  }
  return at;
}
