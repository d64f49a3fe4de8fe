import assert from "node:assert/strict";
import fc from "fast-check";
import { compareIds, inOrder } from "../../../lib/intake/streams/order.ts";
import { CHANNELS } from "../../support/channels.ts";
import { eventually, GROUP, redisTest, streamReader } from "../../support/stream_reader.ts";

const [HEALTH, WORLD] = CHANNELS;
const STREAMS = ["a", "b"];
const entries = (stream: string, ...ids: string[]) => ids.map((id) => ({ stream, id }));

Deno.test("compareIds: by milliseconds, then by the counter", () => {
  const ids = ["10-0", "9-10", "9-9", "100-0", "9-0", "10-0"];
  assert.deepEqual(ids.sort(compareIds), ["9-0", "9-9", "9-10", "10-0", "10-0", "100-0"]);
});

Deno.test("inOrder: what is newer waits while another stream is behind", () => {
  const order = inOrder<{ stream: string; id: string }>();
  const ready = (streams = STREAMS) => [...order.ready(streams)].map(({ id }) => id);
  order.add("a", entries("a", "1-0", "2-0"), false);
  order.add("b", entries("b", "5-0", "1-1"), true);
  assert.deepEqual(ready(), ["1-0", "2-0"]);
  assert.deepEqual([order.isWaiting, order.wanted(STREAMS)], [true, ["a"]]);
  order.add("a", entries("a", "4-0", "6-0"), true);
  assert.deepEqual(ready(), ["4-0", "5-0", "1-1", "6-0"]);
  assert.deepEqual([order.isWaiting, order.wanted(STREAMS)], [false, STREAMS]);
});

Deno.test("inOrder: what was taken out leaves no stream behind", () => {
  const order = inOrder<{ stream: string; id: string }>();
  order.add("a", entries("a", "2-0"), false);
  order.add("b", entries("b", "1-0"), false);
  assert.deepEqual(order.clear().map(({ id }) => id), ["1-0", "2-0"]);
  order.add("b", entries("b", "3-0"), true);
  assert.deepEqual([...order.ready(STREAMS)].map(({ id }) => id), ["3-0"]);
});

Deno.test("inOrder: a stream that cannot be read any more is not waited for", () => {
  const order = inOrder<{ stream: string; id: string }>();
  order.add("a", entries("a", "1-0"), false);
  order.add("b", entries("b", "5-0", "6-0"), true);
  assert.deepEqual([...order.ready(["b"])].map(({ id }) => id), ["1-0", "5-0", "6-0"]);
  order.add("b", entries("b", "7-0"), false);
  assert.deepEqual(order.clear(), entries("b", "7-0"));
  assert.equal(order.isWaiting, false);
});

Deno.test("inOrder: however two streams are read, their entries come in the order of their ids", () => {
  const times = fc.array(fc.nat(50), { maxLength: 12 });
  const counts = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1 });
  fc.assert(
    fc.property(times, times, counts, (ofA, ofB, counts) => {
      const order = inOrder<{ stream: string; id: string }>();
      // No two have one id.
      const entriesOf = (stream: string, times: readonly number[], count: number) =>
        entries(stream, ...[...new Set(times)].map((ms) => `${ms}-${count}`).sort(compareIds));
      const unread = new Map([["a", entriesOf("a", ofA, 0)], ["b", entriesOf("b", ofB, 1)]]);
      const all = [...unread.values()].flat();
      const got: string[] = [];
      for (let turn = 0; turn === 0 || order.isWaiting || got.length < all.length; turn++) {
        assert.ok(turn <= all.length + 1, "it comes to an end");
        const count = counts[turn % counts.length] ?? 1;
        for (const stream of order.wanted(STREAMS)) {
          const read = unread.get(stream)?.splice(0, count) ?? [];
          order.add(stream, read, read.length < count);
        }
        for (const { id } of order.ready(STREAMS)) got.push(id);
      }
      assert.deepEqual(got, all.map(({ id }) => id).sort(compareIds));
    }),
  );
});

redisTest(
  "streams intake: a recovery does not pass the faults before it in the other stream",
  async (redis) => {
    for (let nth = 1; nth <= 300; nth++) {
      await redis.command("XADD", HEALTH, `${nth}-0`, "data", `fault ${nth}`);
    }
    await redis.command("XADD", WORLD, "250-1", "data", "well again");
    await using reader = streamReader(redis.url(), { limit: 1_000 });
    await reader.received(301);
    const texts = reader.texts();
    assert.equal(texts.indexOf("well again"), 250);
    assert.deepEqual(texts.filter((text) => text !== "well again").at(-1), "fault 300");
  },
);

redisTest("streams intake: what was left comes in that order, too", async (redis) => {
  for (const stream of CHANNELS) {
    await redis.command("XGROUP", "CREATE", stream, GROUP, "0", "MKSTREAM");
  }
  for (let nth = 1; nth <= 120; nth++) {
    await redis.command("XADD", HEALTH, `${nth}-0`, "data", `fault ${nth}`);
  }
  await redis.command("XADD", WORLD, "110-1", "data", "well again");
  for (const stream of CHANNELS) {
    await redis.command("XREADGROUP", "GROUP", GROUP, "solaria", "STREAMS", stream, ">");
  }
  await using reader = streamReader(redis.url(), { limit: 1_000 });
  await eventually("all", () => Promise.resolve(reader.entries.length === 121));
  assert.equal(reader.texts().indexOf("well again"), 110);
});
