import assert from "node:assert/strict";
import { severityRank } from "../../lib/event/severity.ts";

const KNOWN: Readonly<Record<0 | 1 | 2 | 3, readonly string[]>> = {
  0: ["critical", "crit", "fatal", "emergency", "emerg", "alert", "panic", "0", "1", "2"],
  1: ["error", "err", "3"],
  2: ["warning", "warn", "4"],
  3: ["info", "notice", "debug", "ok", "5", "6", "7"],
};

for (const rank of [0, 1, 2, 3] as const) {
  Deno.test(`severityRank: ${rank} for ${KNOWN[rank].join(", ")}`, () => {
    for (const word of KNOWN[rank]) assert.equal(severityRank(word), rank, word);
  });
}

Deno.test("severityRank: letter case and blanks around do not matter", () => {
  assert.deepEqual(["CRITICAL", "Error", " wArN ", "\tFatal\n"].map(severityRank), [0, 1, 2, 0]);
});

Deno.test("severityRank: an unknown word never goes before a graded one", () => {
  const unknown = ["", "blue", "8", "-1", "criticality", "not critical", "[object Object]"];
  for (const word of unknown) assert.equal(severityRank(word), 3, word);
});

Deno.test("severityRank: names of object members are unknown words", () => {
  for (const word of ["__proto__", "constructor", "toString"]) assert.equal(severityRank(word), 3);
});
