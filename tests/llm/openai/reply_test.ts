import assert from "node:assert/strict";
import { OPENAI_REPLY } from "../../../lib/llm/openai/reply.ts";
import { readReply } from "../../../lib/llm/reply.ts";
import { bodyOf } from "../../support/body.ts";

const LONGEST_CONTENT = 64 * 1024;
const LONGEST_LINE = 256 * 1024;
const LONGEST_STREAM = 8 * 1024 * 1024;

const delta = (said: Record<string, unknown>, finish: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ delta: said, finish_reason: finish }] })}`;

/** What is read of `text`, how often a token was told of, and how many pieces were taken. */
async function read(text: string, size = text.length) {
  let tokens = 0;
  const body = bodyOf(text, size);
  const spoken = await readReply(body, OPENAI_REPLY, () => tokens++);
  return { ...spoken, tokens, pieces: body.read };
}

Deno.test("OPENAI_REPLY: lines end by any of three ends, wherever the pieces are cut", async () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const lines = [delta({ content: "ja" }), "", ": alive", "", delta({ content: "!" }, "stop")];
    const text = [...lines, "", "data: [DONE]", "", ""].join(end);
    for (const size of [1, 2, 3, 7, text.length]) {
      const { content, tokens, doneReason, pieces } = await read(text, size);
      assert.deepEqual([content, tokens, doneReason], ["ja!", 2, "stop"], `${size}`);
      // [DONE] and the end of its line; a carriage return waits for what follows it.
      assert.ok((pieces - 1) * size <= text.lastIndexOf("[DONE]") + 8, `${size}`);
    }
  }
});

Deno.test("readReply: line ends are looked for once, however small the pieces of a long line are", async () => {
  let lookedAt = 0;
  class Counting extends RegExp {
    override [Symbol.split](text: string, limit?: number) {
      lookedAt += text.length;
      return super[Symbol.split](text, limit);
    }
  }
  const form = { ...OPENAI_REPLY, lineEnd: new Counting(OPENAI_REPLY.lineEnd) };
  const text = `${delta({ content: "x".repeat(5_000) })}\r\n\r\ndata: [DONE]\r\n\r\n`;
  const { content } = await readReply(bodyOf(text, 1), form, () => {});
  assert.deepEqual([content.length, lookedAt], [5_000, text.lastIndexOf("[DONE]") + 8]);
});

Deno.test("OPENAI_REPLY: [DONE] ends it at once, whatever follows", async () => {
  const text = `${delta({ content: "a" })}\n\ndata: [DONE]\n`;
  const { content, pieces } = await read(`${text}\nno event at all`, text.length);
  assert.deepEqual([content, pieces], ["a", 1]);
  assert.equal((await read(`${text}\nno event at all`)).content, "a");
});

Deno.test("OPENAI_REPLY: a role is no token; text, thinking and calls are", async () => {
  const saying: readonly Record<string, unknown>[] = [
    { role: "assistant" },
    { content: "" },
    { content: "a" },
    { reasoning_content: "hm" },
    { content: [{ type: "thinking", thinking: [{ type: "text", text: "hm" }] }] },
    { tool_calls: [{}] },
  ];
  const tokens: number[] = [];
  for (const said of saying) tokens.push((await read(`${delta(said, "stop")}\n\n`)).tokens);
  assert.deepEqual(tokens, [0, 0, 1, 1, 1, 1]);
});

Deno.test("OPENAI_REPLY: a line, an answer and a stream each have an end", async () => {
  const finished = (text: string) => read(`${text}\n\ndata: [DONE]\n\n`);
  const long = (length: number) => delta({ content: "x".repeat(length) });
  await finished(Array(4).fill(long(LONGEST_CONTENT / 4)).join("\n\n"));
  await assert.rejects(
    finished([...Array(4).fill(long(LONGEST_CONTENT / 4)), long(1)].join("\n\n")),
    /an answer of more than/,
  );
  await assert.rejects(read("x".repeat(LONGEST_LINE + 1)), /a line without end/);
  const comments = `:${"x".repeat(1_000)}\n`.repeat(Math.ceil(LONGEST_STREAM / 1_000));
  await assert.rejects(read(comments, 100_000), /a stream of more than/);
});

Deno.test("OPENAI_REPLY: why it ended stays known when figures follow", async () => {
  const usage = `data: ${JSON.stringify({ choices: [], usage: { completion_tokens: 7 } })}`;
  const text = `${delta({ content: "a" }, "length")}\n\n${usage}\n\ndata: [DONE]\n\n`;
  const { doneReason, figures } = await read(text);
  assert.deepEqual([doneReason, figures], ["length", { answerTokens: 7 }]);
});

Deno.test("OPENAI_REPLY: a figure that no model can have is left out", async () => {
  const timings = { prompt_ms: 1e12, predicted_ms: 1e12 - 1, predicted_n: -1, prompt_n: "7" };
  const last = `data: ${JSON.stringify({ choices: [], timings })}`;
  const { figures } = await read(`${delta({ content: "a" }, "stop")}\n\n${last}\n\n`);
  assert.deepEqual(figures, { answerMs: 1e12 - 1 });
});

Deno.test("OPENAI_REPLY: tokens of the prompt are those read and those cached", async () => {
  const timings = { prompt_n: 12, cache_n: 300, predicted_n: 7, prompt_ms: 1.6, predicted_ms: 20 };
  const last = `data: ${JSON.stringify({ choices: [], timings })}`;
  assert.deepEqual((await read(`${delta({ content: "a" }, "stop")}\n\n${last}\n\n`)).figures, {
    promptTokens: 312,
    cachedTokens: 300,
    answerTokens: 7,
    promptMs: 2,
    answerMs: 20,
  });
});
