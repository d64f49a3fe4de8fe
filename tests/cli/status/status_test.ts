import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { unreadable } from "../../../lib/cli/reading.ts";
import { agentCommand, makeRuntime, startAgent } from "../../support/agent.ts";
import { runCommand } from "../../support/command.ts";
import { startOllama } from "../../support/ollama.ts";
import { startRedis } from "../../support/redis.ts";
import { sandbox } from "../../support/sandbox.ts";
import { systemError } from "../../support/system_error.ts";
import { TextLineStream } from "../../support/text_lines.ts";

const FILE = "state/planner-agent.status.json";

/** Polls the status until it is as wanted: it is written by another process. */
async function awaitStatus(
  root: string,
  wanted: (report: Record<string, never>) => boolean,
): Promise<Record<string, never>> {
  for (let left = 100;; left--) {
    const { out } = await runCommand(["status", "--json"], { root });
    const report = JSON.parse(out);
    if (wanted(report) || left === 0) return report;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

Deno.test("status: while the agent runs, after it was stopped, and after it died", async () => {
  using folder = sandbox();
  const root = folder.path;
  makeRuntime(root);
  await using redis = await startRedis();
  await using ollama = startOllama();
  const settings = { REDIS_URL: redis.url(), OLLAMA_HOST: ollama.url };

  const before = await runCommand(["status"], { root });
  assert.equal(before.code, 1);
  assert.match(before.out, /^warning +agent +no agent has run here yet/);

  const agent = startAgent(root, settings);
  await agent.seen("planner_started");
  await redis.publish(
    "health_events",
    JSON.stringify({ type: "service_unhealthy", node: "piha", service: "mosquitto" }),
  );
  await agent.seen("action_proposed");
  const report = await awaitStatus(root, ({ last_proposal }) => last_proposal !== null);
  const { agent: life, redis: heard, last_hour, last_proposal, cooldowns } = report as Record<
    string,
    Record<string, unknown>
  >;
  assert.deepEqual([life?.state, life?.pid, life?.node], ["running", agent.pid, "solaria"]);
  assert.equal(heard?.state, "subscribed");
  assert.deepEqual(last_hour, { received: 1, outcomes: { proposed: 1 } });
  assert.deepEqual(
    [last_proposal?.action, last_proposal?.node, last_proposal?.service, cooldowns?.total],
    ["restart", "piha", "mosquitto", 1],
  );
  const running = await runCommand(["status"], { root });
  assert.equal(running.code, 0);
  assert.match(running.out, /^planner-agent \S+ on solaria: running, heartbeat \d s ago\n/);
  assert.ok(!running.out.includes("\x1b"));

  agent.kill("SIGTERM");
  assert.equal((await agent.status).code, 0);
  const stopped = await runCommand(["status"], { root });
  assert.equal(stopped.code, 1);
  assert.match(stopped.out, /: stopped, heartbeat/);

  // As after kill -9: the record says nothing of an end, and the heartbeat grows old.
  const path = join(root, FILE);
  const record = JSON.parse(Deno.readTextFileSync(path));
  Deno.writeTextFileSync(path, JSON.stringify({ ...record, stopped: null }));
  const hourAgo = new Date(Date.now() - 3_600_000);
  Deno.utimeSync(join(root, "state/planner-agent.heartbeat"), hourAgo, hourAgo);
  const died = await runCommand(["status"], { root });
  assert.equal(died.code, 1);
  assert.match(died.out, /: not running, or hangs, heartbeat 1 h ago\n/);
});

Deno.test("status: a damaged file is said, nothing of it reaches the terminal raw", async () => {
  using folder = sandbox();
  const root = folder.path;
  makeRuntime(root);
  Deno.writeTextFileSync(join(root, FILE), '{"planner_status": "\x1b[2J');
  Deno.writeTextFileSync(join(root, "state/planner-agent.heartbeat"), "");
  const { code, out } = await runCommand(["status"], { root });
  assert.equal(code, 0);
  assert.match(out, /warning +status file .*it is not JSON/s);
  assert.ok(!out.includes("\x1b"));
});

Deno.test("status, explain: where the folders may not be read, the same sentence as of pending", async () => {
  using folder = sandbox();
  for (const command of [["status"], ["explain", "piha"], ["pending"], ["stats"], ["show", "x"]]) {
    const settings = { RUNTIME_PATH: "/usr/elsewhere" };
    const { code, out, err } = await runCommand(command, { root: folder.path, settings });
    assert.deepEqual([code, out], [1, ""]);
    assert.match(
      err,
      /^planner-agent: \/usr\/elsewhere\/\S+ cannot be read: this program was not given the permission \(see RUNTIME_PATH\)\n$/,
    );
  }
  const told: string[] = [];
  const io = { err: (line: string) => void told.push(line) };
  assert.equal(unreadable(io, systemError("EACCES", "/r/state/x"), "/r/state"), 1);
  assert.deepEqual(told, [
    "planner-agent: /r/state/x cannot be read: this user has no permission (see the group homelab)\n",
  ]);
  assert.throws(() => unreadable(io, new TypeError("a fault"), "/r/state"), TypeError);
});

Deno.test("status: other settings may be wrong, an argument may not", async () => {
  using folder = sandbox();
  const root = folder.path;
  makeRuntime(root);
  const wrong = await runCommand(["status"], { root, settings: { LOG_LEVEL: "loud" } });
  assert.deepEqual([wrong.code, wrong.err], [1, ""]);
  const argument = await runCommand(["status", "piha"], { root });
  assert.equal(argument.code, 2);
  assert.match(argument.err, /status takes no argument/);
});

Deno.test("status --watch: draws again until a signal; under a pipe without terminal codes", async () => {
  using folder = sandbox();
  const root = folder.path;
  makeRuntime(root);
  await using child = agentCommand(["status", "--watch", "--json"], { root }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  const states: string[] = [];
  for await (const line of lines) {
    states.push(JSON.parse(line).agent.state);
    if (states.length === 2) child.kill("SIGTERM");
  }
  assert.deepEqual(states, ["never_ran", "never_ran"]);
  assert.equal((await child.status).code, 0);
  await child.stderr.cancel();
});
