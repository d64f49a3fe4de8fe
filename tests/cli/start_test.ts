import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { makeRuntime, type Settings, startAgent } from "../support/agent.ts";
import { runCommand } from "../support/command.ts";
import { sandbox } from "../support/sandbox.ts";

/** A RUNTIME_PATH and settings with which nothing answers. */
function place() {
  const folder = sandbox();
  makeRuntime(folder.path);
  const settings: Settings = { REDIS_URL: "redis://127.0.0.1:1", LLM_CHAIN: "rules" };
  return { root: folder.path, settings, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

const listOf = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name).sort();

Deno.test("run: hosts outside the permissions end it with status 2, before anything is opened", async () => {
  using lab = place();
  const { code, out, err } = await runCommand(["run"], {
    root: lab.root,
    settings: {
      REDIS_URL: "redis://agent:hunter2@192.0.2.1:6379",
      OLLAMA_HOST: "http://192.0.2.2:11434",
    },
  });
  assert.deepEqual([code, out], [2, ""]);
  const lines = err.trimEnd().split("\n");
  assert.deepEqual(lines.map((line) => line.split(": ").slice(1, 2)), [
    ["REDIS_URL redis://192.0.2.1:6379"],
    ["OLLAMA_HOST http://192.0.2.2:11434"],
  ]);
  assert.doesNotMatch(err, /hunter2/);
  assert.deepEqual(listOf(join(lab.root, "state")), []);
});

Deno.test("replay: needs no Redis, but its folder; a dry run needs neither", async () => {
  using lab = place();
  const input = '{"node":"piha","type":"service_unhealthy","service":"mosquitto"}\n';
  const settings = {
    REDIS_URL: "redis://192.0.2.1:6379",
    OLLAMA_HOST: "http://192.0.2.2:11434",
    LLM_CHAIN: "rules",
  };
  const here = await runCommand(["replay", "-"], { root: lab.root, settings, input });
  assert.deepEqual([here.code, here.err], [0, ""]);
  const elsewhere = { ...settings, RUNTIME_PATH: "/srv/elsewhere" };
  const refused = await runCommand(["replay", "-"], { root: lab.root, settings: elsewhere, input });
  assert.equal(refused.code, 2);
  assert.match(refused.err, /^planner-agent: RUNTIME_PATH \/srv\/elsewhere: /);
});

Deno.test("run, replay: a folder that cannot be made is one message, without a stack", async () => {
  using lab = place();
  Deno.removeSync(join(lab.root, "events"));
  Deno.writeTextFileSync(join(lab.root, "events"), "");
  for (const command of [["run"], ["replay", "-"]]) {
    const { code, err } = await runCommand(command, lab);
    assert.equal(code, 1);
    assert.match(
      err,
      /^planner-agent: \S+\/events is not a folder of its own \(a link or a file\); move it out of the way\n$/,
    );
  }
});

Deno.test("run: systemd hears that it is ready without Redis, that it lives, and that it stops", async () => {
  using lab = place();
  const path = join(lab.root, "state/systemd");
  const socket = Deno.listenDatagram({ transport: "unixpacket", path });
  await using agent = startAgent(lab.root, {
    ...lab.settings,
    NOTIFY_SOCKET: path,
    WATCHDOG_USEC: "100000",
  });
  const heard = new Map<string, string>();
  /** Reads until `name` has come; the values of all that came are kept. */
  const until = async (name: string, value: RegExp) => {
    while (!value.test(heard.get(name) ?? "")) {
      const [bytes] = await socket.receive();
      for (const line of new TextDecoder().decode(bytes).split("\n")) {
        const equals = line.indexOf("=");
        heard.set(line.slice(0, equals), line.slice(equals + 1));
      }
    }
  };
  await until("READY", /^1$/);
  await until("WATCHDOG", /^1$/);
  await until("STATUS", /^no Redis: Nothing listens on 127\.0\.0\.1:1.*; 0 wait; no proposal yet$/);
  agent.kill("SIGTERM");
  await until("STOPPING", /^1$/);
  assert.equal((await agent.status).code, 0);
  socket.close();
  Deno.removeSync(path);
  assert.ok(!listOf(join(lab.root, "state")).includes(".notify"));
});
