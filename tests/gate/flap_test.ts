import assert from "node:assert/strict";
import { createFlaps, type FlapRecord } from "../../lib/gate/flap.ts";
import { fakeClock } from "../support/clock.ts";

const KEY = "piha\0grafana";
const [CRITICAL, ERROR, WARNING] = [0, 1, 2];

function flapping(changes: number, clock = fakeClock(), saved: Iterable<FlapRecord> = []) {
  const records: FlapRecord[] = [];
  const remember = (record: FlapRecord) => void records.push(record);
  const flaps = createFlaps({ changes, windowMs: 1_000, clock, saved, remember });
  /** Bad and well in turns, at these milliseconds before now. */
  const changed = (...agoMs: number[]) =>
    agoMs.forEach((ago, nth) => {
      const at = clock.monotonic() - ago;
      if (nth % 2 === 0) flaps.bad(KEY, at);
      else flaps.well(KEY, at);
    });
  return { clock, flaps, records, changed };
}

Deno.test("createFlaps: so many changes within the window before now are flapping", async () => {
  const { clock, flaps, changed } = flapping(4);
  changed(400, 300, 200, 100);
  assert.equal(flaps.isBad(KEY), false);
  assert.equal(flaps.flapping(KEY), 0);
  flaps.bad(KEY, clock.monotonic());
  assert.equal(flaps.isBad(KEY), true);
  assert.equal(flaps.flapping(KEY), 4);
  await clock.advance(699);
  assert.equal(flaps.flapping(KEY), 4);
  await clock.advance(1);
  assert.equal(flaps.flapping(KEY), 0);
});

Deno.test("createFlaps: hours that are heard in a moment are no flapping, and hide none", () => {
  const hours = flapping(4);
  hours.changed(5_400, 5_000, 4_000, 3_000, 2_000, 1_500);
  assert.equal(hours.flaps.flapping(KEY), 0);
  const recent = flapping(4);
  recent.changed(9_000, 8_000, 900, 700, 500, 300);
  assert.equal(recent.flaps.flapping(KEY), 4);
});

Deno.test("createFlaps: news that is older than what is known changes nothing", () => {
  const { clock, flaps, changed } = flapping(2);
  changed(100, 50);
  flaps.bad(KEY, clock.monotonic() - 80);
  assert.deepEqual([flaps.isBad(KEY), flaps.flapping(KEY)], [false, 0]);
});

Deno.test("createFlaps: of news of one moment the last counts, and one change is not written down", () => {
  const { flaps, records, changed } = flapping(2);
  changed(100, 100);
  assert.deepEqual([flaps.isBad(KEY), records], [false, []]);
  changed(100);
  assert.deepEqual(records.map(({ bad, changesMs }) => [bad, changesMs.length]), [[true, 2]]);
});

Deno.test("createFlaps: the same again is no change, and a well target that was never bad is none", () => {
  const { clock, flaps } = flapping(2);
  for (let i = 0; i < 10; i++) flaps.well(KEY, clock.monotonic());
  for (let i = 0; i < 10; i++) flaps.bad(KEY, clock.monotonic());
  assert.equal(flaps.flapping(KEY), 0);
});

Deno.test("createFlaps: told holds while it goes on flapping, a window at most, and for lesser faults", async () => {
  const { clock, flaps, changed } = flapping(2);
  changed(20, 10, 0);
  assert.equal(flaps.isTold(KEY, ERROR), false);
  flaps.told(KEY, { at: clock.monotonic(), gravity: ERROR });
  await clock.advance(989);
  assert.deepEqual([CRITICAL, ERROR, WARNING].map((grave) => flaps.isTold(KEY, grave)), [
    false,
    true,
    true,
  ]);
  await clock.advance(1);
  assert.equal(flaps.isTold(KEY, ERROR), false);
});

Deno.test("createFlaps: a restart forgets neither the flapping nor who was told", async () => {
  const before = flapping(2);
  before.changed(300, 200, 100);
  before.flaps.told(KEY, { at: before.clock.monotonic(), gravity: ERROR });
  await before.clock.advance(400);
  for (const saved of [before.records.slice(-1), [...before.flaps.snapshot()]]) {
    const after = flapping(2, before.clock, saved).flaps;
    assert.deepEqual([after.flapping(KEY), after.isTold(KEY, ERROR), after.isBad(KEY)], [
      2,
      true,
      true,
    ]);
  }
});

Deno.test("createFlaps: after a restart with fewer FLAP_CHANGES the last changes count", async () => {
  const before = flapping(4);
  before.changed(900, 800, 100, 50);
  const saved = [...before.flaps.snapshot()];
  const { flaps } = flapping(2, before.clock, saved);
  await before.clock.advance(850);
  assert.equal(flaps.flapping(KEY), 2);
  assert.deepEqual([...flaps.snapshot()].map(({ changesMs }) => changesMs.length), [2]);
  // What stays bad is known on, but no longer written down.
  await before.clock.advance(150);
  assert.deepEqual([...flaps.snapshot()], []);
});

Deno.test("createFlaps: 0 changes turn it off; what is over is forgotten", async () => {
  const off = flapping(0);
  off.changed(50, 40, 30, 20, 10);
  assert.equal(off.flaps.flapping(KEY), 0);
  const { clock, flaps, changed } = flapping(1);
  changed(1, 0);
  await clock.advance(1_001);
  flaps.prune();
  flaps.bad(KEY, clock.monotonic());
  assert.deepEqual([flaps.flapping(KEY), [...flaps.snapshot()]], [0, []]);
});

Deno.test("createFlaps: what stays bad is not forgotten, what is well is after the window", async () => {
  const { clock, flaps } = flapping(4);
  flaps.bad(KEY, clock.monotonic());
  await clock.advance(5_000);
  flaps.prune();
  assert.equal(flaps.isBad(KEY), true);
  flaps.well(KEY, clock.monotonic());
  await clock.advance(1_000);
  flaps.prune();
  // Of a target that is not known, good news changes nothing, and bad news is no change.
  flaps.bad(KEY, clock.monotonic());
  assert.deepEqual([...flaps.snapshot()], []);
});
