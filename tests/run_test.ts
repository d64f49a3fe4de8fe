import assert from "node:assert/strict";
import { join } from "node:path/posix";
import {
  agentCommand,
  type AgentProcess,
  makeRuntime,
  runAgent,
  type Settings,
  startAgent,
} from "./support/agent.ts";
import { echo, startOllama } from "./support/ollama.ts";
import { HAS_REDIS, startRedis } from "./support/redis.ts";
import { listener } from "./support/redis_listener.ts";
import { sandbox } from "./support/sandbox.ts";
import { eventually } from "./support/stream_reader.ts";

/** A Redis, an Ollama and a RUNTIME_PATH, and agents that use them. */
async function homelab(settings: Settings = {}) {
  const folder = sandbox();
  const root = folder.path;
  makeRuntime(root);
  const redis = await startRedis();
  const ollama = startOllama();
  const agents: AgentProcess[] = [];
  return {
    root,
    redis,
    ollama,
    agents,
    async start(more: Settings = {}): Promise<AgentProcess> {
      const agent = startAgent(root, {
        REDIS_URL: redis.url(),
        OLLAMA_HOST: ollama.url,
        ...settings,
        ...more,
      });
      agents.push(agent);
      await agent.seen("planner_started");
      return agent;
    },
    publish(changes: Record<string, unknown> = {}) {
      const event = {
        type: "service_unhealthy",
        node: "piha",
        service: "mosquitto",
        severity: "error",
        payload: { exit_code: 137 },
        timestamp: "2026-01-02T03:04:05Z",
        ...changes,
      };
      return redis.publish("health_events", JSON.stringify(event));
    },
    pending: () => [...Deno.readDirSync(join(root, "actions/pending"))].map((e) => e.name).sort(),
    proposals() {
      return this.pending().map((name) =>
        JSON.parse(Deno.readTextFileSync(join(root, "actions/pending", name)))
      );
    },
    async [Symbol.asyncDispose]() {
      for (const agent of agents) await agent[Symbol.asyncDispose]();
      await ollama.close();
      await redis.close();
      folder[Symbol.dispose]();
    },
  };
}

Deno.test("run: signals that ask for nothing end nothing; SIGHUP reads config/ anew", async () => {
  await using lab = await homelab();
  const agent = await lab.start();
  const policy = join(lab.root, "config/policy.json");
  for (const [nth, name] of (["SIGQUIT", "SIGUSR1", "SIGUSR2"] as const).entries()) {
    agent.kill(name);
    assert.equal((await agent.seen("signal_ignored", nth + 1)).signal, name);
  }
  Deno.writeTextFileSync(policy, "{ no rules");
  agent.kill("SIGHUP");
  assert.match(String((await agent.seen("config_invalid")).error), /^config\/policy\.json: /);
  Deno.writeTextFileSync(
    policy,
    JSON.stringify({ rules: [{ name: "hands off", when: {}, then: { requires_human: true } }] }),
  );
  agent.kill("SIGHUP");
  await agent.seen("config_reloaded");
  await lab.publish();
  await agent.seen("action_proposed");
  assert.deepEqual(lab.proposals().map((file) => file.requires_human), [true]);

  const topology = join(lab.root, "config/topology.json");
  const piha = { name: "piha", role: "Raspberry Pi", aliases: ["pi-old"] };
  Deno.writeTextFileSync(topology, JSON.stringify({ nodes: [piha] }));
  agent.kill("SIGHUP");
  assert.equal((await agent.seen("config_reloaded", 2)).nodes, 1);
  Deno.writeTextFileSync(topology, "{ no nodes");
  agent.kill("SIGHUP");
  assert.match(String((await agent.seen("config_invalid", 2)).error), /^config\/topology\.json: /);
  await lab.publish({ node: "pi-old", service: "grafana" });
  await agent.seen("action_proposed", 2);
  assert.deepEqual(
    lab.proposals().map(({ node, service }) => `${node}/${service}`).sort(),
    ["piha/grafana", "piha/mosquitto"],
  );
  agent.kill("SIGTERM");
  assert.equal((await agent.status).code, 0);
});

Deno.test("run: most nodes offline right after Redis was lost is one notify about the own link", async () => {
  await using lab = await homelab({ START_GRACE_SECONDS: "60" });
  const agent = await lab.start();
  await lab.redis.kill();
  await agent.seen("redis_lost");
  await lab.redis.start();
  await agent.seen("redis_subscribed", 2);
  const timestamp = Date.now() / 1_000;
  for (const node of ["vps", "piha", "chelsty-infra", "chelsty-ha"]) {
    await lab.publish({ node, service: undefined, type: "node_offline", timestamp });
  }
  await lab.publish();
  await agent.seen("event_received", 5);
  assert.equal(agent.lines.filter(({ event }) => event === "self_isolated").length, 1);
});

Deno.test("run: Redis that was not there at the start is not one that was lost", async () => {
  await using lab = await homelab({ START_GRACE_SECONDS: "60" });
  await lab.redis.kill();
  const starting = lab.start();
  await lab.agents[0]?.seen("redis_unavailable");
  await lab.redis.start();
  const agent = await starting;
  const timestamp = Date.now() / 1_000;
  for (const node of ["vps", "piha", "chelsty-infra", "chelsty-ha"]) {
    await lab.publish({ node, service: undefined, type: "node_offline", timestamp });
  }
  await lab.publish();
  await agent.seen("event_received", 5);
  assert.equal(agent.lines.filter(({ event }) => event === "self_isolated").length, 0);
});

Deno.test({
  name: "run: an announcement that is under way when it is told to stop still goes out",
  ignore: !HAS_REDIS,
  async fn() {
    await using lab = await homelab({ PROPOSAL_CHANNEL: "told" });
    const agent = await lab.start();
    await using bridge = listener(lab.redis.url(), { channels: ["told"] });
    await lab.redis.awaitSubscribed(["told"]);
    const paused = Promise.withResolvers<void>();
    lab.ollama.answer = (request) => ({ after: paused.promise, answer: echo(request) });
    await lab.publish();
    await lab.ollama.asked(1);
    await lab.redis.command("CLIENT", "PAUSE", "600", "WRITE");
    paused.resolve();
    const { action_id } = await agent.seen("action_proposed");
    agent.kill("SIGTERM");
    assert.equal((await agent.status).code, 0);
    await eventually("it is heard", () => Promise.resolve(bridge.messages.length > 0));
    assert.equal(JSON.parse(bridge.messages[0]?.slice("told ".length) ?? "").action_id, action_id);
  },
});

Deno.test("run: standard output that nobody reads stops neither work nor the end", async () => {
  await using lab = await homelab();
  const child = agentCommand(["run"], {
    root: lab.root,
    settings: { REDIS_URL: lab.redis.url(), OLLAMA_HOST: lab.ollama.url, LOG_LEVEL: "debug" },
  }).spawn();
  await lab.redis.awaitSubscribed();
  for (let nth = 0; nth < 1_000; nth++) {
    await lab.redis.publish("health_events", `no event ${nth} ${"x".repeat(100)}`);
  }
  await lab.publish();
  const heartbeat = join(lab.root, "state/planner-agent.heartbeat");
  const beat = () => Deno.statSync(heartbeat).mtime?.getTime() ?? 0;
  const before = beat();
  await eventually(
    "a proposal and a heartbeat",
    () => Promise.resolve(lab.pending().length === 1 && beat() > before),
  );
  child.kill("SIGTERM");
  assert.equal((await child.status).code, 0);
  await Promise.all([child.stdout.cancel(), child.stderr.cancel()]);
});

Deno.test("run: an event on Redis becomes a proposal and an event file", async () => {
  await using lab = await homelab();
  const agent = await lab.start();
  await lab.publish();
  const proposed = await agent.seen("action_proposed");
  assert.equal(proposed.action_id, "plan-piha-mosquitto-1767323045");
  assert.deepEqual(lab.pending(), ["plan-piha-mosquitto-1767323045.json"]);
  const [proposal] = lab.proposals();
  const { valid_until, digest, audit, ...payload } = proposal.payload;
  assert.deepEqual({ ...proposal, payload }, {
    action_id: "plan-piha-mosquitto-1767323045",
    type: "container_restart",
    node: "piha",
    service: "mosquitto",
    risk_level: "low",
    confidence: 0.9,
    requires_human: false,
    description: "RESTART mosquitto on piha: container unhealthy, restart it",
    status: "pending",
    timestamp: 1767323045,
    source_event: "service_unhealthy",
    llm_model: "qwen2.5:7b",
    llm_attempts: 1,
    payload: { action: "restart", reason: "container unhealthy, restart it" },
  });
  assert.deepEqual(Object.keys(proposal.payload), [
    "action",
    "reason",
    "valid_until",
    "digest",
    "audit",
  ]);
  assert.equal(valid_until, "2026-01-02T03:34:05Z");
  assert.equal(digest, "b2d5bedd36cdd5273fc23616fcab9680dcb7dd274fbf8cbab1576f5277272b0a");
  assert.equal(audit.expired_when_written, true);
  assert.match(audit.prompt_sha256, /^[0-9a-f]{64}$/);
  assert.deepEqual(audit.event, {
    channel: "health_events",
    node: "piha",
    service: "mosquitto",
    type: "service_unhealthy",
    severity: "error",
    timestamp: 1767323045,
    payload: '{\n "exit_code": 137\n}',
  });
  const [attempt, ...others] = audit.attempts;
  assert.deepEqual([attempt.link, attempt.outcome, attempt.prompt_tokens, others], [
    "qwen2.5:7b",
    "ok",
    700,
    [],
  ]);

  agent.kill("SIGTERM");
  assert.deepEqual((await agent.status).code, 0);
  const [day] = [...Deno.readDirSync(join(lab.root, "events"))];
  const node = join(lab.root, "events", day?.name ?? "", "solaria");
  const [file] = [...Deno.readDirSync(node)];
  assert.match(file?.name ?? "", /^evt-solaria-\d+-remediation_started-mosquitto\.json$/);
  assert.deepEqual(agent.lines.map((line) => line.event), [
    "planner_starting",
    "redis_subscribed",
    "planner_started",
    "event_received",
    "action_proposed",
    "shutdown_signal",
    "planner_stopped",
  ]);
  const stopped = agent.lines.at(-1);
  assert.deepEqual([stopped?.received, stopped?.proposed], [1, 1]);
});

Deno.test("run: kill -9 while it writes 200 proposals leaves none half-written and loses none", async () => {
  await using lab = await homelab();
  const first = await lab.start();
  const services = Array.from({ length: 200 }, (_, i) => `svc-${i}`);
  for (const service of services) await lab.publish({ service });
  await first.seen("event_received", 200);
  await first.seen("action_proposed", 60);
  first.kill("SIGKILL");
  await first.status;
  for (const proposal of lab.proposals()) assert.equal(proposal.status, "pending");

  const before = lab.proposals().length;
  assert.ok(before < 200, "the kill came too late to show anything");
  const second = await lab.start();
  await second.seen("action_proposed", 200 - before);
  second.kill("SIGTERM");
  await second.status;
  assert.deepEqual(lab.proposals().map((p) => p.service).sort(), services.toSorted());
  assert.deepEqual(lab.pending().filter((name) => !name.endsWith(".json")), []);
});

Deno.test("run: a restart keeps the cooldown, what waited, and what was being diagnosed", async () => {
  await using lab = await homelab();
  const first = await lab.start();
  await lab.publish({ service: "done" });
  await first.seen("action_proposed");
  lab.ollama.answer = () => "hang";
  await lab.publish({ service: "running" });
  await lab.ollama.asked(2);
  await lab.publish({ service: "waiting" });
  await first.seen("event_received", 3);
  first.kill("SIGKILL");
  await first.status;

  lab.ollama.answer = (request) => echo(request);
  const second = await lab.start();
  await second.seen("action_proposed", 2);
  await lab.publish({ service: "done", timestamp: 1767323100 });
  await second.seen("cooldown_active");
  assert.deepEqual(lab.proposals().map((p) => p.service), ["done", "running", "waiting"]);
});

Deno.test("run: SIGTERM during a diagnosis ends within its grace, a second signal at once", async () => {
  await using lab = await homelab();
  lab.ollama.answer = () => "hang";
  const agent = await lab.start();
  await lab.publish();
  await lab.ollama.asked(1);
  agent.kill("SIGINT");
  await agent.seen("shutdown_signal");
  agent.kill("SIGTERM");
  assert.equal((await agent.status).code, 1);
  assert.deepEqual(
    agent.lines.filter((line) => line.event === "shutdown_signal").map((line) => line.signal),
    ["SIGINT", "SIGTERM"],
  );
});

Deno.test("run: two agents on one RUNTIME_PATH: the second says so and ends", async () => {
  await using lab = await homelab();
  await lab.start();
  const { code, err } = await runAgent(["run"], {
    root: lab.root,
    settings: { REDIS_URL: lab.redis.url(), OLLAMA_HOST: lab.ollama.url },
  });
  assert.equal(code, 1);
  assert.match(err, /another planner-agent runs on this RUNTIME_PATH/);
});

Deno.test("run: a wrong configuration file ends it with status 2 and says where", async () => {
  await using lab = await homelab();
  const settings = { REDIS_URL: lab.redis.url(), OLLAMA_HOST: lab.ollama.url };
  Deno.writeTextFileSync(join(lab.root, "config/policy.json"), '{"rules":[{"name":1}]}');
  const policy = await runAgent(["run"], { root: lab.root, settings });
  assert.equal(policy.code, 2);
  assert.match(policy.err, /config\/policy\.json: .*rules\[0\]/);

  Deno.writeTextFileSync(join(lab.root, "config/policy.json"), '{"rules":[]}');
  Deno.writeTextFileSync(join(lab.root, "config/topology.json"), "[]");
  const topology = await runAgent(["run"], { root: lab.root, settings });
  assert.equal(topology.code, 2);
  assert.match(topology.err, /config\/topology\.json: /);

  Deno.removeSync(join(lab.root, "config/topology.json"));
  Deno.mkdirSync(join(lab.root, "config/silences.json"));
  const silences = await runAgent(["run"], { root: lab.root, settings });
  assert.equal(silences.code, 2);
  assert.match(silences.err, /config\/silences\.json: it is no file of at most 1 MiB\n$/);
});

Deno.test("run: a restart brings no node back, and what it holds is told", async () => {
  await using lab = await homelab({ LLM_CHAIN: "rules" });
  const first = await lab.start();
  const timestamp = Math.floor(Date.now() / 1000);
  await lab.publish({ service: "vps", node: "vps", type: "node_offline", timestamp });
  await first.seen("action_proposed");
  await lab.publish({ node: "vps", service: "traefik" });
  assert.equal((await first.seen("event_held")).reason, "vps is offline");
  first.kill("SIGKILL");
  await first.status;

  const second = await lab.start();
  await lab.publish({ service: "mosquitto" });
  await second.seen("action_proposed");
  second.kill("SIGTERM");
  await second.status;
  assert.deepEqual(lab.proposals().map(({ node }) => node), ["piha", "vps"]);
  const { events } = JSON.parse(
    (await runAgent(["status", "--json"], { root: lab.root })).out,
  ).queue;
  assert.deepEqual(
    events.map(({ service, state, why }: Record<string, string>) => [service, state, why]),
    [["traefik", "held", "vps is offline"]],
  );
  const explained = await runAgent(["explain", "vps/traefik"], { root: lab.root });
  assert.match(explained.out, /waits {4}service_unhealthy, error\n.*held for .* vps is offline\n$/);
});

Deno.test("run: a damaged state is set aside and the agent works", async () => {
  await using lab = await homelab();
  const state = join(lab.root, "state");
  for (
    const damage of [
      "",
      "\0".repeat(4096),
      '{"planner_state":1}\n{"is":"wai',
      "[]",
      '{"planner_state":99}\n',
    ]
  ) {
    Deno.writeTextFileSync(join(state, "planner-agent.state"), damage);
    const agent = await lab.start();
    const aside = await agent.seen("state_set_aside");
    assert.equal(Deno.readTextFileSync(String(aside.aside)), damage);
    await lab.publish({ service: crypto.randomUUID() });
    await agent.seen("action_proposed");
    agent.kill("SIGTERM");
    assert.equal((await agent.status).code, 0);
    Deno.removeSync(String(aside.aside));
    Deno.removeSync(join(state, "planner-agent.state"));
  }
});

Deno.test("run: an empty proposal file keeps its name", async () => {
  await using lab = await homelab();
  const damaged = join(lab.root, "actions/pending/plan-piha-mosquitto-1767323045.json");
  Deno.writeTextFileSync(damaged, "");
  const agent = await lab.start();
  await lab.publish();
  const proposed = await agent.seen("action_proposed");
  assert.equal(proposed.action_id, "plan-piha-mosquitto-1767323045-2");
  assert.equal(Deno.readTextFileSync(damaged), "");
});

Deno.test("test permissions: a write outside the sandbox is refused", () => {
  for (const path of ["/tmp/planner-agent-test", join(import.meta.dirname ?? ".", "planted")]) {
    assert.throws(() => Deno.writeTextFileSync(path, ""), Deno.errors.NotCapable);
  }
});
