import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { explainLines } from "../../../lib/cli/explain/view.ts";
import { why } from "../../../lib/cli/explain/why.ts";
import type { HistoryLine } from "../../../lib/observe/history/line.ts";
import { makeRuntime, startAgent } from "../../support/agent.ts";
import { runCommand } from "../../support/command.ts";
import { startRedis } from "../../support/redis.ts";
import { sandbox } from "../../support/sandbox.ts";

const plain = (text: string) => text;
const palette = { strong: plain, faint: plain, good: plain, warn: plain, bad: plain };

const HEALTHY: HistoryLine = {
  at: "2026-01-02T03:04:05.000Z",
  outcome: "benign",
  channel: "health_events",
  node: "piha",
  service: "mosquitto",
  type: "service_healthy",
  severity: "info",
  timestamp: 1767323045,
};

const PROPOSED: HistoryLine = {
  ...HEALTHY,
  at: "2026-01-02T03:14:05.000Z",
  outcome: "proposed",
  type: "service_unhealthy",
  severity: "error",
  detail: "the container was killed",
  action: "restart",
  action_id: "plan-piha-mosquitto-1767323645",
  requires_human: true,
  rules: ["low_confidence"],
  model: "qwen2.5:3b",
  waited_ms: 61_000,
  diagnosis_ms: 12_300,
  attempts: [
    { link: "qwen2.5:7b", outcome: "refused", milliseconds: 2 },
    { link: "qwen2.5:3b", outcome: "ok", milliseconds: 12_298 },
  ],
};

Deno.test("why: what the model said, who it was, what it took and what the rules changed", () => {
  assert.equal(
    why(PROPOSED),
    "restart, a person is required: the container was killed (by qwen2.5:3b; in 12 s; waited " +
      "1 min; before it qwen2.5:7b: refused; changed by low_confidence) -> " +
      "plan-piha-mosquitto-1767323645",
  );
});

Deno.test("why: what took a second or more is told", () => {
  const { detail: _, attempts: __, rules: ___, action_id: ____, ...short } = PROPOSED;
  assert.equal(
    why({ ...short, waited_ms: 1_000, diagnosis_ms: 1_000 }),
    "restart, a person is required:  (by qwen2.5:3b; in 1 s; waited 1 s)",
  );
  assert.equal(
    why({ ...short, waited_ms: 999, diagnosis_ms: 999 }),
    "restart, a person is required:  (by qwen2.5:3b)",
  );
});

Deno.test("explainLines: what went well, badly, or waits is painted so", () => {
  const paint = (mark: string) => (text: string) => `${mark}${text}`;
  const marked = {
    strong: plain,
    faint: paint("."),
    good: paint("+"),
    warn: paint("!"),
    bad: paint("-"),
  };
  const marks = ["proposed", "completed", "failed", "exhausted", "expired", "dropped", "held"]
    .concat("inhibited", "ignored").map((outcome) => {
      const line = { ...HEALTHY, outcome } as HistoryLine;
      const [, row] = explainLines([line], { width: 80, palette: marked, wholeNode: false });
      return row?.charAt(row.indexOf(outcome) - 1);
    });
  assert.equal(marks.join(""), "++----!!.");
});

Deno.test("why: outcomes without a diagnosis in words", () => {
  assert.equal(why(HEALTHY), "needs no action");
  assert.equal(why({ ...HEALTHY, repeated: 12 }), "12 more like the one before, until then");
  assert.equal(
    why({ ...HEALTHY, outcome: "cooldown", detail: "300 s remain" }),
    "proposed for or ignored a short while ago: 300 s remain",
  );
  assert.equal(
    why({ ...HEALTHY, outcome: "exhausted", detail: "planner.a/b: no link answered: a: refused" }),
    "no link answered: a: refused",
  );
});

Deno.test("explainLines: of a service the events, of a node the services, too", () => {
  const options = { width: 80, palette, timeZone: "UTC" };
  assert.deepEqual(explainLines([HEALTHY, PROPOSED], { ...options, wholeNode: false }), [
    "when (UTC)           outcome   event",
    "2026-01-02 03:04:05  benign    service_healthy, info",
    "    needs no action",
    "2026-01-02 03:14:05  proposed  service_unhealthy, error",
    "    restart, a person is required: the container was killed (by qwen2.5:3b; in",
    "    12 s; waited 1 min; before it qwen2.5:7b: refused; changed by",
    "    low_confidence) -> plan-piha-mosquitto-1767323645",
  ]);
  assert.deepEqual(explainLines([HEALTHY], { ...options, wholeNode: true }), [
    "when (UTC)           outcome  service    event",
    "2026-01-02 03:04:05  benign   mosquitto  service_healthy, info",
    "    needs no action",
  ]);
});

type WaitingView = NonNullable<Parameters<typeof explainLines>[1]["waiting"]>[number];
const waiting = (changes: Partial<WaitingView>): WaitingView => ({
  at: "2026-01-02T03:20:00.000Z",
  node: "piha",
  service: "redis",
  type: "container_exited",
  severity: "error",
  state: "queued",
  failures: 0,
  age_seconds: 5,
  next_try_seconds: null,
  ...changes,
});

Deno.test("explainLines: what has not ended yet says what it waits for", () => {
  assert.deepEqual(
    explainLines([], {
      width: 80,
      palette,
      wholeNode: false,
      waiting: [
        waiting({ state: "diagnosing" }),
        waiting({}),
        waiting({ state: "parked", failures: 2, next_try_seconds: 130 }),
        waiting({ state: "held", next_try_seconds: 30, why: "piha is offline" }),
      ],
    }),
    [
      "when (UTC)           outcome  event",
      "2026-01-02 03:20:00  waits    container_exited, error",
      "    it is being diagnosed",
      "2026-01-02 03:20:00  waits    container_exited, error",
      "    it is diagnosed when its turn comes",
      "2026-01-02 03:20:00  waits    container_exited, error",
      "    no model answered (2 times), tried again in 2 min",
      "2026-01-02 03:20:00  waits    container_exited, error",
      "    held for 30 s at most: piha is offline",
    ],
  );
});

Deno.test("explainLines: on a narrow terminal the event has a line of its own", () => {
  const narrow = explainLines([HEALTHY, PROPOSED], {
    timeZone: "UTC",
    width: 40,
    palette,
    wholeNode: true,
  });
  assert.deepEqual(narrow.slice(0, 6), [
    "when (UTC)           outcome",
    "2026-01-02 03:04:05  benign",
    "    mosquitto: service_healthy, info",
    "    needs no action",
    "2026-01-02 03:14:05  proposed",
    "    mosquitto: service_unhealthy, error",
  ]);
  for (const line of narrow) assert.ok(line.length <= 40, line);
});

Deno.test("explainLines: where the clock on the wall shows another time, it stands beside UTC", () => {
  const at = (width: number) =>
    explainLines([HEALTHY], { width, palette, wholeNode: false, timeZone: "Europe/Berlin" })
      .slice(0, 2);
  assert.deepEqual(at(80), [
    "when (UTC)           local         outcome  event",
    "2026-01-02 03:04:05  04:04:05 CET  benign   service_healthy, info",
  ]);
  assert.match(at(40).join("\n"), /^when \(UTC\) {11}outcome\n2026-01-02 03:04:05 {2}benign$/);
});

Deno.test("why: nothing is said twice, and once is once", () => {
  const flaps = "it flaps, and a person has been told";
  assert.equal(why({ ...HEALTHY, outcome: "inhibited", detail: flaps }), flaps);
  const parked = waiting({ state: "parked", failures: 1, next_try_seconds: 30 });
  const [, , told] = explainLines([], { width: 80, palette, wholeNode: false, waiting: [parked] });
  assert.equal(told, "    no model answered, tried again in 30 s");
});

Deno.test("why: decisions and results are part of the story", () => {
  const about = { at: HEALTHY.at, node: "piha", service: "mosquitto", action: "restart" };
  const line = (more: Partial<HistoryLine>) =>
    why({ ...about, outcome: "approved", action_id: "plan-x-1", ...more });
  assert.equal(line({ by: "webui" }), "restart: approved, by webui -> plan-x-1");
  assert.equal(line({ outcome: "completed" }), "restart: done -> plan-x-1");
  assert.equal(
    line({ outcome: "failed", detail: "docker ended with status 1" }),
    "restart: it failed: docker ended with status 1 -> plan-x-1",
  );
});

Deno.test("explainLines: what a damaged history holds cannot reach the terminal", () => {
  const hostile = { ...PROPOSED, service: "a\x1b[2Jb", detail: "\x1b]0;title\x07x\ny" };
  const text = explainLines([hostile], { timeZone: "UTC", width: 80, palette, wholeNode: true })
    .join("\n");
  assert.match(text, /^[\n -~]*$/);
});

function recorded(root: string, lines: readonly object[]): void {
  makeRuntime(root);
  const folder = join(root, "state/history");
  Deno.mkdirSync(folder);
  Deno.writeTextFileSync(
    join(folder, "history-00000001.ndjson"),
    lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
  );
}

Deno.test("explain: a service, a node, slashes in a service, a limit, JSON", async () => {
  using folder = sandbox();
  const root = folder.path;
  recorded(root, [HEALTHY, PROPOSED, { ...HEALTHY, service: "a/b" }, { ...HEALTHY, node: "vps" }]);
  const ask = async (...args: string[]) => {
    const { code, out, err } = await runCommand(["explain", ...args], { root });
    assert.deepEqual([code, err], [0, ""]);
    return out;
  };
  const lines = (await ask("piha/mosquitto")).split("\n");
  assert.match(lines[1] ?? "", /^2026-01-02 03:04:05 {2}benign {4}service_healthy/);
  assert.match(lines[3] ?? "", /^2026-01-02 03:14:05 {2}proposed {2}service_unhealthy/);
  assert.deepEqual(JSON.parse(await ask("piha/mosquitto", "--json")), [HEALTHY, PROPOSED]);
  assert.deepEqual(JSON.parse(await ask("piha/mosquitto", "--json", "--limit", "1")), [PROPOSED]);
  assert.deepEqual(JSON.parse(await ask("piha/a/b", "--json")), [{ ...HEALTHY, service: "a/b" }]);
  assert.equal(JSON.parse(await ask("piha", "--json")).length, 3);
  assert.equal(
    await ask("pihaa"),
    "Nothing is recorded about pihaa since 2026-01-02T03:04:05Z. There are events of: piha, vps\n" +
      "Did you mean piha?\n",
  );
  assert.equal(await ask("pihaa", "--json"), "[]\n");
  // A person who forgets the node.
  assert.match(await ask("mosquitto"), /\nDid you mean piha\/mosquitto or vps\/mosquitto\?\n$/);
  assert.equal(await ask("--list"), "piha\npiha/a/b\npiha/mosquitto\nvps\nvps/mosquitto\n");
  const flood = [3, 4].map((others) =>
    `${JSON.stringify({ at: HEALTHY.at, outcome: "dropped", others })}\n`
  );
  Deno.writeTextFileSync(join(root, "state/history/history-00000002.ndjson"), flood.join(""));
  assert.equal(
    (await ask("pihaa")).split("\n")[1],
    "In floods events of many more services were only counted: 7 dropped",
  );
});

Deno.test("explain: --list leaves out what a shell would read as a command", async () => {
  using folder = sandbox();
  recorded(folder.path, [{ ...HEALTHY, service: "$(touch x)" }, { ...HEALTHY, service: "a b" }]);
  assert.equal((await runCommand(["explain", "--list"], { root: folder.path })).out, "piha\n");
  for (const more of [["--json"], ["--limit", "3"], ["piha"]]) {
    const { code, out, err } = await runCommand(["explain", "--list", ...more], {
      root: folder.path,
    });
    assert.deepEqual([code, out], [2, ""]);
    assert.match(
      err,
      /^planner-agent: explain: --list takes neither arguments nor other options\n/,
    );
  }
});

Deno.test("explain: nothing recorded yet, and wrong arguments", async () => {
  using folder = sandbox();
  const root = folder.path;
  makeRuntime(root);
  const run = (...args: string[]) => runCommand(["explain", ...args], { root });
  assert.deepEqual(await run("piha"), { code: 0, out: "Nothing is recorded yet.\n", err: "" });
  assert.equal((await run("piha", "--limit", "10000")).code, 0);
  for (
    const args of [
      ...[[], ["a", "b"], ["piha/"], ["/x"], ["piha", "--limit", "0"]],
      ...[["piha", "--limit", "10001"], ["--list", "piha"]],
    ]
  ) {
    const { code, out, err } = await run(...args);
    assert.deepEqual([code, out], [2, ""], args.join(" "));
    assert.match(err, /^planner-agent: explain/);
  }
  assert.equal([...Deno.readDirSync(join(root, "state"))].length, 0);
  const elsewhere = await runCommand(["explain", "piha"], { root: join(root, "config") });
  assert.deepEqual(elsewhere, {
    code: 1,
    out: "",
    err: `planner-agent: there is no ${root}/config/state; is RUNTIME_PATH right?\n`,
  });
});

Deno.test("explain: while the agent runs and after it was killed, with metrics beside it", async () => {
  using folder = sandbox();
  const root = folder.path;
  makeRuntime(root);
  await using redis = await startRedis();
  await using agent = startAgent(root, {
    REDIS_URL: redis.url(),
    LLM_CHAIN: "rules",
    PROPOSAL_CHANNEL: "proposals",
  });
  await agent.seen("planner_started");
  await redis.publish(
    "health_events",
    JSON.stringify({ node: "piha", service: "mosquitto", type: "service_unhealthy" }),
  );
  await agent.seen("action_proposed");
  const ask = async () => {
    const { out } = await runCommand(["explain", "piha/mosquitto", "--json"], { root });
    return JSON.parse(out).map(({ outcome, model }: HistoryLine) => [outcome, model]);
  };
  // Written within a second.
  let seen = await ask();
  while (seen.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    seen = await ask();
  }
  assert.deepEqual(seen, [["proposed", "rules"]]);
  agent.kill("SIGKILL");
  await agent.status;
  assert.deepEqual(await ask(), [["proposed", "rules"]]);
  const metrics = Deno.readTextFileSync(join(root, "state/planner-agent.prom"));
  assert.match(metrics, /^planner_agent_build_info\{version="[\d.]+",commit="source",/m);
  assert.match(metrics, /^planner_agent_internal_faults_total 0$/m);
  assert.match(metrics, /^planner_agent_log_lines_dropped_total 0$/m);
});
