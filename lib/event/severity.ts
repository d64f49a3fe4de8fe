import { isObject } from "../base/json.ts";
import { wordSet } from "../base/text/tables.ts";
import { kindOf } from "./family.ts";
import type { Fields } from "./payload.ts";

/** 0 critical, 1 error, 2 warning, 3 info; the smaller is served first. */
export type SeverityRank = 0 | 1 | 2 | 3;

const RANKS = [0, 1, 2, 3] as const;

// Words of syslog (RFC 5424), Go, Java and Python loggers, Alertmanager, Zabbix, Icinga, X.733,
// Jira, CVSS; P1 to P5, S1 to S5, SEV1 to SEV5; page and ticket as in Google's SRE book. Then those
// of German, French, Italian, Spanish, Portuguese, Dutch, Polish, Czech, Hungarian, Finnish,
// Swedish, Danish and Norwegian, Turkish, Slovenian and Croatian, Russian and Ukrainian. Without
// accents, in small letters.
const WORDS: Readonly<Record<SeverityRank, string>> = {
  0: `critical crit fatal emergency emerg alert panic disaster page paging blocker urgent highest
    veryhigh immediate p0 p1 s0 s1 sev0 sev1 0 1 2
    kritisch katastrophe katastrophal notfall alarm dringend critique urgence desastre critico
    critica emergenza emergencia disastro kritiek noodgeval krytyczny krytyczne krytyczna kriticky
    kriticka kritikus kriittinen kritisk kritik acil kriticno kriticna критическии критическая
    критично критичнии авария катастрофа`,
  1: `error err errors severe major high failure p2 s2 sev2 3
    fehler hoch schwer schwerwiegend storung stoerung erreur eleve elevee grave errore alto alta
    erro fout hoog ernstig blad wysoki wysoka chyba vysoka vysoky hiba magas virhe korkea fel hog
    fejl hoj feil hoy hata yuksek napaka visoka greska ошибка высокии высокая помилка висока`,
  2: `warning warn minor medium moderate average ticket degraded p3 s3 sev3 4
    warnung mittel avertissement attention moyen moyenne avviso attenzione medio media advertencia
    aviso atencao waarschuwing gemiddeld ostrzezenie sredni srednia varovani stredni
    figyelmeztetes kozepes varoitus varning medel advarsel middel uyari orta opozorilo upozorenje
    srednja предупреждение средняя среднии попередження`,
  3: `info informational information notice debug trace verbose low lowest verylow trivial ok okay
    none normal success cleared clear resolved notclassified unclassified p4 p5 s4 s5 sev4 sev5
    5 6 7
    hinweis niedrig gering meldung faible basse bas basso bassa bajo baja baixo baixa informazione
    informacion informacao informacja informatie niski niska nizka nizky informace alacsony
    informacio tieto matala lag lav laag bilgi dusuk obvestilo nizko информация низкии низкая`,
};

/** Words beside a severity that do not change it, as in `high priority`. */
const BESIDE = wordSet("severity priority prio level log prioritat stufe");

const KNOWN = new Map<string, SeverityRank>(
  RANKS.flatMap((rank) => WORDS[rank].split(/\s+/).map((word) => [word, rank] as const)),
);

/** The rank of a severity as sent; undefined for a word or number that nobody defined. */
function knownRank(severity: string): SeverityRank | undefined {
  const known = KNOWN.get(severity) ?? KNOWN.get(severity.trim().toLowerCase());
  if (known !== undefined) return known;
  const folded = severity.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase()
    .replaceAll("ł", "l").replaceAll("ø", "o");
  const words = (folded.match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => !BESIDE.has(word));
  const joined = words.join("");
  if (/^[1-5]$/.test(joined) && folded.includes("prio")) return KNOWN.get(`p${joined}`);
  const asOne = /^-/.test(folded.trim()) ? undefined : KNOWN.get(joined);
  if (asOne !== undefined) return asOne;
  // `P1 - critical` says it twice; `not critical` says something else.
  const ranks = words.filter((word) => !/^\d+$/.test(word)).map((word) => KNOWN.get(word));
  return ranks.includes(undefined) ? undefined : RANKS.find((rank) => ranks.includes(rank));
}

/** An unknown word is diagnosed like any other, but must not push aside what a sender did grade. */
export const severityRank = (severity: string): SeverityRank => knownRank(severity) ?? 3;

/** Zabbix counts the other way round than syslog. */
const ZABBIX = ["not classified", "information", "warning", "average", "high", "disaster"] as const;

/**
 * The severity of an event of `type`: as sent, if it can be ranked. Zabbix' numbers count as
 * Zabbix' words where the payload shows whose they are. What is missing is looked for in `level`
 * and in the alert's labels, and is info in the end. A known fault with a word that nobody defined
 * is a warning; `unknown` is that word.
 */
export function gradeOf(
  sent: string,
  type: string,
  payload: Fields,
): { readonly severity: string; readonly unknown?: string } {
  // A word of its own, as most send.
  if (sent.length > 1 && KNOWN.has(sent)) return { severity: sent };
  const severity = zabbixWord(sent, payload) ?? (sent || labelOf(payload));
  if (severity === "") return { severity: "info" };
  if (knownRank(severity) !== undefined) return { severity };
  return { severity: isFault(type) ? "warning" : severity, unknown: severity };
}

function isFault(type: string): boolean {
  const { family, about } = kindOf(type);
  return family === about && family !== "unknown" && family !== "starting";
}

function labelOf(payload: Fields): string {
  const labels = isObject(payload["labels"]) ? payload["labels"] : payload;
  const told = labels["severity"] ?? payload["level"];
  return typeof told === "string" && told.length <= 40 && knownRank(told) !== undefined ? told : "";
}

function zabbixWord(sent: string, payload: Fields): string | undefined {
  if (sent.length > 1 || sent > "5") return undefined;
  const inner = isObject(payload["EVENT"]) ? payload["EVENT"] : {};
  const number = payload["EVENT.NSEVERITY"] ?? payload["TRIGGER.NSEVERITY"] ??
    payload["EVENT_NSEVERITY"] ?? payload["event_nseverity"] ?? inner["NSEVERITY"];
  if (number !== undefined) return ZABBIX[Number(number)];
  const word = payload["EVENT.SEVERITY"] ?? payload["TRIGGER.SEVERITY"] ?? inner["SEVERITY"];
  return ZABBIX.find((each) => each === String(word).toLowerCase());
}
