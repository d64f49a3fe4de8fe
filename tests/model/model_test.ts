/** The agent against a real inference server: form and bounds are asserted, never an opinion. */
import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { lineSink } from "../../lib/base/log/log.ts";
import { systemClock } from "../../lib/base/clock.ts";
import { createChainRouter, parseChain } from "../../lib/llm/chain.ts";
import { type Attempt, ChainExhaustedError, type Figures } from "../../lib/llm/contract.ts";
import { ACTIONS } from "../../lib/llm/diagnosis.ts";
import { judge } from "../../lib/llm/judgement.ts";
import { parseObject } from "../../lib/base/json.ts";
import { LinkError } from "../../lib/llm/failure.ts";
import { openaiLink } from "../../lib/llm/openai/link.ts";
import { buildMessages } from "../../lib/llm/prompt.ts";
import { homelabPrompt } from "../../lib/policy/homelab.ts";
import { type AgentProcess, makeRuntime, runAgent, startAgent } from "../support/agent.ts";
import { recordingLog } from "../support/log.ts";
import { startRedis } from "../support/redis.ts";
import { waitingEvent } from "../support/waiting_event.ts";
import { install, type ModelServer, startServer } from "./support/server.ts";

const PROJECT = join(import.meta.dirname ?? ".", "..", "..");
const EVENTS = 20;
const MODEL = "gemma-3-270m";
const NEVER = new AbortController().signal;

const say = (line: string) => lineSink(Deno.stdout)(`${line}\n`);

const installed = await install();
const real = installed?.model;
say(
  installed === undefined
    ? "test:model: there is no llama.cpp server here, nothing is tried"
    : real === undefined
    ? "test:model: no model could be had, a tiny random one tries the protocol"
    : `test:model: llama.cpp's server with ${real}`,
);

/** A test with a server of its own. */
function modelTest(
  name: string,
  { needs }: { readonly needs: "real" | "any" },
  body: (server: ModelServer) => Promise<void>,
) {
  const ignore = installed === undefined || (needs === "real" && real === undefined);
  Deno.test({
    name,
    ignore,
    async fn() {
      assert.ok(installed);
      await using server = await startServer(installed, { model: real });
      await body(server);
    },
  });
}

interface Labelled {
  readonly event: Readonly<Record<string, unknown>>;
  readonly context?: unknown;
}

/**
 * Labelled events of one target each; none that holds others back or that nobody is asked about.
 * First come some that the risk rules bound.
 */
function labelledEvents(): Labelled[] {
  const text = ["development", "test"]
    .map((name) => Deno.readTextFileSync(join(PROJECT, `scripts/eval/${name}.ndjson`))).join("");
  const targets = new Set<string>();
  const events = text.trim().split("\n").map((line): Labelled => JSON.parse(line))
    .filter(({ event: { node, service, type, severity }, context }) => {
      const target = `${node}/${service}`;
      const asked = /^(?:service_un|service_err|container|disk_pressure|oom)/.test(String(type)) &&
        severity !== "info" && context === undefined && !targets.has(target);
      if (asked) targets.add(target);
      return asked;
    });
  const isBounded = ({ event: { node, type } }: Labelled) =>
    String(node).startsWith("chelsty-") || String(type).startsWith("disk_pressure");
  const bounded = events.filter(isBounded).slice(0, 5);
  return [...bounded, ...events.filter((each) => !bounded.includes(each))].slice(0, EVENTS);
}

/** One question to the server through the chain. */
async function ask(
  { url }: ModelServer,
  {
    excerpt = '{"exit_code":137}',
    firstTokenSeconds = 300,
    signal = NEVER,
  }: {
    readonly excerpt?: string;
    readonly firstTokenSeconds?: number;
    readonly signal?: AbortSignal;
  } = {},
): Promise<{ attempts: readonly Attempt[]; action?: string }> {
  const router = createChainRouter({
    config: {
      chain: parseChain(`openai/${MODEL}@${url}/v1`, "http://127.0.0.1:1"),
      firstTokenSeconds,
      idleSeconds: 60,
      timeoutSeconds: 600,
      attemptsPerLink: 1,
      contextTokens: 8192,
      keepAlive: undefined,
      apiKeys: new Map(),
    },
    clock: systemClock,
    log: recordingLog(),
  });
  const event = { ...waitingEvent(), excerpt };
  try {
    const { attempts, content } = await router.route(
      buildMessages(homelabPrompt(), event),
      { label: "planner.test", event, signal },
    );
    return { attempts, action: content.action };
  } catch (error) {
    if (!(error instanceof ChainExhaustedError)) throw error;
    return { attempts: error.attempts };
  }
}

function rate(tokens: number | undefined, ms: number | undefined): string {
  return tokens && ms ? `${(tokens / (ms / 1000)).toFixed(1)} tokens/s` : "unknown";
}

/** What the attempts of a run show of the machine and the model, printed for whoever reads CI. */
function printTable(agent: AgentProcess, seconds: number) {
  const answers = agent.lines.filter(({ event }) => event === "llm_answered");
  const sum = (key: keyof Figures) =>
    answers.reduce((total, { figures }) => total + ((figures as Figures)[key] ?? 0), 0);
  const actions = Map.groupBy(
    agent.lines.filter(({ event }) => event === "action_proposed"),
    ({ action }) => action,
  );
  say([
    `  model            ${MODEL}, ${answers.length} answers in ${seconds.toFixed(0)} s`,
    `  prompts          ${sum("promptTokens")} tokens, ${sum("cachedTokens")} of them cached`,
    `  reads            ${rate(sum("promptTokens") - sum("cachedTokens"), sum("promptMs"))}`,
    `  writes           ${rate(sum("answerTokens"), sum("answerMs"))}`,
    ...[...actions].map(([action, lines]) => `  ${String(action).padEnd(16)} ${lines.length}`),
  ].join("\n"));
}

modelTest(
  "labelled events become proposals within the policy's bounds, and none is exhausted",
  { needs: "real" },
  async (server) => {
    const root = await Deno.makeTempDir({ prefix: "planner-agent-model-" });
    makeRuntime(root);
    await using redis = await startRedis();
    const events = labelledEvents();
    assert.equal(events.length, EVENTS);
    await using agent = startAgent(root, {
      REDIS_URL: redis.url(),
      NODE_NAME: "piha",
      LLM_CHAIN: `openai/${MODEL}@${server.url}/v1`,
      LLM_CONTEXT_TOKENS: "8192",
      LLM_ATTEMPTS: "3",
      LOG_LEVEL: "debug",
      // Twenty at once are what the test wants.
      STORM_SERVICES: "0",
      INHIBIT: "off",
    });
    await redis.awaitSubscribed();
    const started = performance.now();
    for (const { event } of events) await redis.publish("health_events", JSON.stringify(event));
    await Promise.race([
      agent.seen("llm_answered", EVENTS),
      agent.seen("llm_chain_exhausted").then((line) => assert.fail(JSON.stringify(line))),
    ]);
    await agent.seen("action_proposed", 1);
    printTable(agent, (performance.now() - started) / 1000);

    // The grammar holds: what was wrong, if anything, are numbers, which it does not bound.
    const wrong = agent.lines.filter(({ event }) => event === "llm_attempt_failed");
    assert.deepEqual(wrong.filter(({ kind }) => kind !== "schema_violation"), []);
    agent.kill("SIGTERM");
    await agent.status;
    const pending = join(root, "actions/pending");
    const proposals = [...Deno.readDirSync(pending)]
      .map(({ name }) => JSON.parse(Deno.readTextFileSync(join(pending, name))));
    assert.ok(proposals.length > 0);
    const pressed = new Set(
      events.filter(({ event }) => String(event.type).startsWith("disk_pressure"))
        .map(({ event: { node, service } }) => `${node}/${service}`),
    );
    assert.ok(pressed.size > 0);
    for (const { action_id, node, service, requires_human, confidence, payload } of proposals) {
      assert.ok(ACTIONS.includes(payload.action) && payload.action !== "ignore", action_id);
      assert.ok(payload.reason.length >= 10, action_id);
      if (String(node).startsWith("chelsty")) assert.equal(requires_human, true, action_id);
      if (confidence < 0.7) assert.equal(requires_human, true, action_id);
      if (pressed.has(`${node}/${service}`)) assert.equal(payload.action, "notify", action_id);
    }
    await Deno.remove(root, { recursive: true });
  },
);

modelTest(
  "the constant beginning of the prompt is found in the server's cache",
  { needs: "any" },
  async (server) => {
    const [{ attempts: [first] }, { attempts: [second] }] = [
      await ask(server),
      await ask(server, { excerpt: '{"exit_code":1,"log":"connection refused"}' }),
    ];
    // A random model is cut off by its server before there are figures.
    if (real === undefined) return assert.equal(second?.outcome, "server_error");
    assert.equal(first?.figures?.cachedTokens ?? 0, 0);
    const { promptTokens = 0, cachedTokens = 0 } = second?.figures ?? {};
    assert.ok(cachedTokens > promptTokens / 2, `${cachedTokens} of ${promptTokens} were cached`);
  },
);

modelTest(
  "a server that says nothing runs into the deadline, and hears of it",
  { needs: "any" },
  async (server) => {
    server.signal("SIGSTOP");
    const { attempts: [attempt] } = await ask(server, { firstTokenSeconds: 1 });
    assert.equal(attempt?.outcome, "first_token_timeout");
    server.signal("SIGCONT");
    // It takes the question up late, and the next one all the same.
    const { attempts: [next] } = await ask(server);
    assert.ok(next?.outcome === "ok" || next?.outcome === "server_error", next?.outcome);
  },
);

modelTest("an agent that stops while it is answered ends the work at the server", {
  needs: "real",
}, async (server) => {
  const stop = new AbortController();
  const begun = server.logged(/processing task|launch_slot/);
  const asked = ask(server, { signal: stop.signal });
  await begun;
  const cancelled = server.logged(/cancel task|stop processing/);
  stop.abort();
  assert.equal((await asked).attempts[0]?.outcome, "aborted");
  await cancelled;
});

Deno.test({
  name: "an error in the middle of a stream under status 200 is no answer",
  ignore: installed === undefined,
  async fn() {
    assert.ok(installed);
    const messages = [
      { role: "system", content: "You are" },
      { role: "user", content: "what now?" },
    ] as const;
    const outcomes: unknown[] = [];
    // Noise that the server cannot read as an answer; what noise it is, the processor decides.
    for (const seed of [2, 1, 3, 4, 5]) {
      await using server = await startServer(installed, { seed });
      const link = openaiLink({
        name: "tiny",
        host: server.url,
        model: "tiny",
        clock: systemClock,
        deadlines: { connectMs: 5_000, firstTokenMs: 300_000, idleMs: 60_000, totalMs: 600_000 },
        contextTokens: 8192,
        answerTokens: 40,
      });
      const context = { label: "planner.test", event: waitingEvent(), signal: NEVER };
      const failure = await link.ask(messages, context).catch((error) => error);
      outcomes.push(failure instanceof LinkError ? failure.kind : "an answer");
      if (outcomes.at(-1) === "server_error") break;
    }
    assert.equal(outcomes.at(-1), "server_error", outcomes.join());
  },
});

Deno.test({
  name: "numbers are not bounded by the server's grammar, and are by the check of an answer",
  ignore: installed === undefined,
  async fn() {
    assert.ok(installed);
    const answers: unknown[] = [];
    for (const seed of [1, 2, 3, 4]) {
      await using server = await startServer(installed, { seed });
      const schema = {
        type: "object",
        properties: { confidence: { type: "number", minimum: 0, maximum: 1 } },
        required: ["confidence"],
        additionalProperties: false,
      };
      const reply = await fetch(`${server.url}/v1/chat/completions`, {
        method: "POST",
        body: JSON.stringify({
          messages: [{ role: "user", content: "x" }],
          max_tokens: 60,
          temperature: 0,
          response_format: { type: "json_schema", json_schema: { name: "number", schema } },
        }),
      });
      const { content } = (await reply.json()).choices[0].message;
      answers.push(parseObject(content)?.confidence);
    }
    const outside = answers.filter((each) => typeof each === "number" && (each < 0 || each > 1));
    assert.ok(outside.length > 0, JSON.stringify(answers));
    for (const confidence of outside) {
      const text = JSON.stringify({
        evidence: "the exit code",
        cause: "unknown",
        reason: "it was killed, a restart helps",
        action: "restart",
        confidence,
        requires_human: false,
      });
      const judgement = judge(text, waitingEvent());
      assert.ok(!judgement.ok && judgement.kind === "schema_violation");
      assert.match(judgement.error, /^confidence must be [<>]= [01]/);
    }
  },
});

modelTest("check and eval run against it", { needs: "real" }, async (server) => {
  const root = await Deno.makeTempDir({ prefix: "planner-agent-model-" });
  makeRuntime(root);
  await using redis = await startRedis();
  const settings = {
    REDIS_URL: redis.url(),
    NODE_NAME: "piha",
    LLM_CHAIN: `openai/${MODEL}@${server.url}/v1`,
    LLM_CONTEXT_TOKENS: "8192",
    LLM_ATTEMPTS: "3",
  };
  const check = await runAgent(["check", "--json"], { root, settings });
  const { findings }: { findings: { check: string; level: string; detail: string }[] } = JSON.parse(
    check.out,
  );
  const of = (name: string) => findings.find((finding) => finding.check === name);
  assert.equal(of("model_server")?.level, "ok");
  assert.match(of("model")?.detail ?? "", /^there/);
  assert.match(of("answer")?.detail ?? "", /reads [\d.]+ tokens\/s, writes [\d.]+ tokens\/s/);

  const input = labelledEvents().slice(0, 3).map((each) =>
    JSON.stringify({ acceptable: ["restart", "redeploy", "notify"], ...each })
  ).join("\n");
  const evaluated = await runAgent(["eval", "-", "--json"], { root, settings, input });
  const [chain] = JSON.parse(evaluated.out).chains;
  assert.equal(chain.events, 3);
  await Deno.remove(root, { recursive: true });
});
