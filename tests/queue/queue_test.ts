import assert from "node:assert/strict";
import fc from "fast-check";
import { createQueue, type QueueEntry } from "../../lib/queue/queue.ts";
import { severityRank } from "../../lib/event/severity.ts";
import { waitingEvent } from "../support/waiting_event.ts";

let serial = 0;

function entry(
  key: string,
  severity = "info",
  { failures = 0, notBefore = 0 }: { failures?: number; notBefore?: number } = {},
): QueueEntry {
  const event = waitingEvent({ service: key, severity });
  return { key, event, serial: ++serial, arrivedAt: serial, failures, notBefore };
}

const nobody = new Set<string>();
const keys = (queue: { entries(): Iterable<QueueEntry> }) => [...queue.entries()].map((e) => e.key);

Deno.test("queue: the most severe first, then the one that waits longest", () => {
  const queue = createQueue(100);
  for (
    const [key, severity] of [
      ["i1", "info"],
      ["w1", "warning"],
      ["e1", "error"],
      ["c1", "critical"],
      ["i2", "info"],
      ["c2", "CRITICAL"],
      ["w2", "warn"],
      ["e2", "error"],
      ["u1", "unheard-of"],
    ] as const
  ) queue.offer(entry(key, severity));
  const taken: (string | undefined)[] = [];
  while (queue.size > 0) taken.push(queue.take(0, nobody)?.key);
  assert.deepEqual(taken, ["c1", "c2", "e1", "e2", "w1", "w2", "i1", "i2", "u1"]);
  assert.equal(queue.take(0, nobody), undefined);
});

Deno.test("queue: a newer event replaces the waiting one and keeps its turn", () => {
  const queue = createQueue(100);
  const first = entry("a");
  const newer = entry("a");
  assert.deepEqual(queue.offer(first), {});
  queue.offer(entry("b"));
  assert.deepEqual(queue.offer(newer), { replaced: first });
  assert.equal(queue.size, 2);
  assert.equal(queue.take(0, nobody), newer);
});

Deno.test("queue: a target whose severity changes goes behind those that were so before", () => {
  const queue = createQueue(100);
  queue.offer(entry("a", "info"));
  queue.offer(entry("b", "critical"));
  queue.offer(entry("c", "info"));
  queue.offer(entry("a", "critical"));
  assert.deepEqual(keys(queue), ["b", "a", "c"]);
  queue.offer(entry("a", "info"));
  assert.deepEqual(keys(queue), ["b", "c", "a"]);
  assert.equal(queue.size, 3);
});

Deno.test("queue: past the limit the least severe, oldest is dropped, which can be the new one", () => {
  const queue = createQueue(2);
  const old = entry("old", "info");
  queue.offer(old);
  queue.offer(entry("severe", "critical"));
  assert.deepEqual(queue.offer(entry("new", "info")), { dropped: old });
  assert.deepEqual(keys(queue), ["severe", "new"]);

  queue.offer(entry("worse", "critical"));
  assert.deepEqual(keys(queue), ["severe", "worse"]);
  const mild = entry("mild", "warning");
  assert.deepEqual(queue.offer(mild), { dropped: mild });
  assert.deepEqual(keys(queue), ["severe", "worse"]);
});

Deno.test("queue: an event of a waiting target needs no room", () => {
  const queue = createQueue(2);
  const first = entry("a", "info");
  queue.offer(first);
  queue.offer(entry("b", "info"));
  assert.deepEqual(queue.offer(entry("a", "error")), { replaced: first });
  assert.equal(queue.size, 2);
});

Deno.test("queue: putBack drops nothing, and the next new target drops one", () => {
  const queue = createQueue(1);
  queue.offer(entry("a"));
  queue.putBack(entry("b", "error"));
  assert.deepEqual(keys(queue), ["b", "a"]);
  assert.equal(queue.offer(entry("c", "warning")).dropped?.key, "a");
  assert.deepEqual(keys(queue), ["b", "c"]);
  assert.equal(queue.offer(entry("c", "warning")).dropped, undefined);
});

Deno.test("queue: busy targets are passed over", () => {
  const queue = createQueue(100);
  queue.offer(entry("a", "critical"));
  queue.offer(entry("b", "info"));
  assert.equal(queue.take(0, new Set(["a"]))?.key, "b");
  assert.equal(queue.take(0, new Set(["a"])), undefined);
  assert.equal(queue.take(0, nobody)?.key, "a");
});

Deno.test("queue: a parked event is not taken before it is due", () => {
  const queue = createQueue(100);
  queue.offer(entry("parked", "critical", { failures: 1, notBefore: 1_000 }));
  queue.offer(entry("fresh", "info"));
  assert.deepEqual(queue.parked().map((e) => e.key), ["parked"]);
  assert.equal(queue.take(999, nobody)?.key, "fresh");
  assert.equal(queue.take(999, nobody), undefined);
  assert.equal(queue.take(1_000, nobody)?.key, "parked");
});

Deno.test("queue: remove and get know a target in any severity", () => {
  const queue = createQueue(100);
  const waiting = entry("a", "warning");
  queue.offer(waiting);
  assert.equal(queue.get("a"), waiting);
  assert.equal(queue.remove("a"), waiting);
  assert.equal(queue.remove("a"), undefined);
  assert.equal(queue.get("a"), undefined);
  assert.equal(queue.size, 0);
});

/** The same by sorting: `turn` is when the target last joined the entries of its severity. */
function naiveQueue(limit: number) {
  let places: { entry: QueueEntry; rank: number; turn: number }[] = [];
  let turns = 0;
  const sorted = () => places.toSorted((a, b) => a.rank - b.rank || a.turn - b.turn);
  return {
    entries: () => sorted().map((place) => place.entry),
    offer(entry: QueueEntry) {
      const rank = severityRank(entry.event.severity);
      const old = places.find((place) => place.entry.key === entry.key);
      places = places.filter((place) => place !== old);
      places.push({ entry, rank, turn: old?.rank === rank ? old.turn : ++turns });
      if (places.length <= limit) return { ...(old && { replaced: old.entry }) };
      const last = Math.max(...places.map((place) => place.rank));
      const surplus = sorted().find((place) => place.rank === last);
      places = places.filter((place) => place !== surplus);
      return { ...(surplus && { dropped: surplus.entry }) };
    },
    take(now: number, busy: Set<string>) {
      const next = sorted().find(({ entry }) => entry.notBefore <= now && !busy.has(entry.key));
      places = places.filter((place) => place !== next);
      return next?.entry;
    },
    remove(key: string) {
      const found = places.find((place) => place.entry.key === key);
      places = places.filter((place) => place !== found);
      return found?.entry;
    },
  };
}

Deno.test("queue: does what sorting all entries would do", () => {
  const key = fc.constantFrom("a", "b", "c", "d", "e", "f");
  const command = fc.oneof(
    fc.record({
      op: fc.constant("offer" as const),
      key,
      severity: fc.constantFrom("critical", "error", "warning", "info", "x"),
      notBefore: fc.integer({ min: 0, max: 3 }),
    }),
    fc.record({
      op: fc.constant("take" as const),
      now: fc.integer({ min: 0, max: 3 }),
      busy: fc.uniqueArray(key, { maxLength: 3 }),
    }),
    fc.record({ op: fc.constant("remove" as const), key }),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(command, { maxLength: 60, size: "max" }),
      (limit, all) => {
        const [queue, naive] = [createQueue(limit), naiveQueue(limit)];
        for (const one of all) {
          if (one.op === "offer") {
            const offered = entry(one.key, one.severity, { notBefore: one.notBefore });
            assert.deepEqual(queue.offer(offered), naive.offer(offered));
          } else if (one.op === "take") {
            const busy = new Set(one.busy);
            assert.equal(queue.take(one.now, busy), naive.take(one.now, busy));
          } else {
            assert.equal(queue.remove(one.key), naive.remove(one.key));
          }
          assert.deepEqual([...queue.entries()], naive.entries());
          assert.equal(queue.size, naive.entries().length);
        }
      },
    ),
    { numRuns: 500 },
  );
});
