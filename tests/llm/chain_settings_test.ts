import assert from "node:assert/strict";
import { parseConfig } from "../../lib/config/config.ts";
import { createChainRouter } from "../../lib/llm/chain.ts";
import { ChainExhaustedError } from "../../lib/llm/contract.ts";
import { buildMessages } from "../../lib/llm/prompt.ts";
import { fakeClock, settle } from "../support/clock.ts";
import { recordingLog } from "../support/log.ts";
import { type OllamaAnswer, startOllama, token } from "../support/ollama.ts";
import { waitingEvent } from "../support/waiting_event.ts";

/** Asks a stand-in by these settings; the clock moves on a second whenever nothing else happens. */
async function asked(settings: Readonly<Record<string, string>>, answer: OllamaAnswer) {
  await using server = startOllama({ answer: () => answer });
  const env: Record<string, string> = { OLLAMA_HOST: server.url, LLM_ATTEMPTS: "1", ...settings };
  const clock = fakeClock();
  const begun = clock.monotonic();
  const router = createChainRouter({
    config: parseConfig((name) => env[name]),
    clock,
    log: recordingLog(),
  });
  const event = waitingEvent();
  let error: unknown;
  const { signal } = new AbortController();
  const routing = router.route(buildMessages("system", event), { label: "l", event, signal })
    .catch((failed) => error = failed);
  await server.asked(1);
  if (answer !== "prose") { while (!error) await clock.advance(1_000); }
  await routing;
  await settle();
  assert.ok(error instanceof ChainExhaustedError);
  return {
    outcomes: error.attempts.map(({ outcome }) => outcome),
    seconds: (clock.monotonic() - begun) / 1_000,
    requests: server.requests,
  };
}

Deno.test("createChainRouter: each deadline is the one that its setting says, in seconds", async () => {
  const never = new Promise(() => {});
  const first = await asked({ LLM_FIRST_TOKEN_SECONDS: "7" }, "hang");
  assert.deepEqual([first.outcomes, first.seconds], [["first_token_timeout"], 7]);
  const total = await asked({ LLM_TIMEOUT_SECONDS: "9" }, "hang");
  assert.deepEqual([total.outcomes, total.seconds], [["total_timeout"], 9]);
  const others = { LLM_FIRST_TOKEN_SECONDS: "3000", LLM_TIMEOUT_SECONDS: "2000" };
  const idle = await asked({ LLM_IDLE_SECONDS: "5", ...others }, { stream: [token("{"), never] });
  assert.deepEqual(idle.outcomes, ["idle_timeout"]);
});

Deno.test("createChainRouter: a connection has 5 s", async () => {
  const clock = fakeClock();
  const router = createChainRouter({
    config: parseConfig((name) => name === "LLM_ATTEMPTS" ? "1" : undefined),
    clock,
    log: recordingLog(),
    dial: () => new Promise(() => {}),
  });
  const event = waitingEvent();
  const { signal } = new AbortController();
  let ended: unknown;
  const routing = router.route(buildMessages("system", event), { label: "l", event, signal })
    .catch((error) => ended = error);
  await clock.advance(4_999);
  assert.equal(ended, undefined);
  await clock.advance(1);
  await routing;
  assert.match(`${ended}`, /: connect_timeout \(no connection within 5 s\)$/);
});

Deno.test("createChainRouter: attempts, context and keep_alive reach the server", async () => {
  const settings = { LLM_ATTEMPTS: "3", LLM_CONTEXT_TOKENS: "8192", LLM_KEEP_ALIVE: "7m" };
  const { outcomes, requests } = await asked(settings, "prose");
  assert.deepEqual(outcomes, ["not_json", "not_json", "not_json"]);
  assert.deepEqual(
    requests.map(({ options, keep_alive }) => [options?.num_ctx, keep_alive]),
    Array(3).fill([8_192, "7m"]),
  );
});
