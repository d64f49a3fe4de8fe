/**
 * The order of severities, in the words and numbers that senders use.
 *
 * @module
 */

/** 0 critical, 1 error, 2 warning, 3 info; the smaller is served first. */
export type SeverityRank = 0 | 1 | 2 | 3;

const RANKS = [0, 1, 2, 3] as const;

// Words of syslog (RFC 5424), Go, Java and Python loggers, Alertmanager, Zabbix, Icinga, X.733,
// Jira, CVSS; P1 to P5, S1 to S5, SEV1 to SEV5; page and ticket as in Google's SRE book. Without
// accents, in small letters.
const WORDS: Readonly<Record<SeverityRank, string>> = {
  0: "critical crit fatal emergency emerg alert panic disaster page paging blocker urgent highest " +
    "veryhigh immediate p0 p1 s0 s1 sev0 sev1 0 1 2",
  1: "error err errors severe major high failure p2 s2 sev2 3",
  2: "warning warn minor medium moderate average ticket degraded p3 s3 sev3 4",
  3: "info informational information notice debug trace verbose low lowest verylow trivial ok okay " +
    "none normal success cleared clear resolved notclassified unclassified p4 p5 s4 s5 sev4 sev5 5 6 7",
};

// German, French, Italian, Spanish, Portuguese, Dutch, Polish, Czech, Hungarian, Finnish, Swedish,
// Danish and Norwegian, Turkish, Slovenian and Croatian, Russian and Ukrainian.
const ABROAD: Readonly<Record<SeverityRank, string>> = {
  0: "kritisch katastrophe katastrophal notfall alarm dringend critique urgence desastre critico " +
    "critica emergenza emergencia disastro kritiek noodgeval krytyczny krytyczne krytyczna kriticky " +
    "kriticka kritikus kriittinen kritisk kritik acil kriticno kriticna критическии критическая " +
    "критично критичнии авария катастрофа",
  1: "fehler hoch schwer schwerwiegend storung stoerung erreur eleve elevee grave errore alto alta " +
    "erro fout hoog ernstig blad wysoki wysoka chyba vysoka vysoky hiba magas virhe korkea fel hog " +
    "fejl hoj feil hoy hata yuksek napaka visoka greska ошибка высокии высокая помилка висока",
  2: "warnung mittel avertissement attention moyen moyenne avviso attenzione medio media advertencia " +
    "aviso atencao waarschuwing gemiddeld ostrzezenie sredni srednia varovani stredni " +
    "figyelmeztetes kozepes varoitus varning medel advarsel middel uyari orta opozorilo upozorenje " +
    "srednja предупреждение средняя среднии попередження",
  3: "hinweis niedrig gering meldung faible basse bas basso bassa bajo baja baixo baixa informazione " +
    "informacion informacao informacja informatie niski niska nizka nizky informace alacsony " +
    "informacio tieto matala lag lav laag bilgi dusuk obvestilo nizko информация низкии низкая",
};

/** Words beside a severity that do not change it, as in `high priority`. */
const BESIDE = new Set(["severity", "priority", "prio", "level", "log", "prioritat", "stufe"]);

const KNOWN = new Map<string, SeverityRank>(
  RANKS.flatMap((rank) =>
    `${WORDS[rank]} ${ABROAD[rank]}`.split(" ").map((word) => [word, rank] as const)
  ),
);

/** The rank of a severity as sent; undefined for a word or number that nobody defined. */
export function knownRank(severity: string): SeverityRank | undefined {
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
  return ranks.reduce(
    (worst, rank) =>
      rank === undefined || worst === undefined ? undefined : rank < worst ? rank : worst,
    ranks[0],
  );
}

/**
 * The rank of a severity: words in any letter case, their usual synonyms, and syslog's numbers 0
 * to 7.
 *
 * An unknown word ranks as info, as a missing severity does: its event is diagnosed like any other,
 * but a word that nobody defined must not push aside what a sender did grade.
 */
export function severityRank(severity: string): SeverityRank {
  return knownRank(severity) ?? 3;
}
