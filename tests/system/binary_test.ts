import assert from "node:assert/strict";
import { join } from "node:path/posix";
import type { askPermissions } from "../../lib/permissions/permissions.ts";
import type { prove } from "../../lib/permissions/prove.ts";
import { TARGETS } from "../../scripts/compile/options.ts";
import {
  type Binary,
  binary,
  compile,
  environment,
  freshRuntime,
  PROJECT,
  requirements,
  run,
  runAgent,
} from "./support/binary.ts";
import { program, systemTest } from "./support/requirement.ts";
import { startLogging, startOllama, startRedis } from "./support/surroundings.ts";

const EVENT = {
  event_type: "service_unhealthy",
  severity: "error",
  node: "piha",
  service: "mosquitto",
  timestamp: "2026-01-02T03:04:05Z",
};
const EPOCH = Date.UTC(2026, 0, 2, 3, 4, 5) / 1000;
const message = (change = {}) => JSON.stringify({ ...EVENT, ...change });

/** Names of the finished files in a folder under RUNTIME_PATH. */
function names(agent: Binary, folder: string): string[] {
  const path = join(agent.runtimePath, folder);
  return [...Deno.readDirSync(path)].map(({ name }) => name).filter((name) =>
    name.endsWith(".json")
  )
    .sort();
}

/** One proposal from event to file, a second event into the cooldown, a clean stop. */
async function wholeProposal(agent: Binary, command = agent.command): Promise<void> {
  await freshRuntime(agent);
  await using redis = await startRedis(agent.redisPort);
  await using ollama = startOllama(agent.ollamaPort);
  await using started = startLogging(command, ["run"], environment(agent));
  await started.seen("planner_started");
  await redis.publish("health_events", message());
  await started.seen("action_proposed");
  await redis.publish("health_events", message({ timestamp: "2026-01-02T03:05:05Z" }));
  await started.seen("cooldown_active");
  assert.equal(ollama.chats(), 1);
  assert.deepEqual(names(agent, "actions/pending"), [`plan-piha-mosquitto-${EPOCH}.json`]);
  const proposal = JSON.parse(
    await Deno.readTextFile(
      join(agent.runtimePath, `actions/pending/plan-piha-mosquitto-${EPOCH}.json`),
    ),
  ) as Record<string, unknown>;
  assert.equal(proposal.action_id, `plan-piha-mosquitto-${EPOCH}`);
  started.kill("SIGTERM");
  assert.equal((await started.ended()).code, 0);
}

for (const arch of ["x86_64", "aarch64"] as const) {
  const needs = requirements(arch);
  const test = (name: string, body: (agent: Binary) => Promise<void>, more = [] as typeof needs) =>
    systemTest(`${arch}: ${name}`, [...needs, ...more], async () => await body(await binary(arch)));

  test("says its version", async (agent) => {
    const { version } = JSON.parse(await Deno.readTextFile(join(PROJECT, "deno.json"))) as {
      version: string;
    };
    const { code, stdout } = await runAgent(agent, ["--version"]);
    assert.deepEqual([code, stdout.trim().split("\n")[0]?.includes(version)], [0, true]);
  });

  test("is under 110 MB, and holds no path of the machine and no test library", async (agent) => {
    const bytes = await Deno.readFile(agent.file);
    assert(bytes.length < 110e6, `${bytes.length} bytes`);
    const text = new TextDecoder("latin1").decode(bytes);
    for (
      const foreign of [PROJECT, "planner-agent-compile-", "fast-check", "pure-rand", "_test.ts"]
    ) {
      assert.equal(text.includes(foreign), false, foreign);
    }
  });

  test("may do what its build says, and no more", async (agent) => {
    const { code, stdout } = await runAgent(agent, ["permissions", "--json"]);
    assert.equal(code, 0);
    const told = JSON.parse(stdout) as {
      permissions: Awaited<ReturnType<typeof askPermissions>>;
      build: { target: string };
    };
    assert.equal(told.build.target, TARGETS[arch]);
    const granted = told.permissions.filter((answer) => answer.granted && answer.kind !== "env")
      .map(({ kind, subject }) => `${kind} ${subject}`);
    const root = agent.runtimePath;
    assert.deepEqual(granted, [
      `net 127.0.0.1:${agent.redisPort}`,
      `net 127.0.0.1:${agent.ollamaPort}`,
      `read ${root}/actions`,
      `read ${root}/config`,
      `read ${root}/events`,
      `read ${root}/state`,
      `read ${root}/world`,
      "read /run/systemd/notify",
      `write ${root}/actions/pending`,
      `write ${root}/events`,
      `write ${root}/state`,
      "write /run/systemd/notify",
    ]);
  });

  test("reads what an observer knows", async (agent) => {
    await freshRuntime(agent);
    await Deno.mkdir(join(agent.runtimePath, "world"));
    const nodes = [{ node: "piha", availability: "offline" }];
    await Deno.writeTextFile(
      join(agent.runtimePath, "world/nodes.json"),
      JSON.stringify({ nodes }),
    );
    await using redis = await startRedis(agent.redisPort);
    await using _ollama = startOllama(agent.ollamaPort);
    await using started = startLogging(agent.command, ["run"], environment(agent));
    await started.seen("planner_started");
    await redis.publish("health_events", message());
    const { action } = await started.seen("action_proposed");
    assert.equal(action, "notify", "a restart of what is away");
  });

  test("is stopped by the runtime from every forbidden act", async (agent) => {
    await freshRuntime(agent);
    const { code, stdout } = await runAgent(agent, ["permissions", "--prove", "--json"]);
    const { acts } = JSON.parse(stdout) as { acts: Awaited<ReturnType<typeof prove>> };
    assert.deepEqual(acts.filter(({ stoppedBy }) => stoppedBy !== "runtime"), []);
    assert.equal(code, 0);
    for (
      const start of [
        "write",
        "symbolic link",
        "read /etc/passwd",
        "connect to",
        "run",
        "read the variable",
      ]
    ) {
      assert(acts.some(({ act }) => act.startsWith(start)), start);
    }
    const table = await runAgent(agent, ["permissions", "--prove"]);
    assert.match(table.stdout, /^act +stopped by +answer\n/);
  });

  test("refuses a configuration that it was not built for, and says what to build", async (agent) => {
    const { code, stderr } = await runAgent(agent, ["run"], {
      env: { REDIS_URL: "redis://u:secret@10.9.8.7", RUNTIME_PATH: "/srv/elsewhere" },
    });
    assert.equal(code, 2);
    assert.match(
      stderr,
      new RegExp(
        `REDIS_URL redis://10\\.9\\.8\\.7: this binary was built for .*:${agent.redisPort}`,
      ),
    );
    assert.match(
      stderr,
      new RegExp(
        `task compile --target ${arch} --redis-url redis://10\\.9\\.8\\.7 .*/srv/elsewhere`,
      ),
    );
    assert.match(stderr, /RUNTIME_PATH \/srv\/elsewhere/);
    assert.equal(stderr.includes("secret"), false);
  });

  test("takes what it was built for where nothing is set", async (agent) => {
    await freshRuntime(agent);
    const unset = { REDIS_URL: "", OLLAMA_HOST: "", RUNTIME_PATH: "" };
    const { code, stdout, stderr } = await runAgent(agent, ["check", "--json"], { env: unset });
    assert.deepEqual([code, stderr], [2, ""]);
    const { findings } = JSON.parse(stdout) as {
      findings: { check: string; subject: string; level: string }[];
    };
    const about = (check: string) =>
      findings.filter((finding) => finding.check === check)
        .map(({ level, subject }) => `${level} ${subject}`);
    assert.deepEqual(about("permissions"), ["ok permissions", "ok permissions"]);
    assert.deepEqual(about("redis"), [`failure 127.0.0.1:${agent.redisPort}`]);
    assert.deepEqual(about("ollama"), [`failure http://127.0.0.1:${agent.ollamaPort}`]);
    assert.deepEqual(about("folder"), [
      "ok actions/pending",
      "ok events",
      "ok state",
      "ok actions",
    ]);
    const status = await runAgent(agent, ["status"], { env: unset });
    assert.match(status.stdout, /no agent has run here yet/);
    assert.deepEqual([status.code, status.stderr], [1, ""]);
  });

  test("replays the demo's events into proposals", async (agent) => {
    await freshRuntime(agent);
    const demo = join(PROJECT, "scripts/demo");
    const files = [...Deno.readDirSync(demo)].map(({ name }) => name).sort()
      .filter((name) => name.endsWith(".ndjson"));
    assert.notEqual(files.length, 0);
    const input = files.map((name) => Deno.readTextFileSync(join(demo, name))).join("");
    const { code, stderr } = await runAgent(agent, ["replay", "-"], {
      input,
      env: { LLM_CHAIN: "rules" },
    });
    assert.equal(code, 0, stderr);
    const proposals = names(agent, "actions/pending");
    assert.notEqual(proposals.length, 0);
    for (const name of proposals) {
      JSON.parse(await Deno.readTextFile(join(agent.runtimePath, "actions/pending", name)));
    }
  });

  test("runs: one proposal, cooldown, clean stop", wholeProposal, [program("redis-server")]);

  test("writes nothing through links that were planted for it", async (agent) => {
    await freshRuntime(agent);
    const approved = join(agent.runtimePath, "actions/approved");
    const target = join(approved, "planted.json");
    const pending = join(agent.runtimePath, "actions/pending");
    // Where the proposal and its event would go: a dangling link, and a link to a folder.
    await Deno.symlink(target, join(pending, `plan-piha-mosquitto-${EPOCH}.json`));
    await Deno.symlink(approved, join(agent.runtimePath, "events/2026-01-02"));
    await runAgent(agent, ["replay", "-"], {
      input: `${message()}\n`,
      env: { LLM_CHAIN: "rules" },
    });
    assert.deepEqual([...Deno.readDirSync(approved)], []);
    assert.deepEqual(names(agent, "actions/pending"), [
      `plan-piha-mosquitto-${EPOCH}-2.json`,
      `plan-piha-mosquitto-${EPOCH}.json`,
    ]);
    assert.equal(
      await Deno.readLink(join(pending, `plan-piha-mosquitto-${EPOCH}.json`)),
      target,
    );
    // The folders themselves: through a link from pending to approved it would approve.
    for (const folder of ["actions/pending", "events", "state"]) {
      await freshRuntime(agent);
      await Deno.remove(join(agent.runtimePath, folder));
      await Deno.symlink(approved, join(agent.runtimePath, folder));
      const { code, stderr } = await runAgent(agent, ["replay", "-"], {
        input: `${message()}\n`,
        env: { LLM_CHAIN: "rules" },
      });
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`${folder} is not a folder of its own \\(a link`));
      assert.deepEqual([...Deno.readDirSync(approved)], []);
    }
  });
}

const HARDENED = [
  "/usr/bin/env",
  "python3",
  "-c",
  // PR_SET_MDWE (65) with PR_MDWE_REFUSE_EXEC_GAIN (1): what systemd's MemoryDenyWriteExecute does.
  "import ctypes, os, sys\n" +
  "assert ctypes.CDLL(None, use_errno=True).prctl(65, 1, 0, 0, 0) == 0, 'no PR_SET_MDWE here'\n" +
  "os.execv(sys.argv[1], sys.argv[1:])",
] as const;

systemTest(
  "x86_64: a whole proposal without any memory that is writable and executable",
  [...requirements("x86_64"), program("redis-server"), program("python3")],
  async () => {
    const agent = await binary("x86_64");
    await wholeProposal(agent, [...HARDENED, agent.file]);
  },
);

systemTest("compile: says what is wrong with its surroundings", [program("npm")], async () => {
  const folder = await Deno.makeTempDir({ prefix: "planner-agent-wrong-" });
  try {
    const fails = (args: string[], env: Record<string, string>, message: RegExp) =>
      assert.rejects(compile("x86_64", args, { env }), (error: Error) => {
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /Uncaught/);
        return true;
      });
    const out = ["--out", join(folder, "out")];
    await fails(out, { DENORT_BIN: join(folder, "none") }, /^compile: deno compile failed:/m);
    // A program for this machine, and none of Deno.
    const other = Deno.build.arch === "x86_64"
      ? /^compile: the base binary is not of Deno/m
      : /for/;
    await fails(out, { DENORT_BIN: "/bin/true" }, other);
    await Deno.writeTextFile(join(folder, "file"), "");
    await fails(["--out", join(folder, "file/x")], {}, /^compile: Not a directory .*--out/m);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["file"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The binary that a copy of the project's sources compiles to. */
async function compileCopy(folder: string, env: Record<string, string>): Promise<Uint8Array> {
  await Deno.mkdir(folder, { recursive: true });
  const parts = ["lib", "scripts", "main.ts", "deno.json", "deno.lock"];
  await run("cp", ["-r", ...parts.map((name) => join(PROJECT, name)), folder]);
  const out = join(folder, "dist");
  await compile("x86_64", ["--out", out], { root: folder, env });
  return await Deno.readFile(join(out, "planner-agent-x86_64"));
}

systemTest(
  "compile: the same inputs give the same bytes, from another folder and shell too",
  requirements("x86_64"),
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "planner-agent-same-" });
    try {
      const first = await compileCopy(join(folder, "one"), {});
      const second = await compileCopy(join(folder, "another/place"), {
        OTEL_DENO: "true",
        OTEL_SERVICE_NAME: "x",
        DENO_V8_FLAGS: "--expose-gc",
        TMPDIR: folder,
      });
      assert.equal(first.length, second.length);
      assert.equal(first.findIndex((byte, at) => byte !== second[at]), -1);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
