import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { startOllama } from "./support/ollama.ts";
import { startOpenaiProxy } from "./support/openai_proxy.ts";
import { sandbox } from "./support/sandbox.ts";

const PROJECT = join(import.meta.dirname ?? ".", "..");

/** Runs the demo with no more than it needs: it writes into `root` and starts deno. */
async function demo(root: string, ...more: string[]) {
  const output = await new Deno.Command("deno", {
    args: [
      "run",
      "--frozen",
      "--quiet",
      "--no-prompt",
      "--no-check",
      `--allow-read=${PROJECT}`,
      `--allow-write=${root}`,
      "--allow-env=NO_COLOR,TMPDIR",
      "--allow-run=deno",
      "scripts/demo.ts",
      ...more,
    ],
    cwd: PROJECT,
    // Settings of the shell must not change what the demo shows.
    env: {
      ...{ MAX_PENDING_PER_SERVICE: "7", COOLDOWN_SECONDS: "nonsense", LLM_CHAIN: "llama3:8b" },
      TMPDIR: root,
    },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code: output.code, stdout: text(output.stdout), stderr: text(output.stderr) };
}

/** The lines of the table under a heading, without its titles. */
function tableUnder(output: string, heading: RegExp): string[] {
  const lines = output.split("\n");
  const start = lines.findIndex((line) => heading.test(line));
  assert.ok(start >= 0, `no ${heading} in:\n${output}`);
  const titles = lines.findIndex((line, i) => i > start && /^(?:outcome|proposal) /.test(line));
  return lines.slice(titles + 1, lines.indexOf("", titles));
}

/** The first three columns of the rows that begin an ending. */
function endings(output: string, heading: RegExp): string[] {
  return tableUnder(output, heading)
    .filter((line) => !line.startsWith(" "))
    .map((line) => line.split(/ {2,}/).slice(0, 3).join(" "));
}

Deno.test("demo: every message has its outcome, and every proposal its row", async () => {
  using folder = sandbox();
  const { code, stdout, stderr } = await demo(folder.path, "--root", folder.path);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });

  assert.deepEqual(endings(stdout, /^1\. /), [
    "benign piha/redis service_healthy, info",
    "coalesced chelsty-infra/zigbee2mqtt service_unhealthy, warning",
    "recovered chelsty-ha/home-assistant service_unhealthy, warning",
    "benign chelsty-ha/home-assistant service_recovered, info",
    "malformed (not an event) no JSON object; logged and",
    "benign vps/watchtower update_completed, info",
    "proposed solaria/ollama container_exited, critical",
    "proposed vps/traefik service_unhealthy, error",
    "proposed chelsty-infra/zigbee2mqtt service_unhealthy, error",
    "proposed piha/grafana container_restart_loop, error",
    "proposed piha/postgres container_exited, error",
    "proposed solaria/solaria disk_pressure_high, warning",
  ]);
  assert.deepEqual(endings(stdout, /^2\. /), ["cooldown vps/traefik service_unhealthy, error"]);
  assert.deepEqual(endings(stdout, /^3\. /), [
    "held vps/traefik service_unhealthy, error",
    "proposed chelsty-ha/chelsty-ha node_offline, critical",
  ]);

  const proposals = tableUnder(stdout, /^7 proposals wait for a person$/)
    .map((line) => line.split(/ {2,}/));
  assert.deepEqual(proposals.map(([id, action, risk, human]) => [id, action, risk, human]), [
    ["plan-solaria-ollama-1762053124", "restart", "low", "yes"],
    ["plan-vps-traefik-1762053129", "restart", "low", "yes"],
    ["plan-chelsty-infra-zigbee2mqtt-1762053161", "restart", "low", "yes"],
    ["plan-solaria-solaria-1762053180", "notify", "low", "yes"],
    ["plan-piha-grafana-1762053200", "notify", "low", "yes"],
    ["plan-piha-postgres-1762053211", "notify", "low", "yes"],
    ["plan-chelsty-ha-chelsty-ha-1762057230", "notify", "low", "yes"],
  ]);
  assert.deepEqual(
    proposals.filter((row) => row.length > 5).map(([id, , , , , rule]) => [id, rule]),
    [["plan-piha-postgres-1762053211", "databases_by_hand"]],
  );

  // Ids and paths are copied: whatever the width, none is broken.
  for (const id of proposals.map(([id = ""]) => id)) assert.match(id, /^plan-.*-\d{10}$/);
  assert.ok(stdout.includes(`${folder.path}/config/policy.json `));
  const pending = join(folder.path, "actions/pending");
  const files = [...Deno.readDirSync(pending)].map(({ name }) => name).sort();
  assert.deepEqual(files, proposals.map(([id]) => `${id}.json`).sort());
  const whole = Deno.readTextFileSync(join(pending, "plan-piha-postgres-1762053211.json"));
  assert.ok(stdout.includes(`\n\n${whole}\n\n`), "one proposal is shown as it is on the disk");
});

Deno.test("demo: README shows how it begins, docs/executor.md one of its proposals", async () => {
  using folder = sandbox();
  const { stdout } = await demo(folder.path, "--root", folder.path);
  const readme = Deno.readTextFileSync(join(PROJECT, "README.md"));
  const blocks = readme.split("```text\n").slice(1).map((part) => part.split("```")[0] ?? "");
  const shown = blocks.find((block) => block.startsWith("planner-agent 0.1.0: ")) ?? "";
  assert.ok(shown.includes("\n1. "));
  assert.ok(stdout.startsWith(shown), `copy the beginning of this into README.md:\n${stdout}`);

  const name = "actions/pending/plan-piha-postgres-1762053211.json";
  const file = JSON.parse(Deno.readTextFileSync(join(folder.path, name)));
  // What changes with the day and the machine is left out there.
  file.payload.audit = {};
  const page = Deno.readTextFileSync(join(PROJECT, "docs/executor.md"));
  const proposal = page.split("```jsonc\n")[1]?.split("```")[0] ?? "";
  assert.deepEqual(JSON.parse(proposal.replace("/* below */", "")), file);
});

Deno.test("demo: without --root it works in a folder of its own among the temporary ones", async () => {
  using folder = sandbox();
  const { code, stdout, stderr } = await demo(folder.path);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  const [made = "", ...others] = [...Deno.readDirSync(folder.path)].map(({ name }) => name);
  assert.deepEqual(others, []);
  assert.match(made, /^planner-agent-demo-[0-9a-f]{8}$/);
  assert.equal((Deno.statSync(join(folder.path, made)).mode ?? 0) & 0o777, 0o700);
  assert.match(stdout, /solaria\/ollama/);
});

Deno.test("demo: a wrong option is refused with the usage", async () => {
  using folder = sandbox();
  const { code, stdout, stderr } = await demo(folder.path, "--rot", folder.path);
  assert.equal(code, 2);
  assert.equal(stdout, "");
  assert.match(stderr, /^demo: Unknown option '--rot'/);
  assert.ok(stderr.includes("\nUsage: ./scripts/deno task demo [--root DIR]\n"));
});

Deno.test("demo: --help tells how to run it", async () => {
  using folder = sandbox();
  const { code, stdout } = await demo(folder.path, "--help");
  assert.equal(code, 0);
  assert.ok(stdout.startsWith("Usage: ./scripts/deno task demo [--root DIR]\n"));
});

Deno.test("demo: --model-server asks a model, and --model names it", async () => {
  using folder = sandbox();
  await using ollama = startOllama();
  await using proxy = startOpenaiProxy({ ollama: ollama.url });
  const { code, stdout } = await demo(
    folder.path,
    "--root",
    folder.path,
    "--model-server",
    `${proxy.url}/v1`,
    "--model",
    "qwen2.5:7b",
  );
  assert.equal(code, 0);
  assert.match(stdout, /^LLM_CHAIN is openai\/qwen2\.5:7b@http:\/\/127\.0\.0\.1:\d+\/v1,rules\.$/m);
  assert.ok(proxy.requests.length > 0);
  assert.equal(proxy.requests[0]?.body.model, "qwen2.5:7b");
});
