import assert from "node:assert/strict";
import { eachContainer } from "../../lib/event/containers.ts";
import type { HealthEvent } from "../../lib/event/event.ts";

function event(changes: Partial<HealthEvent>): HealthEvent {
  return {
    type: "containers_not_running",
    node: "hut",
    service: "hut",
    severity: "error",
    payload: {},
    timestamp: 1,
    heardAt: 1_000,
    happenedAt: 1_000,
    channel: "health_events",
    ...changes,
  };
}

const heard = (changes: Partial<HealthEvent>) =>
  eachContainer(event(changes)).map(({ service, payload }) => [service, payload]);

Deno.test("eachContainer: an event a name, in the same order, with the rest of the payload", () => {
  const containers = ["traefik", { name: "mosquitto", status: "exited" }, { Names: ["/db"] }, "db"];
  assert.deepEqual(heard({ payload: { message: "m", containers } }), [
    ["traefik", { message: "m", container: "traefik" }],
    ["mosquitto", { message: "m", container: { name: "mosquitto", status: "exited" } }],
    ["db", { message: "m", container: { Names: ["/db"] } }],
  ]);
});

Deno.test("eachContainer: what has no name, or is one too many, stays with the node", () => {
  const names = Array.from({ length: 66 }, (_, i) => `c${i}`);
  const told = heard({ payload: { containers: [{ status: "exited" }, ...names] } });
  assert.equal(told.length, 65);
  assert.deepEqual(told.at(-1), ["hut", { containers: [{ status: "exited" }, "c64", "c65"] }]);
  const again = heard({ payload: { containers: [...names.slice(0, 64), "c63"] } });
  assert.deepEqual(again.at(-1), ["c63", { container: "c63" }], "it has its event already");
  const both = { name: "web", Names: ["/other"] };
  assert.deepEqual(heard({ payload: { containers: [both] } }), [["web", { container: both }]]);
});

Deno.test("eachContainer: an event of a service, of something else, or without names is itself", () => {
  const payload = { containers: ["a", "b"] };
  const others: Partial<HealthEvent>[] = [
    { payload, service: "a" },
    { payload, type: "disk_usage_high" },
    { payload: { containers: "a" } },
    { payload: { containers: [] } },
    { payload: {} },
  ];
  for (const each of others) {
    const sent = event(each);
    assert.deepEqual(eachContainer(sent), [sent]);
  }
});
