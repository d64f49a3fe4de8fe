import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { GENERIC_SITE, ollamaEndpoint, redisEndpoints } from "../../lib/permissions/grants.ts";
import { startRedis } from "../support/redis.ts";
import { EXAMPLES, execStart } from "./support/unit.ts";
import { readYaml } from "./support/yaml.ts";

interface Service {
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly privileged?: boolean;
  readonly cap_add?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly networks: Readonly<Record<string, { aliases?: string[] }>> | readonly string[];
}

async function readStack() {
  return await readYaml(join(EXAMPLES, "compose/compose.yaml")) as {
    readonly services: Readonly<Record<string, Service>>;
    readonly networks: Readonly<Record<string, { internal?: boolean }>>;
    readonly configs: Readonly<Record<string, { content: string }>>;
  };
}

Deno.test("compose: read-only roots, no capability, no new privileges, ports on loopback", async () => {
  const { services } = await readStack();
  assert.ok(Object.keys(services).length >= 6);
  for (const [name, service] of Object.entries(services)) {
    assert.equal(service.read_only, true, name);
    assert.deepEqual(service.cap_drop, ["ALL"], name);
    assert.deepEqual(service.security_opt, ["no-new-privileges:true"], name);
    assert.deepEqual([service.privileged, service.cap_add], [undefined, undefined], name);
    for (const port of service.ports ?? []) assert.match(port, /^127\.0\.0\.1:/, name);
    const socket = (service.volumes ?? []).some((volume) => volume.includes("docker.sock"));
    assert.equal(socket, name === "socket-proxy", name);
  }
});

Deno.test("compose: the agent finds the two names that it was built for, and has no way out", async () => {
  const { services, networks } = await readStack();
  const aliases = Object.values(services).flatMap(({ networks }) =>
    Object.values(networks).flatMap((network) =>
      typeof network === "object" ? network.aliases ?? [] : []
    )
  );
  const names = [
    ...redisEndpoints(GENERIC_SITE.redisUrl),
    ...GENERIC_SITE.ollamaHosts.map(ollamaEndpoint),
  ].map((endpoint) => endpoint.replace(/:\d+$/, ""));
  assert.deepEqual(aliases.sort(), names.sort());
  for (const name of services.agent?.networks as readonly string[]) {
    assert.equal(networks[name]?.internal, true, name);
  }
});

Deno.test("compose: the examples run with the permissions of their units, but for places", async () => {
  const { services } = await readStack();
  const kinds = (words: readonly string[]) =>
    words.filter((word) => /^--(allow|no)-/.test(word)).map((word) => word.split("=")[0]).sort();
  for (
    const [name, unit] of [
      ["ntfy-bridge", "ntfy/planner-ntfy.service"],
      ["docker-events", "docker-events/planner-docker-events.service"],
    ] as const
  ) {
    const command = services[name]?.command ?? [];
    const shipped = kinds(execStart(unit));
    // Docker's socket is a file; behind the proxy there is none.
    const own = name === "docker-events"
      ? shipped.filter((word) => !/^--allow-(read|write)$/.test(word ?? ""))
      : shipped;
    assert.deepEqual(kinds(command), own);
    Deno.statSync(join(EXAMPLES, (command.at(-1) ?? "").replace("/examples/", "")));
  }
});

Deno.test("compose: Redis takes the users as they are written, and each may do its part only", async () => {
  const { configs } = await readStack();
  const users = (configs.users?.content ?? "").replace(/\$\{\w+:\?\}/g, "pw").trim().split("\n");
  assert.equal(users.length, 4);
  await using redis = await startRedis({
    users: users.filter((line) => !line.startsWith("user default"))
      .map((line) => line.replace("user ", "")),
  });
  const may = async (user: string, ...words: string[]) =>
    String(await redis.command("ACL", "DRYRUN", user, ...words));
  assert.equal(await may("planner-agent", "SUBSCRIBE", "health_events"), "OK");
  assert.equal(await may("planner-agent", "PUBLISH", "proposals", "x"), "OK");
  assert.equal(await may("docker-events", "PUBLISH", "health_events", "x"), "OK");
  assert.equal(await may("bridge", "SUBSCRIBE", "proposals"), "OK");
  for (
    const [user, ...words] of [
      ["planner-agent", "PUBLISH", "health_events", "x"],
      ["docker-events", "SUBSCRIBE", "health_events"],
      ["docker-events", "PUBLISH", "proposals", "x"],
      ["bridge", "PUBLISH", "proposals", "x"],
      ["bridge", "CONFIG", "GET", "*"],
    ] as const
  ) assert.notEqual(await may(user, ...words), "OK", `${user} ${words.join(" ")}`);
});

Deno.test("ansible: the role is YAML, each task has a name, and each handler is there", async () => {
  const role = join(EXAMPLES, "ansible/roles/planner_agent");
  const tasks = await readYaml(join(role, "tasks/main.yml")) as {
    readonly name?: string;
    readonly notify?: string | readonly string[];
  }[];
  const handlers = await readYaml(join(role, "handlers/main.yml")) as { readonly name: string }[];
  const names = handlers.map(({ name }) => name);
  for (const { name, notify = [] } of tasks) {
    assert.ok(name);
    for (const handler of [notify].flat()) assert.ok(names.includes(handler), handler);
  }
  // Addresses before the restart: handlers run in the order they are written in.
  assert.deepEqual(names, ["Let the unit reach the hosts", "Restart the agent"]);
  for (const file of ["defaults/main.yml", "meta/main.yml"]) await readYaml(join(role, file));
});
