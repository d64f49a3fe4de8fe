import assert from "node:assert/strict";
import { checkOllama } from "../../../lib/cli/check/ollama.ts";
import { systemClock } from "../../../lib/base/clock.ts";
import { fakeClock } from "../../support/clock.ts";

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

async function examine(
  pages: Readonly<Record<string, unknown>>,
  { models = ["qwen2.5:7b"], headers = {} }: { models?: string[]; headers?: HeadersInit } = {},
) {
  await using server = serve(pages, headers);
  const links = models.map((model) => ({
    kind: "ollama" as const,
    name: model,
    model,
    host: server.host,
  }));
  const result = await checkOllama({
    host: server.host,
    links,
    contextTokens: 4096,
    clock: systemClock,
  });
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
  const options = { host, links: [], contextTokens: 4096 };
  const silent = checkOllama({ ...options, clock });
  await clock.advance(5_000);
  assert.match((await silent).findings[0]?.detail ?? "", /no answer within 5 s/);
  listener.close();
  const { findings } = await checkOllama({ ...options, clock: systemClock });
  assert.equal(findings[0]?.detail, `nothing listens on ${host}; is Ollama running there?`);
  assert.equal(clock.waiting, 0);
});
