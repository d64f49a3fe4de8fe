import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { createMetrics } from "../../lib/observe/metrics.ts";
import { OUTCOMES } from "../../lib/observe/outcome.ts";
import { actionFile } from "../../lib/proposal/action_file.ts";
import { fakeClock } from "../support/clock.ts";
import { waitingEvent } from "../support/waiting_event.ts";
import { PROJECT } from "./support/binary.ts";
import { program, systemTest } from "./support/requirement.ts";

const NEEDS = [program("promtool")];
const RULES = join(PROJECT, "examples/prometheus/alert-rules.yml");
const DASHBOARD = join(PROJECT, "examples/prometheus/grafana-dashboard.json");

async function promtool(args: readonly string[], input = "") {
  const child = new Deno.Command("promtool", {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout) + text(stderr) };
}

/** Metrics of an agent that has seen everything, with names that need escaping. */
function fullMetrics() {
  const metrics = createMetrics({
    clock: fakeClock(),
    build: { version: "0.1.0", commit: "source", deno: "2.7.11", arch: "x86_64" },
    channels: ["health_events", "world_updates"],
    links: ["qwen2.5:14b@http://solaria:11434", 'odd"\\\n🚀 link'],
  });
  for (const outcome of OUTCOMES) metrics.onEnding({ outcome, channel: 'ch"\\\n' });
  const event = waitingEvent();
  const attempts = [
    { link: 'odd"\\\n🚀 link', model: "m", outcome: "refused" as const, milliseconds: 3 },
  ];
  const diagnosed = { event, failures: 0, waitedMs: 1, overAt: 0, attempts };
  metrics.onDiagnosed({ ...diagnosed, milliseconds: 4_200, modelUsed: "m" });
  metrics.onDiagnosed({ ...diagnosed, milliseconds: 42, error: "none" });
  const diagnosis = {
    action: "notify",
    node: "piha",
    service: "mosquitto",
    reason: "a person must look",
    confidence: 1,
    requires_human: true,
  } as const;
  metrics.onProposed(actionFile({
    actionId: "plan-piha-mosquitto-1767323045",
    event,
    diagnosis,
    changes: [],
    modelUsed: "rules",
    attempts: [],
    waitedMs: 0,
    writtenMs: 0,
  }));
  metrics.redis(true);
  const gauges = { received: 14, queued: 1, parked: 2, running: 1, pending: 3, oldestPendingMs: 5 };
  return metrics.text(gauges);
}

systemTest("metrics: promtool finds no fault in their names and their text", NEEDS, async () => {
  const { code, out } = await promtool(["check", "metrics"], fullMetrics());
  assert.equal(out, "");
  assert.equal(code, 0);
});

systemTest("alert rules: promtool finds no fault in them", NEEDS, async () => {
  const { code, out } = await promtool(["check", "rules", RULES]);
  assert.match(out, /SUCCESS: 6 rules found/);
  assert.equal(code, 0);
});

systemTest(
  "alert rules: each fires for what it is about, and for nothing else",
  NEEDS,
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "planner-agent-alerts-" });
    try {
      const file = join(folder, "test.yml");
      const series = (name: string, values: string) =>
        `      - series: '${name}'
        values: '${values}'`;
      const scenario = (alert: string | null, at: string, lines: readonly string[]) =>
        `  - interval: 1m
    input_series:
${lines.join("\n")}
    promql_expr_test:
      - expr: count by (alertname) (ALERTS{alertstate="firing"})
        eval_time: ${at}
        exp_samples:${
          alert === null ? " []" : `
          - labels: '{alertname="${alert}"}'
            value: 1`
        }
`;
      const well = [
        series(
          'node_textfile_mtime_seconds{file="/opt/homelab/state/planner-agent.prom"}',
          "0+60x100",
        ),
        series("planner_agent_build_info", "1x100"),
        series("planner_agent_redis_connected", "1x100"),
      ];
      const [mtime = "", build = "", redis = ""] = well;
      const old = series(
        'node_textfile_mtime_seconds{file="/opt/homelab/state/planner-agent.prom"}',
        "0x100",
      );
      const tests = [
        scenario(null, "90m", [
          ...well,
          series('planner_agent_diagnoses_total{result="answered"}', "0+1x100"),
          series('planner_agent_diagnoses_total{result="exhausted"}', "0x100"),
          series('planner_agent_events_total{outcome="benign"}', "0+9x100"),
          series("planner_agent_oldest_pending_proposal_timestamp_seconds", "0+60x100"),
        ]),
        scenario("PlannerAgentSilent", "5m", [old, build, redis]),
        scenario("PlannerAgentMetricsMissing", "15m", [mtime]),
        scenario("PlannerAgentDeaf", "10m", [
          mtime,
          build,
          series("planner_agent_redis_connected", "1 0x100"),
        ]),
        scenario("PlannerAgentChainExhausted", "10m", [
          ...well,
          series('planner_agent_diagnoses_total{result="exhausted"}', "0 1 2 3x100"),
        ]),
        scenario("PlannerAgentEventsLost", "10m", [
          ...well,
          series('planner_agent_events_total{outcome="dropped"}', "0 0 0 4x100"),
        ]),
        scenario("PlannerAgentProposalsWait", "70m", [
          ...well,
          series("planner_agent_oldest_pending_proposal_timestamp_seconds", "1x100"),
        ]),
      ];
      await Deno.writeTextFile(
        file,
        `rule_files: [${JSON.stringify(RULES)}]\nevaluation_interval: 1m\ntests:\n${
          tests.join("")
        }`,
      );
      const { code, out } = await promtool(["test", "rules", file]);
      assert.equal(code, 0, out);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test("alert rules and dashboard: they use metrics that the agent has", async () => {
  const text = fullMetrics();
  const known = new Set([...text.matchAll(/^(planner_agent_\w+)/gm)].map(([, name]) => name));
  for (const path of [RULES, DASHBOARD]) {
    const used = [...(await Deno.readTextFile(path)).matchAll(/\bplanner_agent_[a-z_]+/g)];
    assert.ok(used.length >= 5, path);
    assert.deepEqual(used.map(([name]) => name).filter((name) => !known.has(name)), []);
  }
});

Deno.test("dashboard: Grafana's JSON, every panel with a question and a place of its own", async () => {
  const { uid, panels } = JSON.parse(await Deno.readTextFile(DASHBOARD));
  assert.equal(uid, "planner-agent");
  const taken = new Set<string>();
  for (const { id, title, gridPos: { x, y, w, h }, targets } of panels) {
    assert.ok(title !== "" && targets.length > 0 && x + w <= 24, title);
    for (const { expr } of targets) assert.match(expr, /planner_agent_/);
    for (let dx = 0; dx < w; dx++) {
      for (let dy = 0; dy < h; dy++) {
        const cell = `${x + dx} ${y + dy}`;
        assert.ok(!taken.has(cell), `${title} overlaps another panel`);
        taken.add(cell);
      }
    }
    assert.ok(!taken.has(`id ${id}`));
    taken.add(`id ${id}`);
  }
});
