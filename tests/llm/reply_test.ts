import assert from "node:assert/strict";
import { OLLAMA_REPLY } from "../../lib/llm/ollama/reply.ts";
import { OPENAI_REPLY } from "../../lib/llm/openai/reply.ts";
import { errorText, readReply, type ReplyForm } from "../../lib/llm/reply.ts";

/** A body of these pieces. */
async function* bodyOf(...pieces: readonly string[]) {
  const encoder = new TextEncoder();
  for (const piece of pieces) yield await Promise.resolve(encoder.encode(piece));
}

const readAs = (form: ReplyForm, ...pieces: readonly string[]) =>
  readReply(bodyOf(...pieces), form, () => {});

Deno.test("readReply: figures of several events of a stream are told together", async () => {
  const events = [
    { choices: [{ delta: { content: "yes" }, finish_reason: "stop" }] },
    { choices: [], usage: { prompt_tokens: 700, completion_tokens: 40 } },
    { choices: [], timings: { prompt_ms: 2, predicted_ms: 3 } },
  ].map((each) => `data: ${JSON.stringify(each)}\n\n`);
  assert.deepEqual(await readAs(OPENAI_REPLY, ...events, "data: [DONE]\n\n"), {
    content: "yes",
    thought: false,
    calledTools: false,
    doneReason: "stop",
    figures: { promptTokens: 700, answerTokens: 40, promptMs: 2, answerMs: 3 },
  });
});

Deno.test("readReply: one object need not say that it is the last, two of a stream must", async () => {
  const line = `${JSON.stringify({ message: { content: "a" } })}\n`;
  assert.equal((await readAs(OLLAMA_REPLY, line)).content, "a");
  await assert.rejects(readAs(OLLAMA_REPLY, line, line), {
    kind: "disconnected",
    message: "the reply ended after 2 tokens, without done: true",
  });
});

Deno.test("readReply: an empty reason to end is none", async () => {
  const line = JSON.stringify({ choices: [{ delta: { content: "a" }, finish_reason: "" }] });
  await assert.rejects(readAs(OPENAI_REPLY, `data: ${line}\n\n`), {
    kind: "disconnected",
    message: "the reply ended after 1 events, without [DONE]",
  });
});

Deno.test("readReply: figures and reasons of what is not the last of a stream do not count", async () => {
  const lines = [
    {
      message: { content: "a", thinking: " \n" },
      done: false,
      done_reason: "length",
      eval_count: 9,
    },
    { done: true, done_reason: "stop" },
  ].map((each) => `${JSON.stringify(each)}\n`);
  assert.deepEqual(await readAs(OLLAMA_REPLY, ...lines), {
    content: "a",
    thought: false,
    calledTools: false,
    doneReason: "stop",
    figures: {},
  });
});

Deno.test("readReply: a stream has 8 MiB at most, its blanks among them", async () => {
  const answer = JSON.stringify({ message: { content: "a" }, done: true });
  const stream = (length: number) => {
    const blanks = `${" ".repeat(131_071)}\n`;
    const first = "\n".padStart(131_072 - answer.length + length, " ");
    return readAs(OLLAMA_REPLY, ...Array(63).fill(blanks), first, answer);
  };
  assert.equal((await stream(0)).content, "a");
  await assert.rejects(stream(1), { message: "a stream of more than 8388608 characters" });
});

Deno.test("errorText: the server's own words, under either key and one inside the other", () => {
  const bodies = ['{"error":"a"}', '{"message":"b"}', '{"error":{"message":"c"}}', '{"x":1}', "d"];
  assert.deepEqual(bodies.map(errorText), ["a", "b", "c", '{"x":1}', "d"]);
});

Deno.test("errorText: of what a server says, the first 16 KiB", () => {
  assert.equal(errorText("x".repeat(20_000)), "x".repeat(16_384));
});
