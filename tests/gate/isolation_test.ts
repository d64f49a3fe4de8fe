import assert from "node:assert/strict";
import { createIsolation } from "../../lib/gate/isolation.ts";

Deno.test("createIsolation: most nodes offline right after Redis was lost means our own link", () => {
  const isolation = createIsolation(() => ["a", "b", "c", "d", "e"]);
  isolation.redisLost(0);
  assert.equal(isolation.offline("a", 1_000), false);
  assert.equal(isolation.offline("b", 2_000), false);
  assert.equal(isolation.doubtedUntil("a", 2_000), 61_000);
  assert.equal(isolation.offline("c", 3_000), true);
  assert.equal(isolation.offline("d", 4_000), false, "it is said once");
  for (const node of ["a", "b", "c", "d"]) {
    assert.equal(isolation.doubtedUntil(node, 5_000), 303_000);
  }
  isolation.online("a");
  assert.equal(isolation.doubtedUntil("a", 5_000), 0);
  assert.equal(isolation.doubtedUntil("b", 70_000), 0, "then the other outages are real");
});

Deno.test("createIsolation: the nodes that the topology names now count", () => {
  let names = ["a", "b", "c", "d"];
  const isolation = createIsolation(() => names);
  isolation.redisLost(0);
  assert.equal(isolation.offline("a", 1_000), false);
  assert.equal(isolation.offline("b", 2_000), false);
  names = ["a", "b", "c"];
  assert.equal(isolation.offline("b", 3_000), true);
});

Deno.test("createIsolation: few nodes, far apart, or with Redis there all the time are real outages", () => {
  const few = createIsolation(() => ["a", "b", "c", "d", "e"]);
  few.redisLost(0);
  assert.deepEqual([few.offline("a", 1), few.offline("b", 2)], [false, false]);
  const apart = createIsolation(() => ["a", "b", "c"]);
  apart.redisLost(0);
  assert.deepEqual([apart.offline("a", 1), apart.offline("b", 60_001)], [false, false]);
  const there = createIsolation(() => ["a", "b", "c"]);
  assert.deepEqual(["a", "b", "c"].map((node) => there.offline(node, 1)), [false, false, false]);
  assert.equal(there.doubtedUntil("a", 1), 0);
});

Deno.test("createIsolation: more than half of the nodes, each counted once, up to two minutes after the loss", () => {
  for (const [after, expected] of [[119_999, true], [120_000, false]] as const) {
    const isolation = createIsolation(() => ["a", "b", "c"]);
    isolation.heard("a");
    isolation.heard("b");
    isolation.redisLost(0);
    isolation.offline("a", after);
    assert.equal(isolation.offline("b", after), expected);
  }
  const half = createIsolation(() => ["a", "b"]);
  half.heard("c");
  half.heard("d");
  half.redisLost(0);
  assert.deepEqual([half.offline("a", 1), half.offline("b", 1)], [false, false]);
  const single = createIsolation(() => ["a"]);
  single.redisLost(0);
  assert.equal(single.offline("a", 1), false, "one node is most of them, and no sign");
});

Deno.test("createIsolation: a reporter's clock may be 5 s behind, and no more", () => {
  for (const [before, expected] of [[5_000, true], [5_001, false]] as const) {
    const isolation = createIsolation(() => ["a", "b", "c"]);
    isolation.redisLost(10_000);
    isolation.offline("a", 10_000 - before);
    assert.equal(isolation.offline("b", 10_000 - before), expected);
  }
});
