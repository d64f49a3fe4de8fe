import assert from "node:assert/strict";
import { createOutages } from "../../lib/gate/outages.ts";
import { applyRecord, emptyState, type StateRecord } from "../../lib/queue/state.ts";
import { fakeClock } from "../support/clock.ts";

const LONGEST_MS = 3_600_000;

function world(clock = fakeClock(), saved = emptyState().offline) {
  const records: StateRecord[] = [];
  const telling = new Set<string>();
  const outages = createOutages({
    clock,
    longestMs: LONGEST_MS,
    isBeingTold: (node) => telling.has(node),
    saved,
    remember: (record) => void records.push(record),
  });
  return {
    clock,
    outages,
    records,
    telling,
    /** Said so long ago, and told. */
    offline(node: string, agoMs = 0) {
      outages.offline(node, clock.monotonic() - agoMs, clock.now() - agoMs);
      outages.told(node);
    },
    held: (node: string) => outages.heldUntil({ node, service: "x" }, clock.monotonic()),
  };
}

function savedBy(records: Iterable<StateRecord>) {
  const state = emptyState();
  for (const record of records) applyRecord(state, record);
  return state.offline;
}

Deno.test("createOutages: a restart brings no node back, and time goes on meanwhile", async () => {
  const { clock, outages, records, offline } = world();
  const start = clock.monotonic();
  offline("vps");
  offline("piha");
  outages.online("piha", clock.now());
  await clock.advance(600_000);

  for (const left of [records, [...outages.snapshot()]]) {
    const next = world(clock, savedBy(left));
    assert.equal(next.held("vps"), start + LONGEST_MS);
    assert.equal(next.held("piha"), 0);
    assert.equal(next.outages.online("vps", clock.now()), true);
  }
  await clock.advance(LONGEST_MS - 600_000);
  assert.deepEqual([...outages.snapshot()], []);
});

Deno.test("createOutages: it counts from when the node went, not from when that was heard", () => {
  const { clock, offline, held } = world();
  offline("vps", LONGEST_MS);
  offline("piha", LONGEST_MS - 60_000);
  assert.equal(held("vps"), 0);
  assert.equal(held("piha"), clock.monotonic() + 60_000);
});

Deno.test("createOutages: a node that is said to be offline all the time is written once a minute", async () => {
  const { clock, outages, records } = world();
  for (let i = 0; i < 12; i++) {
    outages.offline("vps", clock.monotonic(), clock.now());
    await clock.advance(10_000);
  }
  assert.equal(records.length, 2);
  assert.equal(outages.online("vps", clock.now()), true);
  assert.equal(outages.online("vps", clock.now()), false);
  outages.offline("vps", clock.monotonic(), clock.now());
  assert.deepEqual(records.slice(2).map(({ is }) => is), ["online", "offline"]);
});

Deno.test("createOutages: a node's outage holds its services, not itself, until it is back", async () => {
  const { clock, outages, offline, held } = world();
  offline("vps");
  assert.equal(held("vps"), clock.monotonic() + LONGEST_MS);
  assert.equal(outages.heldUntil({ node: "vps", service: "vps" }, clock.monotonic()), 0);
  assert.equal(held("piha"), 0);
  // News from before it went is no sign of life.
  assert.equal(outages.online("vps", clock.now() - 1), false);
  assert.equal(outages.isOffline("vps", clock.now()), false, "what was said at that time");
  await clock.advance(1);
  assert.equal(outages.isOffline("vps", clock.now()), true);
  assert.equal(outages.online("vps", clock.now()), true);
  assert.equal(held("vps"), 0);
});

Deno.test("createOutages: nothing is held unless a person knows, or is about to", () => {
  const { clock, outages, telling, held } = world();
  outages.offline("vps", clock.monotonic(), clock.now());
  assert.equal(held("vps"), 0);
  telling.add("vps");
  assert.equal(held("vps"), clock.monotonic() + LONGEST_MS);
  telling.delete("vps");
  outages.told("vps");
  assert.equal(held("vps"), clock.monotonic() + LONGEST_MS);
});

Deno.test("createOutages: away again within the minute is written down again", async () => {
  const { clock, outages, records, offline } = world();
  offline("vps");
  await clock.advance(1_000);
  outages.online("vps", clock.now());
  await clock.advance(1_000);
  outages.offline("vps", clock.monotonic(), clock.now());
  assert.equal(savedBy(records).get("vps")?.atMs, clock.now());
});

Deno.test("createOutages: older news of an outage does not let older signs of life end it", () => {
  const { clock, outages, offline } = world();
  const now = clock.now();
  offline("vps", 100);
  outages.offline("vps", clock.monotonic() - 500, now - 500);
  assert.equal(outages.online("vps", now - 300), false);
  assert.equal(outages.online("vps", now - 50), true);
});

Deno.test("createOutages: older news is not taken, newer news by a minute is written at once", () => {
  const { clock, outages, records } = world();
  const say = (ago: number) => outages.offline("vps", clock.monotonic() - ago, clock.now() - ago);
  say(60_000);
  say(1);
  assert.equal(records.length, 1);
  say(0);
  assert.deepEqual(records.map((record) => record.is === "offline" && record.atMs), [
    clock.now() - 60_000,
    clock.now(),
  ]);
  outages.told("vps");
  outages.told("vps");
  assert.equal(records.length, 3, "that a person was told is written once");
});

Deno.test("createOutages: told once, a node that is said to be offline again stays so", async () => {
  const { clock, outages, records, offline, held } = world();
  offline("vps");
  await clock.advance(61_000);
  outages.offline("vps", clock.monotonic(), clock.now());
  assert.equal(held("vps"), clock.monotonic() + LONGEST_MS);
  assert.deepEqual(records.at(-1), {
    ...{ is: "offline", node: "vps", atMs: clock.now(), told: true },
  });
});

Deno.test("createOutages: of too many after a restart the one that went first is forgotten", () => {
  const clock = fakeClock();
  const saved = emptyState().offline;
  for (let n = 0; n < 1_000; n++) {
    const node = `n${n}`;
    saved.set(node, { is: "offline", node, atMs: clock.now() - n - 1, told: true });
  }
  const { offline, held } = world(clock, saved);
  offline("one more");
  const isHeld = ["n0", "n998", "n999", "one more"].map((node) => held(node) > 0);
  assert.deepEqual(isHeld, [true, true, false, true]);
});
