import assert from "node:assert/strict";
import { checkServer } from "../../../lib/cli/check/servers.ts";
import { systemClock } from "../../../lib/base/clock.ts";
import { fakeClock } from "../../support/clock.ts";
import { DEAD_PORT } from "../../support/dead_port.ts";

/** An Ollama that serves these bodies. */
function serve(pages: Readonly<Record<string, unknown>>, headers: HeadersInit = {}) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const page = pages[new URL(request.url).pathname];
    if (page === undefined) return new Response("404 page not found", { status: 404 });
    return new Response(typeof page === "string" ? page : JSON.stringify(page), { headers });
  });
  return {
    host: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const model = (name: string, more: Record<string, unknown> = {}) => ({
  name,
  model: name,
  ...more,
});

const PAGES = {
  "/api/version": { version: "0.12.3" },
  "/api/tags": { models: [model("qwen2.5:7b"), model("plain:latest")] },
  "/api/ps": { models: [model("qwen2.5:7b", { context_length: 4096 })] },
};

/** The settings that count here. */
const CONFIG = { contextTokens: 4096, apiKeys: new Map() };

const linkTo = (host: string, model: string) =>
  ({ kind: "ollama", name: model, model, host }) as const;

async function examine(
  pages: Readonly<Record<string, unknown>>,
  { models = ["qwen2.5:7b"], headers = {} }: { models?: string[]; headers?: HeadersInit } = {},
) {
  await using server = serve(pages, headers);
  const [first, ...others] = models.map((model) => linkTo(server.host, model));
  assert.ok(first);
  const result = await checkServer([first, ...others], { ...CONFIG, clock: systemClock });
  return {
    ...result,
    usable: result.usable.map(({ name }) => name),
    brief: result.findings.map(({ check, level, code = "" }) => `${check} ${level} ${code}`.trim()),
  };
}

Deno.test("checkOllama: there, with the model, loaded", async () => {
  const { brief, usable, findings, clock } = await examine(PAGES);
  assert.deepEqual(brief, ["ollama ok", "model ok", "model_loaded ok"]);
  assert.deepEqual(findings.map(({ detail }) => detail), [
    "Ollama 0.12.3",
    "the model is there",
    "the model is loaded",
  ]);
  assert.deepEqual(usable, ["qwen2.5:7b"]);
  assert.ok(clock && Math.abs(clock.theirsMs - clock.oursMs) < 5_000);
});

Deno.test("checkOllama: a model without a tag is its latest; cold ones are told", async () => {
  const { brief, findings, usable } = await examine(PAGES, { models: ["plain"] });
  assert.deepEqual(brief, ["ollama ok", "model ok", "model_loaded ok"]);
  assert.match(findings[2]?.detail ?? "", /not loaded/);
  assert.deepEqual(usable, ["plain"]);
});

Deno.test("checkOllama: a missing model is a failure with the command that pulls it", async () => {
  const { findings, usable } = await examine(PAGES, { models: ["absent:1b", "qwen2.5:7b"] });
  const missing = findings.filter(({ code }) => code === "model_missing");
  assert.deepEqual(missing.map(({ subject, remedy }) => [subject, remedy]), [
    ["absent:1b", "ollama pull absent:1b"],
  ]);
  assert.deepEqual(usable, ["qwen2.5:7b"]);
});

Deno.test("checkOllama: of many models the last is found, and where it runs is bounded and without secrets", async () => {
  const many = Array.from({ length: 2_000 }, (_, nth) => model(`model-${nth}:latest`));
  const elsewhere = `https://bob:hunter22@cloud.example/${"x".repeat(200)}`;
  const last = model("last:1b", { remote_host: elsewhere });
  const { findings } = await examine({ ...PAGES, "/api/tags": { models: [...many, last] } }, {
    models: ["last:1b"],
  });
  assert.equal(
    findings[1]?.detail,
    `runs on https://[redacted]@cloud.example/${"x".repeat(67)}… (233 characters)`,
  );
});

Deno.test("checkOllama: another client's context, a model elsewhere, an old Ollama", async () => {
  const { findings } = await examine({
    "/api/version": { version: "0.4.7" },
    "/api/tags": { models: [model("qwen2.5:7b", { remote_host: "https://ollama.com:443" })] },
    "/api/ps": { models: [model("qwen2.5:7b", { context_length: 8192 })] },
  });
  assert.deepEqual(findings.map(({ level, code, detail }) => [level, code, detail]), [
    ["warning", "ollama_old", "Ollama 0.4.7"],
    ["warning", "model_elsewhere", "runs on https://ollama.com:443"],
    ["warning", "model_reloads", "loaded with a context of 8192, not 4096"],
  ]);
});

Deno.test("checkOllama: a model that was made for less than LLM_CONTEXT_TOKENS is told", async () => {
  const show = (length: unknown) => ({
    ...PAGES,
    "/api/show": {
      model_info: { "general.architecture": "llama", "llama.context_length": length },
    },
  });
  const { findings } = await examine(show(2048));
  const told = findings.filter(({ check }) => check === "context");
  assert.deepEqual(told.map(({ level, code, subject, detail }) => [level, code, subject, detail]), [
    [
      "warning",
      "context_too_small",
      "qwen2.5:7b",
      "the model reads 2048 tokens, LLM_CONTEXT_TOKENS is 4096",
    ],
  ]);
  for (const length of [4096, 32_768, 0, -1, "2048", null]) {
    const { brief } = await examine(show(length));
    assert.deepEqual(brief, ["ollama ok", "model ok", "model_loaded ok"], `${length}`);
  }
});

Deno.test("checkOllama: lists that are missing or damaged are no failure", async () => {
  const none = await examine({ "/api/version": { version: "0.0.0" } });
  assert.deepEqual(none.brief, ["ollama ok", "model skipped", "model_loaded skipped"]);
  assert.deepEqual(none.usable, ["qwen2.5:7b"]);
  const odd = await examine({ ...PAGES, "/api/tags": { models: [null, 1, []] }, "/api/ps": "[" });
  assert.deepEqual(odd.brief, ["ollama ok", "model failure model_missing"]);
});

Deno.test("checkOllama: another server, a redirect and a hostile version", async () => {
  const other = await examine({});
  assert.deepEqual(other.brief, ["ollama failure ollama_unavailable"]);
  assert.match(other.findings[0]?.detail ?? "", /HTTP 404; is this an Ollama\?/);
  const html = await examine({ "/api/version": "<html>" });
  assert.match(html.findings[0]?.detail ?? "", /not a reply of Ollama/);
  const hostile = await examine({ ...PAGES, "/api/version": { version: "\x1b[31m9\n9" } });
  assert.equal(hostile.findings[0]?.detail, "Ollama 99");
});

Deno.test("checkOllama: nothing listens, and a host that is silent until the deadline", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const host = `http://127.0.0.1:${listener.addr.port}`;
  const clock = fakeClock();
  const links = [linkTo(host, "qwen2.5:7b")] as const;
  const silent = checkServer(links, { ...CONFIG, clock });
  await clock.advance(5_000);
  assert.match((await silent).findings[0]?.detail ?? "", /no answer within 5 s/);
  listener.close();
  const nowhere = `http://127.0.0.1:${DEAD_PORT}`;
  const { findings } = await checkServer([linkTo(nowhere, "qwen2.5:7b")], {
    ...CONFIG,
    clock: systemClock,
  });
  assert.equal(findings[0]?.detail, `nothing listens on ${nowhere}; is Ollama running there?`);
  assert.equal(clock.waiting, 0);
});

/** What is found out about a server of OpenAI's API for these models. */
async function examineOpenai(
  pages: Readonly<Record<string, unknown>>,
  models: readonly [string, ...string[]] = ["qwen"],
) {
  await using server = serve(pages);
  const [first, ...others] = models.map((model) => ({
    ...linkTo(server.host, model),
    kind: "openai" as const,
  }));
  assert.ok(first);
  const { findings, usable } = await checkServer([first, ...others], {
    ...CONFIG,
    clock: systemClock,
  });
  return {
    usable: usable.map(({ name }) => name),
    told: findings.map(({ check, level, detail }) =>
      `${check} ${level} ${detail.replaceAll(server.host, "HOST")}`
    ),
  };
}

Deno.test("checkServer: a server of OpenAI's API, its models, and a context that is too small", async () => {
  const data = [{ id: "qwen", max_model_len: 2048 }, { id: "other", meta: { n_ctx: 8192 } }];
  const { told, usable } = await examineOpenai({ "/v1/models": { data } }, [
    "qwen",
    "other",
    "gone",
  ]);
  assert.deepEqual(told, [
    "model_server ok reachable; 2 models",
    "model ok there",
    "context warning the server reads 2048 tokens, LLM_CONTEXT_TOKENS is 4096",
    "model ok there",
    "model failure HOST does not have it; it has qwen, other",
  ]);
  assert.deepEqual(usable, ["qwen", "other"]);
});

Deno.test("checkServer: llama.cpp answers with its one model whatever it is called", async () => {
  const { told, usable } = await examineOpenai({
    "/v1/models": { data: [{ id: "/models/q.gguf", owned_by: "llamacpp" }] },
    "/props": { default_generation_settings: { n_ctx: 1024 } },
  });
  assert.deepEqual(told, [
    "model_server ok reachable; 1 model",
    "model ok there, which calls it /models/q.gguf",
    "context warning the server reads 1024 tokens, LLM_CONTEXT_TOKENS is 4096",
  ]);
  assert.deepEqual(usable, ["qwen"]);
});

Deno.test("checkServer: a server that lists no models is asked all the same", async () => {
  const { told, usable } = await examineOpenai({});
  assert.deepEqual(told, [
    "model_server ok reachable; it lists no models",
    "model skipped no list of models",
  ]);
  assert.deepEqual(usable, ["qwen"]);
  const odd = await examineOpenai({ "/v1/models": "[" });
  assert.deepEqual([odd.told, odd.usable], [
    ["model_server failure /v1/models: not a reply of a model server"],
    [],
  ]);
});

Deno.test("checkServer: a key goes to its own host, and one that is refused is told", async () => {
  const shown: (string | null)[] = [];
  let status = 401;
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    shown.push(request.headers.get("authorization"));
    return new Response("", { status });
  });
  const host = `http://127.0.0.1:${server.addr.port}`;
  const links = [{ ...linkTo(host, "qwen"), kind: "openai" }] as const;
  for (const keyed of [host, "http://127.0.0.1:1"]) {
    const apiKeys = new Map([[keyed, "k-1"]]);
    const { findings, usable } = await checkServer(links, {
      ...CONFIG,
      apiKeys,
      clock: systemClock,
    });
    assert.deepEqual(findings.map(({ code, detail }) => [code, detail]), [
      ["model_server_refuses", "/v1/models: HTTP 401; is this one of OpenAI's API?"],
    ]);
    assert.deepEqual(usable, []);
  }
  assert.deepEqual(shown, ["Bearer k-1", null]);
  const codes: unknown[] = [];
  for (status of [403, 404, 500]) {
    const { findings } = await checkServer(links, { ...CONFIG, clock: systemClock });
    codes.push(findings[0]?.code);
  }
  assert.deepEqual(codes, ["model_server_refuses", undefined, "model_server_unavailable"]);
});
