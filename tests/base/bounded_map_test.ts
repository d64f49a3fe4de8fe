import assert from "node:assert/strict";
import { putLast } from "../../lib/base/bounded_map.ts";

Deno.test("putLast: what was put longest ago goes first, and what is put again counts as new", () => {
  const map = new Map<string, number>();
  for (const [i, key] of ["a", "b", "a", "c"].entries()) putLast(map, key, i, 2);
  assert.deepEqual([...map], [["a", 2], ["c", 3]]);
});

Deno.test("putLast: a map that holds too many is brought to its bound", () => {
  const map = new Map([["a", 1], ["b", 2], ["c", 3]]);
  putLast(map, "d", 4, 1);
  assert.deepEqual([...map], [["d", 4]]);
});
