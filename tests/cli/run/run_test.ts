import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { run } from "../../../lib/cli/run/run.ts";
import { makeRuntime, type Settings } from "../../support/agent.ts";
import { recordingIo } from "../../support/command.ts";
import { sandbox } from "../../support/sandbox.ts";
import { bulk } from "../../support/resp.ts";
import type { RespConnection } from "../../support/resp_server.ts";
import { healthy, scriptedRedis } from "../../support/scripted_redis.ts";
import { eventually } from "../../support/stream_reader.ts";

/** `run` in this process, without a Redis, and with a reader of its log that takes its time. */
function lab(settings: Settings = {}) {
  const folder = sandbox();
  makeRuntime(folder.path);
  Deno.removeSync(join(folder.path, "actions/approved"));
  const env: Settings = {
    RUNTIME_PATH: folder.path,
    REDIS_URL: "redis://127.0.0.1:1",
    OLLAMA_HOST: "http://127.0.0.1:1",
    LLM_CHAIN: "rules",
    ...settings,
  };
  let written = "";
  const lines = () => written.trimEnd().split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const exits: { readonly status: number; readonly last: string }[] = [];
  const none = () => {};
  const tell: Record<"signal" | "other", (name: string) => void> & { fault(fault: unknown): void } =
    {
      signal: none,
      other: none,
      fault: none,
    };
  const { io } = recordingIo({
    env: (name) => env[name],
    queuedOut: {
      async write(bytes) {
        await new Promise((resolve) => setTimeout(resolve));
        written += new TextDecoder().decode(bytes);
        return bytes.length;
      },
    },
    onSignal(callback) {
      tell.signal = callback;
      return () => tell.signal = none;
    },
    onOtherSignal: (callback) => void (tell.other = callback),
    onFault: (callback) => void (tell.fault = callback),
    exit: (status) => exits.push({ status, last: lines().at(-1)?.event }) as never,
  });
  const done = run.run(io, {}, []);
  return {
    root: folder.path,
    done,
    lines,
    exits,
    tell,
    seen: (event: string) =>
      eventually(event, () => Promise.resolve(lines().some((line) => line.event === event))),
    async [Symbol.asyncDispose]() {
      tell.signal("SIGTERM");
      await done;
      folder[Symbol.dispose]();
    },
  };
}

const EVENTS = ["planner_starting", "redis_unavailable"];

Deno.test("run: from source the folders of all actions are made; the last line is written before it ends", async () => {
  await using it = lab({ LOG_LEVEL: "info" });
  await it.seen("redis_unavailable");
  assert.ok(Deno.statSync(join(it.root, "actions/approved")).isDirectory);
  it.tell.other("SIGQUIT");
  it.tell.signal("SIGTERM");
  assert.equal(await it.done, 0);
  assert.deepEqual(it.lines().map(({ event }) => event), [
    ...EVENTS,
    "signal_ignored",
    "shutdown_signal",
    "planner_stopped",
  ]);
});

Deno.test("run: LOG_LEVEL is the lowest level that is written", async () => {
  await using it = lab({ LOG_LEVEL: "warning" });
  await it.seen("redis_unavailable");
  it.tell.signal("SIGTERM");
  await it.done;
  assert.deepEqual(it.lines().map(({ event }) => event), ["redis_unavailable"]);
});

Deno.test("run: what nobody caught is logged and counted; one of the pipeline ends it when that is written", async () => {
  await using it = lab();
  await it.seen("redis_unavailable");
  it.tell.fault(new Error("of a connection"));
  await it.seen("internal_fault");
  assert.deepEqual(it.exits, []);
  const fault = new Error("of the queue");
  fault.stack = "Error: of the queue\n    at x (file:///p/lib/queue/journal.ts:1:1)";
  it.tell.fault(fault);
  await eventually("it ends", () => Promise.resolve(it.exits.length > 0));
  assert.deepEqual(it.exits, [{ status: 1, last: "internal_fault" }]);
  it.tell.signal("SIGTERM");
  await it.done;
  const metrics = Deno.readTextFileSync(join(it.root, "state/planner-agent.prom"));
  assert.match(metrics, /^planner_agent_internal_faults_total 2$/m);
});

Deno.test("run: it starts once, however often Redis is lost", async () => {
  const redis = scriptedRedis(healthy);
  await using it = lab({ REDIS_URL: `redis://127.0.0.1:${redis.port}` });
  await it.seen("planner_started");
  for (const connection of redis.open) connection.close();
  await eventually(
    "it is heard again",
    () =>
      Promise.resolve(it.lines().filter(({ event }) => event === "redis_subscribed").length === 2),
  );
  it.tell.signal("SIGTERM");
  assert.equal(await it.done, 0);
  assert.equal(it.lines().filter(({ event }) => event === "planner_started").length, 1);
  await redis.close();
});

Deno.test("run: it ends when an announcement that is under way has been answered", async () => {
  const asked = Promise.withResolvers<RespConnection>();
  const redis = scriptedRedis((words, connection) => {
    if (words[0] !== "PUBLISH") return healthy(words);
    asked.resolve(connection);
    return undefined;
  });
  await using it = lab({
    REDIS_URL: `redis://127.0.0.1:${redis.port}`,
    PROPOSAL_CHANNEL: "told",
    START_GRACE_SECONDS: "0",
  });
  await it.seen("planner_started");
  const event = { node: "piha", service: "mosquitto", type: "container_oom", severity: "error" };
  const [listener] = redis.open;
  listener?.send([bulk("message"), bulk("health_events"), bulk(JSON.stringify(event))]);
  const publisher = await asked.promise;
  it.tell.signal("SIGTERM");
  const order: string[] = [];
  const done = it.done.then(() => order.push("it ended"));
  await eventually("it hears nothing more", () => Promise.resolve(redis.open.size === 1));
  await new Promise((resolve) => setTimeout(resolve, 50));
  order.push("it was answered");
  publisher.send(1);
  await done;
  assert.deepEqual(order, ["it was answered", "it ended"]);
  await redis.close();
});

Deno.test("run: a second signal ends it with status 1, and its line is written first", async () => {
  await using it = lab();
  await it.seen("redis_unavailable");
  it.tell.signal("SIGTERM");
  it.tell.signal("SIGTERM");
  await eventually("it ends", () => Promise.resolve(it.exits.length > 0));
  assert.deepEqual(it.exits, [{ status: 1, last: "shutdown_signal" }]);
});
