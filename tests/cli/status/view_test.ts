import assert from "node:assert/strict";
import { paletteFor } from "../../../lib/cli/view/palette.ts";
import { statusLines } from "../../../lib/cli/status/view.ts";
import { textWidth } from "../../../lib/cli/view/width.ts";
import type { StatusRecord, WaitingRow } from "../../../lib/observe/status/record.ts";
import { reportStatus } from "../../../lib/observe/status/report.ts";
import { statusRecord, THEN } from "../../support/status_record.ts";

const PLAIN = paletteFor({ isTerminal: false, env: () => undefined });
const COLOURED = paletteFor({ isTerminal: true, env: () => undefined });

function lines(
  record: StatusRecord,
  { width = 100, palette = PLAIN, later = 2 }: {
    width?: number;
    palette?: typeof PLAIN;
    later?: number;
  } = {},
) {
  const sources = { record, heartbeatMs: THEN * 1000, nowMs: (THEN + later) * 1000 };
  return statusLines(reportStatus(sources), { width, palette, timeZone: "UTC" });
}

const row = (service: string, changes: Partial<WaitingRow> = {}): WaitingRow => ({
  node: "piha",
  service,
  type: "service_unhealthy",
  severity: "error",
  state: "queued",
  arrived: THEN - 58,
  failures: 0,
  next_try: null,
  ...changes,
});

Deno.test("statusLines: a running agent with work to do", () => {
  const record = statusRecord({
    diagnosing: 1,
    queued: 1,
    parked: 1,
    events: [
      row("a", { state: "diagnosing" }),
      row("b"),
      row("c", { state: "parked", failures: 2, next_try: THEN + 32 }),
    ],
    cooling_down: 1,
    cooldowns: [{ node: "vps", service: "traefik", ends: THEN + 242 }],
    links: [{ link: "m@host", model: "m", state: "open", failures: 3, next_try: THEN + 22 }],
  });
  assert.deepEqual(lines(record), [
    "planner-agent 0.1.0 on solaria: running, heartbeat 2 s ago",
    "",
    "up             2 h, since 2026-01-02T01:04:05Z (process 4711)",
    "Redis          connected for 1 h, hears health_events, world_updates",
    "queue          1 being diagnosed, 1 queued, 1 parked",
    "cooldowns      1",
    "last hour      4 received: 2 benign, 2 proposed",
    "since start    9 received: 7 benign, 2 proposed",
    "last proposal  9 min ago: restart of piha/mosquitto, plan-piha-mosquitto-1767322445",
    "",
    "state       node  service  type               severity  age    next try",
    "diagnosing  piha  a        service_unhealthy  error     1 min  now",
    "queued      piha  b        service_unhealthy  error     1 min  at its turn",
    "parked      piha  c        service_unhealthy  error     1 min  in 30 s (failed 2)",
    "",
    "cools down  node  service",
    "4 min       vps   traefik",
    "",
    "link    model  circuit  failures  next try",
    "m@host  m      open     3         in 20 s",
    "",
    "warning  m@host  3 failures in a row -> See its llm_attempt_failed lines in the log; planner-agent",
    "                 check asks it.",
    "warning  queue   1 waits for another try -> No link answers; they are tried again. planner-agent",
    "                 check asks each link.",
  ]);
});

Deno.test("statusLines: what is held says why, whatever the width", () => {
  const held = row("redis", { state: "held", next_try: THEN + 3_002, why: "piha is offline" });
  const parked = row("db", { state: "parked", failures: 1, next_try: THEN + 62, why: "no turn" });
  const shown = lines(statusRecord({ queued: 1, parked: 1, events: [held, parked] }), {
    width: 80,
  });
  assert.equal(shown[4], "queue          0 being diagnosed, 0 queued, 1 held, 1 parked");
  assert.deepEqual(shown.slice(11, 17), [
    "state   node  service  type               severity  age    next try",
    "parked  piha  db       service_unhealthy  error     1 min  in 1 min (failed 1;",
    "                                                           no turn)",
    "",
    "held  because          next try   services",
    "1     piha is offline  in 50 min  piha: redis",
  ]);
});

Deno.test("statusLines: what is held for one reason is one row, and no name is cut at 60 columns", () => {
  const held = { state: "held" as const, next_try: THEN + 3_542, why: "chelsty-ha is offline" };
  const services = ["home-assistant", "zigbee2mqtt", "mosquitto", "frigate"];
  const shown = lines(
    statusRecord({
      queued: 4,
      events: services.map((name) => ({ ...row(name, held), node: "chelsty-ha" })),
    }),
    { width: 60 },
  );
  assert.ok(shown.includes("queue          0 being diagnosed, 0 queued, 4 held, 0 parked"));
  const at = shown.findIndex((line) => line.startsWith("held "));
  assert.deepEqual(shown.slice(at, at + 5), [
    "held  because               next try   services",
    "4     chelsty-ha is         in 59 min  chelsty-ha:",
    "      offline                          home-assistant,",
    "                                       zigbee2mqtt,",
    "                                       mosquitto, frigate",
  ]);
});

Deno.test("statusLines: on a low screen the tables are shorter, and what is wrong stays in sight", () => {
  const events = Array.from({ length: 30 }, (_, i) => row(`s${i}`, { state: "parked" }));
  const report = reportStatus({
    record: statusRecord({ parked: 30, events }),
    heartbeatMs: THEN * 1000,
    nowMs: THEN * 1000,
  });
  const options = { width: 100, palette: PLAIN, timeZone: "UTC" };
  assert.equal(statusLines(report, { ...options, height: undefined }).length, 38);
  const low = statusLines(report, { ...options, height: 24 });
  assert.equal(low.length, 23);
  assert.deepEqual([low[16], low.at(-2)?.slice(0, 22)], ["and 25 more", "warning  queue  30 wai"]);
  const lower = statusLines(report, { ...options, height: 10 });
  assert.deepEqual([lower.length, lower.at(-1)], [9, "and 11 more lines"]);
});

Deno.test("statusLines: one that died says when it was last seen and what to do", () => {
  const text = lines(statusRecord(), { later: 3_600 }).join("\n");
  assert.match(
    text,
    /^planner-agent 0\.1\.0 on solaria: not running, or hangs, heartbeat 1 h ago$/m,
  );
  assert.match(text, /^was up +2 h, since/m);
  assert.match(text, /^last seen +2026-01-02T03:04:05Z$/m);
  assert.match(text, /^its last hour +4 received/m);
  assert.match(text, /^failure +agent +last sign of life 2026-01-02T03:04:05Z/m);
});

Deno.test("statusLines: no line is wider than the terminal, whatever the names", () => {
  const long = "x".repeat(200);
  const events = [row(long, { node: long, type: long }), row("日本語".repeat(60))];
  for (const width of [40, 80, 132]) {
    for (const line of lines(statusRecord({ queued: 2, events, node: long }), { width })) {
      assert.ok(textWidth(line) <= width, `${width}: ${line}`);
    }
  }
});

Deno.test("statusLines: twenty rows of a table, the rest as a number", () => {
  const events = Array.from({ length: 200 }, (_, i) => row(`s${i}`));
  const text = lines(statusRecord({ queued: 950, events }));
  assert.equal(text.filter((line) => line.startsWith("queued ")).length, 20);
  assert.ok(text.includes("and 930 more"));
});

Deno.test("statusLines: colours where they are wanted", () => {
  const [head = ""] = lines(statusRecord(), { palette: COLOURED });
  assert.ok(head.includes("\x1b[32mrunning\x1b[0m"), JSON.stringify(head));
  assert.ok(!lines(statusRecord()).join("\n").includes("\x1b"));
});
