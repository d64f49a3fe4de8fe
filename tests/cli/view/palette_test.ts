import assert from "node:assert/strict";
import { paletteFor } from "../../../lib/cli/view/palette.ts";

const at = (isTerminal: boolean, noColor?: string) =>
  paletteFor({ isTerminal, env: (name) => name === "NO_COLOR" ? noColor : undefined }).bad("x");

Deno.test("paletteFor: colours on a terminal without NO_COLOR only", () => {
  assert.equal(at(true), "\x1b[31mx\x1b[0m");
  assert.equal(at(true, ""), "\x1b[31mx\x1b[0m");
  assert.equal(at(true, "1"), "x");
  assert.equal(at(false), "x");
});
