/**
 * How bad an event is, from what its sender says in whatever place.
 *
 * @module
 */
import { isObject } from "../base/json.ts";
import { kindOf } from "./family.ts";
import type { Fields } from "./payload.ts";
import { knownRank } from "./severity.ts";

/** Zabbix counts the other way round than syslog. */
const ZABBIX = ["not classified", "information", "warning", "average", "high", "disaster"] as const;

/** A severity as an event carries it. */
interface Grade {
  readonly severity: string;
  /** As sent, where that is a word that nobody defined. */
  readonly unknown?: string;
}

/**
 * The severity of an event of `type`: as sent, if it can be ranked. Zabbix' numbers count as
 * Zabbix' words where the payload shows whose they are. What is missing is looked for in `level`
 * and in the alert's labels, and is info in the end. A known fault with a word that nobody defined
 * is a warning.
 */
export function gradeOf(sent: string, { type, payload }: { type: string; payload: Fields }): Grade {
  const severity = zabbixWord(sent, payload) ?? (sent || labelOf(payload));
  if (severity !== "" && knownRank(severity) !== undefined) return { severity };
  if (severity === "") return { severity: "info" };
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
