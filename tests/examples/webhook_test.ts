import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { AlertError, handle, RECEIVERS } from "../../examples/webhook/webhook.ts";
import { cures } from "../../lib/event/cures.ts";
import { newsOf } from "../../lib/event/news.ts";
import { parseEvent } from "../../lib/event/parse.ts";
import { freePort, startRedis } from "../support/redis.ts";
import { listener } from "../support/redis_listener.ts";
import { sandbox } from "../support/sandbox.ts";
import { unitCommand } from "./support/unit.ts";

const RECORDED = join(import.meta.dirname ?? ".", "recorded");
const TOKEN = "0123456789abcdef0123456789abcdef";

const recorded = (name: string) => Deno.readTextFileSync(join(RECORDED, name));

function received(path: string, name: string) {
  return RECEIVERS[path]?.(JSON.parse(recorded(name)), "house") ?? [];
}

const short = ({ node, service, type, severity }: ReturnType<typeof received>[number]) =>
  `${node}/${service} ${type} ${severity}`;

Deno.test("webhook: Alertmanager, an event of each alert", () => {
  const events = received("/alertmanager", "alertmanager-0.27.json");
  assert.deepEqual(events.map(short), [
    "piha/grafana container_down critical",
    "vps/HostOutOfDiskSpace host_out_of_disk_space warning",
    "chelsty-ha/chelsty-ha node_offline page",
    "chelsty-infra/chelsty-infra node_online info",
    "piha/HostOutOfDiskSpace host_out_of_disk_space info",
  ]);
  assert.deepEqual(events[0]?.payload, {
    alert: "ContainerDown",
    status: "firing",
    since: "2025-11-30T08:00:00.123Z",
    summary: "grafana is down",
    description: "No metrics for 5 minutes.",
    labels: {
      alertname: "ContainerDown",
      node: "piha",
      service: "grafana",
      severity: "critical",
      job: "cadvisor",
    },
  });
});

Deno.test("webhook: an alert that lasts for hours is as new to the agent as its last repeat", () => {
  const nowMs = Date.parse("2025-11-30T12:00:00Z");
  for (const event of received("/alertmanager", "alertmanager-0.27.json")) {
    const parsed = parseEvent({ ...event }, "health_events", nowMs);
    assert.ok(parsed.ok);
    assert.equal(parsed.event.timestamp, nowMs / 1000);
  }
});

Deno.test("webhook: what is resolved is a recovery to the agent, of that fault", () => {
  for (
    const [path, firing, resolved] of [
      ["/uptime-kuma", "uptime-kuma-1.23-down.json", "uptime-kuma-1.23-up.json"],
      ["/gatus", "gatus-5.13-triggered.json", "gatus-5.13-resolved.json"],
      ["/alertmanager", "alertmanager-0.27.json", "alertmanager-0.27.json"],
    ] as const
  ) {
    const news = (name: string) =>
      received(path, name).map((event) => ({
        ...event,
        news: newsOf({ ...event, timestamp: Date.now() / 1000 }),
      }));
    const faults = news(firing).filter(({ news }) => news === "fault");
    const recoveries = news(resolved).filter(({ news }) => news === "recovery");
    assert.ok(faults.length > 0 && recoveries.length > 0, path);
    for (const recovery of recoveries) {
      assert.ok(faults.some((fault) => cures(recovery.type, fault.type)), recovery.type);
    }
  }
});

Deno.test("webhook: Grafana, Uptime Kuma and Gatus", () => {
  assert.deepEqual(received("/grafana", "grafana-11.3.json").map(short), [
    "vps/traefik traefik_5xx_rate error",
    "vps/DatasourceNoData datasource_no_data warning",
  ]);
  assert.deepEqual(received("/uptime-kuma", "uptime-kuma-1.23-down.json").map(short), [
    "piha/grafana service_down error",
  ]);
  assert.deepEqual(received("/uptime-kuma", "uptime-kuma-1.23-up.json").map(short), [
    "piha/grafana service_recovered info",
  ]);
  // The button "Test" has no heartbeat: it is answered, and nothing is published.
  assert.deepEqual(received("/uptime-kuma", "uptime-kuma-1.23-test.json"), []);
  assert.deepEqual(
    [
      ...received("/gatus", "gatus-5.13-triggered.json"),
      ...received("/gatus", "gatus-5.13-resolved.json"),
    ].map(short),
    ["vps/traefik service_down error", "vps/traefik service_recovered info"],
  );
});

Deno.test("webhook: a monitor without a node's tag counts as of NODE_NAME", () => {
  const body = JSON.parse(recorded("uptime-kuma-1.23-down.json"));
  body.monitor.tags = [];
  assert.deepEqual(RECEIVERS["/uptime-kuma"]?.(body, "house").map(short), [
    "house/grafana service_down error",
  ]);
});

Deno.test("webhook: bodies that are something else are refused in words", () => {
  for (
    const [path, body, why] of [
      ["/alertmanager", [], /no JSON object/],
      ["/alertmanager", {}, /no list of alerts/],
      ["/alertmanager", { alerts: [1] }, /alert is no JSON object/],
      ["/uptime-kuma", { heartbeat: { status: 0 } }, /no name/],
      ["/gatus", { state: "up" }, /neither TRIGGERED nor RESOLVED/],
      ["/event", { type: "x" }, /type and node are needed/],
    ] as const
  ) {
    assert.throws(() => RECEIVERS[path]?.(body, "house"), (error) => {
      assert.ok(error instanceof AlertError);
      assert.match(error.message, why);
      return true;
    });
  }
});

Deno.test("webhook: as its unit, from a request to Redis, by a user that may only publish", async () => {
  using folder = sandbox();
  Deno.writeTextFileSync(`${folder.path}/token`, `${TOKEN}\n`);
  await using redis = await startRedis({
    users: ["webhook on >pw resetchannels &health_events -@all +publish"],
  });
  const port = freePort();
  const child = unitCommand("webhook/planner-webhook.service", {
    places: {
      "127.0.0.1:9711": `127.0.0.1:${port}`,
      "planner-redis:6379": `127.0.0.1:${redis.port}`,
      "/run/credentials/planner-webhook.service": folder.path,
    },
    env: {
      PORT: String(port),
      NODE_NAME: "house",
      REDIS_URL: redis.url("webhook:pw"),
      CREDENTIALS_DIRECTORY: folder.path,
    },
  }).spawn();
  const said = child.stdout.getReader();
  try {
    await said.read();
    const post = async (path: string, body: BodyInit, token = TOKEN) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body,
      });
      return `${response.status} ${(await response.text()).trim()}`;
    };
    const alerts = recorded("alertmanager-0.27.json");
    assert.equal(
      await post("/alertmanager", alerts),
      "503 nobody listens on the channel: is the agent running?",
    );
    await using heard = listener(redis.url(), { channels: ["health_events"] });
    await redis.awaitSubscribed(["health_events"]);
    assert.equal(await post("/alertmanager", alerts), "200 5 published");
    await Promise.race([heard.received(5), child.status]);
    assert.deepEqual(
      heard.messages.map((message) => JSON.parse(message.replace(/^\S+ /, ""))),
      received("/alertmanager", "alertmanager-0.27.json"),
    );
    assert.match(await post("/alertmanager", alerts, "wrong"), /^401 /);
    assert.match(await post("/alertmanager", "{"), /^400 the body is no JSON/);
    assert.match(await post("/else", alerts), /^404 POST to \/alertmanager/);
    assert.match(await post("/event", "x".repeat(300_000)), /^413 /);
    assert.equal(
      await post("/uptime-kuma", recorded("uptime-kuma-1.23-test.json")),
      "200 0 published",
    );
  } finally {
    await said.cancel();
    child.kill("SIGTERM");
    await child.stderr.cancel();
    await child.status;
  }
});

Deno.test("webhook: a Redis that is away is told to the sender, which may try again", async () => {
  const response = await handle(
    new Request("http://127.0.0.1/gatus", {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
      body: recorded("gatus-5.13-triggered.json"),
    }),
    {
      node: "house",
      token: TOKEN,
      redis: {
        url: `redis://127.0.0.1:${freePort()}`,
        name: "health_events",
        intake: "pubsub",
      },
    },
    () => {},
  );
  assert.equal(response.status, 503);
  assert.match(await response.text(), /^Redis: /);
});
