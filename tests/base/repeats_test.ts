import assert from "node:assert/strict";
import { createRepeats } from "../../lib/base/repeats.ts";
import { fakeClock } from "../support/clock.ts";

function repeating(options: { readonly onForgotten?: () => void } = {}) {
  const clock = fakeClock();
  const told: string[] = [];
  const repeats = createRepeats<string, string>({
    clock,
    windowMs: 1_000,
    mostLines: 3,
    mostRuns: 4,
    mostCounts: 2,
    groupOf: (first) => first.slice(0, 1),
    tellRepeated: (first, repeated) => told.push(`${first} x${repeated}`),
    tellLeftOut: (group, count) => told.push(`${group} +${count}`),
    ...options,
  });
  return {
    clock,
    told,
    repeats,
    note(key: string) {
      const run = repeats.find(key);
      if (run) run.repeated++;
      else if (repeats.isFull) repeats.leaveOut(key.slice(0, 1));
      else {
        repeats.begin(key, key);
        told.push(key);
      }
    },
  };
}

Deno.test("createRepeats: of new ones so many are told in a window, of counts so many at its end", async () => {
  const { clock, told, note } = repeating();
  for (const key of ["a1", "a2", "b3", "b4", "a1", "a2", "b3", "b3"]) note(key);
  assert.deepEqual(told.splice(0), ["a1", "a2", "b3"]);
  await clock.advance(999);
  assert.deepEqual(told, []);
  await clock.advance(1);
  assert.deepEqual(told, ["a1 x1", "a2 x1", "b +3"]);
});

Deno.test("createRepeats: what goes on over a window's end is only counted, and fills the bound of runs", async () => {
  const { clock, told, note } = repeating();
  for (const key of ["a1", "a2", "a1", "a2"]) note(key);
  await clock.advance(1_000);
  told.length = 0;
  for (const key of ["a1", "a2", "c3", "c4", "c5"]) note(key);
  assert.deepEqual(told.splice(0), ["c3", "c4"]);
  await clock.advance(1_000);
  assert.deepEqual(told, ["a1 x1", "a2 x1", "c +1"]);
});

Deno.test("createRepeats: with an end of all runs, none goes on over a window's end", async () => {
  let forgotten = 0;
  const { clock, told, note } = repeating({ onForgotten: () => forgotten++ });
  for (const key of ["a1", "a1"]) note(key);
  await clock.advance(1_000);
  assert.equal(clock.waiting, 0);
  note("a1");
  assert.deepEqual([told, forgotten], [["a1", "a1 x1", "a1"], 1]);
});

Deno.test("createRepeats: a run that is begun again tells its count first, as a line of the window", () => {
  const { told, repeats } = repeating();
  const run = repeats.begin("a1", "a1");
  run.repeated = 4;
  assert.equal(repeats.begin("a1", "a1"), run);
  assert.deepEqual([told, run.repeated, repeats.isFull], [["a1 x4"], 0, true]);
});
