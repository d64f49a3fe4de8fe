import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { HAS_REDIS, startRedis, TLS_FOLDER } from "../support/redis.ts";
import { listener } from "../support/redis_listener.ts";
import { healthy, scriptedRedis } from "../support/scripted_redis.ts";

const real = HAS_REDIS ? "" : " (ignored: needs redis-server)";
const ROOT = join(import.meta.dirname ?? ".", "..", "..");

/** A subscriber that knows the test's certificate authority; gives its log lines one by one. */
function subscriber(url: string) {
  const child = new Deno.Command("deno", {
    args: [
      ...["run", "--frozen", "--no-prompt", "--allow-net=127.0.0.1", "--allow-env"],
      join(ROOT, "tests", "support", "tls_subscriber.ts"),
      url,
    ],
    env: { DENO_CERT: join(TLS_FOLDER, "ca.crt") },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    async line(): Promise<Record<string, unknown>> {
      for (;;) {
        const end = text.indexOf("\n");
        if (end >= 0) {
          const line = text.slice(0, end);
          text = text.slice(end + 1);
          return JSON.parse(line);
        }
        const { value, done } = await lines.read();
        if (done) throw new Error(`the subscriber ended: ${text}`);
        text += value;
      }
    },
    async stop(): Promise<number> {
      await child.stdin.close();
      await lines.cancel();
      return (await child.status).code;
    },
  };
}

Deno.test({
  name: `redis intake: an unknown authority is an error that says how to give it${real}`,
  ignore: !HAS_REDIS,
  async fn() {
    await using redis = await startRedis({ certificate: "server" });
    await using heard = listener(redis.url("agent:pw"));
    for (const nth of [1, 2]) {
      const failed = await heard.log.seen("redis_unavailable", nth);
      assert.deepEqual([failed.reason, failed.level], ["certificate", "error"]);
      assert.match(String(failed.detail), /authority that is not known.*DENO_CERT/);
      assert.match(String(failed.detail), /DENO_TLS_CA_STORE=system/);
      if (nth === 1) await heard.retry();
    }
  },
});

Deno.test({
  name: `redis intake: rediss:// works with the authority given${real}`,
  ignore: !HAS_REDIS,
  async fn() {
    const users = ["agent on >pw allchannels +subscribe +publish"];
    await using redis = await startRedis({ certificate: "server", users });
    const agent = subscriber(redis.url("agent:pw"));
    const line = await agent.line();
    assert.deepEqual([line.event, line.host], ["redis_subscribed", `127.0.0.1:${redis.port}`]);
    assert.equal(await agent.stop(), 0);
  },
});

for (
  const [certificate, problem] of [
    ["other_name", /is for another name than the one in REDIS_URL/],
    ["expired", /has expired/],
  ] as const
) {
  Deno.test({
    name: `redis intake: a certificate that is ${certificate} is refused for that${real}`,
    ignore: !HAS_REDIS,
    async fn() {
      await using redis = await startRedis({ certificate });
      const agent = subscriber(redis.url());
      const line = await agent.line();
      assert.deepEqual([line.event, line.reason], ["redis_unavailable", "certificate"]);
      assert.match(String(line.detail), problem);
      assert.equal(await agent.stop(), 0);
    },
  });
}

Deno.test("redis intake: rediss:// never speaks plain text", async () => {
  const server = scriptedRedis(healthy);
  const heard = listener(`rediss://agent:pw@127.0.0.1:${server.port}`);
  for (const nth of [1, 2]) {
    const failed = await heard.log.seen("redis_unavailable", nth);
    assert.ok(["closed", "protocol"].includes(String(failed.reason)), String(failed.reason));
    await heard.retry();
  }
  assert.deepEqual(server.commands, []);
  await heard.stop();
  await server.close();
});
