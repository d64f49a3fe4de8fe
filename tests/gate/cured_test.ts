import assert from "node:assert/strict";
import { createCured } from "../../lib/gate/cured.ts";
import { waitingEvent } from "../support/waiting_event.ts";

const about = (type: string, happenedAt: number) => ({
  ...waitingEvent({ type, happenedAt }),
  payload: {},
});

Deno.test("createCured: good news from longer ago takes nothing back", () => {
  const cured = createCured();
  cured.well(about("service_recovered", 100), "k", false);
  cured.well(about("service_recovered", 50), "k", false);
  const fault = (happenedAt: number) => cured.isOver(about("service_unhealthy", happenedAt), "k");
  assert.deepEqual([fault(49), fault(99), fault(100)], [true, true, false]);
});
