import assert from "node:assert/strict";
import { createCured, type WellRecord } from "../../lib/gate/cured.ts";
import { targetKey } from "../../lib/event/target.ts";
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

Deno.test("createCured: good news that a wrong clock dated ahead ends no later fault", () => {
  const cured = createCured();
  cured.well(about("service_recovered", 9_000), "k", false);
  const fault = (happenedAt: number, heardAt: number) =>
    cured.isOver({ ...about("service_unhealthy", happenedAt), heardAt }, "k");
  assert.deepEqual([fault(2_000, 2_000), fault(1_999, 2_000)], [false, true]);
});

Deno.test("createCured: good news of what was well is not written down, nor kept for a restart", () => {
  const records: WellRecord[] = [];
  const keyOf = (service: string) => targetKey({ node: "piha", service });
  const cured = createCured({ remember: (record) => void records.push(record) });
  cured.well(about("service_recovered", 100), keyOf("a"), false);
  cured.well(about("service_recovered", 200), keyOf("b"), true);
  assert.deepEqual(records.map(({ atMs }) => atMs), [200]);
  assert.deepEqual([...cured.snapshot()], records);
  const later = createCured({ saved: records });
  assert.deepEqual([...later.snapshot()], records, "for the restart after that, too");
  const isOver = (key: string) => later.isOver(about("service_unhealthy", 99), key);
  assert.deepEqual([keyOf("a"), keyOf("b")].map(isOver), [false, true]);
});
