import assert from "node:assert/strict";
import { ANSWER_SCHEMA } from "../../../lib/llm/diagnosis.ts";
import { asking, MESSAGES } from "../../support/chat.ts";
import { done, startOllama, token } from "../../support/ollama.ts";

Deno.test("chat: sends what the server needs and nothing that makes it reload", async () => {
  await using server = startOllama({ answer: () => "{}" });
  await asking(server.url).reply;
  assert.deepEqual(server.requests, [{
    model: "qwen2.5:7b",
    messages: MESSAGES,
    stream: true,
    format: ANSWER_SCHEMA,
    options: { temperature: 0, num_ctx: 4096, num_predict: 512 },
  }]);
});

Deno.test("ANSWER_SCHEMA: thinks before it decides, and names no target", () => {
  const keys = ["evidence", "cause", "reason", "action", "confidence", "requires_human"];
  assert.deepEqual(Object.keys(ANSWER_SCHEMA.properties), keys);
  assert.deepEqual(ANSWER_SCHEMA.required, keys);
});

Deno.test("chat: sends keep_alive as a duration or as a number of seconds", async () => {
  await using server = startOllama({ answer: () => "{}" });
  await asking(server.url, { keepAlive: "10m" }).reply;
  await asking(server.url, { keepAlive: "-1" }).reply;
  assert.deepEqual(server.requests.map(({ keep_alive }) => keep_alive), ["10m", -1]);
});

Deno.test("chat: joins the tokens of a stream and reports its figures", async () => {
  const stream = [token("", { thinking: "hm" }), token('{"a"'), token(": 1}"), done()];
  await using server = startOllama({ answer: () => ({ stream }) });
  const { judged: _judged, ...spoken } = await asking(server.url).reply;
  assert.deepEqual(spoken, {
    content: '{"a": 1}',
    thought: true,
    calledTools: false,
    doneReason: "stop",
    figures: { promptTokens: 700, answerTokens: 40, loadMs: 1, promptMs: 2, answerMs: 2 },
  });
});

Deno.test("chat: reads a stream whatever its pieces", async () => {
  const text = `${JSON.stringify(token("{ü"))}\r\n\n${JSON.stringify(done())}\n`;
  for (const cut of [1, 30, 60, 70, text.length - 1]) {
    const stream = [text.slice(0, cut), Promise.resolve(), text.slice(cut)];
    await using server = startOllama({ answer: () => ({ stream }) });
    assert.equal((await asking(server.url).reply).content, "{ü");
  }
});

/** A connection to a server that answers any request with these pieces, one a read. */
function answering(pieces: readonly Uint8Array[]): () => Promise<Deno.Conn> {
  const head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\n\r\n";
  const left = [new TextEncoder().encode(head), ...pieces];
  const conn = {
    write: (bytes: Uint8Array) => Promise.resolve(bytes.length),
    read(into: Uint8Array) {
      const piece = left.shift();
      if (piece) into.set(piece);
      return Promise.resolve(piece?.length ?? null);
    },
    close() {},
  };
  return () => Promise.resolve(conn as unknown as Deno.Conn);
}

Deno.test("chat: a letter of several bytes that is split between reads stays itself", async () => {
  const bytes = new TextEncoder().encode(
    `${JSON.stringify(token("ä€😀"))}\n${JSON.stringify(done())}\n`,
  );
  const first = bytes.findIndex((byte) => byte > 127);
  // Nine bytes: a cut inside each of the three letters, and after each byte.
  for (let cut = first; cut <= first + 9; cut++) {
    const dial = answering([bytes.subarray(0, cut), bytes.subarray(cut)]);
    assert.equal((await asking("http://127.0.0.1:1", { dial }).reply).content, "ä€😀");
  }
});

const WHOLE = { message: { role: "assistant", content: "yes" }, done: true, done_reason: "stop" };
const WHOLE_FORMS: Readonly<Record<string, string>> = {
  "on one line": JSON.stringify(WHOLE),
  "with a newline": JSON.stringify(WHOLE) + "\n",
  "over several lines": JSON.stringify(WHOLE, null, 2),
  "over several lines, with more": JSON.stringify(WHOLE, null, "\t") + "\n\n",
  "without done": JSON.stringify({ message: WHOLE.message }),
};
for (const [form, body] of Object.entries(WHOLE_FORMS)) {
  Deno.test(`chat: takes one whole object ${form}`, async () => {
    await using server = startOllama({ answer: () => ({ status: 200, body }) });
    assert.equal((await asking(server.url).reply).content, "yes");
  });
}

Deno.test("chat: does not wait for the connection's end once the model is done", async () => {
  const never = new Promise(() => {});
  await using server = startOllama({ answer: () => ({ stream: [token("yes"), done(), never] }) });
  assert.equal((await asking(server.url).reply).content, "yes");
});
