import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { IDS_ONLY, replyCheck, SHORT_REPLY } from "../../../lib/base/redis/reply_check.ts";
import { bulk, encodeReply, type Reply, RespError } from "../../support/resp.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (words: Uint8Array) => new TextDecoder().decode(words);
const SUBSCRIBED = "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n";

/** A check of a connection that has subscribed to `c`, or that waits for `answers`. */
function lab({ subscribed = false, answers = 0, bounds = SHORT_REPLY } = {}) {
  const passed: Uint8Array[] = [];
  const heard: string[] = [];
  const it = replyCheck(bounds, (channel, message) => heard.push(text(channel) + text(message)));
  const give = (chunk: Uint8Array) => it.check(chunk, (part) => passed.push(part.slice()));
  if (subscribed) {
    it.expect("subscription");
    give(bytes(SUBSCRIBED));
    passed.length = 0;
  }
  for (let nth = 0; nth < answers; nth++) it.expect("reply", bounds);
  return { give, heard, passed: () => text(Buffer.concat(passed)) };
}

/** A check without anybody who takes messages at once. */
function pushes() {
  const it = replyCheck(SHORT_REPLY);
  const give = (chunk: Uint8Array) => it.check(chunk, () => {});
  it.expect("subscription");
  give(bytes(SUBSCRIBED));
  return { it, give };
}

/** What the check says of `raw`, however it is cut; undefined when it lets it pass as it is. */
function verdict(raw: string, options: Parameters<typeof lab>[0] = {}): string | undefined {
  const said = [raw.length, 1].map((size) => {
    const { give, passed, heard } = lab(options);
    try {
      for (let at = 0; at < raw.length; at += size) give(bytes(raw).subarray(at, at + size));
    } catch (error) {
      assert.ok(error instanceof Error && /^Redis(Protocol|ReplyTooLarge)Error$/.test(error.name));
      return error.message;
    }
    if (heard.length === 0) assert.equal(passed(), raw);
    return undefined;
  });
  assert.equal(said[0], said[1]);
  return said[0];
}

Deno.test("replyCheck: what nobody asked for is refused, but for an error", () => {
  for (const raw of ["$-1\r\n", "*0\r\n", "*1\r\n$-1\r\n", ":1\r\n", "+OK\r\n", "$2\r\nhi\r\n"]) {
    assert.match(verdict(raw) ?? "", /nothing was asked for/, raw);
    assert.equal(verdict(raw, { answers: 1 }), undefined, raw);
  }
  assert.equal(verdict("-ERR max number of clients reached\r\n"), undefined);
  assert.equal(verdict("*-1\r\n*2\r\n$1\r\na\r\n:1\r\n", { answers: 2 }), undefined);
  assert.match(verdict("+OK\r\n+OK\r\n", { answers: 1 }) ?? "", /nothing was asked for/);
});

Deno.test("replyCheck: what is no RESP2 is refused", () => {
  for (
    const raw of [
      ...["HTTP/1.1 400 Bad Request\r\n", "_\r\n", "#t\r\n", ",1.5\r\n", "%1\r\n", "~1\r\n"],
      ...[">1\r\n$-1\r\n", "(1\r\n", "=3\r\n", "!1\r\n", "\r\n", "\0", "*x\r\n", "$\r\n", ":\r\n"],
      ...[
        "*-2\r\n",
        "$-5\r\n",
        "$1\r\na\rx",
        ":1\n",
        ":1\r1",
        "$1\r\nab\r\n",
        "+OK\rx",
        ":1.5\r\n",
        ":+1\r\n",
      ],
      ...[`:${"1".repeat(20)}\r\n`, "*1\r\n-ERR in a list\r\n", "*1\r\n".repeat(9) + ":1\r\n"],
    ]
  ) assert.ok(verdict(raw, { answers: 1 }), raw);
  assert.equal(verdict("*1\r\n".repeat(8) + ":-1\r\n", { answers: 1 }), undefined);
});

Deno.test("replyCheck: once subscribed, only messages and answers of their own shape pass", () => {
  const subscribed = true;
  for (
    const raw of [
      ...["$-1\r\n", "*-1\r\n", "*0\r\n", "*1\r\n$-1\r\n", "*1000000000\r\n", "*4\r\n", "+OK\r\n"],
      "*3\r\n$7\r\nmessage\r\n:5\r\n$2\r\n{}\r\n",
      "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$-1\r\n",
      "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n*0\r\n",
      "*3\r\n$7\r\nmessage\r\n+c\r\n",
      "*2\r\n$7\r\nmessage\r\n",
      "*3\r\n$7\r\nmassage\r\n",
      "*3\r\n$10\r\n",
      "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n",
      "*2\r\n$4\r\npong\r\n$0\r\n\r\n",
    ]
  ) assert.ok(verdict(raw, { subscribed }), raw);
  assert.equal(verdict("*2\r\n$4\r\npong\r\n$0\r\n\r\n", { subscribed, answers: 1 }), undefined);
  assert.equal(verdict("-ERR no\r\n", { subscribed, answers: 1 }), undefined);
});

Deno.test("replyCheck: SUBSCRIBE is answered with a subscription or an error", () => {
  for (
    const raw of [
      ":1\r\n",
      "_\r\n",
      "+x\r\n",
      "$-1\r\n",
      "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n+1\r\n",
    ]
  ) {
    const it = replyCheck(SHORT_REPLY);
    it.expect("subscription");
    assert.throws(() => it.check(bytes(raw), () => {}), { name: "RedisProtocolError" }, raw);
  }
  const it = replyCheck(SHORT_REPLY);
  it.expect("subscription");
  it.check(bytes("-NOPERM no\r\n"), () => {});
});

Deno.test("replyCheck: a message in one piece is handed over, another one passed on", () => {
  const { give, heard, passed } = lab({ subscribed: true, answers: 1 });
  const message = "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$3\r\none\r\n";
  const pong = "*2\r\n$4\r\npong\r\n$0\r\n\r\n";
  give(bytes(message + pong + message + message.slice(0, 30)));
  give(bytes(message.slice(30) + message));
  assert.deepEqual([heard, passed()], [["cone", "cone", "cone"], pong + message]);
});

Deno.test("replyCheck: a reply too large is refused by what it says of itself", () => {
  const bounds = { most: 1_000, kept: 1_000 };
  for (const raw of ["$1001\r\n", "*11\r\n", "*2\r\n$500\r\n" + "x".repeat(500) + "\r\n$301\r\n"]) {
    assert.equal(verdict(raw, { answers: 1, bounds }), "a reply of more than 1000 bytes");
  }
  assert.equal(
    verdict(`+${"x".repeat(9_000)}`, { answers: 1 }),
    "a reply of more than 8192 bytes in one line",
  );
  assert.equal(verdict("*600000\r\n", { answers: 1, bounds: IDS_ONLY }), undefined);
  assert.equal(
    verdict("*600001\r\n", { answers: 1, bounds: IDS_ONLY }),
    "a reply of more than 600000 elements",
  );
});

Deno.test("replyCheck: of a long string only so much is passed on, and said", () => {
  for (const size of [10_000, 7, 1]) {
    const { give, passed } = lab({ answers: 1, bounds: { most: 1_000, kept: 4 } });
    const raw = bytes("*3\r\n$10\r\n0123456789\r\n$4\r\nabcd\r\n$5\r\nvwxyz\r\n");
    for (let at = 0; at < raw.length; at += size) give(raw.subarray(at, at + size));
    assert.equal(passed(), "*3\r\n$4\r\n0123\r\n$4\r\nabcd\r\n$4\r\nvwxy\r\n");
  }
});

Deno.test("replyCheck: of a long message, too, only so much is handed on", () => {
  const bounds = { most: 1_000, kept: 4 };
  const { give, heard, passed } = lab({ subscribed: true, bounds });
  const message = (body: string) =>
    `*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$${body.length}\r\n${body}\r\n`;
  give(bytes(message("abcd") + message("abcde")));
  assert.deepEqual(heard, ["cabcd"]);
  assert.equal(passed(), message("abcd").replace("$7\r\nmessage", "$4\r\nmess"));
});

const replies: fc.Arbitrary<Reply> = fc.letrec<{ reply: Reply }>((tie) => ({
  reply: fc.oneof(
    { maxDepth: 6 },
    fc.constant(null),
    fc.integer(),
    fc.stringMatching(/^[^\r\n]{0,50}$/),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie("reply"), { maxLength: 5 }),
  ),
})).reply;

Deno.test("replyCheck: every reply passes as it is, wherever it is cut", () => {
  const any = fc.oneof(
    replies,
    fc.stringMatching(/^[A-Z]{3} [^\r\n]{0,50}$/).map((said) => new RespError(said)),
  );
  fc.assert(
    fc.property(fc.array(any, { maxLength: 5 }), fc.infiniteStream(fc.nat(40)), (sent, cuts) => {
      const { give, passed } = lab({ answers: sent.length });
      const raw = Buffer.concat(sent.map(encodeReply));
      for (let at = 0; at < raw.length;) {
        const end = at + 1 + (cuts.next().value ?? 0);
        give(raw.subarray(at, end));
        at = end;
      }
      assert.equal(passed(), text(raw));
    }),
    { numRuns: 200 },
  );
});

Deno.test("replyCheck: messages are heard or passed on once, wherever they are cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 60 })),
      fc.infiniteStream(fc.nat(90)),
      (sent, cuts) => {
        const { give, heard, passed } = lab({ subscribed: true });
        const framed = sent.map((body) => encodeReply([bulk("message"), bulk("c"), body]));
        const raw = Buffer.concat(framed);
        for (let at = 0; at < raw.length;) {
          const end = at + 1 + (cuts.next().value ?? 0);
          give(raw.subarray(at, end));
          at = end;
        }
        const left = passed();
        const count = framed.filter((frame) => left.includes(text(frame))).length;
        assert.ok(heard.length <= sent.length && count + heard.length >= sent.length);
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("replyCheck: messages are heard in the order in which they came, wherever they are cut", () => {
  const message = (said: string) => text(encodeReply([bulk("message"), bulk("c"), bulk(said)]));
  const raw = bytes(SUBSCRIBED + message("fault") + message("recovery"));
  for (let cut = 0; cut < raw.length; cut++) {
    const order: string[] = [];
    const it = replyCheck(SHORT_REPLY, (_channel, said) => order.push(text(said)));
    it.expect("subscription");
    for (const part of [raw.subarray(0, cut), raw.subarray(cut)]) {
      it.check(part, (passed) => order.push(text(passed)));
    }
    assert.match(order.join(""), /^[^]*subscribe[^]*fault[^]*recovery(?:\r\n)?$/, `cut at ${cut}`);
  }
});

Deno.test("replyCheck: a message between a command and its answer is not that answer", () => {
  const message = "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n";
  const pong = "*2\r\n$4\r\npong\r\n$0\r\n\r\n";
  // In pieces, a message passes through the check like any reply.
  for (const size of [1, 5, message.length + pong.length]) {
    const { it, give } = pushes();
    it.expect("reply");
    for (let at = 0; at < message.length + pong.length; at += size) {
      give(bytes(message + pong).subarray(at, at + size));
    }
    assert.throws(() => give(bytes(pong)), /a pong that nobody asked for/);
  }
});

Deno.test("replyCheck: a reply of just as many bytes as may come passes, one more does not", () => {
  const bounds = { most: 5, kept: 5 };
  assert.equal(verdict("$5\r\nhello\r\n", { answers: 1, bounds }), undefined);
  assert.match(verdict("$6\r\nhello!\r\n", { answers: 1, bounds }) ?? "", /5/);
});

Deno.test("replyCheck: bytes are counted anew for each reply", () => {
  const bounds = { most: 8, kept: 8 };
  assert.equal(verdict("$5\r\nhello\r\n".repeat(3), { answers: 3, bounds }), undefined);
});

Deno.test("replyCheck: where only ids are wanted, the longest stays whole", () => {
  const id = "18446744073709551615-18446744073709551615";
  const { give, passed } = lab({ answers: 1, bounds: IDS_ONLY });
  give(bytes(`*2\r\n$41\r\n${id}\r\n$65\r\n${"x".repeat(65)}\r\n`));
  assert.equal(passed(), `*2\r\n$41\r\n${id}\r\n$64\r\n${"x".repeat(64)}\r\n`);
});

Deno.test("replyCheck: elements are counted over all lists of a reply, and anew for the next", () => {
  const bounds = IDS_ONLY;
  const { give } = lab({ answers: 2, bounds });
  give(bytes(`*300001\r\n${":1\r\n".repeat(300_001)}`));
  give(bytes("*2\r\n*300000\r\n"));
  const nested = lab({ answers: 1, bounds });
  assert.throws(() => nested.give(bytes("*3\r\n*599998\r\n")), /600000/);
});
