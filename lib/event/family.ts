import { FAULTS } from "./words/faults.ts";
import { HEALTH_SUBJECTS, NEWS, OPENED_BY_RESOLVED, STATE_WORDS } from "./words/good.ts";
import { anyOf, normalType, oneOf, typePattern } from "./type.ts";

export type FaultFamily =
  | "down" // does not run, or does not answer at all
  | "unhealthy" // runs, and its own check fails
  | "crash_loop" // was restarted, again and again
  | "out_of_memory"
  | "drifted" // what should run is not there, or is not as described
  | "starting" // not ready yet
  | "application" // something inside one: an integration, a job, slow answers
  | "node" // the machine itself: away, rebooted, overloaded
  | "network" // a link, a name, a device out of reach
  | "disk" // space, file systems and drives
  | "hardware" // heat, fans, memory modules, graphics cards
  | "power" // mains, batteries, voltage
  | "data" // backups, snapshots, databases
  | "certificate"
  | "access" // logins, permissions, attacks
  | "update" // an update or deployment that went wrong
  | "unknown";

type NewsFamily =
  | "good_news" // something is well again, or went well
  | "planned" // somebody meant it: maintenance, a downtime
  | "change"; // deployments, remediation, a new version: made, or possible

/** What a type says: senders spell the same fault in a hundred ways, of mostly known words. */
export interface Kind {
  /** The type in its {@linkcode normalType normal form}. */
  readonly form: string;
  readonly family: FaultFamily | NewsFamily;
  /** What good news is good about; for a fault its family. */
  readonly about: FaultFamily;
  /** The form without words of state: `disk_usage_high` and `disk_usage_normal` share it. */
  readonly subject: string;
}

/** Types remembered at once. A homelab has some dozens; a hostile sender makes new ones. */
const MOST_KINDS = 2_000;
const kinds = new Map<string, Kind>();

export function kindOf(type: string): Kind {
  const known = kinds.get(type);
  if (known) return known;
  if (kinds.size >= MOST_KINDS) kinds.clear();
  const kind = readKind(type);
  kinds.set(type, kind);
  return kind;
}

export function familyOf(type: string): Kind["family"] {
  return kindOf(type).family;
}

function readKind(type: string): Kind {
  const form = normalType(type);
  const subject = form.split("_").filter((word) => !STATE_WORDS.has(word)).join("_")
    .replace(/^cert(?=_|$)/, "certificate");
  const news = firstIn(NEWS_ROWS, form) ??
    (OPENED_BY_RESOLVED.test(type) ? "good_news" : undefined);
  const about = news === undefined ? faultIn(form) : aboutOf(form, subject);
  return { form, family: news ?? about, about, subject };
}

/** What is well again. Health, where nothing else is named. */
function aboutOf(form: string, subject: string): FaultFamily {
  const words = subject.split("_").filter((word) => word !== "" && !HEALTH_SUBJECTS.has(word));
  if (words.length === 0) return "unhealthy";
  const told = faultIn(words.join("_"));
  return told === "unknown" ? faultIn(form) : told;
}

const faultIn = (form: string): FaultFamily => firstIn(FAULT_ROWS, form) ?? "unknown";

/** The rows of a table: a family, its words, and those beside which they do not count. */
function rowsOf<Family>(table: string) {
  return table.trim().split(/\n(?=\S)/).map((row) => {
    const [name = "", words = "", besides] = row.split(/:\s|\sbesides:\s/);
    const [family, isWhole] = name.split(", ");
    return {
      family: family as Family,
      words: isWhole ? typePattern(`^${oneOf(words)}$`) : anyOf(words),
      besides: besides === undefined ? undefined : anyOf(besides),
    };
  });
}

const NEWS_ROWS = rowsOf<NewsFamily>(NEWS);
const FAULT_ROWS = rowsOf<FaultFamily>(FAULTS);

/** The family of the first row that fits. */
function firstIn<Family>(
  rows: ReturnType<typeof rowsOf<Family>>,
  form: string,
): Family | undefined {
  return rows.find(({ words, besides }) => words.test(form) && !besides?.test(form))?.family;
}
