import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { type Act, forbiddenActs, prove } from "../../lib/permissions/prove.ts";
import { permissionsOf, proofOf } from "../../lib/cli/permissions/report.ts";
import { type Build, grantsFor } from "../../lib/permissions/grants.ts";
import { askPermissions, type Query, uncovered } from "../../lib/permissions/permissions.ts";
import { DEAD_PORT } from "../support/dead_port.ts";
import { fakeClock } from "../support/clock.ts";
import { runCommand } from "../support/command.ts";
import { sandbox } from "../support/sandbox.ts";

const SITE = {
  redisUrl: "redis://10.0.0.1:6379",
  ollamaHosts: ["http://10.0.0.1:11434", "http://10.0.0.2:11434"],
  runtimePath: "/opt/homelab",
};

const BUILD: Build = {
  version: "1.2.3",
  commit: "abc",
  deno: "2.7.11",
  target: "aarch64-unknown-linux-gnu",
  site: SITE,
  grants: grantsFor(SITE, ["REDIS_URL"]),
};

/** A runtime that grants what `grants` says and whatever lies under its paths. */
function runtimeOf({ grants }: Build): Query {
  const inside = (folders: readonly string[], path: string) =>
    folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
  return (asked) => {
    const granted = asked.name === "net"
      ? asked.host !== undefined && grants.net.includes(asked.host)
      : asked.name === "read" || asked.name === "write"
      ? asked.path !== undefined && inside(grants[asked.name], String(asked.path))
      : asked.name === "env"
      ? asked.variable !== undefined && grants.env.includes(asked.variable)
      : false;
    return Promise.resolve({ state: granted ? "granted" : "prompt" });
  };
}

Deno.test("askPermissions: each grant of the build, each kind as a whole, what none may touch", async () => {
  const answers = await askPermissions(SITE, { grants: BUILD.grants, query: runtimeOf(BUILD) });
  const shown = answers.map(({ kind, subject, granted }) =>
    `${granted ? "+" : "-"} ${kind} ${subject ?? "all"}`
  );
  assert.deepEqual(shown, [
    ...BUILD.grants.net.map((host) => `+ net ${host}`),
    ...BUILD.grants.read.map((path) => `+ read ${path}`),
    ...BUILD.grants.write.map((path) => `+ write ${path}`),
    "+ env REDIS_URL",
    ...["net", "read", "write", "env", "run", "ffi", "sys", "import"].map((kind) =>
      `- ${kind} all`
    ),
    "- read /etc/passwd",
    "- write /opt/homelab",
    "- write /opt/homelab/actions/approved",
    "- write /opt/homelab/actions/running",
    "- write /etc",
    "- env PATH",
  ]);
});

Deno.test("askPermissions: the answers are the runtime's, not the record's", async () => {
  const all: Query = () => Promise.resolve({ state: "granted" });
  const none: Query = () => Promise.resolve({ state: "denied" });
  const partly: Query = () => Promise.resolve({ state: "granted", partial: true });
  for (const [query, expected] of [[all, true], [none, false], [partly, false]] as const) {
    const answers = await askPermissions(SITE, { grants: BUILD.grants, query });
    assert(answers.every(({ granted }) => granted === expected));
  }
});

Deno.test("uncovered: nothing where the site is the build's", async () => {
  assert.deepEqual(await uncovered(SITE, { build: BUILD, query: runtimeOf(BUILD) }), []);
});

Deno.test("uncovered: of sentinels and nodes, what the build does not know", async () => {
  const redisUrl = "redis+sentinel://10.0.0.1:6379,10.0.0.9/homelab?nodes=10.0.0.8";
  const [problem, ...rest] = await uncovered({ ...SITE, redisUrl }, {
    build: BUILD,
    query: runtimeOf(BUILD),
  });
  assert.deepEqual(rest, []);
  assert.match(problem?.message ?? "", /may not connect to 10\.0\.0\.9:26379 and 1 more\. Build/);
  assert(problem?.command.includes(`--redis-url '${redisUrl}'`), problem?.command);
});

Deno.test("uncovered: every value outside the build, with the command that builds for all", async () => {
  const site = {
    redisUrl: "redis://agent:secret@10.0.0.9",
    ollamaHosts: ["http://10.0.0.1:11434", "https://gpu.lan"],
    runtimePath: "/srv/homelab",
  };
  const problems = await uncovered(site, { build: BUILD, query: runtimeOf(BUILD) });
  const command = "./scripts/deno task compile --target aarch64 --redis-url redis://10.0.0.9 " +
    "--ollama-host http://10.0.0.1:11434 --ollama-host https://gpu.lan " +
    "--runtime-path /srv/homelab";
  assert.deepEqual(problems, [
    {
      variable: "REDIS_URL",
      value: "redis://10.0.0.9",
      message: "REDIS_URL redis://10.0.0.9: this binary was built for redis://10.0.0.1:6379 and " +
        `may not connect to 10.0.0.9:6379. Build one for it: ${command}`,
      command,
    },
    {
      variable: "OLLAMA_HOST",
      value: "https://gpu.lan",
      message: "OLLAMA_HOST https://gpu.lan: this binary was built for http://10.0.0.1:11434, " +
        `http://10.0.0.2:11434 and may not connect to gpu.lan:443. Build one for it: ${command}`,
      command,
    },
    {
      variable: "RUNTIME_PATH",
      value: "/srv/homelab",
      message: "RUNTIME_PATH /srv/homelab: this binary was built for /opt/homelab and may not " +
        `read /srv/homelab/actions and 7 more. Build one for it: ${command}`,
      command,
    },
  ]);
});

Deno.test("uncovered: a chain without a host keeps the build's in the command", async () => {
  const site = { ...SITE, ollamaHosts: [], redisUrl: "redis://10.0.0.9" };
  const [problem] = await uncovered(site, { build: BUILD, query: runtimeOf(BUILD) });
  assert.equal(
    problem?.command,
    "./scripts/deno task compile --target aarch64 --redis-url redis://10.0.0.9 --ollama-host " +
      "http://10.0.0.1:11434 --ollama-host http://10.0.0.2:11434 --runtime-path /opt/homelab",
  );
});

Deno.test("uncovered: a build that makes traces goes on making them in the command", async () => {
  const build = { ...BUILD, site: { ...SITE, collector: "http://10.0.0.7:4318" } };
  const [problem] = await uncovered({ ...SITE, redisUrl: "redis://10.0.0.9" }, {
    build,
    query: runtimeOf(build),
  });
  assert.match(problem?.command ?? "", / --otel http:\/\/10\.0\.0\.7:4318$/);
});

Deno.test("uncovered: asks only about what a run needs", async () => {
  const site = { ...SITE, redisUrl: "redis://elsewhere", runtimePath: "/srv/x" };
  const query = runtimeOf(BUILD);
  assert.deepEqual(await uncovered(site, { build: BUILD, query, needs: ["OLLAMA_HOST"] }), []);
  const [problem, ...more] = await uncovered(site, {
    build: BUILD,
    query,
    needs: ["RUNTIME_PATH"],
  });
  assert.equal(problem?.variable, "RUNTIME_PATH");
  assert.deepEqual(more, []);
});

Deno.test("uncovered: what the runtime itself does not answer is no problem of a value", async () => {
  const query = () => Promise.reject(new TypeError("no such permission"));
  await assert.rejects(uncovered(SITE, { build: BUILD, query }), TypeError);
});

Deno.test("forbiddenActs: everything that an agent could use against its homelab", () => {
  const names = forbiddenActs(SITE, fakeClock()).map(({ name }) => name.replace(/-prove-\d+/, ""));
  const [root, file] = ["/opt/homelab", ".planner-agent"];
  assert.deepEqual(names, [
    `write ${root}/actions/approved/${file}`,
    `write ${root}/actions/running/${file}`,
    `write ${root}/${file}`,
    `write /etc/${file}`,
    `rename a file from ${root}/actions/pending to approved`,
    `symbolic link ${root}/state/${file}`,
    "read /etc/passwd",
    `read ${root}/state/../../../../../../../../etc/passwd`,
    "read /proc/self/environ",
    "connect to 10.0.0.1 port 6380",
    "connect to 127.0.0.2 port 6379",
    "listen on a port",
    "run /bin/true",
    "load a library",
    "ask for the host's name",
    "read the variable PATH",
    "read the variable HOME",
  ]);
});

Deno.test("uncovered: from source, says how to widen the run", async () => {
  const [problem] = await uncovered({ ...SITE, redisUrl: "redis://elsewhere" }, {
    build: null,
    query: runtimeOf(BUILD),
  });
  assert.match(problem?.message ?? "", /this run has no permission to connect to elsewhere:6379\./);
  assert.match(problem?.command ?? "", /--target all --redis-url redis:\/\/elsewhere /);
});

Deno.test("uncovered: from source with everything allowed, any host and any folder will do", async () => {
  const odd = { ...SITE, redisUrl: "redis://elsewhere", runtimePath: "/home/me/my homelab" };
  const told = async (...all: string[]) => {
    const query: Query = ({ name }) =>
      Promise.resolve({ state: all.includes(name) ? "granted" : "prompt" });
    return (await uncovered(odd, { build, query })).map(({ variable }) => variable);
  };
  let build: Build | null = null;
  const hosts = ["REDIS_URL", "OLLAMA_HOST", "OLLAMA_HOST"];
  assert.deepEqual(await told("net", "read", "write"), []);
  assert.deepEqual(await told("net", "read"), ["RUNTIME_PATH"]);
  assert.deepEqual(await told("net", "write"), ["RUNTIME_PATH"]);
  assert.deepEqual(await told("read", "write"), hosts);
  build = BUILD;
  assert.deepEqual(await told("net", "read", "write"), ["RUNTIME_PATH"], "of a build no blank");
});

Deno.test("uncovered: a value that no build can take is a problem, not an exception", async () => {
  const problems = await uncovered({ ...SITE, redisUrl: "redis://*.lan", runtimePath: "/a b" }, {
    build: BUILD,
    query: runtimeOf(BUILD),
  });
  assert.deepEqual(problems.map(({ variable }) => variable), ["REDIS_URL", "RUNTIME_PATH"]);
  assert.match(problems[0]?.message ?? "", /cannot use "redis:\/\/\*\.lan"/);
});

const act = (name: string, error?: Error): Act => ({
  name,
  attempt: () => {
    if (error !== undefined) throw error;
  },
});

Deno.test("prove: tells the runtime, the system and nothing apart", async () => {
  const verdicts = await prove([
    act("a", new Deno.errors.NotCapable("no")),
    act("b", new Deno.errors.PermissionDenied("EACCES")),
    act("c"),
  ]);
  assert.deepEqual(verdicts, [
    { act: "a", stoppedBy: "runtime", detail: "NotCapable: no" },
    { act: "b", stoppedBy: "operating system", detail: "PermissionDenied: EACCES" },
    { act: "c", stoppedBy: "nothing", detail: "it succeeded" },
  ]);
});

Deno.test("forbiddenActs: no connection that the build grants is among them", () => {
  const site = {
    ...SITE,
    redisUrl: "redis://127.0.0.1:7000",
    ollamaHosts: ["http://127.0.0.1:7001", "http://127.0.0.2:7000"],
  };
  const acts = forbiddenActs(site, fakeClock()).map(({ name }) => name);
  assert.deepEqual(acts.filter((name) => name.startsWith("connect")), [
    "connect to 127.0.0.1 port 7002",
    "connect to 127.0.0.3 port 7000",
  ]);
});

Deno.test("forbiddenActs: a variable that may be read counts as read, also where it is not set", async () => {
  const read = (name: string) => {
    const act = forbiddenActs(SITE, fakeClock()).find((each) => each.name.endsWith(` ${name}`));
    return async () => void await act?.attempt();
  };
  const path = Deno.env.get("PATH");
  assert.ok(path);
  Deno.env.delete("PATH");
  try {
    await read("PATH")();
  } finally {
    Deno.env.set("PATH", path);
  }
  // These tests are not granted this one.
  await assert.rejects(read("HOME"), { name: "HiddenNameError", message: "reads as unset" });
});

Deno.test("forbiddenActs: a connection that is refused or not answered ends its wait", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const clock = fakeClock();
  /** Of a build that is granted the port before. */
  const reach = (port: number, granted: number) => {
    const url = `127.0.0.1:${granted}`;
    const site = { ...SITE, redisUrl: `redis://${url}`, ollamaHosts: [`http://${url}`] };
    return forbiddenActs(site, clock)
      .find(({ name }) => name === `connect to 127.0.0.1 port ${port}`)?.attempt();
  };
  await reach(listener.addr.port, listener.addr.port - 1);
  assert.equal(clock.waiting, 0);
  await assert.rejects(async () => await reach(DEAD_PORT, 65_535), Deno.errors.ConnectionRefused);
  assert.equal(clock.waiting, 0);
});

const PARTS = { site: SITE, build: BUILD, clock: fakeClock(), query: runtimeOf(BUILD) };

Deno.test("proofOf: succeeds only where the runtime stopped every act", async () => {
  const stopped = act("connect", new Deno.errors.NotCapable('Requires net access, specify "x"'));
  const good = await proofOf({ ...PARTS, acts: [stopped] });
  assert.equal(good.status, 0);
  assert.deepEqual(good.lines(), [
    "act      stopped by  answer",
    "connect  runtime     NotCapable: Requires net access",
    "",
    "All 1 acts were stopped by the runtime.",
  ]);
  for (const passed of [act("b"), act("b", new Deno.errors.ConnectionRefused("x"))]) {
    const bad = await proofOf({ ...PARTS, acts: [stopped, passed] });
    assert.deepEqual([bad.status, bad.object.proven], [1, false]);
    assert.equal(bad.lines().at(-1), "1 of 2 acts were let through by the runtime.");
  }
});

Deno.test("permissionsOf: a table for people, an object for programs", async () => {
  const { lines, object } = await permissionsOf(PARTS);
  assert.deepEqual(lines().slice(0, 7), [
    "planner-agent 1.2.3 (abc) for aarch64-unknown-linux-gnu, Deno 2.7.11",
    "a build for one site; used where nothing is set:",
    "  REDIS_URL     redis://10.0.0.1:6379",
    "  OLLAMA_HOST   http://10.0.0.1:11434",
    "  LLM_CHAIN     http://10.0.0.2:11434",
    "  RUNTIME_PATH  /opt/homelab",
    "may      connect to     10.0.0.1:6379",
  ]);
  assert(lines().includes("may not  run            any program"));
  assert.deepEqual([object.build, object.generic], [BUILD, false]);
  assert.deepEqual(object.permissions[0], {
    kind: "net",
    subject: "10.0.0.1:6379",
    granted: true,
  });
});

/** Runs the command in a Deno of its own, with the permissions of a build and nothing else. */
async function runGranted(runtimePath: string, flags: (grants: Build["grants"]) => string[]) {
  const site = { ...SITE, runtimePath };
  const entry = join(runtimePath, "entry.ts");
  const command = new URL("../../lib/cli/permissions/report.ts", import.meta.url).href;
  const clock = new URL("../../lib/base/clock.ts", import.meta.url).href;
  await Deno.writeTextFile(
    entry,
    `import { permissionsOf, proofOf } from ${JSON.stringify(command)};
import { systemClock } from ${JSON.stringify(clock)};
const look = Deno.args.includes("prove") ? proofOf : permissionsOf;
const { object, status } = await look({
  site: ${JSON.stringify(site)},
  build: null,
  clock: systemClock,
});
console.log(JSON.stringify(object));
Deno.exitCode = status ?? 0;
`,
  );
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-check",
        "--no-prompt",
        `--config=${new URL("../../deno.json", import.meta.url).pathname}`,
        ...flags(grantsFor(site, ["REDIS_URL"])),
        entry,
        ...args,
      ],
    }).output();
    const text = new TextDecoder().decode(stdout);
    assert.notEqual(text, "", new TextDecoder().decode(stderr));
    return { code, told: JSON.parse(text) as Record<string, unknown[]> };
  };
  return run;
}

Deno.test("proofOf: in a real runtime with a build's flags, every act is stopped", async () => {
  using folder = sandbox();
  const run = await runGranted(folder.path, ({ net, read, write, env }) => [
    "--deny-import",
    "--ignore-env",
    `--allow-net=${net}`,
    `--allow-read=${read}`,
    `--allow-write=${write}`,
    `--allow-env=${env}`,
  ]);
  const proof = await run("prove");
  assert.deepEqual(
    proof.told.acts?.filter((verdict) =>
      (verdict as { stoppedBy: string }).stoppedBy !== "runtime"
    ),
    [],
  );
  assert.equal(proof.code, 0);
  const asked = await run();
  const refused = asked.told.permissions?.filter((answer) =>
    !(answer as { granted: boolean }).granted
  );
  // Of the list above those that no build has, and the variables left out here.
  assert(refused?.some((answer) => (answer as { subject: string }).subject === "/etc/passwd"));
  assert.equal(
    asked.told.permissions?.filter((answer) => (answer as { kind: string }).kind === "net").length,
    4,
  );
});

Deno.test("proofOf: in a real runtime that grants one folder too many, the proof fails", async () => {
  using folder = sandbox();
  await Deno.mkdir(join(folder.path, "actions/approved"), { recursive: true });
  const run = await runGranted(folder.path, ({ net, env }) => [
    "--deny-import",
    "--ignore-env",
    `--allow-net=${net}`,
    `--allow-read=${folder.path}`,
    `--allow-write=${folder.path}/actions,${folder.path}/state`,
    `--allow-env=${env}`,
  ]);
  const { code, told } = await run("prove");
  assert.equal(code, 1);
  const passed = (told.acts as { act: string; stoppedBy: string }[])
    .filter(({ stoppedBy }) => stoppedBy !== "runtime");
  assert.deepEqual(
    passed.map(({ act, stoppedBy }) => `${act.split(" ")[0]} ${stoppedBy}`),
    ["write nothing", "write operating system", "rename operating system"],
  );
  assert.deepEqual([...Deno.readDirSync(join(folder.path, "actions/approved"))], []);
});

Deno.test("planner-agent permissions: for people, for programs, and a site that nobody can build for", async () => {
  using folder = sandbox();
  const run = (root: string, ...more: string[]) => runCommand(["permissions", ...more], { root });
  const people = await run(folder.path);
  assert.equal(people.code, 0);
  assert.match(people.out, /^planner-agent from source, with the permissions of this run\nmay /);
  const programs = await run(folder.path, "--json");
  const { build, generic, permissions } = JSON.parse(programs.out);
  assert.deepEqual([programs.code, build, generic], [0, null, null]);
  assert.equal(permissions.length, people.out.trimEnd().split("\n").length - 1);
  const odd = await run("/a b");
  assert.deepEqual([odd.code, odd.out], [2, ""]);
  assert.match(odd.err, /^planner-agent: RUNTIME_PATH: cannot use "\/a b": it takes /);
});
