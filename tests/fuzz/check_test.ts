import fc from "fast-check";
import { makeRuntime } from "../support/agent.ts";
import { bulk, type Reply } from "../support/resp.ts";
import { healthy, scriptedRedis } from "../support/scripted_redis.ts";
import { sandbox } from "../support/sandbox.ts";
import { someAltered, textOf, word } from "./hostile.ts";
import { depths, runs } from "./runs.ts";
import { shownBy } from "./terminal.ts";
import { replyOf } from "./wire.ts";

/** What servers of models say of themselves, by path. */
const PAGES = {
  "/api/version": { version: "0.12.3" },
  "/api/tags": { models: [{ name: "m:latest", model: "m:latest", digest: "845dbda0ea48" }] },
  "/api/ps": { models: [{ name: "m:latest", context_length: 2_048 }] },
  "/api/show": { model_info: { "qwen2.context_length": 2_048 } },
  "/v1/models": {
    data: [{ id: "o", owned_by: "llamacpp", meta: { n_ctx: 2_048 }, max_model_len: 2_048 }],
  },
  "/props": { default_generation_settings: { n_ctx: 2_048 } },
};
const encoder = new TextEncoder();
const httpOf = (body: string) => encoder.encode(`HTTP/1.1 200 OK\r\n\r\n${body}`);
const paths = fc.constantFrom(...Object.keys(PAGES));
const texts = someAltered(PAGES).map((all) =>
  Object.fromEntries(Object.entries(all).map(([path, page]) => [path, JSON.stringify(page) ?? ""]))
);
/** A page of each, and of one of them what is no page. */
const pages = fc.tuple(texts, paths, replyOf(textOf(fc.constant(PAGES["/api/tags"]))), fc.nat(2))
  .map(([all, path, raw, how]) => ({
    ...Object.fromEntries(Object.entries(all).map(([path, text]) => [path, httpOf(text)])),
    ...how === 0 && { [path]: raw },
  }));

const line = fc.tuple(
  fc.constantFrom("redis_version:", "valkey_version:", ""),
  fc.oneof(word, fc.constantFrom("7.2.4", "2.8.0")),
).map((parts) => parts.join(""));
const buffers = fc.oneof(word, fc.constant("normal 0 0 0 pubsub 33554432 8388608 60"));
const time = fc.oneof(word, fc.constantFrom("1767323045", "999999999999999999", "-1"));
const redisSays = fc.record({
  INFO: fc.array(line, { maxLength: 3 }).map((lines): Reply => bulk(lines.join("\r\n"))),
  CONFIG: buffers.map((text): Reply => [bulk("client-output-buffer-limit"), bulk(text)]),
  TIME: fc.tuple(time, time).map((both): Reply => both.map(bulk)),
});

/** Serves a page for each path. */
function pageServer() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let current: Readonly<Record<string, Uint8Array>> = {};
  async function serve(conn: Deno.Conn) {
    using _closing = conn;
    const request = new Uint8Array(8_192);
    const count = await conn.read(request) ?? 0;
    const [, path = ""] = new TextDecoder().decode(request.subarray(0, count)).split(" ");
    const raw = current[path] ?? new Uint8Array(0);
    for (let at = 0; at < raw.length;) at += await conn.write(raw.subarray(at));
  }
  const serving = (async () => {
    for await (const conn of listener) serve(conn).catch(() => {});
  })();
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    serve: (pages: typeof current) => void (current = pages),
    async close() {
      listener.close();
      await serving;
    },
  };
}

Deno.test("fuzz: whatever servers say of themselves, check tells how they are, and shows it clean", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  const models = pageServer();
  let says: Readonly<Record<string, Reply>> = {};
  const redis = scriptedRedis((words) => says[words[0] ?? ""] ?? healthy(words));
  const settings: Readonly<Record<string, string>> = {
    OLLAMA_HOST: models.url,
    LLM_CHAIN: `m,openai/o@${models.url}`,
    REDIS_URL: `redis://127.0.0.1:${redis.port}`,
  };
  const depth = depths();
  await fc.assert(
    fc.asyncProperty(pages, redisSays, async (page, info) => {
      models.serve(page);
      says = info;
      const typed = { root: folder.path, env: (name: string) => settings[name] };
      const shown = await shownBy(["check", "--no-llm"], typed);
      depth.note("ollama", shown.includes("model is there"));
      depth.note("openai", shown.includes("reachable; "));
      depth.note("redis", /Redis [\d.]+/.test(shown));
      await shownBy(["check", "--no-llm", "--json"], typed);
    }),
    runs(40),
  );
  await redis.close();
  await models.close();
  depth.atLeast({ ollama: 0.25, openai: 0.4, redis: 0.2 });
});
