import assert from "node:assert/strict";
import { foldedLine } from "../lib/fold.ts";
import type { Fields } from "../lib/log.ts";
import { fakeClock } from "./support/clock.ts";

function folded() {
  const clock = fakeClock();
  const lines: Fields[] = [];
  return { clock, lines, line: foldedLine(clock, (fields) => lines.push(fields)) };
}

Deno.test("foldedLine: the first is logged at once, what repeats is counted every 5 s", async () => {
  const { clock, lines, line } = folded();
  for (let i = 0; i < 4; i++) line.log("a", () => ({ svc_key: "a", i }));
  assert.deepEqual(lines, [{ svc_key: "a", i: 0 }]);
  await clock.advance(4_999);
  assert.equal(lines.length, 1);
  await clock.advance(1);
  assert.deepEqual(lines[1], { svc_key: "a", i: 0, repeated: 3 });
});

Deno.test("foldedLine: one that goes on repeating is only counted; after a quiet window it is new", async () => {
  const { clock, lines, line } = folded();
  line.log("a", () => ({ n: 1 }));
  line.log("a", () => ({ n: 2 }));
  await clock.advance(5_000);
  line.log("a", () => ({ n: 3 }));
  assert.deepEqual(lines, [{ n: 1 }, { n: 1, repeated: 1 }]);
  await clock.advance(5_000);
  assert.deepEqual(lines[2], { n: 1, repeated: 1 });
  await clock.advance(5_000);
  line.log("a", () => ({ n: 4 }));
  assert.deepEqual(lines[3], { n: 4 });
  assert.equal(lines.length, 4);
});

Deno.test("foldedLine: lines of different keys are not alike", () => {
  const { lines, line } = folded();
  line.log("a", () => ({ key: "a" }));
  line.log("b", () => ({ key: "b" }));
  assert.deepEqual(lines, [{ key: "a" }, { key: "b" }]);
});

Deno.test("foldedLine: flush logs the counts now, and each once", async () => {
  const { clock, lines, line } = folded();
  for (let i = 0; i < 3; i++) line.log("a", () => ({}));
  line.flush();
  assert.deepEqual(lines, [{}, { repeated: 2 }]);
  await clock.advance(20_000);
  assert.equal(lines.length, 2);
});

Deno.test("foldedLine: fields are made for the first alone", () => {
  const { line } = folded();
  let made = 0;
  for (let i = 0; i < 1_000; i++) line.log("a", () => ({ made: ++made }));
  assert.equal(made, 1);
});

Deno.test("foldedLine: without anything to count no timer is left", async () => {
  const { clock, line } = folded();
  line.log("a", () => ({}));
  assert.equal(clock.waiting, 1);
  await clock.advance(10_000);
  assert.equal(clock.waiting, 0);
});

Deno.test("foldedLine: of lines that never repeat 250 are logged in 5 s, the rest is one number", async () => {
  const { clock, lines, line } = folded();
  for (let i = 0; i < 1_000; i++) line.log(`key-${i}`, () => ({ i }));
  assert.equal(lines.length, 250);
  await clock.advance(5_000);
  assert.deepEqual(lines.slice(250), [{ others: 750 }]);
  line.log("new", () => ({ new: true }));
  assert.deepEqual(lines.at(-1), { new: true });
});

Deno.test("foldedLine: many that go on repeating hide nothing new", async () => {
  const { clock, lines, line } = folded();
  for (let window = 0; window < 3; window++) {
    for (let i = 0; i < 200; i++) {
      line.log(`${window}-${i}`, () => ({ window, i }));
      for (let earlier = 0; earlier <= window; earlier++) line.log(`${earlier}-${i}`, () => ({}));
    }
    await clock.advance(5_000);
  }
  // 600 repeat now: 250 of them are counted one by one.
  assert.deepEqual(lines.slice(-2), [{ window: 1, i: 49, repeated: 1 }, { others: 350 }]);
  line.log("new", () => ({ new: true }));
  assert.deepEqual(lines.at(-1), { new: true });
});

Deno.test("foldedLine: a flood of different lines loses no count and leaves no timer", async () => {
  const { clock, lines, line } = folded();
  for (let i = 0; i < 35_000; i++) {
    line.log(`key-${i}`, () => ({ i }));
    line.log(`key-${i}`, () => ({ i }));
  }
  await clock.advance(15_000);
  const counted = lines.map(({ repeated, others }) => Number(repeated ?? others ?? 1));
  assert.equal(counted.reduce((sum, count) => sum + count, 0), 70_000);
  assert.equal(lines.length, 501);
  assert.equal(clock.waiting, 0);
  line.log("key-0", () => ({ again: true }));
  assert.deepEqual(lines.at(-1), { again: true });
});
