import assert from "node:assert/strict";
import { parseChain } from "../../../lib/llm/chain.ts";
import { dial } from "../../../lib/base/http/http.ts";
import { createModelDigests } from "../../../lib/llm/ollama/model_digests.ts";
import { fakeClock } from "../../support/clock.ts";

const DIGEST = "845dbda0ea48ed749caafd9e6037047aa19acfcfd82e704d7ca97d631a0b697e";

/** An Ollama whose /api/tags says what a test wants, and digests of a chain that uses it. */
function lab(chain: string) {
  const asked: string[] = [];
  const state = { respond: (): Response => Response.json({ models: [] }) };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    asked.push(`${request.method} ${new URL(request.url).pathname}`);
    return state.respond();
  });
  const host = `http://127.0.0.1:${server.addr.port}`;
  const clock = fakeClock();
  let last: Promise<unknown> = Promise.resolve();
  const digests = createModelDigests({
    chain: parseChain(chain, host),
    clock,
    dial: async (url, signal) => {
      const conn = await dial(url, signal);
      const closed = Promise.withResolvers<void>();
      last = closed.promise;
      const close = conn.close.bind(conn);
      conn.close = () => {
        close();
        closed.resolve();
      };
      return conn;
    },
  });
  return {
    asked,
    clock,
    digests,
    state,
    host,
    /** Starts a look-up and waits for its end. */
    async lookUp() {
      const before = asked.length;
      digests.lookUp();
      for (let turns = 0; asked.length === before && turns < 10_000; turns++) await turn();
      await last;
      for (let turns = 0; turns < 20; turns++) await turn();
    },
    async [Symbol.asyncDispose]() {
      digests.close();
      await server.shutdown();
    },
  };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 1));
const models = (...entries: object[]) => () => Response.json({ models: entries });

Deno.test("modelDigests: what /api/tags reports for the link's model", async () => {
  await using it = lab("qwen2.5:7b,llama3,rules");
  it.state.respond = models(
    { name: "qwen2.5:7b", model: "qwen2.5:7b", digest: DIGEST },
    { name: "llama3:latest", digest: `sha256:${DIGEST}` },
  );
  assert.equal(it.digests.of("qwen2.5:7b"), undefined);
  await it.lookUp();
  assert.deepEqual(it.asked, ["GET /api/tags"]);
  assert.equal(it.digests.of("qwen2.5:7b"), DIGEST);
  assert.equal(it.digests.of("llama3"), `sha256:${DIGEST}`);
  assert.equal(it.digests.of("rules"), undefined);
  assert.equal(it.clock.waiting, 0, "its deadline is over");
});

Deno.test("modelDigests: asks again after ten minutes, and forgets a model that is gone", async () => {
  await using it = lab("qwen2.5:7b");
  it.state.respond = models({ name: "qwen2.5:7b", digest: DIGEST });
  await it.lookUp();
  it.digests.lookUp();
  await it.clock.advance(599_999);
  it.digests.lookUp();
  assert.equal(it.asked.length, 1);
  it.state.respond = models();
  await it.clock.advance(1);
  await it.lookUp();
  assert.equal(it.asked.length, 2);
  assert.equal(it.digests.of("qwen2.5:7b"), undefined);
});

Deno.test("modelDigests: after a failure it asks again in a minute, and nothing is thrown", async () => {
  const bad = [
    () => new Response("no", { status: 500 }),
    () => new Response("{"),
    () => new Response("null"),
    () => Response.json({ models: "none" }),
    () => Response.json({ models: [null, 7, { name: "qwen2.5:7b", digest: "$(id)" }] }),
    () => new Response("x".repeat(2 * 1_048_576)),
  ];
  for (const respond of bad) {
    await using it = lab("qwen2.5:7b");
    it.state.respond = respond;
    await it.lookUp();
    assert.equal(it.digests.of("qwen2.5:7b"), undefined);
    assert.equal(it.asked.length, 1);
    it.digests.lookUp();
    await it.clock.advance(600_000);
    it.state.respond = models({ name: "qwen2.5:7b", digest: DIGEST });
    await it.lookUp();
    assert.equal(it.digests.of("qwen2.5:7b"), DIGEST);
  }
});

Deno.test("modelDigests: a host that hangs is given up after 5 s; closing ends what is under way", async () => {
  const clock = fakeClock();
  const signals: AbortSignal[] = [];
  const digests = createModelDigests({
    chain: parseChain("a@http://10.0.0.1:1,b@http://10.0.0.2:1", "http://127.0.0.1"),
    clock,
    dial: (_url, signal) => {
      signals.push(signal);
      return new Promise(() => {});
    },
  });
  digests.lookUp();
  assert.equal(signals.length, 2);
  await clock.advance(4_999);
  assert.deepEqual(signals.map(({ aborted }) => aborted), [false, false]);
  await clock.advance(1);
  assert.deepEqual(signals.map(({ aborted }) => aborted), [true, true]);
  await clock.advance(54_999);
  digests.lookUp();
  assert.equal(signals.length, 2);
  await clock.advance(1);
  digests.lookUp();
  assert.equal(signals.length, 4);
  digests.close();
  assert.deepEqual(signals.map(({ aborted }) => aborted), [true, true, true, true]);
  digests.lookUp();
  assert.equal(signals.length, 4);
});
