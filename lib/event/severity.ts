/**
 * The order of severities.
 *
 * @module
 */

/** 0 critical, 1 error, 2 warning, 3 info; the smaller is served first. */
export type SeverityRank = 0 | 1 | 2 | 3;

// Words of syslog (RFC 5424), Go, Java and Python loggers, Alertmanager, Zabbix, Icinga, X.733.
const WORDS: Readonly<Record<SeverityRank, string>> = {
  0: "critical crit fatal emergency emerg alert panic disaster 0 1 2",
  1: "error err severe major high 3",
  2: "warning warn minor medium moderate average 4",
  3: "info informational information notice debug trace low ok none 5 6 7",
};

const RANKS = new Map<string, SeverityRank>(
  ([0, 1, 2, 3] as const).flatMap((rank) =>
    WORDS[rank].split(" ").map((word) => [word, rank] as const)
  ),
);

/**
 * The rank of a severity as sent: words in any letter case, their usual synonyms, and syslog's
 * numbers 0 to 7.
 *
 * An unknown word ranks as info, as a missing severity does in the seed: it is diagnosed like any
 * other, but a word that nobody defined must not push aside what a sender did grade.
 */
export function severityRank(severity: string): SeverityRank {
  return RANKS.get(severity) ?? RANKS.get(severity.trim().toLowerCase()) ?? 3;
}
