import assert from "node:assert/strict";
import { createMemory } from "../../lib/gate/memory.ts";
import type { HealthEvent } from "../../lib/event/event.ts";
import { newsOf } from "../../lib/event/news.ts";
import { targetKey } from "../../lib/event/target.ts";
import type { Past } from "../../lib/llm/facts/past.ts";
import type { ProposalOutcome } from "../../lib/policy/earlier.ts";
import { waitingEvent } from "../support/waiting_event.ts";

const START = 1767323045;

/** A memory that hears `[minutes before, type, service]` and is then asked about mosquitto. */
function pastOf(
  heard: readonly (readonly [number, string, string?])[],
  outcomes: readonly ProposalOutcome[] = [],
  asked = "service_unhealthy",
): Past {
  const nowMs = START * 1000;
  const memory = createMemory({ clock: { now: () => nowMs } });
  for (const [minutes, type, service = "mosquitto"] of heard) {
    const timestamp = START - 60 * minutes;
    const event: HealthEvent = {
      ...waitingEvent({ type, service, timestamp }),
      payload: {},
    };
    memory.heard(event, targetKey(event), newsOf(event));
  }
  return memory.factsOf(waitingEvent({ type: asked, timestamp: START }), outcomes).past;
}

const NOTHING = { faults: 0, otherKinds: [], neighboursBad: 0, nodeAway: false };

Deno.test("memory: of nothing heard there is nothing to tell", () => {
  assert.deepEqual(pastOf([]), NOTHING);
  assert.deepEqual(pastOf([[0, "service_unhealthy"]]), NOTHING);
});

Deno.test("memory: what the observer knows is added to what was heard", () => {
  const now = START * 1000;
  const known = {
    occurrences: 4,
    badSinceMs: now - 7_200_000,
    deployedMs: now - 600_000,
    nodeAway: true,
    awayAsOfMs: now - 1_000,
  };
  const memory = createMemory({ clock: { now: () => now }, world: { about: () => known } });
  assert.deepEqual(memory.factsOf(waitingEvent({ timestamp: START }), []).past, {
    ...NOTHING,
    faults: 3,
    badForMs: 7_200_000,
    changed: { what: "deployment", agoMs: 600_000 },
    nodeAway: true,
  });
});

Deno.test("memory: what the observer knew before good news is over by it", () => {
  const now = START * 1000;
  const known = { badSinceMs: now - 60_000, nodeAway: true, awayAsOfMs: now - 60_000 };
  const memory = createMemory({ clock: { now: () => now }, world: { about: () => known } });
  const hear = (type: string, service: string, seconds: number) => {
    const event = { ...waitingEvent({ type, service, timestamp: START - seconds }), payload: {} };
    memory.heard(event, targetKey(event), newsOf(event));
  };
  const past = () => memory.factsOf(waitingEvent({ timestamp: START }), []).past;
  assert.deepEqual([past().badForMs, past().nodeAway], [60_000, true]);
  hear("service_healthy", "mosquitto", 30);
  hear("node_offline", "piha", 50);
  hear("node_online", "piha", 30);
  assert.deepEqual([past().badForMs, past().nodeAway], [undefined, false]);
});

Deno.test("memory: since when the target is bad, how often, and what else", () => {
  assert.deepEqual(
    pastOf([
      [90, "service_healthy"],
      [40, "oom_killed"],
      [20, "service_unhealthy"],
      [0, "service_unhealthy"],
    ]),
    {
      ...NOTHING,
      badForMs: 40 * 60_000,
      lastWellMs: 90 * 60_000,
      faults: 2,
      otherKinds: ["out_of_memory"],
    },
  );
});

Deno.test("memory: a word that it is well ends a fault, a late one does not", () => {
  assert.equal(pastOf([[40, "service_unhealthy"], [20, "service_healthy"]]).badForMs, undefined);
  assert.equal(pastOf([[20, "service_unhealthy"], [40, "service_healthy"]]).badForMs, 20 * 60_000);
});

Deno.test("memory: what a wrong clock dated ahead happened when it was heard", () => {
  let nowMs = START * 1000;
  const memory = createMemory({ clock: { now: () => nowMs } });
  const hear = (type: string, timestamp: number) => {
    const event = { ...waitingEvent({ type, timestamp }), payload: {} };
    memory.heard(event, targetKey(event), newsOf(event));
  };
  hear("service_unhealthy", START + 3_600);
  hear("service_healthy", START);
  nowMs += 7_200_000;
  const { badForMs, lastWellMs } =
    memory.factsOf(waitingEvent({ timestamp: START + 7_200 }), []).past;
  assert.deepEqual([badForMs, lastWellMs], [undefined, 7_200_000]);
});

Deno.test("memory: a fault from before the last good news, heard late, makes nothing bad", () => {
  const { badForMs, lastWellMs } = pastOf([[20, "service_healthy"], [40, "service_unhealthy"]]);
  assert.deepEqual([badForMs, lastWellMs], [undefined, 20 * 60_000]);
});

Deno.test("memory: what went bad with it, and no longer counts later", () => {
  const neighbours = (minutes: number) =>
    pastOf([[minutes, "service_unhealthy", "grafana"], [minutes, "container_exited", "redis"]])
      .neighboursBad;
  assert.deepEqual([neighbours(1), neighbours(3)], [2, 0]);
});

Deno.test("memory: a node that is away, and one that came back", () => {
  const offline = [10, "node_offline", "piha"] as const;
  assert.equal(pastOf([offline]).nodeAway, true);
  const back = pastOf([offline, [3, "node_online", "piha"]]);
  assert.deepEqual([back.nodeAway, back.nodeBackMs], [false, 180_000]);
  assert.equal(pastOf([[61, "node_offline", "piha"]]).nodeAway, false);
  const again = pastOf([[90, "node_offline", "piha"], offline]);
  assert.equal(again.nodeAway, true, "nobody said that the first absence ended");
  const late = pastOf([offline, [20, "node_online", "piha"]]);
  assert.deepEqual([late.nodeAway, late.nodeBackMs], [true, undefined]);
  assert.equal(pastOf([offline, [3, "node_online", "piha"], offline]).nodeAway, false);
  assert.equal(pastOf([offline, [90, "node_offline", "piha"]]).nodeAway, true);
});

Deno.test("memory: what the node itself suffers from, until it is well", () => {
  const full = [20, "disk_pressure_high", "piha"] as const;
  assert.equal(pastOf([full]).nodeTrouble, "disk");
  assert.equal(pastOf([full, [9, "disk_pressure_resolved", "piha"]]).nodeTrouble, undefined);
  assert.equal(pastOf([[31, "disk_pressure_high", "piha"]]).nodeTrouble, undefined);
  assert.equal(pastOf([full, [9, "node_online", "piha"]]).nodeTrouble, "disk");
  assert.equal(pastOf([full], [], "disk_usage_high").nodeTrouble, undefined, "that is the fault");
});

Deno.test("memory: what was changed, of the target or its node, within an hour", () => {
  assert.deepEqual(pastOf([[50, "deployment_started"], [4, "deployment_completed"]]).changed, {
    what: "deployment",
    agoMs: 240_000,
  });
  assert.equal(pastOf([[5, "deployment_completed", "all"]]).changed?.what, "deployment");
  assert.equal(pastOf([[5, "remediation_completed"]]).changed?.what, "remediation");
  for (const service of ["mosquitto", "all"]) {
    assert.deepEqual(
      pastOf([[30, "deployment_completed"], [5, "remediation_completed", service]]).changed,
      { what: "deployment", agoMs: 1_800_000 },
      "a remedy hides no deployment",
    );
  }
  assert.equal(
    pastOf([[61, "deployment_completed"], [5, "remediation_completed"]]).changed?.what,
    "remediation",
  );
  assert.deepEqual(pastOf([[4, "update_failed"]]).changed, { what: "deployment", agoMs: 240_000 });
  assert.equal(
    pastOf([[5, "deployment_completed"], [9, "deployment_started"]]).changed?.agoMs,
    300_000,
    "what is heard late is no newer",
  );
  assert.equal(pastOf([[5, "update_available"]]).changed, undefined);
  assert.equal(pastOf([[5, "deployment_completed", "grafana"]]).changed, undefined);
  assert.equal(pastOf([[61, "deployment_completed"]]).changed, undefined);
});

Deno.test("memory: whether the last remedy held", () => {
  const restart = (minutes: number): ProposalOutcome => ({
    actionId: "x",
    action: "restart",
    became: "completed",
    atMs: (START - 60 * minutes) * 1000,
  });
  assert.deepEqual(pastOf([], [restart(30)]).remedy, {
    action: "restart",
    became: "completed",
    agoMs: 1_800_000,
  });
  assert.equal(pastOf([], [restart(24 * 60)]).remedy, undefined);
  const wellBefore = [[40, "service_healthy"], [25, "service_unhealthy"]] as const;
  assert.equal(pastOf(wellBefore, [restart(30)]).remedy?.heldMs, undefined);
  const heard = [[40, "service_unhealthy"], [28, "service_healthy"], [24, "service_unhealthy"]];
  assert.deepEqual(
    pastOf(heard.map(([minutes, type]) => [Number(minutes), String(type)] as const), [restart(30)])
      .remedy,
    { action: "restart", became: "completed", agoMs: 1_800_000, heldMs: 360_000 },
  );
});

Deno.test("memory: is bounded, whoever speaks", () => {
  const memory = createMemory({ clock: { now: () => START * 1000 } });
  for (let i = 0; i < 30_000; i++) {
    const event = {
      ...waitingEvent({ node: `n${i % 500}`, service: `s${i}`, timestamp: START }),
      payload: {},
    };
    memory.heard(event, targetKey(event), "fault");
  }
  const last = memory.factsOf(waitingEvent({ node: "n499", service: "s", timestamp: START }), []);
  assert.equal(last.past.neighboursBad, 60);
  const first = memory.factsOf(
    waitingEvent({ node: "n0", service: "s0", timestamp: START + 1 }),
    [],
  );
  assert.deepEqual([first.past.faults, first.past.neighboursBad], [0, 59]);
});

Deno.test("memory: neighbours count from two minutes before the fault to two minutes after it", () => {
  const memory = createMemory({ clock: { now: () => START * 1000 } });
  for (const [service, seconds] of [["a", 479], ["b", 480], ["c", 720], ["d", 721]] as const) {
    const timestamp = START - seconds;
    const event = { ...waitingEvent({ service, timestamp }), payload: {} };
    memory.heard(event, targetKey(event), "fault");
  }
  const { past } = memory.factsOf(waitingEvent({ timestamp: START - 600 }), []);
  assert.equal(past.neighboursBad, 2);
});

Deno.test("memory: of one target no more than 32 faults are counted", () => {
  const heard = Array.from({ length: 40 }, (_, n) => [40 - n, "service_unhealthy"] as const);
  assert.equal(pastOf(heard).faults, 32);
});
