/**
 * Each setting reaches the part that it is for, in the unit that its name says, and the parts hear
 * of each other: what is dropped on its way through `agent.ts` changes something here.
 *
 * @module
 */
import assert from "node:assert/strict";
import { basename } from "node:path/posix";
import { ACTION_FOLDERS } from "../../lib/base/disk/store.ts";
import type { StateRecord } from "../../lib/queue/state.ts";
import { fakeClock, settle } from "../support/clock.ts";
import { liveAgent } from "../support/live_agent.ts";
import { recordingCoordination } from "../support/recording_coordination.ts";

type Agent = Awaited<ReturnType<typeof liveAgent>>;
const WAITS = { START_GRACE_SECONDS: "60" };

/** What an agent does by a setting, and what it does without. */
interface Case {
  readonly settings: Readonly<Record<string, string>>;
  readonly shows: (agent: Agent) => unknown;
  readonly expected: unknown;
  /** The same agent with the default of that setting. */
  readonly without: readonly [settings: Readonly<Record<string, string>>, expected: unknown];
  readonly files?: Readonly<Record<string, unknown>>;
}

/** So many restarts of one service that were carried out, a second after the other. */
function restarts(count: number): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Array.from({ length: count }, (_, nth) => {
    const timestamp = 1767287045 + nth;
    const action_id = `plan-piha-mosquitto-${timestamp}`;
    const target = { node: "piha", service: "mosquitto" };
    const file = { ...target, timestamp, updated_at: timestamp, payload: { action: "restart" } };
    return [`actions/completed/${action_id}.json`, { action_id, ...file }];
  }));
}

async function firstProposal(agent: Agent) {
  agent.publish();
  await agent.ended(1);
  return agent.proposals()[0];
}

async function offline(agent: Agent) {
  agent.publish({ type: "node_offline", service: undefined });
  await agent.ended(1);
  agent.publish();
  await settle();
  return (agent.backlog.nextDue() - agent.clock.monotonic()) / 1000;
}

const CASES: Readonly<Record<string, Case>> = {
  COOLDOWN_SECONDS: {
    settings: { COOLDOWN_SECONDS: "77" },
    async shows(agent) {
      await firstProposal(agent);
      return [...agent.backlog.coolingDown()].map(({ remainingMs }) => remainingMs);
    },
    expected: [77_000],
    without: [{}, [300_000]],
  },
  START_GRACE_SECONDS: {
    settings: WAITS,
    async shows(agent) {
      agent.publish();
      await settle();
      return agent.backlog.nextDue() - agent.clock.monotonic();
    },
    expected: 60_000,
    without: [{}, Infinity],
  },
  QUEUE_LIMIT: {
    settings: { ...WAITS, QUEUE_LIMIT: "1" },
    async shows(agent) {
      for (const service of ["a", "b"]) agent.publish({ service });
      await settle();
      return [agent.backlog.waiting, agent.planner.hasRoom()];
    },
    expected: [1, false],
    without: [WAITS, [2, true]],
  },
  PROMPT_PAYLOAD_BYTES: {
    settings: { ...WAITS, PROMPT_PAYLOAD_BYTES: "100" },
    async shows(agent) {
      agent.publish({ payload: { text: "a ".repeat(2_000) } });
      await settle();
      return [...agent.backlog.entries()].map(({ event }) => Math.ceil(event.excerpt.length / 100));
    },
    expected: [1],
    without: [WAITS, [21]],
  },
  MAX_PENDING_PER_SERVICE: {
    settings: { COOLDOWN_SECONDS: "0", MAX_PENDING_PER_SERVICE: "1" },
    async shows(agent) {
      await firstProposal(agent);
      agent.publish();
      return (await agent.ended(2))[1];
    },
    expected: "held piha/mosquitto",
    without: [{ COOLDOWN_SECONDS: "0" }, "proposed piha/mosquitto"],
  },
  OUTCOME_REPEATS: {
    settings: { OUTCOME_REPEATS: "1" },
    shows: async (agent) => (await firstProposal(agent)).payload.action,
    expected: "notify",
    without: [{}, "restart"],
    files: restarts(1),
  },
  "OUTCOME_REPEATS, of many": {
    settings: { OUTCOME_REPEATS: "20" },
    shows: async (agent) => (await firstProposal(agent)).payload.action,
    expected: "notify",
    without: [{ OUTCOME_REPEATS: "21" }, "restart"],
    files: restarts(20),
  },
  OUTCOME_WINDOW_SECONDS: {
    settings: { OUTCOME_REPEATS: "1", OUTCOME_WINDOW_SECONDS: "60" },
    shows: async (agent) => (await firstProposal(agent)).payload.action,
    expected: "restart",
    without: [{ OUTCOME_REPEATS: "1" }, "notify"],
    files: restarts(1),
  },
  INHIBIT: {
    settings: { INHIBIT: "off" },
    shows: offline,
    expected: Infinity,
    without: [{}, 3_600],
  },
  EVENT_TTL_SECONDS: {
    settings: { EVENT_TTL_SECONDS: "500" },
    shows: offline,
    expected: 500,
    without: [{}, 3_600],
  },
  "EVENT_TTL_SECONDS, of what is silenced": {
    settings: { EVENT_TTL_SECONDS: "100" },
    async shows(agent) {
      agent.publish();
      await settle();
      return [agent.endings.map(({ outcome }) => outcome), agent.backlog.waiting];
    },
    expected: [["silenced"], 0],
    without: [{}, [[], 1]],
    files: {
      "config/silences.json": {
        silences: [{ node: "piha", until: "2026-01-02T03:10:00Z", reason: "a new disk" }],
      },
    },
  },
  FLAP_CHANGES: {
    settings: { FLAP_CHANGES: "2", FLAP_WINDOW_SECONDS: "300", START_GRACE_SECONDS: "10" },
    async shows(agent) {
      for (const type of ["service_unhealthy", "service_recovered", "service_unhealthy"]) {
        agent.publish({ type, timestamp: agent.clock.now() / 1000 });
        await agent.clock.advance(1_000);
      }
      await agent.clock.advance(10_000);
      await agent.ended(2);
      return agent.proposals().map(({ description }) =>
        /flapping: it went bad and well 2 times within 5 minutes/.test(description)
      );
    },
    expected: [true],
    without: [{ START_GRACE_SECONDS: "10" }, [false]],
  },
  STORM_SERVICES: {
    settings: { STORM_SERVICES: "2", STORM_WINDOW_SECONDS: "90", STORM_HOLD_SECONDS: "123" },
    async shows(agent) {
      agent.publish({ service: "a" });
      await agent.clock.advance(70_000);
      agent.publish({ service: "b" });
      await agent.clock.advance(3_000);
      return [
        agent.log.of("services_down_together").map(({ reason }) => /within 90 s/.test(`${reason}`)),
        (agent.backlog.nextDue() - agent.clock.monotonic()) / 1000,
      ];
    },
    expected: [[true], 120],
    without: [{}, [[], Infinity]],
  },
  DIAGNOSES_PER_HOUR: {
    settings: { DIAGNOSES_PER_HOUR: "1" },
    shows: budget,
    expected: ["the budget of 1 diagnoses an hour (DIAGNOSES_PER_HOUR) is used up", 60],
    without: [{}, []],
  },
  PROPOSALS_PER_DAY: {
    settings: { PROPOSALS_PER_DAY: "1" },
    shows: budget,
    expected: ["the budget of 1 proposals a day (PROPOSALS_PER_DAY) is used up", 1_440],
    without: [{}, []],
  },
  VALID_SECONDS: {
    settings: { VALID_SECONDS: "600" },
    shows: async (agent) => validFor(await firstProposal(agent)),
    expected: 600,
    without: [{}, 1_800],
  },
  NOTIFY_VALID_SECONDS: {
    settings: { NOTIFY_VALID_SECONDS: "7200" },
    async shows(agent) {
      agent.publish({ type: "disk_usage_high" });
      await agent.ended(1);
      return validFor(agent.proposals()[0]);
    },
    expected: 7_200,
    without: [{}, 86_400],
  },
  LLM_CONCURRENCY: {
    settings: { LLM_CONCURRENCY: "2" },
    shows(agent) {
      for (const service of ["a", "b", "c"]) agent.publish({ service });
      return agent.backlog.running;
    },
    expected: 2,
    without: [{}, 1],
  },
  LOG_LEVEL: {
    settings: { LOG_LEVEL: "debug" },
    shows(agent) {
      agent.publish({ type: "service_healthy" });
      return agent.log.of("benign_event_skipped").length;
    },
    expected: 1,
    without: [{}, 0],
  },
  NODE_NAME: {
    settings: { NODE_NAME: "attic" },
    async shows(agent) {
      await firstProposal(agent);
      return [...Deno.readDirSync(`${agent.root}/events/2026-01-02`)].map(({ name }) => name);
    },
    expected: ["attic"],
    without: [{}, ["solaria"]],
  },
};

async function budget(agent: Agent) {
  await firstProposal(agent);
  agent.publish({ service: "web" });
  await settle();
  return agent.log.of("diagnosis_budget_used_up").flatMap(({ reason, minutes }) => [
    `${reason}`.split(":")[0],
    minutes,
  ]);
}

function validFor({ payload, timestamp }: {
  readonly payload: { readonly valid_until: string };
  readonly timestamp: number;
}): number {
  return Date.parse(payload.valid_until) / 1000 - timestamp;
}

for (const [setting, { settings, shows, expected, without, files }] of Object.entries(CASES)) {
  Deno.test(`wiring: ${setting} reaches its part`, async () => {
    for (const [given, shown] of [[settings, expected], without] as const) {
      await using agent = await liveAgent(given, files && { files });
      assert.deepEqual(await shows(agent), shown);
    }
  });
}

Deno.test("wiring: a stop gives the claims back and leaves the lock and no timer", async () => {
  const coordination = recordingCoordination();
  await using agent = await liveAgent({}, { coordination });
  await firstProposal(agent);
  await agent.stop();
  assert.equal(coordination.asked.at(-1), "close");
  await agent.clock.advance(10_000);
  assert.equal(agent.clock.waiting, 0);
});

Deno.test("wiring: cooldowns of an earlier run are shared with the others at the start", async () => {
  const coordination = recordingCoordination();
  const target = { node: "piha", service: "web" };
  const atMs = fakeClock().now() - 100_000;
  const state = [{ is: "cooldown", target, atMs, gravity: 1 }] as const;
  await using agent = await liveAgent({}, { coordination, state });
  await settle();
  assert.deepEqual(coordination.asked, ["claim piha/web 1", "settle 200000"]);
  assert.deepEqual(agent.log.of("state_restored").map((line) => [line.waiting, line.cooldowns]), [
    [0, 1],
  ]);
});

const NOW = fakeClock().now();
const TARGET = { node: "piha", service: "mosquitto" };
/** What an earlier run left, and how an event ends by it; "waits" for one that does not. */
const REMEMBERED: readonly (readonly [record: StateRecord, ends: string])[] = [
  [{ is: "cooldown", target: TARGET, atMs: NOW - 1_000, gravity: 0 }, "cooldown"],
  [{ is: "offline", node: "piha", atMs: NOW - 1_000, told: true }, "waits"],
  [{ is: "well", target: TARGET, type: "service_recovered", atMs: NOW - 1_000 }, "recovered"],
  [{ is: "spent", of: "diagnosis", atMs: [NOW - 1_000] }, "waits"],
  [{ is: "spent", of: "proposal", atMs: [NOW - 1_000] }, "waits"],
  [{
    ...{ is: "flaps", target: TARGET, bad: false },
    changesMs: [6, 5, 4, 3, 2, 1].map((ago) => NOW - ago * 1_000),
    told: { atMs: NOW - 1_000, gravity: 0 },
  }, "inhibited"],
];

for (const [record, ends] of REMEMBERED) {
  const what = "of" in record ? `spent ${record.of}` : record.is;
  Deno.test(`wiring: a record "${what}" counts after a restart, and is kept for the next`, async () => {
    await using agent = await liveAgent({ DIAGNOSES_PER_HOUR: "1", PROPOSALS_PER_DAY: "1" }, {
      state: [record],
    });
    agent.publish({ timestamp: NOW / 1_000 - 10 });
    await settle();
    const { waiting, running } = agent.backlog;
    assert.equal(agent.endings[0]?.outcome ?? "waits", ends);
    assert.deepEqual([waiting, running], [ends === "waits" ? 1 : 0, 0]);
    await agent.stop();
    const state = Deno.readTextFileSync(`${agent.root}/state/planner-agent.state`);
    assert.ok(state.includes(`"is":"${record.is}"`), state);
  });
}

Deno.test("wiring: what a person decided is told, and ends the storm that it is about", async () => {
  await using agent = await liveAgent({ STORM_SERVICES: "2" });
  for (const service of ["a", "b"]) agent.publish({ service });
  while (agent.proposals().length === 0) await settle();
  // The first look takes up what waits.
  await agent.clock.advance(5_000);
  const [{ action_id: id }] = agent.proposals();
  Deno.renameSync(
    `${agent.root}/actions/pending/${id}.json`,
    `${agent.root}/actions/approved/${id}.json`,
  );
  await agent.clock.advance(5_000);
  assert.deepEqual((await agent.ended(2)).toSorted(), ["proposed piha/a", "proposed piha/b"]);
});

Deno.test("wiring: that Redis was lost is told: most nodes offline is our own link, then", async () => {
  const told = async (lost: boolean, nodes = ["vps", "piha", "chelsty-infra", "chelsty-ha"]) => {
    await using agent = await liveAgent(WAITS);
    if (lost) agent.redisLost();
    for (const node of nodes) agent.publish({ node, service: undefined, type: "node_offline" });
    await settle();
    return agent.log.of("self_isolated").length;
  };
  assert.deepEqual([await told(true), await told(false)], [1, 0]);
  assert.equal(await told(true, ["vps", "piha"]), 0, "topology.json has five");
});

Deno.test("wiring: LLM_API_KEY reaches the server of its link, and no other setting does", async () => {
  const asked: (string | null)[] = [];
  const refuse = ({ headers }: Request) => {
    asked.push(headers.get("authorization"));
    return new Response("{}", { status: 401 });
  };
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, refuse);
  const chain = `openai/m@http://127.0.0.1:${server.addr.port},rules`;
  for (const settings of [{ LLM_API_KEY: "sk-key" }, {}]) {
    await using agent = await liveAgent({ LLM_CHAIN: chain, LLM_ATTEMPTS: "1", ...settings });
    await firstProposal(agent);
  }
  assert.deepEqual(asked, ["Bearer sk-key", null]);
});

Deno.test("wiring: an event has its receipt once its outcome is on the disk", async () => {
  await using agent = await liveAgent();
  const settled = Promise.withResolvers<void>();
  const bytes = new TextEncoder().encode(
    '{"type":"service_unhealthy","node":"piha","service":"a"}',
  );
  agent.planner.receive(bytes, "health_events", { settled: settled.resolve });
  await agent.ended(1);
  await agent.clock.advance(3_000);
  await settled.promise;
  assert.equal(agent.proposals().length, 1);
});

Deno.test("wiring: the status tells of the last proposal", async () => {
  await using agent = await liveAgent();
  const { action_id } = await firstProposal(agent);
  await agent.clock.advance(3_000);
  await agent.board.write();
  const status = Deno.readTextFileSync(`${agent.root}/state/planner-agent.status.json`);
  assert.ok(status.includes(action_id), status);
});

Deno.test("wiring: what a person decided reaches the history", async () => {
  await using agent = await liveAgent();
  const { action_id: id } = await firstProposal(agent);
  await agent.clock.advance(5_000);
  Deno.renameSync(
    `${agent.root}/actions/pending/${id}.json`,
    `${agent.root}/actions/approved/${id}.json`,
  );
  await agent.clock.advance(5_000);
  while (agent.decided.length === 0) await settle();
  assert.deepEqual(agent.decided.map(({ actionId, became }) => [actionId, became]), [
    [id, "approved"],
  ]);
});

Deno.test("wiring: a silence for a span counts from when its file was written", async () => {
  const silences = [{ node: "piha", for: "11h", reason: "a new disk" }];
  await using agent = await liveAgent({}, { files: { "config/silences.json": { silences } } });
  agent.publish();
  agent.publish({ node: "vps" });
  assert.deepEqual(await agent.ended(1), ["proposed vps/mosquitto"]);
  assert.equal(agent.backlog.waiting, 1);
});

Deno.test("wiring: a tick comes as often as it is asked for, and tells of it", async () => {
  let ticks = 0;
  await using agent = await liveAgent({}, { more: { tickMs: 1_000, onTick: () => void ticks++ } });
  await agent.clock.advance(2_999);
  assert.equal(ticks, 2);
  await agent.clock.advance(1);
  assert.equal(ticks, 3);
});

Deno.test("wiring: an agent that starts later diagnoses nothing until then", async () => {
  await using agent = await liveAgent({}, { more: { startsLater: true } });
  agent.publish();
  await settle();
  assert.deepEqual([agent.backlog.waiting, agent.backlog.running], [1, 0]);
  agent.planner.start();
  assert.deepEqual(await agent.ended(1), ["proposed piha/mosquitto"]);
});

Deno.test("wiring: what the homelab's observer knows is read before the first event", async () => {
  const read: string[] = [];
  await using _agent = await liveAgent({}, {
    files: { "world/nodes.json": { nodes: { vps: { status: "offline" } } } },
    watch: (op, path) => void (op !== "sync" && read.push(basename(path))),
  });
  assert.deepEqual(read.slice(0, 2), ["nodes.json", "pending"]);
});

Deno.test("wiring: a silence that is taken away lets what it held be looked at", async () => {
  const silences = [{ node: "piha", until: "2026-01-02T03:10:00Z", reason: "a new disk" }];
  await using agent = await liveAgent({}, { files: { "config/silences.json": { silences } } });
  agent.publish();
  await settle();
  assert.deepEqual([agent.backlog.waiting, agent.backlog.running], [1, 0]);
  Deno.removeSync(`${agent.root}/config/silences.json`);
  await agent.clock.advance(3_000);
  assert.deepEqual(await agent.ended(1), ["proposed piha/mosquitto"]);
});

Deno.test("wiring: the last receipts are given before a stop is over", async () => {
  await using agent = await liveAgent();
  const bytes = new TextEncoder().encode('{"type": "service_healthy", "node": "piha"}');
  let settled = 0;
  agent.planner.receive(bytes, "health_events", { settled: () => void settled++ });
  assert.equal(settled, 0);
  await agent.stop();
  assert.equal(settled, 1);
});

Deno.test("wiring: what others need by topology.json is not held by their storm", async () => {
  const topology = {
    nodes: [{ name: "piha", role: "Raspberry Pi" }],
    services: [{ name: "web", depends_on: ["db"] }],
  };
  await using agent = await liveAgent({ STORM_SERVICES: "2" }, {
    files: { "config/topology.json": topology },
  });
  for (const service of ["web", "db"]) agent.publish({ service });
  await agent.clock.advance(2_000);
  assert.deepEqual(await agent.ended(1), ["proposed piha/db"]);
});

Deno.test("wiring: another program's proposal under a node's old name is for that node", async () => {
  const topology = { nodes: [{ name: "hut", role: "edge", aliases: ["hut-old"] }] };
  const other = {
    ...{ action_id: "other-1", node: "hut-old", service: "web", action_type: "restart" },
    ...{ proposed_by: "supervisor", created_at: "2026-01-02T03:00:00Z" },
  };
  await using agent = await liveAgent({}, {
    files: { "config/topology.json": topology, "actions/pending/other-1.json": other },
  });
  agent.publish({ node: "hut", service: "web" });
  assert.deepEqual(await agent.ended(1), ["held hut/web"]);
  assert.equal(agent.endings[0]?.detail, "supervisor proposed restart 4 min ago, as other-1");
});

Deno.test("wiring: what a crash left half written is swept at the start, and the end is in the status", async () => {
  const left = "state/.planner-agent.status.json.1f.tmp";
  {
    await using agent = await liveAgent();
    assert.deepEqual([agent.log.of("leftovers_swept"), agent.log.of("state_restored")], [[], []]);
  }
  await using agent = await liveAgent({}, { files: { [left]: {}, "state/notes.tmp": {} } });
  assert.deepEqual(agent.log.of("leftovers_swept").map(({ files }) => files), [1]);
  const names = [...Deno.readDirSync(`${agent.root}/state`)].map(({ name }) => name);
  assert.deepEqual([names.includes(left.slice(6)), names.includes("notes.tmp")], [false, true]);
  const stopped = () =>
    JSON.parse(Deno.readTextFileSync(`${agent.root}/state/planner-agent.status.json`)).stopped;
  await agent.board.write();
  assert.equal(stopped(), null);
  await agent.stop();
  assert.equal(stopped(), Math.round(agent.clock.now() / 1000));
});

Deno.test("wiring: config/ is read anew when it is told to, a wrong file changes nothing", async () => {
  const topology = { nodes: [{ name: "piha", role: "Raspberry Pi" }] };
  await using agent = await liveAgent({}, { files: { "config/topology.json": topology } });
  const write = (value: unknown) =>
    Deno.writeTextFileSync(`${agent.root}/config/topology.json`, JSON.stringify(value));
  write({ nodes: [...topology.nodes, { name: "vps", role: "in a data centre" }] });
  await agent.reload();
  write({ nodes: "none" });
  await agent.reload();
  assert.deepEqual(agent.log.of("config_reloaded").map(({ nodes }) => nodes), [2]);
  const [wrong] = agent.log.of("config_invalid");
  assert.deepEqual([wrong?.level, wrong?.effect], [
    "error",
    "the files that were read before stay in force",
  ]);
});

Deno.test("wiring: what is parked has its receipt once the journal is on the disk", async () => {
  const did: string[] = [];
  const settled = Promise.withResolvers<void>();
  await using agent = await liveAgent({ LLM_CHAIN: "m@http://127.0.0.1:1", LLM_ATTEMPTS: "1" }, {
    watch: (op, path) => void (op === "sync" && did.push(path.replace(/^.*\/(?=state)/, ""))),
  });
  agent.planner.receive(
    new TextEncoder().encode('{"type": "service_unhealthy", "node": "piha", "service": "a"}'),
    "health_events",
    {
      settled() {
        did.push("settled");
        settled.resolve();
      },
    },
  );
  while (agent.backlog.parked().length === 0) await settle();
  assert.deepEqual(did, []);
  await agent.clock.advance(100);
  const late = setTimeout(settled.resolve, 5_000);
  await settled.promise;
  clearTimeout(late);
  assert.equal(did.length, 2);
  assert.match(did.join(), /^state\/\.?planner-agent\.state.*,settled$/);
});

Deno.test("wiring: a clock that jumps lets a silence end", async () => {
  const silences = [{ node: "piha", until: "2026-01-02T03:10:00Z", reason: "a new disk" }];
  await using agent = await liveAgent({}, { files: { "config/silences.json": { silences } } });
  agent.publish();
  await settle();
  assert.deepEqual([agent.backlog.waiting, agent.backlog.running], [1, 0]);
  agent.clock.jump(600_000);
  await agent.clock.advance(3_000);
  assert.deepEqual(await agent.ended(1), ["proposed piha/mosquitto"]);
});

Deno.test("wiring: the status says what keeps an event back", async () => {
  await using agent = await liveAgent(WAITS);
  agent.publish({ type: "node_offline", service: undefined });
  agent.publish();
  await settle();
  const why = () =>
    agent.board.record().events.map(({ service, state, why }) => [service, state, why]);
  assert.deepEqual(why(), [
    ["piha", "held", "right after the start"],
    // The node's own proposal is about to tell of it.
    ["mosquitto", "held", "piha is offline"],
  ]);
});

Deno.test("wiring: the status says that a budget keeps an event back", async () => {
  await using agent = await liveAgent({ DIAGNOSES_PER_HOUR: "1" });
  await firstProposal(agent);
  agent.publish({ service: "web" });
  await settle();
  assert.deepEqual(
    agent.board.record().events.map(({ service, state, why }) => [service, state, why]),
    [["web", "held", "used up: 1 diagnoses an hour (DIAGNOSES_PER_HOUR)"]],
  );
});

Deno.test("wiring: a proposal that was about to appear before a crash is looked for", async () => {
  const actionId = "plan-piha-mosquitto-1767323045";
  const file = { action_id: actionId, ...TARGET };
  await using agent = await liveAgent({}, {
    files: { [`actions/approved/${actionId}.json`]: file },
    state: [{ is: "proposing", target: TARGET, serial: 1, actionId, atMs: NOW - 1_000 }],
  });
  assert.deepEqual(agent.log.of("proposal_found").map(({ folder }) => folder), ["approved"]);
  agent.publish();
  assert.deepEqual(await agent.ended(1), ["cooldown piha/mosquitto"]);
});

Deno.test("wiring: a proposal whose event file is of the day before has no other one", async () => {
  const actionId = "plan-piha-mosquitto-1767236645";
  const day = "events/2026-01-01/solaria";
  await using agent = await liveAgent({}, {
    files: {
      [`actions/pending/${actionId}.json`]: { action_id: actionId, ...TARGET },
      [`${day}/evt-solaria-1767236645-remediation_started-mosquitto.json`]: {
        correlation_id: actionId,
      },
    },
    state: [{ is: "proposing", target: TARGET, serial: 1, actionId, atMs: NOW - 86_400_000 }],
  });
  assert.deepEqual(agent.log.of("proposal_found").map(({ folder }) => folder), ["pending"]);
  assert.deepEqual([...Deno.readDirSync(`${agent.root}/events`)].map(({ name }) => name), [
    "2026-01-01",
  ]);
});

Deno.test("wiring: that a target is well again is in the journal before a stop", async () => {
  await using agent = await liveAgent(WAITS);
  agent.publish();
  agent.publish({ type: "service_recovered", timestamp: NOW / 1_000 });
  await agent.ended(2);
  await agent.clock.advance(1_000);
  const state = Deno.readTextFileSync(`${agent.root}/state/planner-agent.state`);
  assert.ok(state.includes('"is":"well"'), state);
});

Deno.test("wiring: that prompts are long is told where a model is asked, and of no rules", async () => {
  const settings = { LLM_CONTEXT_TOKENS: "1024", PROMPT_PAYLOAD_BYTES: "65536" };
  for (const [chain, told] of [["m,rules", 1], ["rules", 0]] as const) {
    await using agent = await liveAgent({ ...settings, LLM_CHAIN: chain });
    assert.equal(agent.log.of("prompt_may_not_fit").length, told);
  }
});

Deno.test("wiring: what was proposed and decided before is looked through before the first event", async () => {
  const looked = new Set<string>();
  await using agent = await liveAgent({}, {
    watch: (op, path) => void (op === "names" && looked.add(basename(path))),
  });
  assert.deepEqual([...looked].sort(), [...ACTION_FOLDERS].sort());
  agent.publish();
  assert.deepEqual(await agent.ended(1), ["proposed piha/mosquitto"]);
});

Deno.test("wiring: a folder that takes long to look through keeps a start waiting for 10 s", async () => {
  const clock = fakeClock();
  const [asked, read] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let opened = false;
  const opening = liveAgent({}, {
    clock,
    async watch(_op, path) {
      if (basename(path) !== "rejected") return;
      asked.resolve();
      await read.promise;
    },
  }).finally(() => opened = true);
  await asked.promise;
  await clock.advance(9_999);
  await settle();
  assert.equal(opened, false);
  await clock.advance(1);
  await using agent = await opening;
  agent.publish();
  await settle();
  assert.deepEqual(agent.proposals(), [], "what was rejected is not known yet");
  read.resolve();
  assert.deepEqual(await agent.ended(1), ["proposed piha/mosquitto"]);
});

Deno.test("wiring: an Ollama that is still being asked for its models is left at once", async () => {
  const [asked, late] = [Promise.withResolvers<void>(), Promise.withResolvers<Response>()];
  const answer = ({ url }: Request) => {
    if (!url.endsWith("/api/tags")) return new Response("{}", { status: 404 });
    asked.resolve();
    return late.promise;
  };
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, answer);
  const chain = `m@http://127.0.0.1:${server.addr.port},rules`;
  await using agent = await liveAgent({ LLM_CHAIN: chain });
  await firstProposal(agent);
  await asked.promise;
  await agent.stop();
  await settle();
  const { waiting } = agent.clock;
  late.resolve(new Response("{}"));
  assert.equal(waiting, 0, "its deadline is waited for");
});

Deno.test("wiring: a model that is being asked gets 5 s at the end, and is left then", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const asked = Promise.withResolvers<void>();
  async function hang() {
    using connection = await listener.accept();
    // Until the other side ends it.
    while (await connection.read(new Uint8Array(65_536)) !== null) asked.resolve();
    return "left";
  }
  const left = hang();
  await using agent = await liveAgent({ LLM_CHAIN: `m@http://127.0.0.1:${listener.addr.port}` });
  agent.publish();
  await asked.promise;
  let stopped = false;
  const stopping = agent.stop().then(() => stopped = true);
  await agent.clock.advance(4_999);
  assert.equal(stopped, false);
  await agent.clock.advance(1);
  await stopping;
  assert.equal(await left, "left");
});
