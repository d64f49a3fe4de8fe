import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { makeRuntime } from "../support/agent.ts";
import { compile, freePort } from "./support/binary.ts";
import { program, root, systemTest } from "./support/requirement.ts";
import { startOllama, startRedis } from "./support/surroundings.ts";

/** Names as /etc/hosts gives them: the first address of each is one where nothing listens. */
const HOSTS = `127.0.0.1 localhost
::1 dead-v6-first
127.0.0.1 dead-v6-first
127.0.0.2 two-v4
127.0.0.1 two-v4
127.0.0.2 all-dead
127.0.0.3 all-dead
`;

interface Finding {
  readonly check: string;
  readonly level: string;
  readonly detail: string;
}

systemTest(
  "binary: reaches Redis and a model by any address of a name that it was built for",
  [root, program("unshare"), program("redis-server")],
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "planner-agent-names-" });
    const runtimePath = join(folder, "homelab");
    makeRuntime(runtimePath);
    await Deno.writeTextFile(join(folder, "hosts"), HOSTS);
    const [redisPort, ollamaPort] = [freePort(), freePort()];
    const names = ["dead-v6-first", "two-v4", "all-dead"];
    await compile("x86_64", [
      "--redis-url",
      `redis://dead-v6-first:${redisPort}`,
      ...names.flatMap((name) => ["--ollama-host", `http://${name}:${ollamaPort}`]),
      "--runtime-path",
      runtimePath,
      "--out",
      folder,
    ]);
    await using _redis = await startRedis(redisPort);
    await using _ollama = startOllama(ollamaPort);
    const mounted = 'mount --bind "$0" /etc/hosts && exec "$@"';
    const agent = join(folder, "planner-agent-x86_64");
    const { stdout } = await new Deno.Command("unshare", {
      args: [
        "-m",
        "sh",
        "-c",
        mounted,
        join(folder, "hosts"),
        agent,
        "check",
        "--no-llm",
        "--json",
      ],
      clearEnv: true,
      env: {
        PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
        NODE_NAME: "piha",
        LLM_CHAIN: names.map((name) => `m@http://${name}:${ollamaPort}`).join(","),
      },
    }).output();
    const { findings }: { findings: readonly Finding[] } = JSON.parse(
      new TextDecoder().decode(stdout),
    );
    const of = (check: string) =>
      findings.filter((finding) => finding.check === check).map(({ level }) => level);
    assert.deepEqual(of("redis"), ["ok"]);
    assert.deepEqual(of("ollama"), ["ok", "ok", "failure"]);
    const dead = findings.find(({ check, level }) => check === "ollama" && level === "failure");
    // In whichever order the resolver gave them.
    assert.match(dead?.detail ?? "", /\(127\.0\.0\.[23] and 127\.0\.0\.[23]\)/);
    await Deno.remove(folder, { recursive: true });
  },
);
