import assert from "node:assert/strict";
import { join } from "node:path/posix";
import {
  createTranslator,
  engineEvent,
  type HealthEvent,
} from "../../examples/docker-events/docker-events.ts";
import { startRedis } from "../support/redis.ts";
import { listener } from "../support/redis_listener.ts";
import { sandbox } from "../support/sandbox.ts";
import { unitCommand } from "./support/unit.ts";

const RECORDED = join(import.meta.dirname ?? ".", "recorded");

/** What is published of a recording, played on a clock that follows the events' own times. */
function play(recording: string): string[] {
  const published: HealthEvent[] = [];
  const timers = new Map<number, { at: number; run: () => void }>();
  let now = 0;
  let next = 0;
  const translate = createTranslator("piha", (event) => published.push(event), (ms, run) => {
    const id = next++;
    timers.set(id, { at: now + ms, run });
    return () => timers.delete(id);
  });
  const advance = (to: number) => {
    for (const [id, { at, run }] of [...timers].sort(([, a], [, b]) => a.at - b.at)) {
      if (at <= to && timers.delete(id)) run();
    }
    now = to;
  };
  for (const line of Deno.readTextFileSync(join(RECORDED, recording)).trim().split("\n")) {
    const event = engineEvent(line);
    assert.ok(event, line);
    advance(event.timeNano / 1e6);
    translate(event);
  }
  advance(Infinity);
  return published.map(({ service, type, severity, payload }) =>
    [service, type, severity, payload.exit_code ?? ""].join(" ").trim()
  );
}

Deno.test("docker-events: what was asked to stop is no fault, whatever its exit code", () => {
  assert.deepEqual(play("docker-27.3-stops.ndjson"), []);
});

Deno.test("docker-events: a crash is a fault, a start after it the recovery; SIGHUP asks for no end", () => {
  assert.deepEqual(play("docker-27.3-crashes.ndjson"), [
    "monitoring-grafana container_exited error 1",
    "monitoring-grafana container_started info",
    "traefik container_exited error 2",
    "immich-db container_exited error 137",
  ]);
});

Deno.test("docker-events: out of memory is told as such, also where the container lives on", () => {
  assert.deepEqual(play("docker-27.3-oom.ndjson"), [
    "ollama container_oom_killed error 137",
    "ollama container_started info",
    "immich-server container_oom warning",
  ]);
});

Deno.test("docker-events: healthchecks, and none of the commands they run", () => {
  assert.deepEqual(play("docker-27.3-health.ndjson"), [
    "web container_unhealthy error",
    "web container_healthy info",
  ]);
});

Deno.test("docker-events: an update by compose is no fault and keeps the service's name", () => {
  assert.deepEqual(play("docker-27.3-compose-update.ndjson"), [
    "monitoring-grafana container_started info",
  ]);
});

Deno.test("docker-events: Podman tells of a stop behind the end, and of health in a key of its own", () => {
  assert.deepEqual(play("podman-5.2.ndjson"), [
    "gitea container_exited error 2",
    "gitea container_started info",
    "web container_unhealthy error",
    "web container_healthy info",
  ]);
});

Deno.test("docker-events: what is no event of a container is passed over", () => {
  for (const line of ["", "{", "[]", "null", '{"Type":"network","Action":"connect"}']) {
    assert.equal(engineEvent(line), undefined);
  }
  assert.equal(engineEvent('{"Type":"container","Action":"die","timeNano":1}'), undefined);
});

Deno.test("docker-events: from the engine's socket to Redis, as its unit, as a user that may only publish", async () => {
  using folder = sandbox();
  const socket = `${folder.path}/docker.sock`;
  const asked: URL[] = [];
  const recorded = Deno.readTextFileSync(join(RECORDED, "docker-27.3-crashes.ndjson"))
    .trim().split("\n");
  // A minute ahead, a second apart: what is older than the start is no news.
  const [first, second] = recorded.map((line, i) =>
    line.replace(/"timeNano":\d+/, `"timeNano":${(Date.now() + 60_000 + 1_000 * i) * 1e6}`)
  );
  let turn = 0;
  const engine = Deno.serve({ path: socket, onListen: () => {} }, (request) => {
    asked.push(new URL(request.url));
    const lines = turn++ === 0 ? [first, second] : [];
    return new Response(
      new ReadableStream({
        start(controller) {
          // A line may come in two pieces.
          const text = lines.map((line) => `${line}\n`).join("");
          for (const piece of [text.slice(0, 100), text.slice(100)]) {
            if (piece) controller.enqueue(new TextEncoder().encode(piece));
          }
        },
      }),
    );
  });
  await using redis = await startRedis({
    users: ["docker-events on >pw resetchannels &health_events -@all +publish"],
  });
  await using heard = listener(redis.url(), { channels: ["health_events"] });
  await redis.awaitSubscribed(["health_events"]);
  const child = unitCommand("docker-events/planner-docker-events.service", {
    places: { "/run/docker.sock": socket, "planner-redis:6379": `127.0.0.1:${redis.port}` },
    env: { NODE_NAME: "piha", ENGINE: socket, REDIS_URL: redis.url("docker-events:pw") },
  }).spawn();
  try {
    await Promise.race([heard.received(2), child.status]);
  } finally {
    child.kill("SIGTERM");
    await child.output();
    await engine.shutdown();
  }
  const events = heard.messages.map((message) => JSON.parse(message.replace(/^\S+ /, "")));
  assert.deepEqual(events.map(({ node, service, type }) => [node, service, type]), [
    ["piha", "monitoring-grafana", "container_exited"],
    ["piha", "monitoring-grafana", "container_started"],
  ]);
  const [url] = asked;
  assert.equal(url?.pathname, "/events");
  assert.equal(url?.searchParams.get("filters"), '{"type":["container"]}');
});
