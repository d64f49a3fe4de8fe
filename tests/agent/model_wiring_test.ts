/**
 * What a model is told of its own agent's memory, and what it says, on the way through `agent.ts`.
 *
 * @module
 */
import assert from "node:assert/strict";
import { ANSWER_TOKENS } from "../../lib/llm/chain.ts";
import { longestPromptTokens } from "../../lib/llm/fit.ts";
import { homelabPrompt } from "../../lib/policy/homelab.ts";
import { liveAgent } from "../support/live_agent.ts";
import { echo, startOllama } from "../support/ollama.ts";

Deno.test("wiring: a proposal names the digest that its Ollama reports for the model", async () => {
  await using server = startOllama();
  await using agent = await liveAgent({
    OLLAMA_HOST: server.url,
    LLM_CHAIN: "qwen2.5:7b",
    COOLDOWN_SECONDS: "0",
  });
  // Nothing waits for it, so that the first proposals may not know it yet.
  for (let nth = 1; nth <= 20; nth++) {
    agent.publish();
    await agent.ended(nth);
    const last = agent.proposals().at(-1);
    if (last.payload.audit.model_digest === undefined) continue;
    return assert.equal(last.payload.audit.model_digest, "845dbda0ea48");
  }
  assert.fail("no proposal names it");
});

Deno.test("wiring: a model is told what became of earlier proposals", async () => {
  await using server = startOllama();
  const id = "plan-piha-mosquitto-1767322000";
  const times = { timestamp: 1767322000, completed_at: "2026-01-02T02:54:05Z" };
  const target = { node: "piha", service: "mosquitto" };
  const file = { action_id: id, ...target, ...times, payload: { action: "restart" } };
  const chain = { OLLAMA_HOST: server.url, LLM_CHAIN: "m", OUTCOME_REPEATS: "0" };
  await using agent = await liveAgent(chain, {
    files: { [`actions/completed/${id}.json`]: file },
  });
  agent.publish();
  const { messages } = await server.asked(1);
  assert.match(messages[1]?.content ?? "", /\n {2}earlier proposals: restart completed 10 min ago/);
  await agent.ended(1);
});

Deno.test("wiring: an operator's rule stands above what a model answers", async () => {
  await using server = startOllama({ answer: (request) => echo(request, { action: "redeploy" }) });
  const rule = {
    name: "mosquitto is not ours",
    when: { service: "mosquitto" },
    then: { action: "notify" },
  };
  await using agent = await liveAgent({ OLLAMA_HOST: server.url, LLM_CHAIN: "m" }, {
    files: { "config/policy.json": { rules: [rule] } },
  });
  agent.publish();
  assert.deepEqual(await agent.ended(1), ["proposed piha/mosquitto"]);
  const [{ payload }] = agent.proposals();
  assert.equal(payload.action, "notify");
  assert.deepEqual(payload.policy.map(({ rule }: { rule: string }) => rule), [rule.name]);
});

Deno.test("wiring: that prompts are long is told with the tokens of the longest and its answer", async () => {
  const settings = { LLM_CONTEXT_TOKENS: "1024", PROMPT_PAYLOAD_BYTES: "65536" };
  for (const chain of ["m", "openai/m@http://127.0.0.1:1"]) {
    await using agent = await liveAgent({ ...settings, LLM_CHAIN: chain });
    const longest = { payloadBytes: 65_536, answerTokens: ANSWER_TOKENS };
    assert.deepEqual(
      agent.log.of("prompt_may_not_fit").map((line) => [line.prompt_tokens, line.context_tokens]),
      [[longestPromptTokens(homelabPrompt(), longest), 1_024]],
    );
  }
});

Deno.test("wiring: what ended, diagnoses and proposals are counted in the metrics file", async () => {
  await using agent = await liveAgent();
  agent.publish();
  await agent.ended(1);
  await agent.stop();
  const lines = Deno.readTextFileSync(`${agent.root}/state/planner-agent.prom`).split("\n")
    .filter((line) => /^planner_agent_(?:events|diagnoses|proposals)_total.* [1-9]/.test(line));
  assert.deepEqual(lines, [
    'planner_agent_events_total{channel="health_events",outcome="proposed"} 1',
    'planner_agent_diagnoses_total{result="answered"} 1',
    'planner_agent_proposals_total{action="restart"} 1',
  ]);
});
