/**
 * What real servers sent, byte for byte: an Ollama of August 2026 with gemma3:270m, and llama.cpp's
 * server (build 11669) with a random model.
 */
import assert from "node:assert/strict";
import { readAnswer } from "../../lib/llm/answer.ts";
import { LinkError } from "../../lib/llm/failure.ts";
import { OLLAMA_REPLY } from "../../lib/llm/ollama/reply.ts";
import { OPENAI_REPLY } from "../../lib/llm/openai/reply.ts";
import { readReply, type ReplyForm } from "../../lib/llm/reply.ts";
import { bodyOf } from "../support/body.ts";
import { startOllama } from "../support/ollama.ts";

/** Reads a recorded body in pieces of `size`. */
async function read(file: string, form: ReplyForm, size: number) {
  const text = Deno.readTextFileSync(new URL(`recorded/${file}`, import.meta.url));
  let tokens = 0;
  const spoken = await readReply(bodyOf(text, size), form, () => tokens++);
  return { ...spoken, tokens };
}

for (const size of [1, 7, 1_000, 1_000_000]) {
  Deno.test(`recorded: Ollama's stream, in pieces of ${size}`, async () => {
    const { content, doneReason, figures } = await read("ollama_chat.ndjson", OLLAMA_REPLY, size);
    assert.deepEqual(readAnswer(content), {
      ok: true,
      // The schema had the reason first: Ollama sorts the keys.
      value: { action: "notify", confidence: 0, reason: "service mosquitto died with exit 137" },
    });
    assert.equal(doneReason, "length");
    assert.deepEqual(figures, {
      promptTokens: 39,
      answerTokens: 40,
      loadMs: 13_278,
      promptMs: 9_643,
      answerMs: 57_871,
    });
  });

  Deno.test(`recorded: the stream of llama.cpp's server, in pieces of ${size}`, async () => {
    const { doneReason, figures, tokens } = await read("llama_chat.sse", OPENAI_REPLY, size);
    assert.equal(doneReason, "length");
    assert.ok(tokens > 10);
    assert.deepEqual(figures, {
      promptTokens: 54,
      cachedTokens: 0,
      answerTokens: 40,
      promptMs: 30,
      answerMs: 10_921,
    });
  });
}

Deno.test("recorded: llama.cpp's error in the middle of a stream under status 200", async () => {
  const error =
    '{"code":500,"message":"The model produced output that does not match the expected ' +
    'peg-native format","type":"server_error"}';
  const body = bodyOf(`data: {"error":${error}}\n\n`);
  await assert.rejects(readReply(body, OPENAI_REPLY, () => {}), (thrown) => {
    assert.ok(thrown instanceof LinkError);
    assert.equal(thrown.kind, "server_error");
    return true;
  });
});

Deno.test("recorded: the stand-in answers like the real Ollama", async () => {
  await using ollama = startOllama();
  const ps = await (await fetch(`${ollama.url}/api/ps`)).json();
  assert.deepEqual(Object.keys(ps.models[0]), [
    "name",
    "model",
    "size",
    "digest",
    "details",
    "expires_at",
    "size_vram",
    "context_length",
  ]);
});
