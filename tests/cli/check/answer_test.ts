import assert from "node:assert/strict";
import { checkAnswer } from "../../../lib/cli/check/answer.ts";
import { systemClock } from "../../../lib/base/clock.ts";
import { parseConfig } from "../../../lib/config/config.ts";
import type { LinkSpec } from "../../../lib/llm/chain.ts";
import { fakeClock } from "../../support/clock.ts";
import { done, echo, type Script, startOllama, token } from "../../support/ollama.ts";

const CONFIG = parseConfig(() => undefined);

async function examine(answer: Script, settings: Partial<typeof CONFIG> = {}) {
  await using ollama = startOllama({ answer });
  const link: LinkSpec = { kind: "ollama", name: "m", model: "m", host: ollama.url };
  const finding = await checkAnswer({
    config: { ...CONFIG, ...settings },
    link,
    systemPrompt: "system",
    clock: systemClock,
    signal: new AbortController().signal,
  });
  return { finding, requests: ollama.requests };
}

/** A stream with a good answer and these figures. */
const timed = (figures: Record<string, unknown>): Script => (request) => ({
  stream: [token(JSON.stringify(echo(request))), done(figures)],
});

Deno.test("checkAnswer: a valid answer with its time and its speeds", async () => {
  const { finding, requests } = await examine(timed({
    load_duration: 2_000_000_000,
    prompt_eval_count: 700,
    prompt_eval_duration: 10_000_000_000,
    eval_count: 45,
    eval_duration: 10_000_000_000,
  }));
  assert.equal(finding.level, "ok");
  assert.match(
    finding.detail,
    /^answered restart after \d+\.\d s, loaded in 2\.0 s, reads 70\.0 tokens\/s, writes 4\.5 tokens\/s; the next one after \d+\.\d s: a storm of 20 services takes \d+\.\d min$/,
  );
  const [request] = requests;
  assert.equal(request?.options?.num_ctx, CONFIG.contextTokens);
  assert.match(request?.messages[1]?.content ?? "", /service: planner-agent-check\n/);
});

Deno.test("checkAnswer: a wrong answer is asked again as in run, and told when it stays so", async () => {
  const second = await examine((request, nth) => nth === 0 ? "no idea" : echo(request));
  assert.equal(second.finding.level, "ok");
  assert.match(second.finding.detail, /, 2 attempts, /);
  const never = await examine(() => "no idea");
  assert.deepEqual([never.finding.level, never.finding.code], ["failure", "answer_failed"]);
  assert.match(never.finding.detail, /^not_json: .*; not_json: /);
});

Deno.test("checkAnswer: a prompt that nearly fills the context is a warning", async () => {
  const { finding } = await examine(timed({ prompt_eval_count: 1_000 }), { contextTokens: 1_024 });
  assert.equal(finding.code, "prompt_too_long");
  assert.match(finding.detail, /of 1024 tokens this prompt has 1000, and one with a payload/);
});

Deno.test("checkAnswer: a payload that may be longer than the context is a warning", async () => {
  const { finding, requests } = await examine(timed({}), { promptPayloadBytes: 16_384 });
  assert.equal(finding.code, "prompt_too_long");
  assert.match(finding.detail, /a payload of 16384 bytes and its answer take up to \d{4}$/);
  assert.equal(requests.length, 1);
});

Deno.test("checkAnswer: what takes more than half of the deadline is slow", async () => {
  const clock = fakeClock();
  const open = Promise.withResolvers<void>();
  await using ollama = startOllama({
    answer: (request) => ({ after: open.promise, answer: echo(request) }),
  });
  const finding = checkAnswer({
    config: { ...CONFIG, timeoutSeconds: 100 },
    link: { kind: "ollama", name: "m", model: "m", host: ollama.url },
    systemPrompt: "system",
    clock,
    signal: new AbortController().signal,
  });
  await ollama.asked(1);
  await clock.advance(51_000);
  open.resolve();
  assert.equal((await finding).code, "answer_slow");
  assert.match((await finding).detail, /^answered restart after 51\.0 s/);
});

Deno.test("checkAnswer: a deadline of run holds; an interruption is no failure", async () => {
  const clock = fakeClock();
  const stopping = new AbortController();
  await using ollama = startOllama({ answer: () => "hang" });
  const options = {
    config: { ...CONFIG, firstTokenSeconds: 20 },
    link: { kind: "ollama", name: "m", model: "m", host: ollama.url },
    systemPrompt: "system",
    clock,
    signal: stopping.signal,
  } as const;
  const late = checkAnswer(options);
  await ollama.asked(1);
  await clock.advance(20_000);
  assert.match((await late).detail, /^first_token_timeout: .*LLM_FIRST_TOKEN_SECONDS/);
  const interrupted = checkAnswer(options);
  await ollama.asked(2);
  stopping.abort();
  assert.equal((await interrupted).level, "skipped");
});

Deno.test("checkAnswer: the rules always answer", async () => {
  const finding = await checkAnswer({
    config: CONFIG,
    link: { kind: "rules", name: "rules" },
    systemPrompt: "system",
    clock: systemClock,
    signal: new AbortController().signal,
  });
  assert.equal(finding.level, "ok");
  assert.match(finding.detail, /^answered notify after \d+\.\d s$/);
});

Deno.test("checkAnswer: three quarters of the context are for the prompt", async () => {
  const codeOf = async (prompt_eval_count: number) =>
    (await examine(timed({ prompt_eval_count }), { contextTokens: 8_192 })).finding.code;
  assert.deepEqual([await codeOf(6_144), await codeOf(6_145)], [undefined, "prompt_too_long"]);
});

Deno.test("checkAnswer: a storm takes twenty times as long as the second answer", async () => {
  const clock = fakeClock();
  const open = Promise.withResolvers<void>();
  await using ollama = startOllama({
    answer: (request, nth) =>
      nth === 0 ? echo(request) : { after: open.promise, answer: echo(request) },
  });
  const finding = checkAnswer({
    config: CONFIG,
    link: { kind: "ollama", name: "m", model: "m", host: ollama.url },
    systemPrompt: "system",
    clock,
    signal: new AbortController().signal,
  });
  await ollama.asked(2);
  await clock.advance(30_000);
  open.resolve();
  assert.match(
    (await finding).detail,
    /^answered restart after 0\.0 s,.*; the next one after 30\.0 s: a storm of 20 services takes 10\.0 min$/,
  );
});
