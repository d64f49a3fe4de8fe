import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { cures } from "../../lib/event/cures.ts";
import { freePort, startRedis } from "../support/redis.ts";
import { listener } from "../support/redis_listener.ts";
import { EXAMPLES, execStart } from "./support/unit.ts";

const UNITS = [...Deno.readDirSync(EXAMPLES)].flatMap(({ name, isDirectory }) =>
  isDirectory
    ? [...Deno.readDirSync(join(EXAMPLES, name))]
      .map((file) => `${name}/${file.name}`).filter((path) => path.endsWith(".service"))
    : []
).sort();

async function publish(kind: string, unit: string, env: Record<string, string>) {
  const { code, stderr } = await new Deno.Command(join(EXAMPLES, "systemd/planner-publish"), {
    args: [kind, unit],
    env: { NODE_NAME: "piha", REDIS_HOST: "127.0.0.1", ...env },
  }).output();
  return { code, errors: new TextDecoder().decode(stderr).trim() };
}

Deno.test("systemd: a unit that failed and one that ended well, by a user that may only publish", async () => {
  await using redis = await startRedis({
    users: ["systemd on >pw resetchannels &health_events -@all +publish"],
  });
  const env = { REDIS_PORT: String(redis.port), REDIS_USER: "systemd", REDISCLI_AUTH: "pw" };
  const unit = 'backup-"x" $(id) \\ é.service';
  assert.deepEqual(await publish("failed", unit, env), {
    code: 1,
    errors: "planner-publish: nobody listens on health_events",
  });
  await using heard = listener(redis.url(), { channels: ["health_events"] });
  await redis.awaitSubscribed(["health_events"]);
  assert.equal((await publish("failed", unit, env)).code, 0);
  assert.equal((await publish("well", unit, env)).code, 0);
  await heard.received(2);
  const [failed, well] = heard.messages.map((text) => JSON.parse(text.replace(/^\S+ /, "")));
  const { payload, ...event } = failed;
  assert.deepEqual(event, {
    node: "piha",
    service: 'backup-"x" $(id) \\ é',
    type: "service_failed",
    severity: "error",
    source: "systemd",
  });
  assert.equal(payload.unit, event.service);
  assert.ok(cures(well.type, failed.type));
});

Deno.test("systemd: what Redis refuses, or that it is away, fails the unit with a word", async () => {
  await using redis = await startRedis({
    users: ["systemd on >pw resetchannels &other -@all +publish"],
  });
  const env = { REDIS_PORT: String(redis.port), REDIS_USER: "systemd", REDISCLI_AUTH: "pw" };
  const refused = await publish("failed", "x.service", env);
  assert.equal(refused.code, 1);
  assert.match(refused.errors, /NOPERM/);
  const away = await publish("failed", "x.service", { ...env, REDIS_PORT: String(freePort()) });
  assert.equal(away.code, 1);
  assert.match(away.errors, /refused/i);
  assert.equal((await publish("odd", "x.service", env)).code, 2);
});

Deno.test("examples: every unit is as tight as it can be, and starts what is there", async () => {
  assert.ok(UNITS.length >= 6, UNITS.join());
  for (const unit of UNITS) {
    const path = join(EXAMPLES, unit);
    const { stdout, code } = await new Deno.Command("systemd-analyze", {
      args: ["--no-pager", "security", "--offline=true", "--threshold=15", path],
    }).output();
    assert.equal(code, 0, `${unit}: ${new TextDecoder().decode(stdout).split("\n").at(-2)}`);
    const words = execStart(unit);
    const file = words.find((word) => word.startsWith("/usr/local/lib/planner-agent/examples/"));
    assert.ok(file, unit);
    Deno.statSync(file.replace("/usr/local/lib/planner-agent/examples", EXAMPLES));
    const deno = words[0] === "/usr/local/bin/deno";
    for (const word of deno ? words : []) {
      assert.doesNotMatch(
        word,
        /^(-A|--allow-all|--allow-(net|read|write|env|run|sys|ffi))$/,
        unit,
      );
    }
  }
});
