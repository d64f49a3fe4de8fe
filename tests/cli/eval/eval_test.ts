import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { agentCommand, makeRuntime, runAgent } from "../../support/agent.ts";
import { runCommand } from "../../support/command.ts";
import { type ChatRequest, echo, startOllama } from "../../support/ollama.ts";
import { sandbox } from "../../support/sandbox.ts";

const PROJECT = join(import.meta.dirname ?? ".", "../../..");
const shipped = (name: string) => Deno.readTextFileSync(join(PROJECT, "scripts/eval", name));

const label = (service: string, acceptable: readonly string[] = ["restart"]) =>
  JSON.stringify({
    event: { type: "service_unhealthy", node: "piha", service, severity: "error" },
    acceptable,
    requires_human: false,
  });
const FOUR = ["a", "b", "c", "d"].map((service) => label(service)).join("\n");

/** Every file that is under a runtime folder. */
function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory ? filesIn(path) : [path];
  });
}

Deno.test("eval: the shipped events through `rules`, as the docs show; nothing is written", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  const { code, out, err } = await runCommand(["eval", "-"], {
    root: folder.path,
    settings: { LLM_CHAIN: "rules" },
    input: shipped("test.ndjson"),
  });
  assert.deepEqual([code, err], [0, ""]);
  assert.deepEqual(filesIn(folder.path), []);
  const table = out.split("\n\n").find((part) => part.startsWith("chain           due "));
  assert.ok(table);
  const page = Deno.readTextFileSync(join(PROJECT, "docs/evaluating.md"));
  assert.ok(page.includes(table), `copy this into docs/evaluating.md:\n${table}`);
  assert.match(out, /^rules +\d+ +0 +\d+ +0 +\d+$/m);
});

Deno.test("eval: a model that answers the opposite breaks no rule, and is told to be wrong", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  await using ollama = startOllama({
    answer: (request) =>
      echo(request, {
        node: "vps",
        service: "traefik",
        action: "redeploy",
        confidence: 0.2,
        requires_human: false,
        reason: "all is well, it needs nobody",
      }),
  });
  const { code, out } = await runCommand(["eval", "-", "--json"], {
    root: folder.path,
    settings: { OLLAMA_HOST: ollama.url },
    input: shipped("hostile.ndjson"),
  });
  const { events, interrupted, chains: [report] } = JSON.parse(out);
  assert.deepEqual([code, events, interrupted], [0, 34, false]);
  assert.deepEqual(report.violations, []);
  assert.equal(report.corrected, 34, "confidence 0.2 always asks for a person");
  assert.equal(report.human_missed, 0);
  assert.equal(report.right + report.misses.length, 34);
  assert.ok(report.misses.length > 0);
  const disk = report.misses.filter(({ type }: { type: string }) => type.startsWith("disk_"));
  assert.deepEqual(disk, []);
  assert.equal(ollama.requests.length, 34);
});

Deno.test("eval: the model is asked what the agent would ask, with the operator's own files", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  Deno.writeTextFileSync(
    join(folder.path, "config/topology.json"),
    JSON.stringify({
      nodes: [{ name: "attic", role: "Raspberry Pi 5" }],
      services: [{ name: "a", stateful: true }],
    }),
  );
  Deno.writeTextFileSync(
    join(folder.path, "config/policy.json"),
    JSON.stringify({
      rules: [{ name: "by_hand", when: { service: "a" }, then: { action: "notify" } }],
    }),
  );
  await using ollama = startOllama();
  const { out } = await runCommand(["eval", "-", "--json"], {
    root: folder.path,
    settings: { OLLAMA_HOST: ollama.url },
    input: FOUR,
  });
  const [report] = JSON.parse(out).chains;
  assert.deepEqual(
    report.misses.map(({ line, proposed }: { line: number; proposed: string }) => [line, proposed]),
    [[1, "notify"]],
  );
  const [system, user] = ollama.requests[0]?.messages ?? [];
  assert.ok(system?.content.includes("- attic: Raspberry Pi 5\n"));
  assert.ok(system?.content.includes("- service a: action is notify\n"));
  assert.ok(user?.content.includes("it keeps data"));
  assert.ok(user?.content.startsWith("Health event received:\n  node: piha\n  service: a\n"));
});

Deno.test("eval: --model several times compares models, invalid answers and attempts included", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  await using ollama = startOllama({
    answer: (request: ChatRequest, nth) =>
      request.model === "small:1b" && nth % 2 === 0 ? "I would restart it." : echo(request),
  });
  const path = join(folder.path, "labels.ndjson");
  Deno.writeTextFileSync(path, FOUR);
  const args = ["eval", path, "--json", "--model", "small:1b", "--model", "large:14b"];
  const { code, out } = await runCommand(args, {
    root: folder.path,
    settings: { OLLAMA_HOST: ollama.url, LLM_CHAIN: "rules" },
  });
  assert.equal(code, 0);
  const { chains } = JSON.parse(out);
  assert.deepEqual(
    chains.map(({ chain, right, links: [link] }: {
      chain: string;
      right: number;
      links: Record<string, unknown>[];
    }) => [chain, right, link?.model, link?.attempts, link?.answers, link?.invalid, link?.failed]),
    [
      ["small:1b", 4, "small:1b", 8, 4, 4, 0],
      ["large:14b", 4, "large:14b", 4, 4, 0, 0],
    ],
  );
});

Deno.test("eval: a chain without any answer is a failure", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  const { code, out, err } = await runCommand(["eval", "-"], {
    root: folder.path,
    settings: { OLLAMA_HOST: "http://127.0.0.1:9" },
    input: label("a"),
  });
  assert.deepEqual([code, err], [1, ""], "the report says what failed");
  assert.ok(out.includes("line 1 piha/a service_unhealthy: no valid answer, acceptable: restart"));
});

Deno.test("eval: a limit that a chain does not keep is told, and is a failure", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  const limited = async (percent: string) => {
    const { code, err } = await runCommand(["eval", "-", "--min-right", percent], {
      root: folder.path,
      settings: { LLM_CHAIN: "rules" },
      input: label("a", ["redeploy"]),
    });
    return [code, err];
  };
  assert.deepEqual(await limited("0"), [0, ""]);
  assert.deepEqual(await limited("1"), [
    1,
    "planner-agent: eval: rules: 0 percent right, against --min-right 1\n",
  ]);
});

Deno.test("eval: Ctrl-C shows what is done so far", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  await using ollama = startOllama({
    answer: (request, nth) => nth === 2 ? "hang" : echo(request),
  });
  const path = join(folder.path, "labels.ndjson");
  Deno.writeTextFileSync(path, FOUR);
  const child = agentCommand(["eval", path, "--json"], {
    root: folder.path,
    settings: { OLLAMA_HOST: ollama.url },
  }).spawn();
  const output = child.output();
  await ollama.asked(3);
  child.kill("SIGINT");
  const { code, stdout } = await output;
  const { events, interrupted, chains } = JSON.parse(new TextDecoder().decode(stdout));
  assert.deepEqual([code, events, interrupted], [0, 4, true]);
  assert.deepEqual(chains.map(({ events, right }: Record<string, number>) => [events, right]), [
    [2, 2],
  ]);
});

interface Refused {
  readonly args: readonly string[];
  readonly input?: string;
  /** What the process may do shows in a process of its own. */
  readonly run?: typeof runAgent;
  readonly says: string;
}

const USAGE: Readonly<Record<string, Refused>> = {
  "no file": { args: ["eval"], says: "eval takes one FILE, or - for standard input" },
  "a file that the program may not read": {
    run: runAgent,
    args: ["eval", "/nowhere/a b"],
    says: "eval: cannot read '/nowhere/a b': this program reads files under RUNTIME_PATH alone; " +
      "hand it over: - < '/nowhere/a b'",
  },
  "wrong lines": {
    args: ["eval", "-"],
    input: `${label("a")}\n${label("b", ["reboot"])}`,
    says: `eval: '-' cannot be used:\n  line 2: acceptable is ["reboot"]; it takes a list of one ` +
      "or more of restart, redeploy, notify, ignore, each once",
  },
  "a model that is none": {
    args: ["eval", "-", "--model", "a b"],
    input: label("a"),
    says: 'eval: --model: expected a model name such as qwen2.5:7b, got "a b"',
  },
};

for (const [name, { args, input = "", run = runCommand, says }] of Object.entries(USAGE)) {
  Deno.test(`eval: ${name} is refused with what it takes`, async () => {
    using folder = sandbox();
    makeRuntime(folder.path);
    const { code, out, err } = await run(args, { root: folder.path, input });
    assert.deepEqual([code, out], [2, ""]);
    assert.ok(err.startsWith(`planner-agent: ${says}`), err);
  });
}
