import assert from "node:assert/strict";
import type { Diagnosed, Ending } from "../../lib/observe/ending.ts";
import { createHistory } from "../../lib/observe/history.ts";
import { LARGEST_FILE_BYTES } from "../../lib/observe/history/files.ts";
import { historyOf, linesSince, recoveries } from "../../lib/observe/history/reader.ts";
import { actionFile } from "../../lib/proposal/action_file.ts";
import { fakeClock } from "../support/clock.ts";
import { recordingLog } from "../support/log.ts";
import { memoryFiles } from "../support/memory_files.ts";
import { systemError } from "../support/system_error.ts";
import { waitingEvent } from "../support/waiting_event.ts";

const FOLDER = "/r/state/history";
const FIRST = `${FOLDER}/history-00000001.ndjson`;
const iso = (ms: number) => new Date(ms).toISOString();
const DIAGNOSIS = {
  action: "restart",
  node: "piha",
  service: "mosquitto",
  reason: "container unhealthy, restart it",
  confidence: 0.9,
  requires_human: true,
} as const;

function recording(files = memoryFiles()) {
  const clock = fakeClock();
  const log = recordingLog();
  if (!files.paths().some((path) => path.startsWith("/r/"))) files.put("/r/state/x", "");
  const history = createHistory({ state: "/r/state", files, clock, log });
  return {
    files,
    clock,
    log,
    history,
    place: { state: "/r/state", files },
    names: () => files.paths().filter((path) => path.startsWith(FOLDER)),
    lines: (path = FIRST) =>
      (files.text(path) ?? "").split("\n").slice(0, -1).map((line) => JSON.parse(line)),
    end(outcome: Ending["outcome"], changes: Parameters<typeof waitingEvent>[0] = {}) {
      const event = waitingEvent({ heardAt: clock.now(), ...changes });
      history.onEnding({ outcome, channel: "health_events", event });
    },
  };
}

const diagnosed: Diagnosed = {
  event: waitingEvent(),
  failures: 0,
  waitedMs: 250.4,
  milliseconds: 5_120.6,
  overAt: 0,
  attempts: [
    { link: "a", model: "a", outcome: "refused", error: "no", milliseconds: 2 },
    { link: "b", model: "b", outcome: "ok", milliseconds: 5_118 },
  ],
  modelUsed: "b",
};

function proposalFile(channel = "health_events") {
  return actionFile({
    actionId: "plan-piha-mosquitto-1767323045",
    event: waitingEvent({ channel }),
    diagnosis: DIAGNOSIS,
    changes: [
      { rule: "low_confidence", field: "requires_human", from: false, to: true },
      { rule: "low_confidence", field: "requires_human", from: false, to: true },
      { rule: "by_hand", field: "requires_human", from: false, to: true },
    ],
    modelUsed: "b",
    attempts: diagnosed.attempts,
    waitedMs: 250,
    writtenMs: Date.UTC(2026, 0, 2, 3, 4, 11),
  });
}

Deno.test("history: a proposal's line tells what led to it", async () => {
  const { history, lines } = recording();
  const proposal = proposalFile();
  history.onDiagnosed(diagnosed);
  history.onProposed(proposal);
  history.onEnding({
    outcome: "proposed",
    channel: "health_events",
    event: waitingEvent(),
    proposal,
    diagnosed,
  });
  await history.close();
  assert.deepEqual(lines(), [{
    at: "2026-01-02T03:04:05.000Z",
    outcome: "proposed",
    channel: "health_events",
    node: "piha",
    service: "mosquitto",
    type: "service_unhealthy",
    severity: "error",
    timestamp: 1767323045,
    detail: "container unhealthy, restart it",
    action: "restart",
    action_id: "plan-piha-mosquitto-1767323045",
    confidence: 0.9,
    requires_human: true,
    rules: ["low_confidence", "by_hand"],
    model: "b",
    waited_ms: 250,
    diagnosis_ms: 5121,
    attempts: [
      { link: "a", outcome: "refused", milliseconds: 2 },
      { link: "b", outcome: "ok", milliseconds: 5118 },
    ],
  }]);
});

Deno.test("history: an exhausted chain has a line, and so has a proposal without an event", async () => {
  const { history, lines } = recording();
  const { modelUsed: _, ...exhausted } = diagnosed;
  history.onDiagnosed({ ...exhausted, error: "planner.piha/mosquitto: no link answered: a" });
  history.onProposed(proposalFile(""));
  await history.close();
  assert.deepEqual(
    lines().map(({ outcome, detail, action_id }) => [outcome, detail, action_id]),
    [
      ["exhausted", "planner.piha/mosquitto: no link answered: a", undefined],
      ["proposed", "container unhealthy, restart it", "plan-piha-mosquitto-1767323045"],
    ],
  );
});

Deno.test("history: lines are written together a second later, and nothing is synced", async () => {
  const it = recording();
  const steps: string[] = [];
  it.files.fate = ({ op }) => {
    steps.push(op);
    return "works";
  };
  it.end("benign");
  it.end("ignored");
  await it.clock.advance(999);
  assert.equal(steps.length, 0);
  await it.clock.advance(1);
  assert.equal(it.lines().length, 2);
  // One append is two steps in memory.
  assert.equal(steps.filter((op) => op === "append").length, 2);
  assert.ok(!steps.includes("sync") && !steps.includes("syncFolder"));
  await it.history.close();
  assert.equal(it.files.open, 0);
});

Deno.test("history: files and their number are bounded; the oldest goes first", async () => {
  const it = recording();
  const type = "x".repeat(190);
  for (let batch = 0; batch < 12; batch++) {
    for (let i = 0; i < 5_000; i++) it.end("ignored", { type });
    await it.clock.advance(1_000);
  }
  await it.history.close();
  const names = it.names();
  assert.equal(names.length, 8);
  for (const name of names) {
    assert.match(name, /^\/r\/state\/history\/history-\d{8}\.ndjson$/);
    assert.ok((it.files.text(name) ?? "").length <= LARGEST_FILE_BYTES);
  }
  assert.ok(names[0] !== FIRST);
});

Deno.test("history: a later run goes on in the newest file, behind a torn line", async () => {
  const it = recording();
  it.end("ignored");
  await it.history.close();
  it.files.put(FIRST, `${it.files.text(FIRST)}{"at":"2026-`);
  const next = recording(it.files);
  next.end("ignored", { service: "grafana" });
  await next.history.close();
  assert.deepEqual(next.names(), [FIRST]);
  const { lines } = await historyOf({ node: "piha" }, { ...next.place, limit: 10 });
  assert.deepEqual(lines.map(({ service }) => service), ["mosquitto", "grafana"]);
});

Deno.test("history: a file that is too large, or no file, is left alone", async () => {
  const it = recording();
  it.files.put(`${FOLDER}/history-00000007.ndjson`, "x".repeat(LARGEST_FILE_BYTES));
  it.end("ignored");
  await it.history.close();
  assert.equal(it.lines(`${FOLDER}/history-00000008.ndjson`).length, 1);
});

Deno.test("history: a full disk is logged once, and all is written when there is room", async () => {
  const it = recording();
  it.files.fate = ({ op }) => op === "append" ? systemError("ENOSPC") : "works";
  for (const service of ["a", "b", "c"]) {
    it.end("ignored", { service });
    await it.clock.advance(1_000);
  }
  assert.equal(await it.history.flush(), false);
  it.files.fate = () => "works";
  it.end("ignored", { service: "d" });
  await it.clock.advance(10_000);
  assert.deepEqual(it.lines().map(({ service }) => service), ["a", "b", "c", "d"]);
  assert.equal(await it.history.flush(), true);
  const failed = it.log.of("history_write_failed");
  assert.deepEqual(failed.map(({ level, code }) => [level, code]), [["warning", "ENOSPC"]]);
  assert.deepEqual(it.log.of("history_written_again").map((line) => line.lost_lines), [0]);
  await it.history.close();
  assert.equal(it.files.open, 0);
});

Deno.test("history: of what a full disk does not take a bound is kept, and no timer after the end", async () => {
  const it = recording();
  it.files.fate = ({ op }) => op === "append" ? systemError("ENOSPC") : "works";
  for (let batch = 0; batch < 4; batch++) {
    for (let i = 0; i < 3_000; i++) it.end("ignored");
    await it.clock.advance(10_000);
  }
  await it.history.close();
  assert.equal(it.clock.waiting, 0);
  it.files.fate = () => "works";
  await it.history.close();
  assert.equal(it.lines().length, 10_000);
  assert.deepEqual(it.log.of("history_written_again").map((line) => line.lost_lines), [2_000]);
});

Deno.test("history: what was lost is told once", async () => {
  const it = recording();
  for (const count of [10_001, 1]) {
    it.files.fate = ({ op }) => op === "append" ? systemError("ENOSPC") : "works";
    for (let i = 0; i < count; i++) it.end("ignored");
    await it.clock.advance(1_000);
    it.files.fate = () => "works";
    await it.clock.advance(10_000);
  }
  assert.deepEqual(it.log.of("history_written_again").map((line) => line.lost_lines), [1, 0]);
  await it.history.close();
});

Deno.test("history: what a disk did not take is tried again 10 s later, also where nothing follows", async () => {
  const it = recording();
  it.files.fate = ({ op }) => op === "append" ? systemError("ENOSPC") : "works";
  it.end("ignored");
  await it.clock.advance(1_000);
  it.files.fate = () => "works";
  await it.clock.advance(9_999);
  assert.equal(it.lines().length, 0);
  await it.clock.advance(1);
  assert.equal(it.lines().length, 1);
  assert.equal(it.clock.waiting, 0);
});

Deno.test("history: what waits for a disk that hangs is bounded", async () => {
  const it = recording();
  for (let i = 0; i < 12_000; i++) it.end("ignored");
  await it.history.close();
  assert.equal(it.lines().length, 10_000);
  assert.deepEqual(it.log.of("history_written_again").map((line) => line.lost_lines), [2_000]);
});

Deno.test("historyOf: the newest lines of a service or a node, across files, newest last", async () => {
  const it = recording();
  for (let i = 0; i < 30; i++) {
    it.end("ignored", { timestamp: i, service: i % 2 === 0 ? "mosquitto" : "a/b" });
  }
  await it.history.close();
  const text = it.files.text(FIRST) ?? "";
  const half = text.split("\n").slice(0, 15).join("\n");
  it.files.put(FIRST, `${half}\n`);
  it.files.put(`${FOLDER}/history-00000002.ndjson`, text.slice(half.length + 1));
  it.files.put(`${FOLDER}/notes.txt`, text);
  const times = async (node: string, service: string | undefined, limit: number) =>
    (await historyOf({ node, service }, { ...it.place, limit })).lines.map((l) => l.timestamp);
  assert.deepEqual(await times("piha", "a/b", 4), [23, 25, 27, 29]);
  assert.deepEqual(
    await times("piha", undefined, 17),
    Array.from({ length: 17 }, (_, i) => i + 13),
  );
  assert.deepEqual(await times("piha", "a", 4), []);
  const none = await historyOf({ node: "pih" }, { ...it.place, limit: 4 });
  assert.deepEqual(none, {
    lines: [],
    nodes: ["piha"],
    others: new Map(),
    since: "2026-01-02T03:04:05.000Z",
  });
});

Deno.test("historyOf: nothing recorded, and lines that are damaged", async () => {
  const files = memoryFiles();
  const place = { state: "/r/state", files, limit: 5 };
  const nothing = { lines: [], nodes: [], others: new Map(), since: undefined };
  assert.deepEqual(await historyOf({ node: "piha" }, place), nothing);
  const good = { at: "2026-01-02T03:04:05.000Z", outcome: "ignored", node: "piha", service: "x" };
  const damaged = [
    "",
    "{",
    "null",
    "[]",
    '"x"',
    ...[
      { at: 7 },
      { at: "yesterday" },
      { at: "2026-99-02T03:04:05.000Z" },
      { outcome: "other" },
      { node: {} },
      { timestamp: "now" },
      { rules: [1] },
      { attempts: [null] },
      { attempts: [{ link: "a", outcome: "ok" }] },
      { attempts: [{ link: "a", milliseconds: 1 }] },
      { attempts: [{ outcome: "ok", milliseconds: 1 }] },
      { heard: "yesterday" },
      { heard: 7 },
      { requires_human: "yes" },
      { confidence: "0.9" },
      ...["channel", "service", "type", "severity", "detail", "by", "action", "action_id", "model"]
        .map((key) => ({ [key]: 7 })),
      ...["repeated", "others", "waited_ms", "diagnosis_ms"].map((key) => ({ [key]: "7" })),
    ].map((wrong) => JSON.stringify({ ...good, ...wrong })),
  ];
  files.put(FIRST, [...damaged, JSON.stringify(good)].join("\n"));
  assert.deepEqual((await historyOf({ node: "piha" }, place)).lines, [good]);
});

Deno.test("recoveries: when a target was last well, unless it had trouble since", async () => {
  const it = recording();
  const at = async (service: string, sourceEvent = "service_unhealthy") =>
    (await recoveries(it.place))({ node: "piha", service, sourceEvent });
  it.end("coalesced", { service: "a" });
  await it.clock.advance(60_000);
  it.end("benign", { service: "a", type: "service_healthy" });
  it.end("benign", { service: "b", type: "service_recovered" });
  it.end("benign", { service: "c", type: "deployment_started" });
  it.end("benign", { service: "d", type: "service_healthy" });
  const heardAt = it.clock.now();
  await it.clock.advance(1);
  // Heard before the recovery, however late it could be written down: a full disk takes its time.
  const older = waitingEvent({ service: "a", heardAt: heardAt - 1 });
  await it.clock.advance(3_600_000);
  it.history.onEnding({ outcome: "ignored", channel: "health_events", event: older, diagnosed });
  it.end("cooldown", { service: "b", heardAt: it.clock.now() });
  it.end("cooldown", { service: "d", type: "disk_pressure_high", heardAt: it.clock.now() });
  await it.history.close();
  assert.equal(await at("a"), Date.UTC(2026, 0, 2, 3, 5, 5));
  assert.equal(await at("b"), undefined);
  assert.equal(await at("c"), undefined);
  assert.equal(await at("unheard"), undefined);
  // Good health mends no disk, and a full disk is no sign of bad health.
  assert.equal(await at("d", "disk_pressure_high"), undefined);
  assert.equal(await at("d"), Date.UTC(2026, 0, 2, 3, 5, 5));
});

Deno.test("history: receipts for each event of a stream cost no line of their own", async () => {
  const it = recording();
  const services = Array.from({ length: 50 }, (_, nth) => `s${nth}`);
  for (let round = 0; round < 10; round++) {
    for (const service of services) it.end("benign", { type: "service_healthy", service });
    assert.equal(await it.history.flush(), true);
  }
  assert.equal(it.lines().length, 50);
  await it.history.close();
  assert.equal(it.lines().length, 100);
  assert.deepEqual(it.lines().slice(50).map(({ repeated }) => repeated), services.map(() => 9));
});

Deno.test("history: an explanation is cut to 400 characters, and the last 20 attempts are told", async () => {
  const { history, lines } = recording();
  const attempts = Array.from({ length: 25 }, (_, nth) => ({
    link: `l${nth}`,
    model: "m",
    outcome: "empty" as const,
    milliseconds: nth,
  }));
  history.onEnding({
    outcome: "ignored",
    channel: "health_events",
    event: waitingEvent(),
    detail: "x".repeat(401),
    diagnosed: { ...diagnosed, attempts },
  });
  await history.close();
  const [line] = lines();
  assert.equal(line.detail, `${"x".repeat(400)}…`);
  assert.deepEqual([line.attempts.length, line.attempts[0].link], [20, "l5"]);
});

Deno.test("history: a file is filled to 2 MiB, to the byte", async () => {
  for (const [over, names] of [[0, [FIRST]], [1, [FIRST, FIRST.replace("1.n", "2.n")]]] as const) {
    const it = recording();
    it.end("ignored");
    await it.history.close();
    const line = it.files.text(FIRST) ?? "";
    it.files.put(FIRST, `${"x".repeat(2_097_152 - line.length - 1 + over)}\n`);
    const next = recording(it.files);
    next.end("ignored");
    await next.history.close();
    assert.deepEqual(next.names(), names);
  }
});

Deno.test("history: a file that is full to the byte is not read, one a byte smaller is", async () => {
  for (const [bytes, nth] of [[2_097_151, 1], [2_097_152, 2]] as const) {
    const it = recording();
    it.files.put(FIRST, "x".repeat(bytes));
    it.end("ignored");
    await it.history.close();
    const torn = it.files.text(FIRST)?.endsWith("\n");
    assert.deepEqual([it.names().length, torn], [2, nth === 1]);
  }
});

Deno.test("historyOf: a file of up to 4 MiB is read, whoever made it so large", async () => {
  const line = '{"at":"2026-01-02T03:04:05.000Z","outcome":"ignored","node":"piha"}\n';
  for (const [bytes, found] of [[4_194_304, 1], [4_194_305, 0]] as const) {
    const it = recording();
    it.files.put(FIRST, `${line}${"x".repeat(bytes - line.length)}`);
    const { lines } = await historyOf({ node: "piha" }, { ...it.place, limit: 5 });
    assert.equal(lines.length, found);
  }
});

Deno.test("recoveries: of the good news of one target the last sixteen kinds are remembered", async () => {
  for (const [others, isKnown] of [[15, true], [16, false]] as const) {
    const it = recording();
    const good = { at: "2026-01-02T03:04:05.000Z", outcome: "benign" };
    const types = Array.from({ length: others }, (_, nth) => `deployment_${nth}_started`);
    const lines = ["service_healthy", ...types].map((type) =>
      JSON.stringify({ ...good, node: "piha", service: "mosquitto", type })
    );
    it.files.put(FIRST, lines.join("\n"));
    const about = { node: "piha", service: "mosquitto", sourceEvent: "service_unhealthy" };
    assert.equal((await recoveries(it.place))(about) !== undefined, isKnown);
  }
});

Deno.test("history: what comes during a write that fails is within the bound, too", async () => {
  const it = recording();
  it.files.fate = ({ op }) => op === "append" ? systemError("ENOSPC") : "works";
  for (let i = 0; i < 10_000; i++) it.end("ignored");
  const flushed = it.history.flush();
  await Promise.resolve();
  for (let i = 0; i < 5; i++) it.end("ignored");
  assert.equal(await flushed, false);
  it.files.fate = () => "works";
  await it.history.close();
  assert.equal(it.lines().length, 10_000);
  assert.deepEqual(it.log.of("history_written_again").map((line) => line.lost_lines), [5]);
});

Deno.test("history: what repeats is counted up to what else happened to its target", async () => {
  const it = recording();
  for (let nth = 0; nth < 3; nth++) it.end("benign", { type: "service_healthy" });
  it.end("ignored");
  it.end("benign", { type: "service_healthy" });
  await it.history.close();
  assert.deepEqual(it.lines().map(({ outcome, repeated }) => [outcome, repeated]), [
    ["benign", undefined],
    ["benign", 2],
    ["ignored", undefined],
    ["benign", undefined],
  ]);
});

Deno.test("history: a decision, and a diagnosis without an answer, end what repeated before them", async () => {
  const { modelUsed: _, ...exhausted } = diagnosed;
  for (const outcome of ["approved", "exhausted"]) {
    const it = recording();
    for (let nth = 0; nth < 3; nth++) it.end("cooldown");
    if (outcome === "exhausted") it.history.onDiagnosed(exhausted);
    else {
      it.history.onDecided({
        actionId: "a",
        ...{ node: "piha", service: "mosquitto", action: "restart", by: "", why: "" },
        became: "approved",
        atMs: it.clock.now(),
      });
    }
    it.end("cooldown");
    await it.history.close();
    assert.deepEqual(it.lines().map(({ outcome, repeated }) => [outcome, repeated]), [
      ["cooldown", undefined],
      ["cooldown", 2],
      [outcome, undefined],
      ["cooldown", undefined],
    ]);
  }
});

Deno.test("history: a disk that failed is tried again every 10 s, with events or without, in their order", async () => {
  const it = recording();
  let tries = 0;
  it.files.fate = ({ op }) => {
    // Comes during the write.
    if (op === "open") it.end("ignored", { service: `during ${++tries}` });
    return op === "append" ? systemError("ENOSPC") : "works";
  };
  it.end("ignored", { service: "first" });
  // What came during a write that was not yet known to fail is written a second later.
  await it.clock.advance(2_000);
  assert.equal(tries, 2);
  await it.clock.advance(9_999);
  assert.equal(tries, 2);
  it.files.fate = () => "works";
  await it.clock.advance(1);
  assert.deepEqual(it.lines().map(({ service }) => service), [
    "first",
    "during 1",
    "during 2",
  ]);
  await it.history.close();
});

Deno.test("history: the whole line of a decision, and of a proposal that has no event", async () => {
  const { history, lines } = recording();
  history.onDecided({
    actionId: "plan-piha-mosquitto-1767323045",
    node: "piha",
    service: "mosquitto",
    action: "restart",
    became: "failed",
    atMs: Date.UTC(2026, 0, 2, 3, 5, 6),
    by: "operator-ben",
    why: "no such container",
  });
  history.onProposed(proposalFile(""));
  await history.close();
  assert.deepEqual(lines(), [{
    at: "2026-01-02T03:05:06.000Z",
    outcome: "failed",
    node: "piha",
    service: "mosquitto",
    detail: "no such container",
    by: "operator-ben",
    action: "restart",
    action_id: "plan-piha-mosquitto-1767323045",
  }, {
    at: "2026-01-02T03:04:05.000Z",
    outcome: "proposed",
    node: "piha",
    service: "mosquitto",
    type: "service_unhealthy",
    timestamp: 1767323045,
    detail: "container unhealthy, restart it",
    action: "restart",
    action_id: "plan-piha-mosquitto-1767323045",
    confidence: 0.9,
    requires_human: true,
    rules: ["low_confidence", "by_hand"],
  }]);
});

Deno.test("historyOf: since the oldest file's first line, also where a newer file holds none", async () => {
  const it = recording();
  const line = (at: string) => `${JSON.stringify({ at, outcome: "benign", node: "piha" })}\n`;
  it.files.put(FIRST, line("2026-01-02T03:00:00.000Z"));
  it.files.put(FIRST.replace("1.n", "2.n"), line("2026-01-02T04:00:00.000Z"));
  const sinceOf = async (node: string, limit: number) =>
    (await historyOf({ node }, { ...it.place, limit })).since;
  assert.equal(await sinceOf("vps", 5), "2026-01-02T03:00:00.000Z");
  assert.equal(await sinceOf("piha", 1), "2026-01-02T04:00:00.000Z");
  it.files.put(FIRST, "");
  assert.equal(await sinceOf("vps", 5), "2026-01-02T04:00:00.000Z");
});

Deno.test("linesSince: a file whose first line is old enough is the last that is read", async () => {
  const it = recording();
  const at = (second: number) => iso(Date.UTC(2026, 0, 2, 3, 0, second));
  const place = (nth: number) => FIRST.replace("1.n", `${nth}.n`);
  for (const nth of [1, 2, 3]) {
    const lines = [nth * 10, nth * 10 + 5].map((second) =>
      `${JSON.stringify({ at: at(second), outcome: "benign", timestamp: second })}\n`
    );
    it.files.put(place(nth), lines.join(""));
  }
  const read: string[] = [];
  it.files.fate = ({ op, path }) => {
    if (op === "read") read.push(path);
    return "works";
  };
  const since = async (second: number) => {
    read.length = 0;
    const lines = await linesSince(it.place, Date.parse(at(second)));
    return [lines.map(({ timestamp }) => timestamp), read.length];
  };
  assert.deepEqual(await since(20), [[30, 35, 25], 2]);
  assert.deepEqual(await since(19), [[30, 35, 20, 25], 3]);
  assert.deepEqual(await since(9), [[30, 35, 20, 25, 10, 15], 3]);
});

Deno.test("recoveries: trouble counts from when it was heard, also where an earlier version did not say when", async () => {
  const wellMs = Date.UTC(2026, 0, 2, 3, 0, 10);
  const about = { node: "piha", service: "mosquitto", sourceEvent: "service_unhealthy" };
  const knownAfter = async (trouble: Record<string, unknown>) => {
    const it = recording();
    const base = { node: "piha", service: "mosquitto" };
    const well = { at: iso(wellMs), outcome: "benign", type: "service_healthy" };
    const bad = { outcome: "ignored", type: "service_unhealthy", ...trouble };
    it.files.put(FIRST, [well, bad].map((line) => JSON.stringify({ ...base, ...line })).join("\n"));
    return (await recoveries(it.place))(about);
  };
  const at = (ms: number) => iso(wellMs + ms);
  assert.equal(await knownAfter({ at: at(2_999), waited_ms: 1_000, diagnosis_ms: 2_000 }), wellMs);
  assert.equal(
    await knownAfter({ at: at(3_000), waited_ms: 1_000, diagnosis_ms: 2_000 }),
    undefined,
  );
  assert.equal(await knownAfter({ at: at(9_000), heard: at(-1) }), wellMs);
  assert.equal(await knownAfter({ at: at(9_000), heard: at(0) }), undefined);
});

Deno.test("historyOf: no older file is read than is needed, and nothing through a link", async () => {
  const it = recording();
  const second = FIRST.replace("1.n", "2.n");
  const line = `${JSON.stringify({ at: iso(it.clock.now()), outcome: "benign", node: "piha" })}\n`;
  for (const path of [FIRST, second]) it.files.put(path, line);
  const read: string[] = [];
  it.files.fate = ({ op, path }) => {
    if (op === "read") read.push(path);
    return "works";
  };
  assert.equal((await historyOf({ node: "piha" }, { ...it.place, limit: 1 })).lines.length, 1);
  assert.deepEqual(read, [second]);
  const { kind } = it.files;
  it.files.kind = async (path) => path === second ? "other" : await kind(path);
  assert.equal((await historyOf({ node: "piha" }, { ...it.place, limit: 2 })).lines.length, 1);
  assert.deepEqual(read, [second, FIRST]);
});
