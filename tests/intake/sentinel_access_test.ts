import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { aclLine, changed, denied, grant, LOGIN, rightsOf } from "../support/docs_acl.ts";
import { freePort, type TestRedis } from "../support/redis.ts";
import { listener } from "../support/redis_listener.ts";
import { type RespClient, respClient } from "../support/resp.ts";
import { sandbox } from "../support/sandbox.ts";
import { eventually, redisTest } from "../support/stream_reader.ts";

const PUBSUB = aclLine("INTAKE=pubsub");
const ROLE = aclLine("REDIS_URL=redis+sentinel://");
const SENTINEL = aclLine("redis-cli -p 26379");

/** A sentinel of that Redis which wants a password. */
async function startSentinel(redis: TestRedis) {
  const folder = sandbox();
  const port = freePort();
  const path = join(folder.path, "sentinel.conf");
  const monitor = `sentinel monitor homelab 127.0.0.1 ${redis.port} 1`;
  const lines = [`port ${port}`, "bind 127.0.0.1", `dir ${folder.path}`, monitor, ""];
  Deno.writeTextFileSync(path, lines.join("\n"));
  const child = new Deno.Command("redis-server", {
    args: [path, "--sentinel"],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const found: RespClient[] = [];
  await eventually(`the sentinel on ${port} listens`, async () => {
    found.push(...await respClient(port).then((one) => [one], () => []));
    return found.length > 0;
  });
  const [client] = found;
  assert.ok(client);
  return {
    command: client.command,
    url: `redis+sentinel://${LOGIN}@127.0.0.1:${port}/homelab`,
    async [Symbol.asyncDispose]() {
      client.close();
      child.kill("SIGKILL");
      await child.status;
      folder[Symbol.dispose]();
    },
  };
}

redisTest(
  "sentinels: by the users of docs/redis.md one is asked one thing, and the primary for its role",
  async (redis) => {
    await using sentinel = await startSentinel(redis);
    await grant(redis, PUBSUB, ROLE);
    await grant(sentinel, SENTINEL);
    await sentinel.command("ACL", "SETUSER", "default", "resetpass", ">of-an-administrator");
    {
      await using heard = listener(sentinel.url);
      const { host } = await heard.log.seen("redis_subscribed");
      assert.equal(host, `127.0.0.1:${redis.port}`);
      assert.deepEqual([await denied(redis), await denied(sentinel)], [[], []]);
    }
    const [right = "", ...others] = rightsOf(SENTINEL);
    assert.deepEqual(others, []);
    await grant(sentinel, changed(SENTINEL, right));
    {
      await using heard = listener(sentinel.url);
      const { reason, detail } = await heard.log.seen("redis_unavailable");
      assert.equal(reason, "no_permission");
      assert.ok(String(detail).endsWith(` Grant it: ACL SETUSER ... ${right}`), String(detail));
    }
    // Its word is taken for the role of the primary.
    await grant(sentinel, SENTINEL);
    await grant(redis, PUBSUB);
    await using heard = listener(sentinel.url);
    await heard.log.seen("redis_subscribed");
    assert.deepEqual(await denied(redis), ["role"]);
  },
);
