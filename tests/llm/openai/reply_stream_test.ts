import assert from "node:assert/strict";
import { completionReader } from "../../../lib/llm/openai/reply_stream.ts";
import { LONGEST_CONTENT, LONGEST_LINE, LONGEST_STREAM } from "../../../lib/llm/spoken.ts";

const delta = (said: Record<string, unknown>, finish: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ delta: said, finish_reason: finish }] })}`;

/** What is read of `text`, and how often a token was told of. */
function read(text: string, size = text.length) {
  let tokens = 0;
  const reader = completionReader(() => tokens++);
  let isDone = false;
  for (let at = 0; at < text.length && !isDone; at += size) {
    isDone = reader.push(text.slice(at, at + size));
  }
  return { ...reader.finish(), isDone, tokens };
}

Deno.test("completionReader: lines end by any of three ends, wherever the pieces are cut", () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const lines = [delta({ content: "ja" }), "", ": alive", "", delta({ content: "!" }, "stop")];
    const text = [...lines, "", "data: [DONE]", "", ""].join(end);
    for (const size of [1, 2, 3, 7, text.length]) {
      const { content, tokens, doneReason, isDone } = read(text, size);
      assert.deepEqual([content, tokens, doneReason, isDone], ["ja!", 2, "stop", true], `${size}`);
    }
  }
});

Deno.test("completionReader: [DONE] ends it at once, whatever follows", () => {
  const { content, isDone } = read(`${delta({ content: "a" })}\n\ndata: [DONE]\n\nno event at all`);
  assert.deepEqual([content, isDone], ["a", true]);
});

Deno.test("completionReader: a role is no token; text, thinking and calls are", () => {
  const tokens = (said: Record<string, unknown>) => read(`${delta(said, "stop")}\n\n`).tokens;
  assert.deepEqual(
    [{ role: "assistant" }, { content: "" }, { content: "a" }, { reasoning_content: "hm" }, {
      tool_calls: [{}],
    }].map(tokens),
    [0, 0, 1, 1, 1],
  );
});

Deno.test("completionReader: a line, an answer and a stream each have an end", () => {
  const finished = (text: string) => () => read(`${text}\n\ndata: [DONE]\n\n`);
  const long = (length: number) => delta({ content: "x".repeat(length) });
  finished(Array(4).fill(long(LONGEST_CONTENT / 4)).join("\n\n"))();
  assert.throws(
    finished([...Array(4).fill(long(LONGEST_CONTENT / 4)), long(1)].join("\n\n")),
    /an answer of more than/,
  );
  assert.throws(() => read("x".repeat(LONGEST_LINE + 1)), /a line without end/);
  const comments = `:${"x".repeat(1_000)}\n`.repeat(Math.ceil(LONGEST_STREAM / 1_000));
  assert.throws(() => read(comments, 100_000), /a stream of more than/);
});

Deno.test("completionReader: tokens of the prompt are those read and those cached", () => {
  const timings = { prompt_n: 12, cache_n: 300, predicted_n: 7, prompt_ms: 1.6, predicted_ms: 20 };
  const last = `data: ${JSON.stringify({ choices: [], timings })}`;
  assert.deepEqual(read(`${delta({ content: "a" }, "stop")}\n\n${last}\n\n`).figures, {
    promptTokens: 312,
    cachedTokens: 300,
    answerTokens: 7,
    promptMs: 2,
    answerMs: 20,
  });
});
