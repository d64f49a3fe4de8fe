import assert from "node:assert/strict";
import fc from "fast-check";
import { createChainRouter, parseChain } from "../../lib/llm/chain.ts";
import { fitted, longestPromptTokens, warnOfLongPrompts } from "../../lib/llm/fit.ts";

import { buildMessages } from "../../lib/llm/prompt.ts";
import { homelabPrompt } from "../../lib/policy/homelab.ts";
import { fakeClock } from "../support/clock.ts";
import { recordingLog } from "../support/log.ts";
import { startOllama } from "../support/ollama.ts";
import { waitingEvent } from "../support/waiting_event.ts";

/** How many tokens a text is taken for, beside what every prompt has. */
function estimatedTokens(text: string): number {
  const most = { payloadBytes: 0, answerTokens: 0 };
  return longestPromptTokens(text, most) - longestPromptTokens("", most);
}

const LOG = '{"Status":"unhealthy","Log":[{"ExitCode":1,"Output":"curl: (7) Failed to connect to ' +
  '127.0.0.1 port 8080 after 0 ms: Connection refused"}],"oom_killed":true,"memory_limit":"512m"}';

/** What Gemma's tokenizer made of each, counted by llama.cpp's server. */
const COUNTED: readonly (readonly [text: string, tokens: number])[] = [
  [LOG.repeat(8), 519],
  ["2026-11-30T21:53:57.407995919Z ".repeat(20), 620],
  ["a3f09bc4e17d".repeat(80), 801],
  ["容器因内存不足被内核终止，重启即可恢复服务。".repeat(10), 130],
];

for (const [text, tokens] of COUNTED) {
  Deno.test(`estimatedTokens: is on the safe side for ${text.slice(0, 12)}`, () => {
    const estimate = estimatedTokens(text);
    assert.ok(estimate >= tokens * 0.95 && estimate <= tokens * 2, `${estimate} for ${tokens}`);
  });
}

Deno.test("estimatedTokens: words by length, digits and signs one by one, blanks with what they precede", () => {
  const texts = [
    "",
    "a",
    "abcde",
    "abcdef",
    "42",
    "-{",
    " a",
    "a  b",
    "\n",
    "\u00a0",
    "é",
    "容器",
    "🙂",
  ];
  assert.deepEqual(texts.map(estimatedTokens), [0, 1, 1, 2, 2, 2, 1, 3, 1, 1, 1, 2, 2]);
});

Deno.test("longestPromptTokens: the default settings fit the default context", () => {
  const longest = longestPromptTokens(homelabPrompt(), { payloadBytes: 2048, answerTokens: 512 });
  assert.ok(longest < 4096, String(longest));
});

Deno.test("warnOfLongPrompts: says what to set, and nothing where all fits", () => {
  const log = recordingLog();
  const settings = { system: homelabPrompt(), contextTokens: 4_096, answerTokens: 512 };
  warnOfLongPrompts(log, { ...settings, payloadBytes: 2_048 });
  assert.deepEqual(log.lines, []);
  warnOfLongPrompts(log, { ...settings, payloadBytes: 16_384 });
  assert.match(
    String(log.of("prompt_may_not_fit")[0]?.set),
    /^LLM_CONTEXT_TOKENS=8192, or less PROMPT_PAYLOAD_BYTES$/,
  );
});

Deno.test("fitted: a fence in the system message is no payload", () => {
  const text = `look:\n\`\`\`\n${"word ".repeat(500)}\n\`\`\`\n`;
  const messages = [{ role: "system", content: text }, { role: "user", content: text }] as const;
  const [system, user] = fitted(messages, 800);
  assert.equal(system, messages[0]);
  assert.ok(user && user.content.length < text.length);
});

Deno.test("fitted: what fits stays as it is, what does not loses the middle of its payload only", () => {
  const excerpt = `HEAD-MARK ${"connection refused; ".repeat(2_000)} TAIL-MARK`;
  const messages = buildMessages(homelabPrompt(), { ...waitingEvent(), excerpt });
  assert.equal(fitted(messages, 100_000), messages);
  const [system, user] = fitted(messages, 2_000);
  assert.equal(system, messages[0]);
  assert.match(
    user?.content ?? "",
    /HEAD-MARK [^]*\(cut to fit the model's context\)[^]* TAIL-MARK/,
  );
  assert.ok(user?.content.endsWith("Respond with ONLY the JSON object as specified."));
  assert.ok(estimatedTokens(`${system?.content}${user?.content}`) <= 2_000);
});

Deno.test("fitted: a fence within the payload does not end it", () => {
  const begin = "service: x\n```\nfirst\n```\n";
  const content = `${begin}${"word, ".repeat(3_000)}\n\`\`\`\nRespond`;
  const [user] = fitted([{ role: "user", content }], 500);
  const { content: cut = "" } = user ?? {};
  assert.ok(cut.startsWith(begin) && cut.endsWith("word, \n```\nRespond"));
  assert.ok(estimatedTokens(cut) <= 500);
});

Deno.test("fitted: the rules and the event's own lines are never cut", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.nat(3_000), (excerpt, tokens) => {
    const messages = buildMessages("the rules", { ...waitingEvent(), excerpt });
    const [system, user] = fitted(messages, tokens);
    assert.equal(system?.content, "the rules");
    assert.match(user?.content ?? "", /service: mosquitto\n/);
    assert.ok(user?.content.isWellFormed());
  }));
});

Deno.test("router: a prompt that is too long is cut and logged, and the rules arrive whole", async () => {
  await using ollama = startOllama();
  const log = recordingLog();
  const router = createChainRouter({
    config: {
      chain: parseChain("m", ollama.url),
      firstTokenSeconds: 300,
      idleSeconds: 60,
      timeoutSeconds: 600,
      attemptsPerLink: 2,
      contextTokens: 2_048,
      keepAlive: undefined,
      apiKeys: new Map(),
    },
    clock: fakeClock(),
    log,
  });
  const event = { ...waitingEvent(), excerpt: "word, ".repeat(3_000) };
  await router.route(buildMessages(homelabPrompt(), event), {
    label: "planner.piha/mosquitto",
    event,
    signal: new AbortController().signal,
  });
  const [system, user] = ollama.requests[0]?.messages ?? [];
  assert.equal(system?.content, homelabPrompt());
  assert.ok((user?.content.length ?? 0) < 5_000);
  assert.deepEqual(log.of("prompt_cut"), [
    {
      event: "prompt_cut",
      level: "warning",
      link: "m",
      svc_key: "piha/mosquitto",
      prompt_tokens: 1_536,
    },
  ]);
});
