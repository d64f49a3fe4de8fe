import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { makeRuntime, runAgent, type Settings } from "../../support/agent.ts";
import { check } from "../../../lib/cli/check/check.ts";
import { recordingIo, runCommand } from "../../support/command.ts";
import { startOllama } from "../../support/ollama.ts";
import { startRedis } from "../../support/redis.ts";
import { sandbox } from "../../support/sandbox.ts";

async function homelab() {
  const folder = sandbox();
  makeRuntime(folder.path);
  const redis = await startRedis();
  const ollama = startOllama();
  const settings = { REDIS_URL: redis.url(), OLLAMA_HOST: ollama.url };
  return {
    root: folder.path,
    redis,
    ollama,
    settings,
    check: (args: readonly string[] = [], more: Settings = {}) =>
      runAgent(["check", ...args], { root: folder.path, settings: { ...settings, ...more } }),
    async [Symbol.asyncDispose]() {
      await ollama.close();
      await redis.close();
      folder[Symbol.dispose]();
    },
  };
}

interface Report {
  readonly result: string;
  readonly findings: readonly {
    readonly check: string;
    readonly level: string;
    readonly code?: string;
    readonly detail: string;
    readonly remedy?: string;
  }[];
}

Deno.test("check: a homelab that is well, for people", async () => {
  await using lab = await homelab();
  const { code, out, err } = await lab.check();
  assert.deepEqual([code, err], [
    0,
    "planner-agent: asking qwen2.5:7b: an answer may take 300 s to begin (a model that is not " +
    "loaded takes minutes) and 600 s in all\n",
  ]);
  const lines = out.trimEnd().split("\n");
  assert.match(lines[0] ?? "", /^ok +configuration +valid; node solaria, 1 link$/);
  assert.match(lines.at(-1) ?? "", /^\d+ ok, 0 warnings, 0 failures, \d skipped$/);
  assert.match(out, /^ok +qwen2\.5:7b +answered restart after \d+\.\d s/m);
  for (const line of lines) assert.ok(line.length <= 80, line);
  assert.equal(lab.ollama.requests.length, 2);
  assert.deepEqual([...Deno.readDirSync(join(lab.root, "actions/pending"))], []);
  assert.deepEqual([...Deno.readDirSync(join(lab.root, "state"))], []);
});

Deno.test("check --json: keys are stable, every problem has a code and a remedy", async () => {
  await using lab = await homelab();
  Deno.writeTextFileSync(join(lab.root, "config/polcy.json"), "{}");
  const chain = { LLM_CHAIN: "qwen2.5:7b,absent:1b,rules" };
  const { code, out, err } = await lab.check(["--json"], { ...chain, LLM_TIMEOUT_SECONDS: "120" });
  assert.equal(code, 2);
  assert.match(err, /^planner-agent: asking qwen2\.5:7b: .* 120 s to begin .* 120 s in all\n$/);
  const { result, findings }: Report = JSON.parse(out);
  assert.equal(result, "failure");
  const brief = findings.map(({ check, level, code: what = "" }) =>
    `${check} ${level} ${what}`.trim()
  );
  assert.deepEqual(brief.filter((line) => !line.startsWith("redis_")), [
    "configuration ok",
    "config_file warning config_file_unknown",
    "permissions ok",
    "permissions ok",
    "folder ok",
    "folder ok",
    "folder ok",
    "folder ok",
    "disk skipped",
    "agent ok",
    "redis ok",
    "ollama ok",
    "model ok",
    "model_loaded ok",
    "model failure model_missing",
    "clock ok",
    "answer ok",
    "answer skipped",
    "answer ok",
  ]);
  for (const { level, code: what, remedy } of findings) {
    const bad = level === "warning" || level === "failure";
    assert.deepEqual([what !== undefined, remedy !== undefined], [bad, bad]);
  }
});

Deno.test("check: while the operator's files are wrong, models get the built-in prompt", async () => {
  await using lab = await homelab();
  const systemOf = async (topology: string) => {
    Deno.writeTextFileSync(join(lab.root, "config/topology.json"), topology);
    const { code } = await lab.check();
    return { code, system: lab.ollama.requests.at(-1)?.messages[0]?.content ?? "" };
  };
  const wrong = await systemOf("{");
  assert.equal(wrong.code, 2);
  assert.match(wrong.system, /^- piha: Raspberry Pi 5/m);
  const right = await systemOf('{"nodes":[{"name":"attic","role":"a Pi"}]}');
  assert.equal(right.code, 0);
  assert.match(right.system, /^- attic: a Pi$/m);
});

Deno.test("check: warnings count with --strict, links are left alone with --no-llm", async () => {
  await using lab = await homelab();
  Deno.writeTextFileSync(join(lab.root, "config/polcy.json"), "{}");
  const check = (...more: string[]) => runCommand(["check", "--no-llm", ...more], lab);
  const lenient = await check();
  assert.equal(lenient.code, 0);
  assert.match(lenient.out, /^skipped +qwen2\.5:7b +not asked \(--no-llm\)$/m);
  assert.equal(lenient.err, "");
  const strict = await check("--strict");
  assert.equal(strict.code, 1);
  assert.equal(lab.ollama.requests.length, 0);
});

Deno.test("check: a signal ends the question that is being asked, and what was found is told", async () => {
  await using lab = await homelab();
  lab.ollama.answer = () => "hang";
  let stop = () => {};
  let released = 0;
  const settings: Settings = { RUNTIME_PATH: lab.root, ...lab.settings };
  const { io, said } = recordingIo({
    env: (name) => settings[name],
    onSignal(callback) {
      stop = () => callback("SIGINT");
      return () => void released++;
    },
  });
  const done = check.run(io, {}, []);
  await lab.ollama.asked(1);
  stop();
  assert.equal(await done, 0);
  assert.match(said.out, /^skipped +qwen2\.5:7b +interrupted$/m);
  assert.equal(released, 1);
});

Deno.test("check: streams and claims are looked at where they are asked for, and then alone", async () => {
  await using lab = await homelab();
  const checked = async (more: Settings) => {
    const settings = { ...lab.settings, ...more };
    const { out } = await runCommand(["check", "--no-llm", "--json"], { root: lab.root, settings });
    const { findings }: Report = JSON.parse(out);
    return findings.map((finding) => finding.check)
      .filter((name) => /^(?:redis_channel|redis_stream|claims)$/.test(name));
  };
  assert.deepEqual(await checked({}), ["redis_channel", "redis_channel"]);
  assert.deepEqual(await checked({ INTAKE: "streams", COORDINATION: "redis" }), [
    ...["redis_stream", "redis_stream", "claims"],
  ]);
});

Deno.test("check: a RUNTIME_PATH outside the permissions is named, and no folder is looked at", async () => {
  await using lab = await homelab();
  const { out } = await lab.check(["--no-llm", "--json"], { RUNTIME_PATH: "/srv/elsewhere" });
  const { findings }: Report = JSON.parse(out);
  assert.deepEqual(findings.filter(({ check }) => check === "folder" || check === "disk"), []);
  assert.deepEqual(findings.map(({ code }) => code).filter((code) => code !== undefined), [
    "permission_missing",
  ]);
});

Deno.test("check: all that is wrong with the settings, and nothing else", async () => {
  await using lab = await homelab();
  const settings = { ...lab.settings, LOG_LEVEL: "loud", QUEUE_LIMIT: "many" };
  const { code, out } = await runCommand(["check"], { root: lab.root, settings });
  assert.equal(code, 2);
  assert.equal(out.match(/^failure/gm)?.length, 2);
  assert.match(out, /0 ok, 0 warnings, 2 failures\n$/);
  const json = await lab.check(["--json"], { LOG_LEVEL: "loud", QUEUE_LIMIT: "many" });
  const { findings }: Report = JSON.parse(json.out);
  assert.deepEqual(findings.map(({ check, level, code: what }) => [check, level, what]), [
    ["configuration", "failure", "config_invalid"],
    ["configuration", "failure", "config_invalid"],
  ]);
  assert.match(findings.map(({ detail }) => detail).join(), /QUEUE_LIMIT.*LOG_LEVEL/s);
});

Deno.test("check: hosts outside the permissions are named and not asked", async () => {
  await using lab = await homelab();
  const { code, out } = await lab.check(["--json"], {
    REDIS_URL: "redis://:hunter2@192.0.2.1:6379",
    OLLAMA_HOST: "http://192.0.2.2:11434",
  });
  assert.equal(code, 2);
  assert.doesNotMatch(out, /hunter2/);
  const { findings }: Report = JSON.parse(out);
  assert.deepEqual(
    findings.filter(({ level }) => level !== "ok").map(({ check, level }) => `${check} ${level}`),
    [
      "permissions failure",
      "permissions failure",
      "disk skipped",
      "redis skipped",
      "ollama skipped",
      "answer skipped",
    ],
  );
});

Deno.test("check: Redis and Ollama away are failures with their reasons", async () => {
  await using lab = await homelab();
  await lab.redis.kill();
  const { code, out } = await lab.check(["--json"], { OLLAMA_HOST: "http://127.0.0.1:1" });
  assert.equal(code, 2);
  const { findings }: Report = JSON.parse(out);
  assert.deepEqual(findings.flatMap(({ code: what }) => what ?? []), [
    "redis_unavailable",
    "ollama_unavailable",
  ]);
});
