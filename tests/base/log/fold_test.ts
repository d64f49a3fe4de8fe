import assert from "node:assert/strict";
import { foldedLines } from "../../../lib/base/log/fold.ts";
import { fakeClock } from "../../support/clock.ts";
import { recordingLog } from "../../support/log.ts";

/** One kind of line, and what it logged: without level and name, which are always the same. */
function folded() {
  const clock = fakeClock();
  const log = recordingLog();
  const line = foldedLines(log, clock)("warning", "thing");
  return {
    clock,
    line,
    get lines() {
      return log.lines.map(({ event, level, ...fields }) =>
        event === "thing" && level === "warning" ? fields : { event, level, ...fields }
      );
    },
  };
}

const leftOut = (lines: number) => ({
  event: "log_lines_left_out",
  level: "info",
  of: "thing",
  lines,
});

Deno.test("foldedLines: the first is logged at once, what repeats is counted every 5 s", async () => {
  const told = folded();
  const { clock, line } = told;
  for (let i = 0; i < 4; i++) line.log("a", () => ({ svc_key: "a", i }));
  assert.deepEqual(told.lines, [{ svc_key: "a", i: 0 }]);
  await clock.advance(4_999);
  assert.equal(told.lines.length, 1);
  await clock.advance(1);
  assert.deepEqual(told.lines[1], { svc_key: "a", i: 0, repeated: 3 });
});

Deno.test("foldedLines: one that goes on repeating is only counted; after a quiet window it is new", async () => {
  const told = folded();
  const { clock, line } = told;
  line.log("a", () => ({ n: 1 }));
  line.log("a", () => ({ n: 2 }));
  await clock.advance(5_000);
  line.log("a", () => ({ n: 3 }));
  assert.deepEqual(told.lines, [{ n: 1 }, { n: 1, repeated: 1 }]);
  await clock.advance(5_000);
  assert.deepEqual(told.lines[2], { n: 1, repeated: 1 });
  await clock.advance(5_000);
  line.log("a", () => ({ n: 4 }));
  assert.deepEqual(told.lines[3], { n: 4 });
  assert.equal(told.lines.length, 4);
});

Deno.test("foldedLines: lines of different keys are not alike", () => {
  const told = folded();
  const { line } = told;
  line.log("a", () => ({ key: "a" }));
  line.log("b", () => ({ key: "b" }));
  assert.deepEqual(told.lines, [{ key: "a" }, { key: "b" }]);
});

Deno.test("foldedLines: flush logs the counts now, and each once", async () => {
  const told = folded();
  const { clock, line } = told;
  for (let i = 0; i < 3; i++) line.log("a", () => ({}));
  line.flush();
  assert.deepEqual(told.lines, [{}, { repeated: 2 }]);
  await clock.advance(20_000);
  assert.equal(told.lines.length, 2);
});

Deno.test("foldedLines: fields are made for the first alone", () => {
  const { line } = folded();
  let made = 0;
  for (let i = 0; i < 1_000; i++) line.log("a", () => ({ made: ++made }));
  assert.equal(made, 1);
});

Deno.test("foldedLines: without anything to count no timer is left", async () => {
  const { clock, line } = folded();
  line.log("a", () => ({}));
  assert.equal(clock.waiting, 1);
  await clock.advance(10_000);
  assert.equal(clock.waiting, 0);
});

Deno.test("foldedLines: of lines that never repeat 1,000 are logged in 5 s, the rest is one number", async () => {
  const told = folded();
  const { clock, line } = told;
  for (let i = 0; i < 1_750; i++) line.log(`key-${i}`, () => ({ i }));
  assert.equal(told.lines.length, 1_000);
  await clock.advance(5_000);
  assert.deepEqual(told.lines.slice(1_000), [leftOut(750)]);
  line.log("new", () => ({ new: true }));
  assert.deepEqual(told.lines.at(-1), { new: true });
});

Deno.test("foldedLines: many that go on repeating hide nothing new", async () => {
  const told = folded();
  const { clock, line } = told;
  for (let window = 0; window < 3; window++) {
    for (let i = 0; i < 200; i++) {
      line.log(`${window}-${i}`, () => ({ window, i }));
      for (let earlier = 0; earlier <= window; earlier++) line.log(`${earlier}-${i}`, () => ({}));
    }
    await clock.advance(5_000);
  }
  // 600 repeat now: 250 of them are counted one by one.
  assert.deepEqual(told.lines.slice(-2), [{ window: 1, i: 49, repeated: 1 }, leftOut(350)]);
  line.log("new", () => ({ new: true }));
  assert.deepEqual(told.lines.at(-1), { new: true });
});

Deno.test("foldedLines: a flood of different lines loses no count and leaves no timer", async () => {
  const told = folded();
  const { clock, line } = told;
  for (let i = 0; i < 35_000; i++) {
    line.log(`key-${i}`, () => ({ i }));
    line.log(`key-${i}`, () => ({ i }));
  }
  await clock.advance(15_000);
  const counted = told.lines.map(({ repeated, lines }) => Number(repeated ?? lines ?? 1));
  assert.equal(counted.reduce((sum, count) => sum + count, 0), 70_000);
  assert.equal(told.lines.length, 1_251);
  assert.equal(clock.waiting, 0);
  line.log("key-0", () => ({ again: true }));
  assert.deepEqual(told.lines.at(-1), { again: true });
});

Deno.test("foldedLines: flushed at the end, what repeated is told and no timer is left", () => {
  const clock = fakeClock();
  const log = recordingLog();
  const line = foldedLines(log, clock)("info", "again");
  for (let nth = 0; nth < 3; nth++) line.log("same", () => ({ key: "same" }));
  assert.equal(clock.waiting, 1);
  line.flush();
  assert.deepEqual([log.of("again").length, clock.waiting], [2, 0]);
});
