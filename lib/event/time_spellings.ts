const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");

/** Hours east of Greenwich; names that more than one country uses for its own are left out. */
const ZONES: ReadonlyMap<string, number> = new Map(Object.entries({
  ...{ z: 0, ut: 0, utc: 0, gmt: 0, wet: 0, west: 1, bst: 1, cet: 1, cest: 2, mez: 1, mesz: 2 },
  ...{ eet: 2, eest: 3, msk: 3, est: -5, edt: -4, cst: -6, cdt: -5, mst: -7, mdt: -6 },
  ...{ pst: -8, pdt: -7 },
}));

const MONTH = "(?<month>[A-Za-z]{3})[a-z]*\\.?";
const DAY = "(?<day>\\d{1,2})";
const CLOCK =
  "(?<hour>\\d{1,2}):(?<minute>\\d\\d)(?::(?<second>\\d\\d)(?:[.,](?<fraction>\\d{1,30}))?)?" +
  " ?(?<half>[AaPp]\\.?[Mm]\\.?)?";
const ZONE = "(?: ?(?<zone>[A-Za-z]{1,5}))?(?: ?(?<offset>[+-]\\d\\d:?\\d\\d))?(?: [A-Z]{1,5})?";
const WEEKDAY = "(?:[A-Za-z]{2,9}[.,]? +)?";

const SPELLINGS = [
  // Fri, 02 Jan 2026 03:04:05 +0000; Friday, 02-Jan-26 03:04:05 GMT; 02/Jan/2026:03:04:05 +0000
  `${WEEKDAY}${DAY}[ /-]${MONTH}[ /-](?<year>\\d{4}|\\d\\d)[ ,:]+${CLOCK}${ZONE}`,
  // Fri Jan  2 03:04:05 2026; Fri Jan  2 03:04:05 CET 2026
  `${WEEKDAY}${MONTH} +${DAY} ${CLOCK}(?: (?<zone>[A-Za-z]{1,5}))? (?<year>\\d{4})(?: (?<offset>[+-]\\d{4}))?`,
  // Fri Jan 02 2026 03:04:05 GMT+0100; Jan 2, 2026, 3:04:05 AM
  `${WEEKDAY}${MONTH} +${DAY},? (?<year>\\d{4}),? ${CLOCK}${ZONE}`,
  // 2026/01/02 03:04:05
  `(?<year>\\d{4})[/.](?<month>\\d{1,2})[/.]${DAY}[ T]${CLOCK}${ZONE}`,
  // 2026-01-02 03:04:05 CET; 2026-01-02T03:04:05+00:00Z
  `(?<year>\\d{4})-(?<month>\\d\\d)-${DAY}[ Tt]${CLOCK}(?: ?(?<zone>[A-Za-z]{1,5}))?` +
  "(?: ?(?<offset>[+-]\\d\\d(?::?\\d\\d)?))?(?: ?[A-Z]{1,5})?",
  // 02.01.2026 03:04:05
  `${DAY}\\.(?<month>\\d{1,2})\\.(?<year>\\d{4})[ ,T]+${CLOCK}${ZONE}`,
  // 1/2/2026 3:04:05 AM: with AM or PM the month comes first
  `(?<month>\\d{1,2})/${DAY}/(?<year>\\d{4}),? ${CLOCK.replace(/\?$/, "")}${ZONE}`,
].map((spelling) => new RegExp(`^${spelling}$`));

/** 20260102030405: as milliseconds it would be in the year 2612. */
const COMPACT = /^(20\d{6})(\d{6})$/;
const DOTNET = /^\\?\/Date\((-?\d{1,17})(?:[+-]\d{4})?\)\\?\/$/;
const PYTHON =
  /^datetime\.datetime\((\d{4}), (\d{1,2}), (\d{1,2}), (\d{1,2}), (\d{1,2})(?:, (\d{1,2})(?:, (\d{1,6}))?)?(?:, tzinfo=(?:datetime\.timezone\.utc|<UTC>|tzutc\(\)))?\)$/;

/** Go's monotonic reading, a zone's name in brackets behind its offset, quotes around it all. */
const DECORATION = /^"|"$| m=[+-][\d.]+$|\[[A-Za-z/_+-]{1,40}\]$| \([^)]{1,60}\)$/g;

const two = (digits: string | number) => String(digits).padStart(2, "0");

/**
 * A time as the libraries of other languages write it, in ISO 8601 or as epoch milliseconds;
 * undefined for no known spelling. Known are RFC 2822 and HTTP dates, C's asctime and `date`,
 * JavaScript's and Java's Date, Java's zone in brackets, Go's String, Python's repr, .NET's
 * `/Date(…)/`, the logs of nginx, dates with dots.
 */
export function isoOf(text: string): string | undefined {
  const bare = text.replace(DECORATION, "").replace(/[\u00a0\u202f]/g, " ").replace("\u2212", "-");
  const millis = DOTNET.exec(bare)?.[1];
  if (millis !== undefined) return millis;
  if (COMPACT.test(bare)) return bare.replace(COMPACT, "$1T$2Z");
  const python = PYTHON.exec(bare);
  if (python) {
    const [, year = "", month = "", day = "", hour = "", minute = "", second = "0", micros = "0"] =
      python;
    return `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}.` +
      `${micros.padStart(6, "0")}Z`;
  }
  for (const spelling of SPELLINGS) {
    const groups = spelling.exec(bare)?.groups;
    if (groups) return fromParts(groups);
  }
  return bare === text ? undefined : bare;
}

function fromParts(parts: Readonly<Record<string, string | undefined>>): string | undefined {
  const { year = "", month = "", day = "", hour = "", minute = "", second = "0" } = parts;
  const monthNumber = /\d/.test(month) ? Number(month) : MONTHS.indexOf(month.toLowerCase()) + 1;
  const zone = zoneOf(parts["zone"], parts["offset"]);
  const hours = hoursOf(Number(hour), parts["half"]);
  if (monthNumber === 0 || zone === undefined || hours === undefined) return undefined;
  const fraction = parts["fraction"] === undefined ? "" : `.${parts["fraction"]}`;
  return `${year.length === 2 ? `20${year}` : year}-${two(monthNumber)}-${two(day)}T` +
    `${two(hours)}:${minute}:${two(second)}${fraction}${zone}`;
}

/** An offset counts more than the name before it; `GMT+0100` is one hour east. */
function zoneOf(name: string | undefined, offset: string | undefined): string | undefined {
  if (offset !== undefined) return offset;
  const hours = name === undefined ? 0 : ZONES.get(name.toLowerCase());
  return hours === undefined ? undefined : `${hours < 0 ? "-" : "+"}${two(Math.abs(hours))}:00`;
}

function hoursOf(hour: number, half: string | undefined): number | undefined {
  if (half === undefined) return hour;
  if (hour < 1 || hour > 12) return undefined;
  return hour % 12 + (/^p/i.test(half) ? 12 : 0);
}
