import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { readDocs, shellBlocks } from "../support/docs.ts";
import { freePort, HAS_REDIS } from "../support/redis.ts";
import { respClient } from "../support/resp.ts";
import { PROJECT } from "../system/support/binary.ts";
import { openShell, removed, until } from "../system/support/shell.ts";
import { ntfyServer, press } from "./support/ntfy_server.ts";
import { unitCommand } from "./support/unit.ts";

/** What a new user may take for all of it; the whole of it is some seconds of computing. */
const MOST_MS = 300_000;

/** The engine's socket: tells of a container that crashed, once somebody listens. */
function dockerEngine(path: string): Deno.HttpServer {
  const recorded = join(import.meta.dirname ?? ".", "recorded/docker-27.3-crashes.ndjson");
  const [crash = ""] = Deno.readTextFileSync(recorded).split("\n");
  let asked = false;
  return Deno.serve({ path, onListen: () => {} }, () => {
    const now = crash.replace(/"timeNano":\d+/, `"timeNano":${(Date.now() + 1_000) * 1e6}`);
    const text = asked ? "" : `${now}\n`;
    asked = true;
    return new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
      }),
    );
  });
}

Deno.test({
  name: "a new user: README's quick start, Docker's events, a button on the phone, the executor",
  ignore: !HAS_REDIS,
  async fn() {
    const began = Date.now();
    const folder = await Deno.makeTempDir({ prefix: "planner-agent-new-user-" });
    const root = `${folder}/homelab`;
    const port = freePort();
    const block = (name: string) =>
      shellBlocks(readDocs(PROJECT).get("README.md") ?? "")
        .find(({ note }) => note === `run: ${name}`)?.code
        .replaceAll("/tmp/homelab", root).replaceAll("6399", String(port))
        .replaceAll("/tmp/planner-agent.log", `${folder}/agent.log`) ?? "";
    const redisUrl = `redis://127.0.0.1:${port}`;
    const running: Deno.ChildProcess[] = [];
    const start = (unit: string, run: Parameters<typeof unitCommand>[1]) =>
      running.push(unitCommand(unit, run).spawn());
    const redis = { "planner-redis:6379": `127.0.0.1:${port}` };
    await using ntfy = ntfyServer();
    const socket = `${folder}/docker.sock`;
    const engine = dockerEngine(socket);
    await using shell = openShell();
    try {
      await shell.type(block("start"));
      await until(() => Deno.readTextFileSync(`${folder}/agent.log`).includes("planner_started"));

      const bridge = freePort();
      await Deno.mkdir(`${folder}/ntfy`);
      start("ntfy/planner-ntfy.service", {
        places: {
          ...redis,
          "127.0.0.1:9712": `127.0.0.1:${bridge}`,
          "planner-ntfy:80": `127.0.0.1:${ntfy.port}`,
          "/opt/homelab": root,
          "/var/lib/planner-ntfy": `${folder}/ntfy`,
          "/run/credentials/planner-ntfy.service": folder,
        },
        env: {
          RUNTIME_PATH: root,
          REDIS_URL: redisUrl,
          NTFY_URL: ntfy.url,
          PUBLIC_URL: `http://127.0.0.1:${bridge}`,
          PORT: String(bridge),
          STATE_DIRECTORY: `${folder}/ntfy`,
          CREDENTIALS_DIRECTORY: folder,
        },
      });

      await Deno.writeTextFile(
        `${folder}/executor.json`,
        JSON.stringify({
          runtime_path: root,
          targets: { "piha/monitoring-grafana": { project: "monitoring", service: "grafana" } },
        }),
      );
      await Deno.mkdir(`${folder}/bin`);
      await Deno.writeTextFile(
        `${folder}/bin/docker`,
        `#!/bin/sh\necho "$@" >>'${folder}/docker-asked'\n`,
        { mode: 0o755 },
      );
      start("executor/planner-executor.service", {
        places: {
          "/opt/homelab": root,
          "/etc/planner-executor/executor.json": `${folder}/executor.json`,
        },
        env: { PATH: `${folder}/bin:${Deno.env.get("PATH")}` },
      });

      start("docker-events/planner-docker-events.service", {
        places: { ...redis, "/run/docker.sock": socket },
        env: { NODE_NAME: "piha", ENGINE: socket, REDIS_URL: redisUrl },
      });

      await ntfy.received(1);
      const [message] = ntfy.published;
      assert.equal(message?.title, "restart monitoring-grafana on piha?");
      assert.match(await shell.type("planner-agent pending"), /^1 proposal waits for a person$/m);

      assert.match(
        await press(message?.actions?.[0]),
        /^200 approved: plan-piha-monitoring-grafana-/,
      );
      const completed = `${root}/actions/completed`;
      await until(() => [...Deno.readDirSync(completed)].some(({ name }) => /^plan-/.test(name)));
      assert.equal(
        await Deno.readTextFile(`${folder}/docker-asked`),
        "compose --project-name monitoring restart grafana\n",
      );

      // The agent looks at what was decided every few seconds.
      const history = `${root}/state/history`;
      await until(() =>
        [...Deno.readDirSync(history)].some(({ name }) =>
          Deno.readTextFileSync(`${history}/${name}`).includes('"outcome":"completed"')
        )
      );
      const story = await shell.type("planner-agent explain piha/monitoring-grafana");
      assert.match(story, /container_exited, error/);
      assert.match(story, /completed/);
      assert.match(await shell.type("planner-agent stats"), /^restart +rules +1 /m);
      assert.ok(Date.now() - began < MOST_MS);
    } finally {
      for (const child of running) {
        child.kill("SIGTERM");
        await child.output();
      }
      await engine.shutdown();
      await shell.type(block("stop")).catch(() => {});
      await respClient(port).then((client) => client.command("SHUTDOWN", "NOSAVE"), () => {})
        .catch(() => {});
      // The agent that the last block ended may still write its last lines.
      await until(() => removed(folder));
    }
  },
});
