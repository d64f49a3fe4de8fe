import assert from "node:assert/strict";
import { fitHeight, isoOrNull, present } from "../../../lib/cli/view/present.ts";
import type { Io } from "../../../lib/cli/io.ts";
import { recordingIo } from "../../support/command.ts";

/** What is printed of three lines, when it is told to stop at the first look. */
async function presented(values: Parameters<typeof present>[1], changes: Partial<Io> = {}) {
  let stop = () => {};
  const { io, said } = recordingIo({
    onSignal(callback) {
      stop = () => callback("SIGINT");
      return () => said.err += "released";
    },
    ...changes,
  });
  const code = await present(io, values, () => {
    stop();
    return {
      object: { found: ["größer"] },
      lines: ({ width }) => ["a", `${width}`, "c"],
      status: 1,
    };
  });
  return { code, ...said };
}

Deno.test("present: lines for people, an object for programs, and the exit status", async () => {
  assert.deepEqual(await presented({}), { code: 1, out: "a\n80\nc\n", err: "" });
  assert.deepEqual(await presented({ json: true }), {
    code: 1,
    out: '{\n  "found": [\n    "gr\\u00f6\\u00dfer"\n  ]\n}\n',
    err: "",
  });
});

Deno.test("present: watched, a blank line or an object a line; a signal ends it well", async () => {
  assert.deepEqual(await presented({ watch: true }), {
    code: 0,
    out: "a\n80\nc\n\n",
    err: "released",
  });
  assert.equal(
    (await presented({ watch: true, json: true })).out,
    '{"found":["gr\\u00f6\\u00dfer"]}\n',
  );
});

Deno.test("present: a watched terminal is drawn over in one go, as far as it has rows", async () => {
  const terminal = { isTerminal: true, width: 40 };
  const high = await presented({ watch: true }, terminal);
  assert.equal(high.out, "\x1b[Ha\x1b[K\n40\x1b[K\nc\x1b[K\n\x1b[J");
  const low = await presented({ watch: true }, { ...terminal, height: 3 });
  assert.equal(low.out, "\x1b[Ha\x1b[K\nand 2 more lines\x1b[K\n\x1b[J");
  assert.equal((await presented({}, { ...terminal, height: 3 })).out, "a\n40\nc\n");
});

Deno.test("fitHeight: a line that is wider than the screen takes the rows it needs", () => {
  const painted = `\x1b[31m${"b".repeat(10)}\x1b[0m`;
  const lines = ["a", painted, "c".repeat(21), "d"];
  assert.deepEqual(fitHeight(lines, { width: 10, height: 6 }), ["a", painted, "and 2 more lines"]);
  assert.deepEqual(fitHeight(lines, { width: 10, height: 7 }), lines);
  assert.deepEqual(fitHeight(lines, { width: 21, height: 4 }), ["a", painted, "and 2 more lines"]);
  assert.deepEqual(fitHeight(lines, { width: 10 }), lines);
});

Deno.test("fitHeight: one line less than the screen has rows, and how many are left out", () => {
  const four = ["a", "b", "c", "d"];
  assert.deepEqual(fitHeight(four, { width: 80 }), four);
  assert.deepEqual(fitHeight(four, { width: 80, height: 5 }), four);
  assert.deepEqual(fitHeight(four, { width: 80, height: 4 }), ["a", "b", "and 2 more lines"]);
  assert.deepEqual(fitHeight(four, { width: 80, height: 1 }), ["a", "and 3 more lines"]);
});

Deno.test("present: only a screen that is watched bounds what is shown", async () => {
  const { io, said } = recordingIo({ isTerminal: true, height: 3 });
  await present(io, {}, () => ({ object: {}, lines: ({ height }) => [String(height)] }));
  assert.equal(said.out, "undefined\n");
});

Deno.test("isoOrNull: nothing is null, 1970 is a time", () => {
  assert.deepEqual([null, undefined, 0].map(isoOrNull), [null, null, "1970-01-01T00:00:00.000Z"]);
});
