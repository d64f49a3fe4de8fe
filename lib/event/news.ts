import { isObject } from "../base/json.ts";
import { wordSet } from "../base/text/tables.ts";
import type { HealthEvent } from "./event.ts";
import { kindOf } from "./family.ts";
import type { Fields } from "./payload.ts";

export type News =
  | "fault" // something is wrong, or nobody knows what the type means
  | "recovery" // something is well again: what it cures is in cures.ts
  | "benign"; // meant, or a change that went well: nothing to do, and nothing is over by it

const YEAR_2000 = Date.UTC(2000, 0) / 1000;

/** Types that leave it to the payload how things are. */
const NEUTRAL =
  /(?:^|_)(?:alerts?|notification|status|state|heartbeat|(?:state|status)_changed?|monitor|check|event|problem|incident)$/;

const RESOLVED = wordSet("resolved recovered recovery cleared clear");
const WELL = wordSet("ok normal up healthy online passing alive");
const BAD = wordSet(`
  firing alerting problem down critical unhealthy triggered active failed failing error offline
  no_data nodata pending degraded warning`);

/** Where alerts say how they stand, beside the protocols below. */
const STATE_KEYS = [
  ...wordSet("status state alert_state alert_status health_status new_state notificationtype"),
];

/** What an event says: by its type, or as an alert whose payload says that it is over. */
export function newsOf(event: Pick<HealthEvent, "type" | "payload" | "timestamp">): News {
  const { form, family } = kindOf(event.type);
  switch (family) {
    case "good_news":
      return form === "heartbeat" && isBad(event.payload) ? "fault" : "recovery";
    case "planned":
    case "change":
      return "benign";
    default:
      return newsIn(event.payload, form, event.timestamp);
  }
}

/** Zabbix' macro for 1, a problem, or 0, its end; as its templates spell it. */
const ZABBIX_VALUES = ["EVENT.VALUE", "{EVENT.VALUE}", "EVENT_VALUE", "event_value"];

/** A payload says nothing of it without one of these keys; most payloads have none. */
const TELLING = wordSet(
  [
    ...STATE_KEYS,
    ...ZABBIX_VALUES,
    "alert heartbeat EVENT EVENT.STATUS TRIGGER.STATUS endsAt ends_at",
  ]
    .join(" "),
);

function newsIn(payload: Fields, form: string, seconds: number): News {
  if (!hasOneOf(TELLING, payload)) return "fault";
  const alert = isObject(payload["alert"]) ? payload["alert"] : payload;
  const states = statesOf(alert);
  if (states.some((state) => BAD.has(state))) return "fault";
  const kuma = statusOfKuma(payload);
  if (kuma === "3") return "benign";
  const isOver = kuma === "1" || isZabbixOk(payload) || hasEnded(alert, seconds) ||
    cameBack(payload) || states.some((state) => RESOLVED.has(state)) ||
    (NEUTRAL.test(form) || hasOneOf(GRAFANA, payload)) && states.some((state) => WELL.has(state));
  return isOver ? "recovery" : "fault";
}

function isBad(payload: Fields): boolean {
  const kuma = statusOfKuma(payload);
  return kuma === "0" || kuma === "2" || statesOf(payload).some((state) => BAD.has(state));
}

function statesOf(alert: Fields): string[] {
  return STATE_KEYS.map((key) => wordOf(alert[key])).filter((word) => word !== "");
}

function wordOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number"
    ? String(value).trim().toLowerCase()
    : "";
}

/** Uptime Kuma's heartbeat: 0 down, 1 up, 2 pending, 3 maintenance. */
function statusOfKuma({ heartbeat }: Fields): string {
  return isObject(heartbeat) ? wordOf(heartbeat["status"]) : "";
}

function isZabbixOk(payload: Fields): boolean {
  const event = payload["EVENT"];
  return ZABBIX_VALUES.some((key) => wordOf(payload[key]) === "0") ||
    isObject(event) && wordOf(event["VALUE"]) === "0" ||
    wordOf(payload["TRIGGER.STATUS"]) === "ok" || wordOf(payload["EVENT.STATUS"]) === "resolved";
}

/** Alertmanager's `endsAt` is in the future, or in the year 1, while an alert fires. */
function hasEnded(alert: Fields, seconds: number): boolean {
  const ends = alert["endsAt"] ?? alert["ends_at"];
  if (typeof ends !== "string" || !("startsAt" in alert || "starts_at" in alert)) return false;
  const at = Date.parse(ends) / 1000;
  return at > YEAR_2000 && at <= seconds;
}

/** Home Assistant's entity that was unavailable and has a state again. */
function cameBack({ old_state: before, new_state: after }: Fields): boolean {
  const word = (state: unknown) => wordOf(isObject(state) ? state["state"] : state);
  return word(before) === "unavailable" && !/^(?:|unavailable|unknown)$/.test(word(after));
}

/** Grafana's alerts name their rule. */
const GRAFANA = wordSet("ruleName ruleUrl ruleId orgId");

function hasOneOf(keys: ReadonlySet<string>, fields: Fields): boolean {
  for (const key in fields) if (keys.has(key)) return true;
  return false;
}
