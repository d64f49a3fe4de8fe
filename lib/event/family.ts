/**
 * What kind of thing an event's type speaks of, read from its words: senders spell the same fault
 * in a hundred ways, and most of their words can be known.
 *
 * @module
 */
import { FAULTS, KNOWN_TYPES } from "./words/faults.ts";
import {
  GOOD_AFTER,
  GOOD_AT_THE_END,
  GOOD_ENDINGS,
  GOOD_TYPES,
  HEALTH_SUBJECTS,
  NEWS,
  OPENED_BY_RESOLVED,
  PLANNED,
  SPEAKS_OF_TROUBLE,
  STATE_WORDS,
} from "./words/good.ts";
import { normalType } from "./type.ts";

/** The kinds of fault, and `unknown` for a type that says nothing known. */
export type FaultFamily =
  /** It does not run, or does not answer at all. */
  | "down"
  /** It runs and its own check fails. */
  | "unhealthy"
  /** It was restarted, again and again. */
  | "crash_loop"
  | "out_of_memory"
  /** What should run is not there, or is not as described. */
  | "drifted"
  /** Not ready yet. */
  | "starting"
  /** Something inside an application: an integration, a job, slow answers. */
  | "application"
  /** The machine itself: away, rebooted, overloaded. */
  | "node"
  /** A link, a name, a device out of reach. */
  | "network"
  /** Space, file systems and drives. */
  | "disk"
  /** Heat, fans, memory modules, graphics cards. */
  | "hardware"
  /** Mains, batteries, voltage. */
  | "power"
  /** Backups, snapshots, databases. */
  | "data"
  | "certificate"
  /** Logins, permissions, attacks. */
  | "access"
  /** An update or deployment that went wrong. */
  | "update"
  | "unknown";

type Family =
  | FaultFamily
  /** Something is well again, or went well. */
  | "good_news"
  /** Somebody meant it: maintenance, a downtime. */
  | "planned"
  /** Something was changed, or could be: deployments, remediation, a new version. */
  | "change";

/** What a type says. */
export interface Kind {
  /** The type in its {@linkcode normalType normal form}. */
  readonly form: string;
  readonly family: Family;
  /** What good news is good about; for a fault its family. */
  readonly about: FaultFamily;
  /** The form without words of state: `disk_usage_high` and `disk_usage_normal` share it. */
  readonly subject: string;
}

/** Types remembered at once. A homelab has some dozens; a hostile sender makes new ones. */
const MOST_KINDS = 2_000;
const kinds = new Map<string, Kind>();

/** What a type says; the same type is looked at once. */
export function kindOf(type: string): Kind {
  const known = kinds.get(type);
  if (known) return known;
  if (kinds.size >= MOST_KINDS) kinds.clear();
  const kind = readKind(type);
  kinds.set(type, kind);
  return kind;
}

/** The family that a type belongs to. */
export function familyOf(type: string): Family {
  return kindOf(type).family;
}

function readKind(type: string): Kind {
  const form = normalType(type);
  const subject = form.split("_").filter((word) => !STATE_WORDS.has(word)).join("_")
    .replace(/^cert(?=_|$)/, "certificate");
  const news = newsIn(form) ?? (OPENED_BY_RESOLVED.test(type) ? "good_news" : undefined);
  if (news === undefined) {
    const family = faultIn(form);
    return { form, family, about: family, subject };
  }
  const about = aboutOf(form, subject);
  return { form, family: news, about, subject };
}

function newsIn(form: string): "good_news" | "planned" | "change" | undefined {
  if (NEWS.test(form)) return "change";
  if (GOOD_TYPES.test(form)) return "good_news";
  const closed = GOOD_AT_THE_END.exec(form);
  if (closed && !GOOD_AFTER.test(form.slice(0, closed.index))) return "good_news";
  if (SPEAKS_OF_TROUBLE.test(form)) return undefined;
  if (GOOD_ENDINGS.test(form)) return "good_news";
  return PLANNED.test(form) ? "planned" : undefined;
}

/** What is well again. Health, where nothing else is named. */
function aboutOf(form: string, subject: string): FaultFamily {
  const words = subject.split("_").filter((word) => word !== "" && !HEALTH_SUBJECTS.has(word));
  if (words.length === 0) return "unhealthy";
  const told = faultIn(words.join("_"));
  return told === "unknown" ? faultIn(form) : told;
}

function faultIn(form: string): FaultFamily {
  const known = KNOWN_TYPES.get(form);
  if (known) return known;
  return FAULTS.find(({ words, besides }) => words.test(form) && !besides?.test(form))?.family ??
    "unknown";
}
