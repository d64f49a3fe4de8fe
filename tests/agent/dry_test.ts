import assert from "node:assert/strict";
import { openDryAgent } from "../../lib/agent.ts";
import { realFiles } from "../../lib/base/disk/files.ts";
import { parseConfig } from "../../lib/config/config.ts";
import type { Ending } from "../../lib/observe/ending.ts";
import type { ActionFile } from "../../lib/proposal/action_file.ts";
import { makeRuntime } from "../support/agent.ts";
import { fakeClock, settle } from "../support/clock.ts";
import { recordingLog } from "../support/log.ts";
import { echo, startOllama } from "../support/ollama.ts";
import { sandbox } from "../support/sandbox.ts";

const EVENT = new TextEncoder().encode(
  '{"type":"service_unhealthy","node":"piha","service":"mosquitto","payload":{"exit_code":137}}',
);

/** An agent without a disk in a folder of its own, by these settings. */
async function dryAgent(
  root: string,
  settings: Readonly<Record<string, string>>,
  startsLater = false,
) {
  makeRuntime(root);
  const clock = fakeClock();
  const printed: ActionFile[] = [];
  const endings: Ending[] = [];
  const environment: Readonly<Record<string, string>> = { RUNTIME_PATH: root, ...settings };
  const agent = await openDryAgent({
    config: parseConfig((name) => environment[name]),
    clock,
    log: recordingLog(),
    files: realFiles,
    random: () => 0,
    nonce: () => "1f",
    observers: [{ onEnding: (ending) => void endings.push(ending) }],
    startsLater,
  }, (file) => void printed.push(file));
  return { agent, clock, printed, endings };
}

Deno.test("openDryAgent: proposes by the same settings when it is started, and writes nothing", async () => {
  using folder = sandbox();
  const settings = { LLM_CHAIN: "rules", VALID_SECONDS: "600" };
  const { agent, printed, endings } = await dryAgent(folder.path, settings, true);
  agent.planner.receive(EVENT, "health_events");
  await settle();
  assert.deepEqual([agent.backlog.waiting, agent.backlog.running], [1, 0]);
  agent.planner.start();
  while (printed.length === 0) await settle();
  await agent.stop();
  assert.deepEqual(endings.map(({ outcome }) => outcome), ["proposed"]);
  assert.deepEqual(
    printed.map(({ timestamp, payload }) => [
      payload.action,
      Date.parse(payload.valid_until) / 1_000 - timestamp,
    ]),
    [["restart", 600]],
  );
  for (const name of ["actions/pending", "events", "state"]) {
    assert.deepEqual([...Deno.readDirSync(`${folder.path}/${name}`)], []);
  }
});

Deno.test("openDryAgent: at its end a model that is being asked gets 5 s", async () => {
  using folder = sandbox();
  const late = Promise.withResolvers<void>();
  await using server = startOllama({
    answer: (request) => ({ after: late.promise, answer: echo(request) }),
  });
  const settings = { OLLAMA_HOST: server.url, LLM_CHAIN: "m" };
  const { agent, clock, printed } = await dryAgent(folder.path, settings);
  agent.planner.receive(EVENT, "health_events");
  await server.asked(1);
  const stopping = agent.stop();
  await clock.advance(4_999);
  late.resolve();
  await stopping;
  assert.deepEqual(printed.map(({ node, service }) => [node, service]), [["piha", "mosquitto"]]);
  await settle();
  assert.equal(clock.waiting, 0);
});
