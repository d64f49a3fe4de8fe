import { rowsOf } from "../base/text/tables.ts";

const MONTH = String.raw`(?<month>[A-Za-z]{3})[a-z]*\.?`;
const NUMBER = String.raw`(?<month>\d{1,2})`;
const DAY = String.raw`(?<day>\d{1,2})`;
const YEAR = String.raw`(?<year>\d{4})`;
const HALF = String.raw`(?<half>[AaPp]\.?[Mm]\.?)`;
const TIME = String
  .raw`(?<hour>\d{1,2}):(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,](?<fraction>\d{1,30}))?)? ?`;
const NAME = String.raw`(?: ?(?<zone>[A-Za-z]{1,5}))?`;
const ZONE = String.raw`${NAME}(?: ?(?<offset>[+-]\d\d:?\d\d))?(?: [A-Z]{1,5})?`;
const CLOCK = String.raw`${TIME}${HALF}?`;
const WEEKDAY = String.raw`(?:[A-Za-z]{2,9}[.,]? +)?`;

/** How libraries write a time: a row for each way, with what it reads above it. */
const SPELLINGS = rowsOf(String.raw`
  # ISO 8601, extended and basic, with the liberties of Python's fromisoformat (blank for T, comma)
  # and of Go and Ruby (blank before zone, the zone's name behind its offset).
  (?<year>\d{4})(?<dash>-?)(?<month>\d\d)\k<dash>(?<day>\d\d)(?:[Tt ](?<hour>\d\d)(?::?(?<minute>\d\d)(?::?(?<second>\d\d)(?:[.,](?<fraction>\d+))?)?)?(?: ?(?:Z|z|UTC|(?<offset>[+-]\d\d(?::?\d\d)?)(?: [A-Z]{1,5})?))?)?
  # 20260102030405: as milliseconds it would be in the year 2612
  (?<year>20\d\d)(?<month>\d\d)(?<day>\d\d)(?<hour>\d\d)(?<minute>\d\d)(?<second>\d\d)
  # Fri, 02 Jan 2026 03:04:05 +0000; Friday, 02-Jan-26 03:04:05 GMT; 02/Jan/2026:03:04:05 +0000
  ${WEEKDAY}${DAY}[ /-]${MONTH}[ /-](?<year>\d{4}|\d\d)[ ,:]+${CLOCK}${ZONE}
  # Fri Jan  2 03:04:05 2026; Fri Jan  2 03:04:05 CET 2026
  ${WEEKDAY}${MONTH} +${DAY} ${CLOCK}(?: (?<zone>[A-Za-z]{1,5}))? ${YEAR}(?: (?<offset>[+-]\d{4}))?
  # Fri Jan 02 2026 03:04:05 GMT+0100; Jan 2, 2026, 3:04:05 AM
  ${WEEKDAY}${MONTH} +${DAY},? ${YEAR},? ${CLOCK}${ZONE}
  # 2026/01/02 03:04:05
  ${YEAR}[/.]${NUMBER}[/.]${DAY}[ T]${CLOCK}${ZONE}
  # 2026-01-02 03:04:05 CET; 2026-01-02T03:04:05+00:00Z
  ${YEAR}-(?<month>\d\d)-${DAY}[ Tt]${CLOCK}${NAME}(?: ?(?<offset>[+-]\d\d(?::?\d\d)?))?(?: ?[A-Z]{1,5})?
  # 02.01.2026 03:04:05
  ${DAY}\.${NUMBER}\.${YEAR}[ ,T]+${CLOCK}${ZONE}
  # 1/2/2026 3:04:05 AM: with AM or PM the month comes first
  ${NUMBER}/${DAY}/${YEAR},? ${TIME}${HALF}${ZONE}
  # datetime.datetime(2026, 1, 2, 3, 4, 5), as Python shows it
  datetime\.datetime\(${YEAR}, ${NUMBER}, ${DAY}, (?<hour>\d{1,2}), (?<minute>\d{1,2})(?:, (?<second>\d{1,2})(?:, (?<micros>\d{1,6}))?)?(?:, tzinfo=(?:datetime\.timezone\.utc|<UTC>|tzutc\(\)))?\)
`).map((spelling) => new RegExp(`^${spelling}$`));

/** What a spelling tells, by the names of the groups above. */
export type TimeParts = Readonly<Record<string, string | undefined>>;

/** The parts of a time in a known spelling. */
export function partsOf(text: string): TimeParts | undefined {
  for (const spelling of SPELLINGS) {
    const groups = spelling.exec(text)?.groups;
    if (groups) return groups;
  }
  return undefined;
}

/** Go's monotonic reading, a zone's name in brackets behind its offset, quotes around it all. */
const DECORATION = /^"|"$| m=[+-][\d.]+$|\[[A-Za-z/_+-]{1,40}\]$| \([^)]{1,60}\)$/g;
const DOTNET = /^\\?\/Date\((-?\d{1,17})(?:[+-]\d{4})?\)\\?\/$/;

/** What is left of a text when what some libraries put around a time is gone. */
export function withoutDecoration(text: string): string {
  return text.replace(DECORATION, "").replace(/[\u00a0\u202f]/g, " ").replace("\u2212", "-")
    .replace(DOTNET, "$1");
}
