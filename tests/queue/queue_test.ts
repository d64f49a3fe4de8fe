import assert from "node:assert/strict";
import fc from "fast-check";
import { createQueue } from "../../lib/queue/queue.ts";
import type { QueueEntry } from "../../lib/queue/entry.ts";
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

const keys = (queue: { entries(): Iterable<QueueEntry> }) => [...queue.entries()].map((e) => e.key);
const all = () => true;
const free = { heldUntil: () => 0, mayTake: all };
type Queue = ReturnType<typeof createQueue>;
const put = (queue: Queue, one: QueueEntry) => queue.put(one, one.notBefore);

Deno.test("queue: what is gone, or awake by now, sets no time to come", () => {
  const queue = createQueue(10);
  put(queue, entry("a", "error", { notBefore: 100 }));
  put(queue, entry("b", "error", { notBefore: 200 }));
  assert.equal(queue.nextDue(), 100);
  queue.remove("a");
  assert.equal(queue.nextDue(), 200);
  queue.wake("b");
  assert.equal(queue.nextDue(), Infinity);
});

Deno.test("queue: what sleeps for good is woken with the others, and sleeps on", () => {
  const queue = createQueue(10);
  queue.put(entry("a"), Infinity);
  assert.equal(queue.nextDue(), Infinity);
  queue.wakeNode(undefined, 50);
  assert.equal(queue.nextDue(), 50);
  const asked: string[] = [];
  const heldUntil = ({ key }: QueueEntry) => asked.push(key) > 10 ? 0 : Infinity;
  assert.equal(queue.take(50, { heldUntil, mayTake: all }), undefined);
  assert.deepEqual([asked, queue.awake, queue.nextDue()], [["a"], 0, Infinity]);
});

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
  ) put(queue, entry(key, severity));
  const taken: (string | undefined)[] = [];
  while (queue.size > 0) taken.push(queue.take(0, free)?.key);
  assert.deepEqual(taken, ["c1", "c2", "e1", "e2", "w1", "w2", "i1", "i2", "u1"]);
  assert.equal(queue.take(0, free), undefined);
});

Deno.test("queue: each eighth turn goes to the one that waits longest, if that is 10 minutes", () => {
  const queue = createQueue(1_000);
  const taken: (string | undefined)[] = [];
  put(queue, { ...entry("old", "info"), arrivedAt: 0 });
  for (let nth = 0; nth < 40; nth++) {
    put(queue, { ...entry(`c${nth}`, "critical"), arrivedAt: nth * 33_000 });
    taken.push(queue.take(nth * 33_000, free)?.key);
  }
  // The 16th turn is at 8 min 15 s, the 24th is the first after ten minutes.
  assert.deepEqual(taken.slice(22, 25), ["c22", "old", "c23"]);
  assert.equal(queue.size, 1);
});

Deno.test("queue: a newer event replaces the waiting one and keeps its turn", () => {
  const queue = createQueue(100);
  const newer = entry("a");
  assert.equal(put(queue, entry("a")), undefined);
  put(queue, entry("b"));
  assert.equal(put(queue, newer), undefined);
  assert.equal(queue.size, 2);
  assert.equal(queue.take(0, free), newer);
});

Deno.test("queue: what sleeps already is woken as planned, sooner where that is told, never later", () => {
  const queue = createQueue(100);
  queue.put(entry("a"), 100);
  queue.put(entry("a"), 200);
  assert.equal(queue.nextDue(), 100);
  queue.put(entry("a"), 50);
  assert.equal(queue.nextDue(), 50);
});

Deno.test("queue: of two times at which a node is to be woken the earlier one counts", () => {
  const queue = createQueue(100);
  queue.put(entry("a"), Infinity);
  for (const at of [100, 50, 70]) queue.wakeNode("piha", at);
  assert.equal(queue.nextDue(), 50);
  assert.equal(queue.take(49, free), undefined);
  assert.equal(queue.take(50, free)?.key, "a");
});

Deno.test("queue: a target whose severity changes goes behind those that were so before", () => {
  const queue = createQueue(100);
  put(queue, entry("a", "info"));
  put(queue, entry("b", "critical"));
  put(queue, entry("c", "info"));
  put(queue, entry("a", "critical"));
  assert.deepEqual(keys(queue), ["b", "a", "c"]);
  put(queue, entry("a", "info"));
  assert.deepEqual(keys(queue), ["b", "c", "a"]);
  assert.equal(queue.size, 3);
});

Deno.test("queue: past the limit the least severe, oldest is dropped, which can be the new one", () => {
  const queue = createQueue(2);
  const old = entry("old", "info");
  put(queue, old);
  put(queue, entry("severe", "critical"));
  assert.equal(put(queue, entry("new", "info")), old);
  assert.deepEqual(keys(queue), ["severe", "new"]);

  put(queue, entry("worse", "critical"));
  assert.deepEqual(keys(queue), ["severe", "worse"]);
  const mild = entry("mild", "warning");
  assert.equal(put(queue, mild), mild);
  assert.deepEqual(keys(queue), ["severe", "worse"]);
});

Deno.test("queue: an event of a waiting target needs no room; what is put back drops nothing", () => {
  const queue = createQueue(1);
  put(queue, entry("a"));
  assert.equal(put(queue, entry("a", "error")), undefined);
  queue.putBack(entry("b"), 0);
  assert.deepEqual(keys(queue), ["a", "b"]);
  assert.equal(put(queue, entry("c", "warning"))?.key, "b");
  assert.deepEqual(keys(queue), ["a", "c"]);
});

Deno.test("queue: what is not due, or held, sleeps until then and keeps its place", () => {
  const queue = createQueue(100);
  put(queue, entry("parked", "critical", { failures: 1, notBefore: 1_000 }));
  put(queue, entry("held", "error"));
  put(queue, entry("fresh", "info"));
  const held = { ...free, heldUntil: ({ key }: QueueEntry) => key === "held" ? 2_000 : 0 };
  assert.equal(queue.take(999, held)?.key, "fresh");
  assert.equal(queue.take(999, held), undefined);
  assert.deepEqual([queue.awake, queue.nextDue()], [0, 1_000]);
  assert.deepEqual(keys(queue), ["parked", "held"]);
  assert.equal(queue.take(1_000, held)?.key, "parked");
  assert.equal(queue.nextDue(), 2_000);
  assert.equal(queue.take(2_000, free)?.key, "held");
});

Deno.test("queue: a node's sleepers are woken at once, or at a time to come", () => {
  const queue = createQueue(100);
  for (const key of ["a", "b", "c"]) queue.put(entry(key), 60_000);
  queue.wakeNode("vps", 0);
  queue.wakeNode("piha", 5_000);
  assert.equal(queue.take(4_999, free), undefined);
  assert.equal(queue.nextDue(), 5_000);
  assert.equal(queue.take(5_000, free)?.key, "a");
  assert.equal(queue.awake, 2);
  queue.put(entry("d"), 60_000);
  queue.wakeNode(undefined, 6_000);
  queue.take(6_000, free);
  assert.equal(queue.awake, 2);
});

Deno.test("queue: of ranks that may not be taken nothing is", () => {
  const queue = createQueue(100);
  put(queue, entry("e", "error"));
  put(queue, entry("c", "critical"));
  const critical = { ...free, mayTake: (rank: number) => rank === 0 };
  assert.equal(queue.take(0, critical)?.key, "c");
  assert.equal(queue.take(0, critical), undefined);
  assert.equal(queue.size, 1);
});

Deno.test("queue: remove and get know a target in any severity", () => {
  const queue = createQueue(100);
  const waiting = entry("a", "warning");
  put(queue, waiting);
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
      if (old || places.length <= limit) return undefined;
      const last = Math.max(...places.map((place) => place.rank));
      const surplus = sorted().find((place) => place.rank === last);
      places = places.filter((place) => place !== surplus);
      return surplus?.entry;
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
      (limit, commands) => {
        const [queue, naive] = [createQueue(limit), naiveQueue(limit)];
        let now = 0;
        for (const one of commands) {
          if (one.op === "offer") {
            const notBefore = one.notBefore > 0 ? now + one.notBefore : 0;
            const offered = entry(one.key, one.severity, { notBefore });
            assert.equal(put(queue, offered), naive.offer(offered));
          } else if (one.op === "take") {
            const busy = new Set(one.busy);
            now += one.now;
            // Held for a moment: looked at again the next time.
            const heldUntil = ({ key, notBefore }: QueueEntry) =>
              Math.max(notBefore, busy.has(key as "a") ? now + 1 : 0);
            const taken = queue.take(now, { ...free, heldUntil });
            assert.equal(taken, naive.take(now, busy));
            now++;
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

Deno.test("queue: who waits for ten minutes has waited long, whatever its severity was meanwhile", () => {
  const queue = createQueue(100);
  put(queue, { ...entry("old", "info"), arrivedAt: 0 });
  put(queue, { ...entry("old", "warning"), arrivedAt: 500_000 });
  const taken: (string | undefined)[] = [];
  for (let nth = 0; nth < 8; nth++) {
    put(queue, { ...entry(`c${nth}`, "critical"), arrivedAt: 599_000 });
    taken.push(queue.take(600_000, free)?.key);
  }
  assert.deepEqual(taken.slice(6), ["c6", "old"]);
});

Deno.test("queue: a node is woken as often as it is said", () => {
  const queue = createQueue(100);
  const held = { heldUntil: () => 10_000, mayTake: all };
  put(queue, entry("a"));
  for (const at of [100, 200]) {
    assert.equal(queue.take(at - 1, held), undefined);
    queue.wakeNode("piha", at);
    assert.equal(queue.nextDue(), at);
    assert.equal(queue.take(at, held), undefined);
    assert.equal(queue.nextDue(), 10_000);
  }
});
