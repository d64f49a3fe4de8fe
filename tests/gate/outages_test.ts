import assert from "node:assert/strict";
import { createOutages } from "../../lib/gate/outages.ts";
import { applyRecord, emptyState, type StateRecord } from "../../lib/queue/state.ts";
import { fakeClock } from "../support/clock.ts";

const LONGEST_MS = 3_600_000;
const SERVICE = { node: "vps", service: "traefik" };

function world(clock = fakeClock(), saved = emptyState().offline) {
  const records: StateRecord[] = [];
  const remember = (record: StateRecord) => void records.push(record);
  const outages = createOutages({ clock, longestMs: LONGEST_MS, saved, remember });
  return { clock, outages, records };
}

function savedBy(records: Iterable<StateRecord>) {
  const state = emptyState();
  for (const record of records) applyRecord(state, record);
  return state.offline;
}

Deno.test("createOutages: a restart brings no node back, and time goes on meanwhile", async () => {
  const { clock, outages, records } = world();
  const start = clock.monotonic();
  outages.offline("vps", start);
  outages.offline("piha", start);
  outages.online("piha");
  await clock.advance(600_000);

  for (const left of [records, [...outages.snapshot()]]) {
    const next = world(clock, savedBy(left)).outages;
    assert.equal(next.heldUntil(SERVICE, clock.monotonic()), start + LONGEST_MS);
    assert.equal(next.heldUntil({ node: "piha", service: "redis" }, clock.monotonic()), 0);
    assert.equal(next.online("vps"), true);
  }
  await clock.advance(LONGEST_MS - 600_000);
  assert.deepEqual([...outages.snapshot()], []);
});

Deno.test("createOutages: news of last week, from a file, holds in its own run alone", () => {
  const { clock, outages, records } = world();
  const now = clock.monotonic();
  outages.offline("vps", now, { toldMs: clock.now() - LONGEST_MS });
  outages.offline("piha", now, { toldMs: clock.now() + 60_000 });
  assert.equal(outages.heldUntil(SERVICE, now), now + LONGEST_MS);
  for (const left of [records, [...outages.snapshot()]]) {
    const next = world(clock, savedBy(left)).outages;
    assert.equal(next.heldUntil(SERVICE, now), 0);
    assert.equal(next.heldUntil({ node: "piha", service: "x" }, now), now + LONGEST_MS);
  }
});

Deno.test("createOutages: a node that is said to be offline all the time is written once a minute", async () => {
  const { clock, outages, records } = world();
  for (let i = 0; i < 12; i++) {
    outages.offline("vps", clock.monotonic());
    await clock.advance(10_000);
  }
  assert.equal(records.length, 2);
  assert.equal(outages.online("vps"), true);
  assert.equal(outages.online("vps"), false);
  outages.offline("vps", clock.monotonic());
  assert.deepEqual(records.slice(2).map(({ is }) => is), ["online", "offline"]);
});

Deno.test("createOutages: a node's outage holds its services, not itself, until it is back", () => {
  const { outages } = world();
  outages.offline("vps", 100);
  assert.equal(outages.heldUntil(SERVICE, 200), 100 + LONGEST_MS);
  assert.equal(outages.heldUntil({ node: "vps", service: "vps" }, 200), 0);
  assert.equal(outages.heldUntil({ node: "piha", service: "traefik" }, 200), 0);
  assert.equal(outages.online("vps"), true);
  assert.equal(outages.online("vps"), false);
  assert.equal(outages.heldUntil(SERVICE, 200), 0);
});

Deno.test("createOutages: an outage nothing is heard of holds for so long at most", () => {
  const { outages } = world();
  outages.offline("vps", 0);
  outages.offline("vps", 500);
  assert.equal(outages.heldUntil(SERVICE, LONGEST_MS + 499), LONGEST_MS + 500);
  assert.equal(outages.heldUntil(SERVICE, LONGEST_MS + 500), 0);
});
