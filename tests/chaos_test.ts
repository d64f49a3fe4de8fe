import assert from "node:assert/strict";
import { encodeCommand } from "../scripts/bench/resp.ts";
import { commandFor, parseChaosArguments } from "../scripts/chaos/arguments.ts";
import { troubledChat } from "../scripts/chaos/chat.ts";
import { check, type CheckOptions } from "../scripts/chaos/check.ts";
import type { Evidence, Interruption, PlannerEvidence } from "../scripts/chaos/evidence.ts";
import { makePlan, type Plan, type PlannedEvent } from "../scripts/chaos/plan.ts";
import { entryId, messageOf, publishEvents } from "../scripts/chaos/publish.ts";
import { type EntryName, entryReader } from "../scripts/chaos/entry_reader.ts";
import { strayKeys } from "../scripts/chaos/streams.ts";
import { seededRandom } from "../scripts/soak/random.ts";
import { fakeClock } from "./support/clock.ts";

const PLANNERS = 3;
const SPAN_MS = 15_000;
const USUAL = { events: 5_000, planners: PLANNERS, spanMs: SPAN_MS, calm: false };

function planOf(seed: number, more: { events?: number; calm?: boolean; long?: boolean } = {}) {
  const { long = false, ...rest } = more;
  return makePlan({ ...USUAL, ...rest, seed, longOutages: long });
}

Deno.test("makePlan: a seed is a plan, another seed another one", () => {
  assert.deepEqual(planOf(7), planOf(7));
  assert.notDeepEqual(planOf(7).events, planOf(8).events);
  assert.notDeepEqual(planOf(7).faults, planOf(8).faults);
});

Deno.test("makePlan: 5000 events over 200 services, in the order of sending", () => {
  const { events, services } = planOf(1);
  assert.equal(events.length, 5_000);
  assert.equal(services.length, 200);
  assert.equal(new Set(events.map(({ service }) => service)).size, 200);
  for (const [nth, event] of events.entries()) {
    assert.ok(event.atMs >= (events[nth - 1]?.atMs ?? 0) && event.atMs < SPAN_MS);
  }
  assert.equal(planOf(1, { events: 100 }).services.length, 4);
});

Deno.test("makePlan: a single service has one event that needs a diagnosis, and no recovery", () => {
  const { events, services } = planOf(3);
  const singles = services.filter(({ kind }) => kind === "single");
  assert.equal(singles.length, 83);
  for (const { service } of singles) {
    const own = events.filter((event) => event.service === service);
    assert.equal(own.filter(({ severity }) => severity !== "info").length, 1, service);
    assert.ok(own.every(({ type }) => type !== "service_recovered"));
  }
  assert.ok(events.some(({ type }) => type === "service_recovered"));
});

Deno.test("makePlan: events are sent after they happened, and in another order", () => {
  const { events, services } = planOf(1);
  const lags = events.map(({ atMs, happenedMs }) => atMs - happenedMs);
  assert.ok(lags.every((ms) => ms >= 0));
  assert.ok(Math.max(...lags) > 120_000);
  assert.ok(lags.filter((ms) => ms === 0).length > 1_000);
  assert.ok(events.some(({ happenedMs }, nth) => happenedMs < (events[nth - 1]?.happenedMs ?? 0)));
  const lines = { late: 0, returning: 0 };
  for (const { service, kind } of services) {
    if (kind !== "late" && kind !== "returning") continue;
    const own = events.filter((event) => event.service === service);
    const news = own.filter(({ type }) => type === "service_recovered");
    const [fault, ...others] = own.filter(({ severity }) => severity !== "info");
    assert.ok(fault && others.length === 0 && news.length === 3, service);
    lines[kind]++;
    for (const { atMs, happenedMs } of news) {
      assert.equal(happenedMs > fault.happenedMs, kind === "late");
      assert.ok(kind === "returning" || fault.atMs - atMs >= 1_500, service);
    }
  }
  assert.deepEqual(lines, { late: 17, returning: 16 });
});

Deno.test("makePlan: every planner is killed in some seed, one fault of a planner at a time", () => {
  const killed = new Set<number | undefined>();
  for (let seed = 0; seed < 20; seed++) {
    const { faults } = planOf(seed);
    assert.equal(faults.filter(({ kind }) => kind === "redis").length, 2);
    for (let planner = 0; planner < PLANNERS; planner++) {
      let freeAt = 0;
      for (const { kind, atMs, forMs } of faults.filter((fault) => fault.planner === planner)) {
        assert.ok(atMs >= freeAt && atMs < SPAN_MS);
        freeAt = atMs + forMs;
        if (kind === "kill") killed.add(planner);
      }
    }
  }
  assert.deepEqual(killed, new Set([0, 1, 2]));
  assert.deepEqual(planOf(1, { calm: true }).faults, []);
});

Deno.test("makePlan: Redis is away for less than a planner waits, unless long outages are asked", () => {
  const longest = (long: boolean) =>
    Math.max(
      ...Array.from({ length: 10 }, (_, seed) => planOf(seed, { long }).faults).flat()
        .filter(({ kind }) => kind === "refuse" || kind === "freeze")
        .map(({ forMs }) => forMs),
    );
  assert.ok(longest(false) < 1_000);
  assert.ok(longest(true) > 3_000);
});

Deno.test("troubledChat: the same answers for the same seed; ignores what is named so", () => {
  const request = (service: string) => ({
    messages: [{ role: "user", content: `node: nas\nservice: ${service}` }],
  });
  const answers = (seed: number, service: string) => {
    const chat = troubledChat(seededRandom(seed));
    return Array.from({ length: 200 }, (_, nth) => chat(request(service), nth));
  };
  assert.deepEqual(answers(1, "busy-1"), answers(1, "busy-1"));
  const statuses = new Set(answers(1, "busy-1").map(({ status = 200 }) => status));
  assert.deepEqual(statuses, new Set([200, 500, 503]));
  assert.ok(answers(1, "busy-1").some(({ text }) => text.includes('\\"restart\\"')));
  const ignored = answers(1, "ignored-1").map(({ text }) => text);
  assert.ok(ignored.some((text) => text.includes('\\"ignore\\"')));
  assert.ok(ignored.every((text) => !text.includes('\\"restart\\"')));
});

Deno.test("publishEvents: sends what is due in order, under the event's own id", async () => {
  const clock = fakeClock(1_000_000);
  const sent: (readonly string[])[] = [];
  const events = [planned("busy-1", 0), planned("busy-2", 0), planned("busy-3", 60)];
  const done = publishEvents(events, {
    clock,
    startedMs: 1_000_000,
    command(...words) {
      sent.push(words);
      return Promise.resolve(1);
    },
  });
  await clock.advance(50);
  assert.deepEqual(sent.map((words) => words.slice(2)), [
    [
      "1",
      "health_events",
      ...["1000000-1", messageOf(planned("busy-1", 0), 1_000_000)],
      ...["1000000-2", messageOf(planned("busy-2", 0), 1_000_000)],
    ],
  ]);
  await clock.advance(100);
  await done;
  assert.equal(sent.length, 2);
  const { timestamp } = JSON.parse(messageOf(planned("busy-1", 60), 1_000_000));
  assert.equal(timestamp, 999.56);
  assert.equal(sent[1]?.[4], entryId(1_000_000, 2));
});

const OPTIONS: CheckOptions = { cooldownMs: 3_600_000, deliveryLimit: 5 };
const START = 1_000_000;

function planned(service: string, atMs: number): PlannedEvent {
  const kind = service.startsWith("busy") ? "busy" : "single";
  return {
    ...{ node: "nas", service, kind, atMs, happenedMs: atMs - 500, stream: "health_events" },
    ...{ type: "service_unhealthy", severity: "error" },
  };
}

/** Two services: one with one event, one with two. */
const PLAN: Plan = {
  seed: 1,
  services: [
    { node: "nas", service: "single-1", kind: "single" },
    { node: "nas", service: "busy-1", kind: "busy" },
  ],
  events: [planned("single-1", 0), planned("busy-1", 10), planned("busy-1", 20)],
  faults: [],
};

const outcome = (service: string, outcome: string, atMs: number, count = 1) => ({
  ...{ node: "nas", service, outcome, count, atMs: START + atMs },
  ...(outcome === "proposed" && { actionId: `plan-nas-${service}` }),
});
const proposal = (service: string, atMs: number) => ({
  ...{ node: "nas", service, actionId: `plan-nas-${service}`, atMs: START + atMs },
  ...{ happenedMs: START, type: "service_unhealthy", severity: "error" },
});

const STOPPED = { ending: "stopped", code: 0, restored: 0 } as const;
const QUIET = {
  proposals: [],
  acknowledged: [],
  outcomes: [],
  unnamed: 0,
  alone: [],
  broken: [],
  leftovers: [],
  waiting: 0,
};

const A: PlannerEvidence = {
  ...QUIET,
  name: "a",
  lives: [{ ...STOPPED, counts: { received: 2, outcomes: 2 } }],
  proposals: [proposal("single-1", 100)],
  outcomes: [outcome("single-1", "proposed", 100), outcome("busy-1", "cooldown", 300)],
};
const B: PlannerEvidence = {
  ...QUIET,
  name: "b",
  lives: [{ ...STOPPED, counts: { received: 1, outcomes: 1 } }],
  proposals: [proposal("busy-1", 200)],
  outcomes: [outcome("busy-1", "proposed", 200)],
};
const HEALTH = { stream: "health_events", entries: 3, unread: 0, pending: 0, dead: [] };

/** The violations of a run that kept every promise but for `change`. */
function violations(change: {
  readonly a?: Partial<PlannerEvidence>;
  readonly b?: Partial<PlannerEvidence>;
  readonly stream?: Partial<Evidence["streams"][number]>;
  readonly interruptions?: Evidence["interruptions"];
  readonly redeliveries?: Evidence["redeliveries"];
  readonly strayKeys?: Evidence["strayKeys"];
}) {
  const evidence: Evidence = {
    streams: [{ ...HEALTH, ...change.stream }],
    planners: [{ ...A, ...change.a }, { ...B, ...change.b }],
    interruptions: change.interruptions ?? [],
    redeliveries: change.redeliveries ?? [],
    strayKeys: change.strayKeys ?? [],
  };
  return check(PLAN, evidence, OPTIONS).violations;
}

const KILL_OF_A = { kind: "kill", planner: "a", fromMs: START + 100, toMs: START + 400 } as const;

Deno.test("check: a run that kept every promise", () => {
  const evidence = {
    streams: [HEALTH],
    planners: [A, B],
    interruptions: [],
    redeliveries: [],
    strayKeys: [],
  };
  assert.deepEqual(check(PLAN, evidence, OPTIONS), {
    ...{ violations: [], proposals: 2, again: 0, uncounted: 0, alone: 0, dead: 0 },
  });
});

Deno.test("check: entries that are missing, not handed out, not acknowledged", () => {
  assert.deepEqual(violations({ stream: { entries: 2, unread: 1, pending: 4 } }), [
    "the streams hold 2 entries, not 3",
    "health_events: 1 entries were never handed out",
    "health_events: 4 entries are not acknowledged",
  ]);
});

Deno.test("check: a dead letter counts as an outcome, but needs deliveries and interruptions", () => {
  const dead = (deliveries: number) => [{ node: "nas", service: "single-1", deliveries }];
  const gone = { proposals: [], outcomes: [outcome("busy-1", "cooldown", 300)] };
  const five = Array.from({ length: 5 }, () => KILL_OF_A);
  assert.deepEqual(violations({ a: gone, stream: { dead: dead(5) }, interruptions: five }), []);
  const early = ["health_events: given up without cause: nas/single-1"];
  assert.deepEqual(violations({ a: gone, stream: { dead: dead(4) }, interruptions: five }), early);
  assert.deepEqual(violations({ a: gone, stream: { dead: dead(5) } }), early);
});

Deno.test("check: an event without an outcome, a service without its proposal", () => {
  const lost = { proposals: [], outcomes: [outcome("busy-1", "cooldown", 300)] };
  assert.deepEqual(violations({ a: lost }), [
    "events without an outcome: nas/single-1 (0 of 1)",
    "services without the proposal that they need: nas/single-1",
  ]);
});

Deno.test("check: after a kill, a service's repeated outcome may stand for those like it", () => {
  const b = { outcomes: [], proposals: [] };
  const lost = "events without an outcome: nas/busy-1 (1 of 2)";
  assert.equal(violations({ b })[0], lost);
  assert.ok(!violations({ b, interruptions: [KILL_OF_A] }).includes(lost));
  const killOfB = { ...KILL_OF_A, planner: "b" };
  assert.equal(violations({ b, interruptions: [killOfB] })[0], lost);
});

Deno.test("check: an outcome too many needs an entry that was handed out once more", () => {
  const again = { outcomes: [...A.outcomes, outcome("single-1", "cooldown", 500, 2)] };
  const interruptions = [KILL_OF_A];
  const redelivered = (service: string, count: number) => [{ node: "nas", service, count }];
  const unexplained = ["more outcomes than its entries were handed out: nas/single-1 (3 of 1)"];
  assert.deepEqual(violations({ a: again, interruptions }), unexplained);
  for (const redeliveries of [redelivered("single-1", 1), redelivered("busy-1", 2)]) {
    assert.deepEqual(violations({ a: again, interruptions, redeliveries }), unexplained);
  }
  const redeliveries = redelivered("single-1", 2);
  assert.deepEqual(violations({ a: again, interruptions, redeliveries }), []);
  assert.deepEqual(violations({ a: again, redeliveries }), [
    "handed out again without cause: nas/single-1",
  ]);
});

Deno.test("entryReader: what is asked for again or acknowledged, however the bytes are cut", () => {
  const ask = (id: string, ...more: string[]) =>
    encodeCommand("XCLAIM", "health_events", "planner", "a", "12", id, ...more);
  const commands = [
    encodeCommand("XREADGROUP", "GROUP", "planner", "a", "STREAMS", "health_events", ">"),
    ask("1-1"),
    ask("1-2", "RETRYCOUNT", "1", "JUSTID"),
    encodeCommand("EVAL", "x\r\n*2\r\n".repeat(500), "1", "key", ""),
    encodeCommand("XACK", "world_updates", "planner", "1-4", "1-5"),
    ask("1-3"),
  ];
  const bytes = Uint8Array.from(commands.flatMap((command) => [...command]));
  for (const size of [1, 2, 3, 7, 64, bytes.length]) {
    const [redelivered, acknowledged]: EntryName[][] = [[], []];
    const read = entryReader({
      onRedelivery: (entry) => redelivered?.push(entry),
      onAcknowledged: (entry) => acknowledged?.push(entry),
    });
    for (let at = 0; at < bytes.length; at += size) read(bytes.subarray(at, at + size));
    const named = (stream: string, ...ids: string[]) => ids.map((id) => ({ stream, id }));
    assert.deepEqual(redelivered, named("health_events", "1-1", "1-3"), `${size}`);
    assert.deepEqual(acknowledged, named("world_updates", "1-4", "1-5"), `${size}`);
  }
});

Deno.test("check: outcomes and proposals of services that nobody knows", () => {
  const strange = {
    outcomes: [...B.outcomes, outcome("busy-9", "proposed", 250)],
    proposals: [...B.proposals, proposal("busy-9", 250)],
  };
  assert.deepEqual(violations({ b: strange }), [
    "outcomes of services that had no event: nas/busy-9",
    "proposals for services that do not exist: nas/busy-9",
  ]);
});

Deno.test("check: a worse fault may be proposed for within a lesser one's cooldown", () => {
  const twice = (severity: string) => {
    const second = { ...proposal("busy-1", 250), actionId: "second", severity };
    const outcomes = [...B.outcomes, { ...outcome("busy-1", "proposed", 250), actionId: "second" }];
    return violations({ b: { proposals: [...B.proposals, second], outcomes } })
      .filter((each) => each.startsWith("two proposals"));
  };
  assert.deepEqual(twice("critical"), []);
  assert.deepEqual(twice("error"), ["two proposals within a cooldown: plan-nas-busy-1 and second"]);
});

Deno.test("check: two proposals within a cooldown need a planner that acted alone", () => {
  const twice = (atMs: number) => ({
    proposals: [...A.proposals, { ...proposal("busy-1", atMs), actionId: "second" }],
    outcomes: [outcome("single-1", "proposed", 100), {
      ...outcome("busy-1", "proposed", atMs),
      actionId: "second",
    }],
  });
  assert.deepEqual(violations({ a: twice(300) }), [
    "two proposals within a cooldown: plan-nas-busy-1 and second",
  ]);
  assert.deepEqual(violations({ a: twice(200 + OPTIONS.cooldownMs) }), []);
  const alone = [{ fromMs: START + 250, toMs: START + 900 }];
  assert.deepEqual(violations({ a: { ...twice(300), alone } }), []);
  assert.deepEqual(violations({ a: { ...twice(300), alone: [{ fromMs: 0, toMs: 9 }] } }), [
    "two proposals within a cooldown: plan-nas-busy-1 and second",
  ]);
});

Deno.test("check: a proposal for what its planner had heard to be over", () => {
  const [first = proposal("single-1", 0)] = A.proposals;
  const late = { ...first, atMs: START + 2_000, happenedMs: START + 50 };
  const news = {
    ...{ node: "nas", service: "single-1", type: "service_recovered" },
    ...{ happenedMs: START + 51, atMs: START + 900 },
  };
  const found = (
    change: Partial<typeof news>,
    more: { fault?: Partial<typeof late>; interruptions?: Evidence["interruptions"] } = {},
  ) => {
    const proposals = [{ ...late, ...more.fault }];
    const acknowledged = [{ ...news, ...change }];
    return violations({ a: { proposals, acknowledged }, interruptions: more.interruptions ?? [] })
      .filter((each) => each.includes("over"));
  };
  assert.deepEqual(found({}), ["a: proposals for what it knew to be over: nas/single-1"]);
  assert.deepEqual(found({ happenedMs: START + 50 }), []);
  assert.deepEqual(found({ service: "busy-1" }), []);
  assert.deepEqual(found({ type: "service_unhealthy" }), []);
  assert.deepEqual(found({}, { fault: { type: "disk_pressure_high" } }), []);
  // Right before the file was written, or after a kill, it did not know that any more.
  assert.deepEqual(found({ atMs: START + 1_000 }), []);
  const during = (kind: "pause" | "kill") => ({
    interruptions: [{ ...KILL_OF_A, kind, fromMs: START + 950, toMs: START + 1_100 }],
  });
  assert.deepEqual(found({ atMs: START + 900 }, during("kill")), []);
  assert.deepEqual(found({ atMs: START + 900 }, during("pause")), []);
  assert.equal(found({ atMs: START + 800 }, during("pause")).length, 1);
});

Deno.test("check: a fault that is newer than the news of it needs its proposal", () => {
  const plan: Plan = {
    ...PLAN,
    services: [...PLAN.services, { node: "nas", service: "returning-1", kind: "returning" }],
  };
  const evidence = {
    ...{ streams: [HEALTH], planners: [A, B], interruptions: [], redeliveries: [], strayKeys: [] },
  };
  assert.deepEqual(check(plan, evidence, OPTIONS).violations, [
    "services without the proposal that they need: nas/returning-1",
  ]);
});

Deno.test("check: a proposal that the history does not know needs a kill right after it", () => {
  const outcomes = [outcome("single-1", "cooldown", 600), outcome("busy-1", "cooldown", 300)];
  assert.deepEqual(violations({ a: { outcomes } }), [
    "a: proposals that its history does not know: plan-nas-single-1",
  ]);
  assert.deepEqual(violations({ a: { outcomes }, interruptions: [KILL_OF_A] }), []);
  const kill = { ...KILL_OF_A, fromMs: START + 3_000, toMs: START + 3_000 };
  const after = (fault: Partial<Interruption>) => {
    const held = { ...KILL_OF_A, fromMs: START + 200, toMs: START + 1_700, ...fault };
    return violations({ a: { outcomes }, interruptions: [held, kill] }).length;
  };
  assert.equal(violations({ a: { outcomes }, interruptions: [kill] }).length, 1);
  assert.equal(after({ kind: "pause" }), 0);
  assert.equal(after({ kind: "pause", toMs: START + 1_500 }), 1);
  assert.equal(after({ kind: "pause", planner: "b" }), 1);
  assert.equal(after({ kind: "freeze", toMs: START + 300 }), 0);
});

Deno.test("check: every life ends as it was told to, and its counts add up", () => {
  const lives = (...all: PlannerEvidence["lives"]) => violations({ a: { lives: all } });
  const killed = { ending: "killed", code: 137, restored: 0 } as const;
  const stopped = { ...STOPPED, counts: { received: 2, outcomes: 2 } };
  assert.deepEqual(lives(killed, stopped), []);
  assert.deepEqual(lives({ ...killed, ending: "none", code: 1 }, stopped), [
    "a, life 1: ended by itself with status 1",
  ]);
  assert.deepEqual(lives({ ...stopped, code: 1 }), ["a, life 1: ended with status 1"]);
  assert.deepEqual(lives(STOPPED), ["a, life 1: did not say that it was stopped"]);
  assert.deepEqual(lives(killed), ["a: was not running at the end"]);
  assert.deepEqual(lives({ ...stopped, counts: { received: 2, outcomes: 1 } }), [
    "a, life 1: 1 outcomes and 0 waiting of 2 received and 0 restored",
  ]);
  assert.deepEqual(lives({ ...stopped, restored: 1, counts: { received: 1, outcomes: 2 } }), []);
  assert.deepEqual(
    violations({
      b: { waiting: 1, lives: [{ ...STOPPED, restored: 1, counts: { received: 1, outcomes: 1 } }] },
    }),
    [
      "b: 1 events still wait",
    ],
  );
});

Deno.test("strayKeys: what is no stream of ours, and no claim with an end", async () => {
  const ends = new Map([
    ...["health_events", "health_events:dead", "other", "planner:claim:nas/x"].map((key) =>
      [key, -1] as const
    ),
    ...["planner:claim:nas/y", "foreign"].map((key) => [key, 5_000] as const),
    ["planner:claim:nas/z", -2] as const,
  ]);
  const stray = await strayKeys((name, key = "") =>
    Promise.resolve(name === "KEYS" ? [...ends.keys()] : ends.get(key) ?? null)
  );
  assert.deepEqual(stray, ["other", "planner:claim:nas/x", "foreign"]);
});

Deno.test("check: a key on Redis that is no stream's and stays", () => {
  assert.deepEqual(violations({ strayKeys: ["planner:claim:nas/x"] }), [
    "keys on Redis without the prefix or without an end: planner:claim:nas/x",
  ]);
});

Deno.test("check: files that are half written or left over", () => {
  const broken = ["/a/state/x.json", "/a/1.json", "/a/2.json", "/a/3.json"];
  assert.deepEqual(violations({ a: { broken, leftovers: ["/a/.x.tmp"] } }), [
    "a: files that are no JSON: /a/state/x.json, /a/1.json, /a/2.json and 1 more",
    "a: temporary files left: /a/.x.tmp",
  ]);
});

Deno.test("parseChaosArguments: defaults, limits and the command that runs a seed again", () => {
  const usual = { seed: 1, seeds: 1, events: 5_000, minutes: 60 };
  const flags = { calm: false, longOutages: false, keep: false };
  assert.deepEqual(parseChaosArguments([]), { kind: "run", options: { ...usual, ...flags } });
  assert.deepEqual(parseChaosArguments(["--events", "5", "--seeds=x"]), {
    kind: "wrong",
    problems: [
      '--seeds: "x" is not a whole number from 1 to 1000',
      '--events: "5" is not a whole number from 100 to 100000',
    ],
  });
  assert.equal(parseChaosArguments(["--help"]).kind, "help");
  assert.equal(parseChaosArguments(["--fast"]).kind, "wrong");
  assert.equal(commandFor(9, { ...usual, ...flags }), "deno task chaos --seed 9");
  const other = { ...usual, events: 200, calm: true, longOutages: true, keep: true };
  assert.equal(
    commandFor(9, other),
    "deno task chaos --seed 9 --events 200 --calm --long-outages",
  );
});
