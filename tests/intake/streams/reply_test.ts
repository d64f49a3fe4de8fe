import assert from "node:assert/strict";
import fc from "fast-check";
import { autoclaimOf, entriesOf, pendingOf, readOf } from "../../../lib/intake/streams/reply.ts";
import { RedisProtocolError } from "../../../lib/base/redis/errors.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("stream replies: entries, trimmed ones and those an old Redis answers as nil", () => {
  const [name, value] = [bytes("type"), bytes("down")];
  assert.deepEqual(
    entriesOf([[bytes("1-0"), [name, value]], [bytes("2-0"), null], null], "XCLAIM", "s"),
    [{ stream: "s", id: "1-0", fields: [name, value] }, { stream: "s", id: "2-0", fields: null }],
  );
  assert.deepEqual(readOf(null), []);
  assert.deepEqual(readOf([[bytes("s"), [[bytes("1-2"), [name, value]]]]]), [
    { stream: "s", id: "1-2", fields: [name, value] },
  ]);
});

Deno.test("stream replies: pending entries and what was taken over, of Redis 6.2 and 7", () => {
  assert.deepEqual(pendingOf([[bytes("1-0"), bytes("piha"), 1_000, 3]], "s"), [
    { stream: "s", id: "1-0", idleMs: 1_000, deliveries: 3 },
  ]);
  assert.deepEqual(autoclaimOf([bytes("0-0"), [bytes("1-0"), null]]), {
    cursor: "0-0",
    ids: ["1-0"],
    gone: 0,
  });
  assert.equal(autoclaimOf([bytes("0-0"), [], [bytes("3-0")]]).gone, 1);
});

Deno.test("stream replies: anything else is an error of the protocol", () => {
  for (
    const [parse, reply] of [
      [readOf, "OK"],
      [readOf, [[bytes("s"), 5]]],
      [readOf, [["s", []]]],
      [readOf, [[bytes("s"), [[bytes("1-0"), [bytes("name"), 7]]]]]],
      [readOf, [[bytes("s"), [[bytes("one"), []]]]]],
      [pendingOf, [[bytes("1-0"), bytes("c"), "1", 1]]],
      [pendingOf, [[bytes("$"), bytes("c"), 1, 1]]],
      [autoclaimOf, []],
      [autoclaimOf, [bytes("0-0"), 4]],
    ] as const
  ) {
    assert.throws(() => parse(reply, "s"), RedisProtocolError, JSON.stringify(reply));
  }
  fc.assert(fc.property(fc.anything(), (reply) => {
    for (const parse of [readOf, pendingOf, autoclaimOf]) {
      try {
        parse(reply, "s");
      } catch (error) {
        assert.ok(error instanceof RedisProtocolError);
      }
    }
  }));
});
