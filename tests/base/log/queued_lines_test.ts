import assert from "node:assert/strict";
import { queuedLines } from "../../../lib/base/log/queued_lines.ts";
import { fakeClock } from "../../support/clock.ts";

/** A stream that takes what it is given when the test says so. */
function lab() {
  const clock = fakeClock();
  const taken: string[] = [];
  let take: () => void = () => {};
  const lines = queuedLines({
    clock,
    leftOut: (count) => `${count} left out\n`,
    stream: {
      write: (bytes) =>
        new Promise((resolve) => {
          take = () => {
            taken.push(new TextDecoder().decode(bytes));
            resolve(bytes.length);
          };
        }),
    },
  });
  const settle = () => new Promise((resolve) => setTimeout(resolve));
  return {
    clock,
    lines,
    taken,
    async take() {
      take();
      take = () => {};
      await settle();
    },
  };
}

Deno.test("queuedLines: lines arrive in order, several at once", async () => {
  const { lines, taken, take } = lab();
  for (const line of ["a\n", "b\n", "c\n"]) lines.write(line);
  await take();
  await take();
  assert.equal(taken.join(""), "a\nb\nc\n");
});

Deno.test("queuedLines: a reader that takes few bytes at a time gets the whole line", async () => {
  let got = "";
  const lines = queuedLines({
    clock: fakeClock(),
    leftOut: String,
    stream: {
      write(bytes) {
        got += new TextDecoder().decode(bytes.subarray(0, 3));
        return Promise.resolve(Math.min(3, bytes.length));
      },
    },
  });
  lines.write("a line of some length\n");
  await lines.flush(1_000);
  assert.equal(got, "a line of some length\n");
});

Deno.test("queuedLines: what was written takes up no room any more", async () => {
  const { lines, taken, take } = lab();
  const long = `${"x".repeat(1_048_575)}\n`;
  for (let nth = 0; nth < 3; nth++) {
    lines.write(long);
    await take();
  }
  assert.equal(lines.dropped, 0);
  assert.deepEqual(taken.map(({ length }) => length), [1_048_576, 1_048_576, 1_048_576]);
});

Deno.test("queuedLines: what a reader that hangs leaves no room for is counted in its place", async () => {
  const { lines, taken, take } = lab();
  const line = `${"x".repeat(1_023)}\n`;
  for (let nth = 0; nth < 2_000; nth++) lines.write(line);
  for (let nth = 0; nth < 3; nth++) await take();
  lines.write("later\n");
  await take();
  assert.equal(lines.dropped, 976, "also once it was told");
  const told = taken.join("").replaceAll(line, ".");
  assert.equal(told, `${".".repeat(1_024)}976 left out\nlater\n`);

  for (let nth = 0; nth < 1_030; nth++) lines.write(line);
  for (let nth = 0; nth < 3; nth++) await take();
  assert.equal(taken.at(-1)?.replaceAll(line, "").trim(), "6 left out");
  assert.equal(lines.dropped, 982);
});

Deno.test("queuedLines: flushing waits for the reader, and not for long", async () => {
  const { lines, taken, take, clock } = lab();
  await lines.flush(1_000);
  lines.write("last\n");
  let flushed = false;
  const flushing = lines.flush(1_000).then(() => flushed = true);
  await clock.advance(999);
  assert.equal(flushed, false);
  await clock.advance(1);
  await flushing;
  const again = lines.flush(1_000);
  await take();
  await again;
  assert.deepEqual([taken, clock.waiting], [["last\n"], 0]);
});

Deno.test("queuedLines: a reader that is gone costs nothing but the lines", async () => {
  let tried = 0;
  const lines = queuedLines({
    clock: fakeClock(),
    leftOut: String,
    stream: {
      write: () => {
        tried++;
        return Promise.reject(new Deno.errors.BrokenPipe("gone"));
      },
    },
  });
  lines.write("a\n");
  await lines.flush(1_000);
  lines.write("b\n");
  await lines.flush(1_000);
  assert.equal(tried, 2);
});

Deno.test("queuedLines: what is being written counts towards what waits", async () => {
  const { lines, take } = lab();
  const line = `${"x".repeat(1_023)}\n`;
  for (let nth = 0; nth < 1_024; nth++) lines.write(line);
  await take();
  // The first line has left, and makes room for one.
  for (let nth = 0; nth < 3; nth++) lines.write(line);
  assert.equal(lines.dropped, 2);
});
