/**
 * What the agent itself writes, sound, for fuzzers to alter.
 *
 * @module
 */
import { historyText } from "../../lib/observe/history/line.ts";
import type { HistoryLine } from "../../lib/observe/history/line.ts";
import { encodeRecord } from "../../lib/queue/state_lines.ts";
import type { StateRecord } from "../../lib/queue/state.ts";
import { waitingEvent } from "../support/waiting_event.ts";

const target = { node: "piha", service: "mosquitto" };
const actionId = "plan-piha-mosquitto-1767323045";
const THEN_MS = 1_767_323_045_000;

/** A record of each kind in the agent's journal, as they were written at some time. */
export function stateRecords(atMs = THEN_MS): readonly unknown[] {
  const times = { timestamp: atMs / 1000, heardAt: atMs, happenedAt: atMs };
  const heard = { event: waitingEvent(times), arrivedMs: atMs, serial: 3 };
  const lesser = waitingEvent({ ...times, type: "restart_loop", severity: "warning" });
  const merged = { type: lesser.type, severity: lesser.severity, count: 2 };
  const origin = { source: "agent", sent_as: "pi" };
  const records: readonly StateRecord[] = [
    { is: "waiting", ...heard, failures: 0 },
    {
      ...{ is: "waiting", ...heard, failures: 2 },
      event: waitingEvent({ ...times, service: "traefik", origin }),
      merged: [{ ...merged, newest: { ...heard, event: lesser, serial: 2 } }, merged],
    },
    { is: "done", target },
    { is: "proposing", target, serial: 3, actionId, atMs },
    { is: "announced", target, actionId },
    { is: "cooldown", target, serial: 3, atMs, gravity: 4 },
    { is: "offline", node: "chelsty-ha", atMs, told: true },
    { is: "online", node: "chelsty-ha" },
    { is: "flaps", target, bad: true, changesMs: [atMs, atMs + 9_000], told: { atMs, gravity: 4 } },
    { is: "well", target, type: "service_recovered", atMs },
    { is: "spent", of: "diagnosis", atMs: [atMs, atMs + 1] },
  ];
  return records.map((one) => JSON.parse(encodeRecord(one)));
}

const at = "2026-01-02T03:04:05.000Z";
const about = {
  ...target,
  type: "service_unhealthy",
  severity: "error",
  timestamp: THEN_MS / 1000,
};
const attempts = [{ link: "qwen2.5:7b", outcome: "not_json", milliseconds: 4_000 }];

const LINES: readonly HistoryLine[] = [
  { at, outcome: "benign", channel: "health_events", ...about, type: "service_recovered" },
  { at, outcome: "cooldown", ...about, heard: at, repeated: 4, detail: "181 s left" },
  { at, outcome: "dropped", others: 31, detail: "the queue was full" },
  {
    ...{ at, outcome: "proposed", ...about, detail: "the container was killed" },
    ...{ action: "restart", action_id: actionId, confidence: 0.9, requires_human: false },
    ...{ rules: ["careful"], model: "qwen2.5:7b", waited_ms: 40, diagnosis_ms: 9_000, attempts },
  },
  { at, outcome: "exhausted", ...about, attempts, detail: "no link answered" },
  {
    at,
    outcome: "approved",
    ...target,
    by: "operator-ada",
    action: "restart",
    action_id: actionId,
  },
];

export const HISTORY_LINES: readonly unknown[] = LINES.map((one) => JSON.parse(historyText(one)));
