import assert from "node:assert/strict";
import { parseConfig } from "../../lib/config/config.ts";
import { createChainRouter } from "../../lib/llm/chain.ts";
import { ChainExhaustedError } from "../../lib/llm/contract.ts";
import { buildMessages } from "../../lib/llm/prompt.ts";
import { fakeClock } from "../support/clock.ts";
import { recordingLog } from "../support/log.ts";
import {
  done,
  echo,
  type OllamaAnswer,
  type Script,
  startOllama,
  token,
} from "../support/ollama.ts";
import { waitingEvent } from "../support/waiting_event.ts";

/** The chain of a configuration against one stand-in; `HOST` in the chain is its address. */
async function diagnose(
  script: readonly OllamaAnswer[] | Script,
  { chain = "qwen2.5:7b", routes = 1 } = {},
) {
  const answer: Script = typeof script === "function"
    ? script
    : (_request, nth) => script[Math.min(nth, script.length - 1)] ?? "";
  await using server = startOllama({ answer });
  const env: Record<string, string> = {
    OLLAMA_HOST: server.url,
    LLM_CHAIN: chain.replaceAll("HOST", server.url),
  };
  const log = recordingLog();
  const config = parseConfig((name) => env[name]);
  const router = createChainRouter({ config, clock: fakeClock(), log });
  const event = waitingEvent();
  const route = () =>
    router.route(buildMessages("system", event), {
      label: "planner.piha/mosquitto",
      event,
      signal: new AbortController().signal,
    }).catch((error) => {
      assert.ok(error instanceof ChainExhaustedError, String(error));
      return error;
    });
  const results = [];
  for (let i = 0; i < routes; i++) results.push(await route());
  const [result] = results;
  assert.ok(result);
  return {
    log,
    result,
    results,
    requests: server.requests,
    outcomes: result.attempts.map(({ outcome }) => outcome),
    think: server.requests.map(({ think }) => think),
  };
}

const GOOD = echo({ model: "", messages: [] }, { action: "redeploy" });

Deno.test("createChainRouter: a diagnosis of a real server, with its figures", async () => {
  const { result } = await diagnose([GOOD]);
  assert.ok(!(result instanceof Error));
  assert.deepEqual(result, {
    content: { ...GOOD, node: "piha", service: "mosquitto" },
    modelUsed: "qwen2.5:7b",
    attempts: [{
      link: "qwen2.5:7b",
      model: "qwen2.5:7b",
      outcome: "ok",
      milliseconds: 0,
      figures: { promptTokens: 700, answerTokens: 40, loadMs: 1, promptMs: 2, answerMs: 2 },
    }],
  });
});

const KILLED = { error: "llama runner process has terminated: signal: killed" };
const PASSING: Readonly<Record<string, OllamaAnswer>> = {
  "an error under 200": { status: 200, body: KILLED },
  "an error in the stream": { stream: [token("{"), KILLED] },
  "a proxy's page": { status: 502, body: "<html><body><h1>502 Bad Gateway</h1></body></html>" },
  "a model that cannot think": { status: 400, body: { error: '"x" does not support thinking' } },
  "prose": "I would restart it.",
  "an unknown action": { ...GOOD, action: "reboot" },
  "a number in quotes": { ...GOOD, confidence: "0.95" },
  "a cut answer": { stream: [token(JSON.stringify(GOOD)), done({ done_reason: "length" })] },
  "tool calls": { stream: [token("", { tool_calls: [{}] }), done()] },
};

for (const [what, answer] of Object.entries(PASSING)) {
  Deno.test(`createChainRouter: ${what}, then a good answer, takes two attempts`, async () => {
    const { result, requests } = await diagnose([answer, GOOD]);
    assert.ok(!(result instanceof Error), String(result));
    assert.equal(result.attempts.length, 2);
    assert.equal(requests.length, 2);
  });
}

Deno.test("createChainRouter: an Ollama that always fails is given up after two requests", async () => {
  const { result, requests, log } = await diagnose([{ status: 500, body: KILLED }]);
  assert.ok(result instanceof ChainExhaustedError);
  assert.equal(requests.length, 2);
  assert.match(result.message, /HTTP 500: llama runner process has terminated/);
  assert.deepEqual(log.of("llm_attempt_failed").map(({ next }) => next), ["qwen2.5:7b", "none"]);
});

const HOPELESS: Readonly<Record<string, [answer: OllamaAnswer, said: RegExp]>> = {
  "a missing model": [
    { status: 404, body: { error: "model 'qwen2.5:7b' not found" } },
    /ollama pull qwen2\.5:7b/,
  ],
  "too little memory": [
    {
      status: 500,
      body: { error: "model requires more system memory (7.3 GiB) than is available" },
    },
    /requires more system memory/,
  ],
  "a wrong request": [
    { status: 400, body: { error: "invalid options: num_ctx" } },
    /invalid options/,
  ],
};

for (const [what, [answer, said]] of Object.entries(HOPELESS)) {
  Deno.test(`createChainRouter: after ${what} the same link is not asked again`, async () => {
    const { result, requests } = await diagnose([answer]);
    assert.ok(result instanceof ChainExhaustedError);
    assert.match(result.message, said);
    assert.equal(requests.length, 1);
  });
}

Deno.test("createChainRouter: model after model, then rules", async () => {
  const { result, requests } = await diagnose(["no"], { chain: "big,small@HOST/,rules" });
  assert.ok(!(result instanceof Error));
  assert.equal(result.modelUsed, "rules");
  assert.deepEqual(requests.map(({ model }) => model), ["big", "big", "small", "small"]);
  assert.equal(result.attempts.length, 5);
});

Deno.test("createChainRouter: rules alone ask nobody", async () => {
  const { result, requests } = await diagnose(["no"], { chain: "rules" });
  assert.ok(!(result instanceof Error));
  assert.equal(result.modelUsed, "rules");
  assert.equal(requests.length, 0);
});

const THOUGHT_ONLY: OllamaAnswer = { stream: [token("", { thinking: "hm" }), done()] };

Deno.test("createChainRouter: think:false after an answer that was only thought, and from then on", async () => {
  const { think, outcomes } = await diagnose([THOUGHT_ONLY, GOOD], { routes: 2 });
  assert.deepEqual(outcomes, ["empty", "ok"]);
  assert.deepEqual(think, [undefined, false, false]);
});

Deno.test("createChainRouter: think:false after a thought answer that is not JSON", async () => {
  const fenced: OllamaAnswer = { stream: [token("It is down.", { thinking: "hm" }), done()] };
  const { think } = await diagnose([fenced, GOOD]);
  assert.deepEqual(think, [undefined, false]);
});

Deno.test("createChainRouter: a refused think:false is left out, then low is tried", async () => {
  const { think, results } = await diagnose(({ think }) => {
    if (think === false) return { status: 400, body: { error: "invalid think value: false" } };
    return think === "low" ? GOOD : THOUGHT_ONLY;
  }, { routes: 3 });
  assert.deepEqual(think, [undefined, false, undefined, "low", "low"]);
  assert.deepEqual(results.map((result) => result instanceof Error), [true, false, false]);
});

Deno.test("createChainRouter: links keep their dialects apart", async () => {
  const { requests } = await diagnose(
    ({ model }) => model === "thinker" ? THOUGHT_ONLY : GOOD,
    { chain: "thinker,plain" },
  );
  assert.deepEqual(requests.map(({ model, think }) => [model, think]), [
    ["thinker", undefined],
    ["thinker", false],
    ["plain", undefined],
  ]);
});
