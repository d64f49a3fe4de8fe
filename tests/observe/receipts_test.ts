import assert from "node:assert/strict";
import { createReceipts } from "../../lib/observe/receipts.ts";
import { fakeClock, settle } from "../support/clock.ts";
import { waitingEvent } from "../support/waiting_event.ts";

/** Receipts whose disk writes, and syncs, as the test says. */
function receiving() {
  const clock = fakeClock();
  const disk = { writes: true, syncs: true };
  const did: string[] = [];
  const given: string[] = [];
  const step = (what: string, works: () => boolean) => () => {
    did.push(what);
    return Promise.resolve(works());
  };
  const receipts = createReceipts({
    clock,
    flush: step("flush", () => disk.writes),
    sync: step("sync", () => disk.syncs),
  });
  const event = (name: string) => ({ ...waitingEvent(), settled: () => void given.push(name) });
  return {
    clock,
    disk,
    did,
    given,
    receipts,
    end: (name: string) =>
      receipts.onEnding({ outcome: "benign", channel: "c", event: event(name) }),
    park: (name: string) => receipts.onParked(event(name)),
  };
}

Deno.test("receipts: are given together, once what they are for is written", async () => {
  const it = receiving();
  it.end("a");
  it.end("b");
  it.receipts.onEnding({ outcome: "benign", channel: "c", event: waitingEvent() });
  it.receipts.onEnding({
    outcome: "malformed",
    channel: "c",
    settled: () => void it.given.push("no event"),
  });
  await it.clock.advance(99);
  assert.deepEqual([it.did, it.given], [[], []]);
  await it.clock.advance(1);
  assert.deepEqual([it.did, it.given], [["flush"], ["a", "b", "no event"]]);
});

Deno.test("receipts: 128 that wait are given at once, so that a full hand goes on reading", async () => {
  const it = receiving();
  for (let nth = 1; nth < 128; nth++) it.end(`${nth}`);
  await settle();
  assert.deepEqual([it.did, it.given.length], [[], 0]);
  it.end("128");
  await settle();
  assert.deepEqual([it.did, it.given.length], [["flush"], 128]);
  assert.equal(it.clock.waiting, 0);
});

Deno.test("receipts: what could not be written is tried again after a second", async () => {
  const it = receiving();
  it.disk.writes = false;
  it.end("a");
  await it.clock.advance(100);
  it.disk.writes = true;
  await it.clock.advance(999);
  assert.deepEqual([it.did, it.given], [["flush"], []]);
  await it.clock.advance(1);
  assert.deepEqual([it.did, it.given], [["flush", "flush"], ["a"]]);
});

Deno.test("receipts: the end waits for a write that is under way", async () => {
  const written = Promise.withResolvers<boolean>();
  const [clock, given] = [fakeClock(), [] as string[]];
  const receipts = createReceipts({
    clock,
    flush: () => written.promise,
    sync: () => Promise.resolve(true),
  });
  const settled = () => void given.push("a");
  receipts.onEnding({ outcome: "malformed", channel: "c", settled });
  await clock.advance(100);
  const closing = receipts.close().then(() => given.push("closed"));
  await settle();
  assert.deepEqual(given, []);
  written.resolve(true);
  await closing;
  assert.deepEqual(given, ["a", "closed"]);
});

Deno.test("receipts: for what is parked only after the journal was synced", async () => {
  const it = receiving();
  it.park("parked");
  await it.clock.advance(100);
  assert.deepEqual([it.did, it.given], [["sync"], ["parked"]]);
});

Deno.test("receipts: none for what the disk does not take, until it does", async () => {
  const it = receiving();
  it.disk.writes = it.disk.syncs = false;
  it.end("a");
  it.park("parked");
  await it.clock.advance(3_100);
  assert.deepEqual(it.given, []);
  it.end("b");
  it.disk.writes = true;
  await it.clock.advance(1_000);
  assert.deepEqual(it.given, ["a", "b"]);
  it.disk.syncs = true;
  await it.clock.advance(1_000);
  assert.deepEqual(it.given, ["a", "b", "parked"]);
  assert.equal(it.clock.waiting, 0);
});

Deno.test("receipts: at the end those that can be given, and no timer is left", async () => {
  const it = receiving();
  it.disk.syncs = false;
  it.end("a");
  it.park("parked");
  await it.receipts.close();
  await settle();
  assert.deepEqual(it.given, ["a"]);
  assert.equal(it.clock.waiting, 0);
});

Deno.test("receipts: what ends during a write that fails keeps its place behind the others", async () => {
  const clock = fakeClock();
  const given: string[] = [];
  const writes = [Promise.withResolvers<boolean>(), Promise.withResolvers<boolean>()];
  let nth = 0;
  const receipts = createReceipts({
    clock,
    flush: () => writes[nth++]?.promise ?? Promise.resolve(false),
    sync: () => Promise.resolve(true),
  });
  const end = (name: string) => {
    const event = { ...waitingEvent(), settled: () => void given.push(name) };
    receipts.onEnding({ outcome: "benign", channel: "c", event });
  };
  end("a");
  await clock.advance(100);
  end("b");
  writes[0]?.resolve(false);
  writes[1]?.resolve(true);
  await clock.advance(2_000);
  assert.deepEqual(given, ["a", "b"]);
  assert.equal(clock.waiting, 0);
});
