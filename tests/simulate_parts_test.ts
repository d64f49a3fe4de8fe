import "./support/deadlines.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Ending } from "../lib/observe/ending.ts";
import type { Message } from "../lib/llm/contract.ts";
import { sharedClaims } from "../scripts/simulate/claims.ts";
import { simulatedClock } from "../scripts/simulate/clock.ts";
import { deliveryTo, stream } from "../scripts/simulate/delivery.ts";
import { simulatedOllama } from "../scripts/simulate/ollama.ts";
import { tokensOf, workMs } from "../scripts/simulate/profiles.ts";
import { createRecoveries } from "../scripts/simulate/over.ts";
import { createWaits } from "../scripts/simulate/waits.ts";
import { type SentEvent, startWorkload } from "../scripts/simulate/workload.ts";
import { seededRandom } from "../scripts/soak/random.ts";

Deno.test("simulatedClock: timers run in their order, each at its time", async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.nat(1_000)), async (delays) => {
    const clock = simulatedClock();
    const ran: number[][] = [];
    delays.forEach((ms, nth) => clock.after(ms, () => ran.push([clock.monotonic(), nth])));
    await clock.runUntil(1_000);
    const expected = delays.map((ms, nth) => [ms, nth]);
    assert.deepEqual(ran, expected.sort(([a = 0, n = 0], [b = 0, m = 0]) => a - b || n - m));
  }));
});

Deno.test("simulatedClock: what follows by promises is done before the next timer", async () => {
  const clock = simulatedClock(1_000);
  const seen: string[] = [];
  clock.after(10, async () => {
    for (let i = 0; i < 50; i++) await Promise.resolve();
    seen.push(`promise at ${clock.now()}`);
    clock.after(0, () => seen.push(`nested at ${clock.now()}`));
  });
  clock.after(11, () => seen.push("next"));
  const cancel = clock.after(12, () => seen.push("cancelled"));
  clock.after(21, () => seen.push("too late"));
  cancel();
  await clock.runUntil(20);
  assert.deepEqual(seen, ["promise at 1010", "nested at 1010", "next"]);
  assert.equal(clock.monotonic(), 20);
});

Deno.test("workMs: tokens divided by rate; tokensOf: four bytes a token", () => {
  const work = { promptTokens: 400, answerTokens: 60 };
  assert.deepEqual(workMs(work, { promptRate: 20, answerRate: 5 }), {
    readMs: 20_000,
    writeMs: 12_000,
  });
  assert.deepEqual(["", "abc", "abcd", "äöü"].map(tokensOf), [0, 1, 1, 2]);
});

function ollamaAt(reusesPrefix = false) {
  const clock = simulatedClock();
  // A token a byte quarter: 1 s of reading for each 4 bytes, then 2 s of writing.
  const speed = { promptRate: 1, answerRate: 1 };
  const server = simulatedOllama({
    ...{ clock, speed, reusesPrefix, answerTokens: 2, promptTokens: undefined },
  });
  const told: string[] = [];
  const ask = (name: string, system: string, user: string) => {
    const messages: Message[] = [
      { role: "system", content: system },
      { role: "user", content: user },
    ];
    const note = (what: string) => () => void told.push(`${name} ${what} ${clock.monotonic()}`);
    return server.submit(messages, { onFirstToken: note("reads"), onAnswer: note("says") });
  };
  return { clock, server, told, ask };
}

Deno.test("simulatedOllama: one request at a time, in their order", async () => {
  const { clock, server, told, ask } = ollamaAt();
  ask("a", "12345678", "1234");
  ask("b", "12345678", "1234");
  await clock.runUntil(8_000);
  assert.deepEqual(told, ["a reads 3000", "a says 5000", "b reads 8000"]);
  assert.deepEqual([server.calls, server.busyMs], [2, 8_000]);
  await clock.runUntil(60_000);
  assert.deepEqual([told.at(-1), server.calls, server.busyMs], ["b says 10000", 2, 10_000]);
});

Deno.test("simulatedOllama: what all prompts begin with is read once, where it is reused", async () => {
  const { clock, server, told, ask } = ollamaAt(true);
  ask("a", "12345678", "1234");
  ask("b", "12345678", "1234");
  ask("c", "abcdefgh", "1234");
  await clock.runUntil(60_000);
  assert.deepEqual(told.filter((line) => line.includes("says")), [
    ...["a says 5000", "b says 8000", "c says 13000"],
  ]);
  assert.equal(server.promptTokens, 3 + 1 + 3);
});

Deno.test("simulatedOllama: abandoned, a waiting request is none, a prompt is read to its end", async () => {
  const { clock, server, told, ask } = ollamaAt();
  const abandonFirst = ask("a", "12345678", "1234");
  const abandonSecond = ask("b", "12345678", "1234");
  ask("c", "12345678", "1234");
  abandonSecond();
  clock.after(1_000, abandonFirst);
  await clock.runUntil(60_000);
  assert.deepEqual(told, ["c reads 6000", "c says 8000"]);
  assert.deepEqual([server.calls, server.busyMs], [2, 8_000]);
});

Deno.test("sharedClaims: a target is one planner's; its cooldown is everybody's", async () => {
  const clock = simulatedClock();
  const claimsOf = sharedClaims(clock);
  const [a, b] = [claimsOf("a"), claimsOf("b")];
  const target = { node: "vps", service: "traefik" };
  const first = await a.claim(target);
  assert.ok(first.kind === "claimed");
  assert.deepEqual(await b.claim(target), { kind: "taken", by: "a", againMs: 10_000 });
  assert.equal((await b.claim({ ...target, service: "mail" })).kind, "claimed");
  await first.claim.settle(5_000);
  await first.claim.release();
  await clock.runUntil(2_000);
  assert.deepEqual(await b.claim(target), { kind: "cooling", by: "a", remainingMs: 3_000 });
  await clock.runUntil(5_000);
  const second = await b.claim(target);
  assert.ok(second.kind === "claimed");
  await second.claim.release();
  assert.equal((await a.claim(target)).kind, "claimed");
});

function receivers(count: number) {
  const heard: string[][] = [];
  const settle: (() => void)[] = [];
  const planners = Array.from({ length: count }, () => {
    const own: string[] = [];
    heard.push(own);
    return {
      receive(bytes: Uint8Array, _channel: string, arrival: { settled?: () => void } = {}) {
        own.push(new TextDecoder().decode(bytes));
        if (arrival.settled) settle.push(arrival.settled);
      },
    };
  });
  return { planners, heard, settle };
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("stream: entries go to one planner each, in turn, and wait where none has room", () => {
  const { planners, heard, settle } = receivers(2);
  const delivery = stream(planners, 2);
  for (const name of ["a", "b", "c", "d", "e", "f"]) delivery.publish(bytes(name));
  assert.deepEqual(heard, [["a", "c"], ["b", "d"]]);
  assert.equal(delivery.unread, 2);
  settle[1]?.();
  settle[1]?.();
  assert.deepEqual(heard, [["a", "c"], ["b", "d", "e"]]);
  assert.equal(delivery.unread, 1);
});

Deno.test("deliveryTo: pub/sub and groups of their own tell every planner", () => {
  for (const intake of ["pubsub", "streams"] as const) {
    const { planners, heard } = receivers(2);
    const delivery = deliveryTo(planners, { intake, ownGroups: true, mostInHand: 1 });
    delivery.publish(bytes("a"));
    delivery.publish(bytes("b"));
    const isAll = intake === "pubsub";
    assert.deepEqual(heard, isAll ? [["a", "b"], ["a", "b"]] : [["a"], ["a"]]);
    assert.deepEqual([delivery.copies, delivery.unread], [2, isAll ? 0 : 2]);
  }
});

const DIAGNOSED: Pick<Ending, "outcome" | "diagnosed"> = {
  outcome: "proposed",
  diagnosed: {
    event: {
      ...{ node: "vps", service: "traefik", type: "service_unhealthy", severity: "error" },
      ...{ timestamp: 0, heardAt: 0, happenedAt: 0, channel: "health_events", excerpt: "" },
    },
    ...{ failures: 0, waitedMs: 0, milliseconds: 0, overAt: 0, attempts: [] },
  },
};

const target = (service: string, node = "vps") => ({ node, service });

Deno.test("createWaits: from the first event to the decision or the recovery, by severity", () => {
  const waits = createWaits();
  waits.heard(target("a"), "error", 1_000);
  waits.heard(target("a"), "critical", 5_000);
  waits.ended(target("a"), { outcome: "coalesced" }, 5_000);
  waits.heard(target("b"), "warning", 2_000);
  waits.ended(target("a"), DIAGNOSED, 31_000);
  waits.heard(target("c"), "error", 3_000);
  waits.ended(target("c"), { outcome: "recovered" }, 4_000);
  waits.heard(target("d"), "error", 3_000);
  waits.ended(target("d"), { outcome: "cooldown" }, 3_000);
  assert.deepEqual(waits.summary(42_000), {
    all: { count: 3, open: 1, recovered: 1, p50: 30, p95: 40, p99: 40, max: 40 },
    error: { count: 2, open: 0, recovered: 1, p50: 1, p95: 30, p99: 30, max: 30 },
    warning: { count: 1, open: 1, recovered: 0, p50: 40, p95: 40, p99: 40, max: 40 },
  });
});

Deno.test("createWaits: what is held for an offline node does not count, the node itself does", () => {
  const waits = createWaits();
  const counts = () => waits.summary(9_000).all?.count;
  waits.heard(target("a"), "error", 1_000);
  waits.held("vps");
  waits.heard(target("vps"), "critical", 1_000);
  waits.heard(target("b"), "error", 2_000);
  waits.heard(target("b", "piha"), "error", 2_000);
  assert.equal(counts(), 2);
  waits.released("vps");
  waits.heard(target("b"), "error", 3_000);
  assert.equal(counts(), 3);
});

const SHAPE = {
  ...{ nodes: 50, servicesPerNode: 4, hours: 24, faultDays: 5, faultMinutes: 10 },
  ...{ repeatSeconds: 60, benignPercent: 0, flappingPercent: 0, storms: 0 },
  ...{ stormPercent: 10, stormMinutes: 15 },
};

async function events(changes: Partial<typeof SHAPE>, seed = 1) {
  const clock = simulatedClock();
  const sent: (SentEvent & { atMs: number })[] = [];
  startWorkload({ ...SHAPE, ...changes }, {
    clock,
    random: seededRandom(seed),
    publish: (event) => sent.push({ ...event, atMs: clock.monotonic() }),
  });
  await clock.runUntil(24 * 3_600_000);
  return sent;
}

Deno.test("startWorkload: the same events for the same seed", async () => {
  assert.deepEqual(await events({}), await events({}));
  assert.notDeepEqual(await events({}), await events({}, 2));
});

Deno.test("startWorkload: faults are repeated until they are over, and come as often as said", async () => {
  const sent = await events({});
  const ends = sent.filter(({ type }) => type === "service_recovered");
  // 200 services, each 5 days: 40 a day, give or take.
  assert.ok(ends.length > 20 && ends.length < 60, String(ends.length));
  const [first] = ends;
  const own = sent.filter(({ node, service }) => node === first?.node && service === first.service);
  const fault = own.slice(0, own.findIndex(({ type }) => type === "service_recovered"));
  const begun = fault[0]?.atMs ?? NaN;
  assert.deepEqual(
    fault.map(({ atMs }) => Math.round(atMs - begun)),
    fault.map((_, n) => n * 60_000),
  );
});

Deno.test("startWorkload: so many of all events need nothing", async () => {
  const sent = await events({ benignPercent: 75 });
  const benign = sent.filter(({ type }) => type === "deployment_completed").length;
  assert.ok(Math.abs(benign / sent.length - 0.75) < 0.02, `${benign} of ${sent.length}`);
});

Deno.test("startWorkload: storms hit so many nodes; the second takes a site offline", async () => {
  const sent = await events({ storms: 2, faultDays: 1e6 });
  const nodes = (type: string) =>
    new Set(sent.filter((event) => event.type === type).map(({ node }) => node)).size;
  assert.deepEqual([nodes("node_offline"), nodes("node_online")], [5, 5]);
  const ends = sent.filter(({ type }) => type === "service_recovered");
  assert.equal(ends.length, 2 * 5 * 4);
});

Deno.test("startWorkload: a flapping service goes bad and well all day", async () => {
  const sent = await events({ flappingPercent: 0.5, faultDays: 1e6 });
  const ends = sent.filter(({ type }) => type === "service_recovered");
  assert.equal(new Set(ends.map(({ node, service }) => `${node}/${service}`)).size, 1);
  assert.ok(ends.length > 300 && ends.length < 700, String(ends.length));
});

Deno.test("createRecoveries: over is a fault that good news of its kind followed", () => {
  const recoveries = createRecoveries();
  const event = (type: string, timestamp: number, service = "traefik") => ({
    ...{ node: "vps", service, type, severity: "error", payload: {}, timestamp },
  });
  const isOver = (type: string, timestamp: number) => recoveries.isOver(event(type, timestamp));
  recoveries.published(event("service_unhealthy", 100));
  assert.equal(isOver("service_unhealthy", 99), false);
  recoveries.published(event("service_recovered", 110));
  assert.equal(isOver("service_unhealthy", 109), true);
  assert.equal(isOver("service_unhealthy", 110), false);
  assert.equal(isOver("disk_pressure_high", 109), false);
  assert.equal(recoveries.isOver(event("service_unhealthy", 109, "mail")), false);
  recoveries.published(event("deployment_completed", 120));
  recoveries.published(event("service_unhealthy", 130));
  assert.equal(isOver("service_unhealthy", 109), true);
  assert.equal(isOver("service_unhealthy", 130), false);
});
