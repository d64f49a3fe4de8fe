/**
 * Passwords among the arguments of well-known commands, where a flag alone does not say so
 * (`redis-cli -a`, `mysql -p...`, `curl -u`). Flags with a telling name are found by name.
 *
 * @module
 */
import type { Report } from "./spans.ts";

/** Flags whose next argument is secret, and flags that have the secret attached. */
interface Rules {
  readonly next: readonly string[];
  readonly attached: readonly string[];
}

const rules = (next: string, attached = ""): Rules => ({
  next: next === "" ? [] : next.split(" "),
  attached: attached === "" ? [] : attached.split(" "),
});
const REDIS = rules("-a AUTH auth");
const MYSQL = rules("", "-p");
const MOSQUITTO = rules("-P");
const MONGO = rules("-p", "-p");
const LDAP = rules("-w", "-w");
const SNMP = rules("-c -A -X");
const ARCHIVE = rules("", "-p");

const COMMANDS = new Map<string, Rules>([
  ...["redis-cli", "valkey-cli", "keydb-cli"].map((name) => [name, REDIS] as const),
  ...[
    "mysql mysqldump mysqladmin mysqlcheck mysqlimport mysqlshow mariadb mariadb-dump mariadb-admin",
  ].flatMap((names) => names.split(" ")).map((name) => [name, MYSQL] as const),
  ...["mosquitto", "mosquitto_pub", "mosquitto_sub", "mosquitto_rr"].map((name) =>
    [name, MOSQUITTO] as const
  ),
  ...["mongo", "mongosh", "mongodump", "mongorestore", "mongoexport", "mongoimport"]
    .map((name) => [name, MONGO] as const),
  ...["ldapsearch", "ldapadd", "ldapmodify", "ldapwhoami"].map((name) => [name, LDAP] as const),
  ...["snmpwalk", "snmpget", "snmpbulkwalk", "snmpset"].map((name) => [name, SNMP] as const),
  ...["7z", "7za", "rar", "unrar"].map((name) => [name, ARCHIVE] as const),
  ["curl", rules("-u --user -U --proxy-user -b --cookie", "-u -U --user= --proxy-user=")],
  ["sshpass", rules("-p", "-p")],
  ["smbclient", rules("-U --user", "-U --user=")],
  ["ipmitool", rules("-P")],
  ["influx", rules("-t")],
  ["cqlsh", rules("-p")],
  ["sqlcmd", rules("-P", "-P")],
  ["zip", rules("-P")],
  ["ssh-keygen", rules("-N -P")],
  ["useradd", rules("-p")],
  ["usermod", rules("-p")],
  ["racadm", rules("-p")],
  ["unzip", rules("-P", "-P")],
  ["login", rules("-p")], // docker login, helm registry login, az login
]);

/** The rules of a command by its name or path, for {@linkcode secretArgument}. */
export function commandRules(word: string): Rules | undefined {
  return COMMANDS.get(word.slice(word.lastIndexOf("/") + 1));
}

/** "next" when the argument after this one is secret, the secret's offset when it is in it. */
export function secretArgument(of: Rules, argument: string): "next" | number | undefined {
  if (of.next.includes(argument)) return "next";
  for (const flag of of.attached) {
    if (argument.startsWith(flag) && argument.length > flag.length) return flag.length;
  }
  return undefined;
}

const NAMES = [...COMMANDS.keys()].sort((a, b) => b.length - a.length).join("|");
const COMMAND = new RegExp(`(?<![\\w.-])(?:${NAMES})(?![\\w.-])`, "g");
const SEPARATOR = /[\s"'`,[\]\\]/;
const BEFORE_SECRET = /[\s"'`,\\]/;
/** Arguments of one command that are looked at. */
const MOST_ARGUMENTS = 64;

/** Command lines inside a text, also as a JSON list of arguments. */
export function commandLines(text: string, report: Report): void {
  if (!text.includes("-") && !/auth/i.test(text)) return;
  COMMAND.lastIndex = 0;
  for (let match = COMMAND.exec(text); match; match = COMMAND.exec(text)) {
    COMMAND.lastIndex = readArguments(text, COMMAND.lastIndex, match[0], report);
  }
}

function readArguments(text: string, from: number, name: string, report: Report): number {
  let of = COMMANDS.get(name);
  let secretNext = false;
  let at = from;
  for (let n = 0; n < MOST_ARGUMENTS && of !== undefined; n++) {
    let quote = "";
    // A secret may begin with a bracket.
    const separator = secretNext ? BEFORE_SECRET : SEPARATOR;
    for (; at < text.length && separator.test(text.charAt(at)); at++) {
      if (text[at] === "\n") return at;
      if (text[at] === '"' || text[at] === "'") quote = text.charAt(at);
    }
    if (at >= text.length || /[|;&]/.test(text.charAt(at))) return at;
    const start = at;
    const inQuotes = quote !== "" && text[start - 1] === quote ? text.indexOf(quote, start) : -1;
    if (secretNext && inQuotes > start) at = inQuotes;
    else if (secretNext) { while (at < text.length && !/[\s"'`]/.test(text.charAt(at))) at++; }
    else while (at < text.length && !SEPARATOR.test(text.charAt(at))) at++;
    if (secretNext) {
      report(start, at);
      secretNext = false;
      continue;
    }
    const argument = text.slice(start, at);
    of = commandRules(argument) ?? of;
    const found = secretArgument(of, argument);
    if (found === "next") secretNext = true;
    else if (found !== undefined) {
      // In `-p'a b'` the quotes come after the flag.
      while (at < text.length && !/[\s"`]/.test(text.charAt(at))) at++;
      report(start + found, at);
    }
  }
  return at;
}
