import assert from "node:assert/strict";
import { AlreadyRunningError } from "../../lib/agent.ts";
import { isCovered, opened } from "../../lib/cli/opening.ts";
import { ConfigError, parseConfig } from "../../lib/config/config.ts";
import type { Environment } from "../../lib/config/environment.ts";
import { type Build, grantsFor } from "../../lib/permissions/grants.ts";
import { NotAFolderError } from "../../lib/base/disk/store.ts";
import { systemError } from "../support/system_error.ts";

const SITE = {
  redisUrl: "redis://10.0.0.1:6379",
  ollamaHosts: ["http://10.0.0.2:11434"],
  runtimePath: "/opt/homelab",
};
const BUILD: Build = {
  version: "0.1.0",
  commit: "abc",
  deno: "2.7.11",
  target: "x86_64-unknown-linux-gnu",
  site: SITE,
  grants: grantsFor(SITE, []),
};

/** Grants what a build for SITE would, and nothing as a whole. */
function query(descriptor: Deno.PermissionDescriptor) {
  const { net, read, write } = BUILD.grants;
  const granted = descriptor.name === "net"
    ? net.includes(descriptor.host ?? "")
    : descriptor.name === "read"
    ? read.includes(String(descriptor.path))
    : descriptor.name === "write" && write.includes(String(descriptor.path));
  return Promise.resolve({ state: granted ? "granted" as const : "denied" as const });
}

const everything = () => Promise.resolve({ state: "granted" as const });

function config(changes: Record<string, string> = {}) {
  const values: Record<string, string> = {
    REDIS_URL: SITE.redisUrl,
    OLLAMA_HOST: "10.0.0.2:11434",
    ...changes,
  };
  const env: Environment = (name) => values[name];
  return parseConfig(env);
}

const ALL = ["REDIS_URL", "OLLAMA_HOST", "RUNTIME_PATH"] as const;

function recorder() {
  const said: string[] = [];
  return { said, err: (line: string) => void said.push(line) };
}

Deno.test("isCovered: settings that a build is for say nothing", async () => {
  const io = recorder();
  assert.equal(await isCovered(io, config(), { needs: ALL, build: BUILD, query }), true);
  assert.deepEqual(io.said, []);
});

Deno.test("isCovered: each setting outside of it is a line with the command for a build", async () => {
  const io = recorder();
  const other = config({
    REDIS_URL: "redis://agent:secret@10.0.0.9:6379",
    OLLAMA_HOST: "http://10.0.0.8:11434",
    RUNTIME_PATH: "/srv/lab",
  });
  assert.equal(await isCovered(io, other, { needs: ALL, build: BUILD, query }), false);
  const command = "./scripts/deno task compile --target x86_64 --redis-url redis://10.0.0.9:6379 " +
    "--ollama-host http://10.0.0.8:11434 --runtime-path /srv/lab";
  assert.deepEqual(io.said.map((line) => line.split(": ")[1]), [
    "REDIS_URL redis://10.0.0.9:6379",
    "OLLAMA_HOST http://10.0.0.8:11434",
    "RUNTIME_PATH /srv/lab",
  ]);
  for (const line of io.said) assert.ok(line.endsWith(`Build one for it: ${command}\n`), line);
});

Deno.test("isCovered: a replay needs no Redis and no Ollama", async () => {
  const io = recorder();
  const other = config({ REDIS_URL: "redis://10.0.0.9", OLLAMA_HOST: "10.0.0.8" });
  const options = { needs: ["RUNTIME_PATH"], build: BUILD, query } as const;
  assert.equal(await isCovered(io, other, options), true);
  const odd = { ...other, redisUrl: "redis://agent:pa/ss@10.0.0.1" };
  assert.equal(await isCovered(io, odd, options), true);
  assert.deepEqual(io.said, []);
});

Deno.test("isCovered: a cluster is refused where keys are used, and only there", async () => {
  const io = recorder();
  const cluster = config({ REDIS_URL: "redis+cluster://agent:secret@10.0.0.1,10.0.0.2" });
  const options = { needs: ALL, build: null, query: everything };
  assert.equal(await isCovered(io, cluster, options), true);
  assert.deepEqual(io.said, []);
  assert.equal(await isCovered(io, cluster, { ...options, keys: true }), false);
  assert.match(io.said.join(), /^planner-agent: REDIS_URL is of a cluster .*\n$/);
  assert.equal(await isCovered(io, config(), { ...options, keys: true }), true);
});

Deno.test("isCovered: a URL that names no Redis is refused without its password", async () => {
  const io = recorder();
  const odd = { ...config(), redisUrl: "redis://agent:pa/ss@10.0.0.1" };
  const options = { needs: ALL, build: null, query: everything };
  assert.equal(await isCovered(io, odd, options), false);
  assert.match(io.said.join(), /^planner-agent: REDIS_URL has an @ behind its host/);
  assert.ok(!io.said.join().includes("ss@"));
});

Deno.test("opened: what the system refuses is one message with its remedy", async () => {
  for (
    const [code, remedy] of [
      ["EROFS", "The filesystem is read-only"],
      ["EACCES", "The agent's user may not write there"],
      ["ENOSPC", "The disk is full"],
      ["ENOTDIR", "A file or link is where a folder belongs"],
    ] as const
  ) {
    const io = recorder();
    const open = () => Promise.reject(systemError(code, "/opt/homelab/state"));
    assert.equal(await opened(io, { config: config(), open }), undefined);
    assert.equal(io.said.length, 1);
    assert.ok(io.said[0]?.startsWith("planner-agent: cannot use RUNTIME_PATH /opt/homelab: "));
    assert.ok(io.said[0]?.includes(remedy), io.said[0]);
  }
});

Deno.test("opened: another agent is told with the hint, a fault of the program is thrown", async () => {
  const io = recorder();
  const running = () => Promise.reject(new AlreadyRunningError("/opt/homelab/state/x.lock"));
  assert.equal(
    await opened(io, { config: config(), hint: ". Stop it.", open: running }),
    undefined,
  );
  assert.match(io.said.join(), /another planner-agent runs .*x\.lock\. Stop it\.\n$/);
  const linked = () => Promise.reject(new NotAFolderError("/opt/homelab/actions/pending"));
  assert.equal(await opened(io, { config: config(), open: linked }), undefined);
  assert.equal(
    io.said.at(-1),
    "planner-agent: /opt/homelab/actions/pending is not a folder of its own (a link or a file); " +
      "move it out of the way\n",
  );
  const fault = () => Promise.reject(new TypeError("undefined is not a function"));
  await assert.rejects(opened(io, { config: config(), open: fault }), TypeError);
  assert.equal(await opened(io, { config: config(), open: () => Promise.resolve(7) }), 7);
});

Deno.test("opened: a file under config/ that may not be read is a wrong setting, not a RUNTIME_PATH", async () => {
  const io = recorder();
  const why = `config/policy.json cannot be read: ${systemError("EACCES").message}`;
  const open = () => Promise.reject(new ConfigError([why]));
  await assert.rejects(opened(io, { config: config(), open }), ConfigError);
  assert.deepEqual(io.said, []);
});
