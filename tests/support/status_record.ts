import { STATUS_VERSION, type StatusRecord } from "../../lib/observe/status/record.ts";

/** 2026-01-02T03:04:05Z */
export const THEN = 1_767_323_045;

/** A well agent's record, with what the test says. */
export function statusRecord(changes: Partial<StatusRecord> = {}): StatusRecord {
  return {
    planner_status: STATUS_VERSION,
    version: "0.1.0",
    node: "solaria",
    pid: 4711,
    started: THEN - 7_200,
    written: THEN,
    stopped: null,
    redis: {
      state: "subscribed",
      since: THEN - 7_000,
      channels: ["health_events", "world_updates"],
      refused: [],
      detail: "",
    },
    diagnosing: 0,
    queued: 0,
    parked: 0,
    events: [],
    cooling_down: 0,
    cooldowns: [],
    links: [{ link: "m@host", model: "m", state: "closed", failures: 0, next_try: null }],
    since_start: { received: 9, outcomes: { benign: 7, proposed: 2, dropped: 0 } },
    minutes: [
      { from: THEN - 4_000, received: 5, outcomes: { benign: 5 } },
      { from: THEN - 600, received: 4, outcomes: { benign: 2, proposed: 2 } },
    ],
    last_proposal: {
      action_id: "plan-piha-mosquitto-1767322445",
      node: "piha",
      service: "mosquitto",
      action: "restart",
      at: THEN - 590,
    },
    ...changes,
  };
}
