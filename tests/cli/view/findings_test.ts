import assert from "node:assert/strict";
import { findingLines } from "../../../lib/cli/view/findings.ts";
import type { Palette } from "../../../lib/cli/view/palette.ts";

const paint = (mark: string) => (text: string) => `${mark}${text}`;
const palette: Palette = {
  strong: paint("*"),
  faint: paint("."),
  good: paint("+"),
  warn: paint("!"),
  bad: paint("-"),
};

Deno.test("findingLines: every level in its colour, the remedy once", () => {
  const finding = (level: "ok" | "warning" | "failure" | "skipped", detail: string) => ({
    ...{ check: "x", subject: "s", level, detail, code: "clock_wrong" as const },
    remedy: "do it",
  });
  const lines = findingLines([
    finding("ok", "well"),
    finding("warning", "do it, as it is late"),
    finding("failure", "broken"),
    finding("skipped", "not asked"),
  ], { width: 80, palette });
  assert.deepEqual(lines, [
    "+ok       s  well -> do it",
    "!warning  s  do it, as it is late",
    "-failure  s  broken -> do it",
    ".skipped  s  not asked -> do it",
  ]);
});
