import assert from "node:assert/strict";
import { createChainRouter, parseChain } from "../../../lib/llm/chain.ts";
import { ChainExhaustedError } from "../../../lib/llm/contract.ts";
import { ANSWER_SCHEMA } from "../../../lib/llm/diagnosis.ts";
import { fakeClock } from "../../support/clock.ts";
import { recordingLog } from "../../support/log.ts";
import { type Script, startOllama } from "../../support/ollama.ts";
import {
  chunk,
  type Completion,
  event,
  eventStream,
  startOpenaiProxy,
} from "../../support/openai_proxy.ts";
import { waitingEvent } from "../../support/waiting_event.ts";

const ANSWER = {
  reason: "the broker was killed",
  action: "restart",
  confidence: 0.9,
  requires_human: false,
};
const KEY = "sk-test-0123456789abcdef";

/** A chain of one link on a server that does as it is told. */
function asking(
  instead: (body: Completion, nth: number) => Response | undefined,
  { answer, attempts = 2, key = KEY }: { answer?: Script; attempts?: number; key?: string } = {},
) {
  const ollama = startOllama(answer ? { answer } : {});
  let nth = 0;
  const proxy = startOpenaiProxy({ ollama: ollama.url, instead: (body) => instead(body, nth++) });
  const log = recordingLog();
  const chain = parseChain(`openai/qwen2.5:7b@${proxy.url}/v1`, "http://127.0.0.1:1");
  const router = createChainRouter({
    config: {
      chain,
      firstTokenSeconds: 300,
      idleSeconds: 60,
      timeoutSeconds: 600,
      attemptsPerLink: attempts,
      contextTokens: 4096,
      keepAlive: undefined,
      apiKeys: new Map([[proxy.url, key]]),
    },
    clock: fakeClock(),
    log,
  });
  const route = () =>
    router.route([{ role: "user", content: "what now?" }], {
      label: "planner.piha/mosquitto",
      event: waitingEvent(),
      signal: new AbortController().signal,
    });
  return {
    proxy,
    log,
    route,
    /** The attempts of a route that must fail. */
    async failed() {
      const error = await route().catch((error) => error);
      assert.ok(error instanceof ChainExhaustedError, String(error));
      return error.attempts;
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await ollama.close();
    },
  };
}

const answered = (...events: unknown[]) => eventStream(() => events.map(event));

Deno.test("openai link: asks with the schema and the key, and reads a stream with its figures", async () => {
  await using server = asking(() => undefined);
  const { content, attempts } = await server.route();
  assert.equal(content.action, "restart");
  assert.deepEqual(attempts[0]?.figures, { promptTokens: 700, answerTokens: 40 });
  const { body, key } = server.proxy.requests[0] ?? {};
  assert.equal(key, `Bearer ${KEY}`);
  assert.deepEqual(body, {
    model: "qwen2.5:7b",
    messages: [{ role: "user", content: "what now?" }],
    stream: true,
    stream_options: { include_usage: true },
    temperature: 0,
    max_tokens: 512,
    response_format: {
      type: "json_schema",
      json_schema: {
        name: "diagnosis",
        strict: true,
        schema: JSON.parse(JSON.stringify(ANSWER_SCHEMA)),
      },
    },
  });
});

Deno.test("openai link: times and cached tokens come from llama.cpp's timings", async () => {
  await using server = asking(() =>
    answered(
      chunk({ role: "assistant", content: null }),
      chunk({ content: JSON.stringify(ANSWER) }),
      chunk({}, "stop"),
      {
        choices: [],
        usage: { prompt_tokens: 900, completion_tokens: 41 },
        timings: {
          cache_n: 800,
          prompt_n: 100,
          prompt_ms: 500.4,
          predicted_n: 41,
          predicted_ms: 2050,
        },
      },
      "[DONE]",
    )
  );
  const { attempts } = await server.route();
  assert.deepEqual(attempts[0]?.figures, {
    promptTokens: 900,
    cachedTokens: 800,
    answerTokens: 41,
    promptMs: 500,
    answerMs: 2050,
  });
});

Deno.test("openai link: reads a server that does not stream, and content in parts", async () => {
  const parts = [
    { type: "thinking", thinking: [{ type: "text", text: '{"action": "ignore"}' }] },
    { type: "text", text: JSON.stringify(ANSWER) },
  ];
  const message = { role: "assistant", content: parts };
  await using server = asking(() => Response.json({ choices: [{ message }] }));
  assert.equal((await server.route()).content.action, "restart");
});

Deno.test("openai link: each status by which a server refuses what is asked, and none other", async () => {
  const refused = async (status: number) => {
    const error = { message: "unknown field stream_options" };
    await using server = asking(
      (body) => "stream_options" in body ? Response.json({ error }, { status }) : undefined,
      { attempts: 1 },
    );
    return await server.route().then(() => "went on", () => "failed");
  };
  for (const status of [400, 404, 415, 422, 500, 501]) {
    assert.equal(await refused(status), "went on", String(status));
  }
  for (const status of [401, 403, 429, 503]) {
    assert.equal(await refused(status), "failed", String(status));
  }
});

Deno.test("openai link: a 400 or 422 that does not say why is about the form of the answer", async () => {
  const forms = async (status: number, message: string) => {
    await using server = asking(
      (body) =>
        body.response_format ? Response.json({ error: { message } }, { status }) : undefined,
      { attempts: 1 },
    );
    await server.route().catch(() => {});
    return server.proxy.requests.length;
  };
  assert.deepEqual([await forms(400, "bad request"), await forms(422, "bad request")], [3, 3]);
  assert.deepEqual([await forms(500, "bad request"), await forms(400, "context is full")], [1, 1]);
});

Deno.test("openai link: who is not let in is told where a key goes, and a wrong address so", async () => {
  const told = async (status: number) => {
    await using server = asking(() => new Response("", { status }), { attempts: 1 });
    return (await server.failed()).map(({ error }) => error);
  };
  assert.deepEqual(await told(401), ["HTTP 401 (a key goes into LLM_API_KEY)"]);
  assert.deepEqual(await told(403), ["HTTP 403 (a key goes into LLM_API_KEY)"]);
  assert.deepEqual(await told(404), ["HTTP 404 (does this server speak OpenAI's API?)"]);
  assert.deepEqual(await told(418), ["HTTP 418"]);
});

Deno.test("openai link: leaves out what a server refuses, remembers it, and counts no attempt", async () => {
  const refusals = [
    "'response_format.type' must be 'json_object' or 'text'",
    "Unknown parameter: stream_options",
    "Unsupported parameter: 'max_tokens', use 'max_completion_tokens'",
    "'temperature' does not support 0",
    "response_format is not supported",
  ];
  await using server = asking((_body, nth) => {
    const message = refusals[nth];
    return message === undefined
      ? undefined
      : Response.json({ error: { message } }, { status: nth % 2 ? 422 : 400 });
  });
  const { attempts } = await server.route();
  assert.deepEqual(attempts.map(({ outcome }) => outcome), ["ok"]);
  const sent = server.proxy.requests.map(({ body }) => ({ ...body, messages: undefined }));
  assert.deepEqual(Object.keys(sent.at(-1) ?? {}).sort(), [
    "max_completion_tokens",
    "messages",
    "model",
    "stream",
  ]);
  await server.route();
  assert.equal(server.proxy.requests.length, refusals.length + 2);
});

Deno.test("openai link: a prompt that is too long says nothing about the request's form", async () => {
  const message = "the request exceeds the available context size, try increasing it";
  await using server = asking(() => Response.json({ error: { message } }, { status: 400 }));
  const [attempt, more] = await server.failed();
  assert.equal(attempt?.error, `HTTP 400: ${message}`);
  assert.equal(more, undefined);
  assert.equal(server.proxy.requests.length, 1);
});

Deno.test("openai link: an error in the middle of a stream under 200 is an error", async () => {
  const error = { code: 500, message: "The model produced output that does not match" };
  await using server = asking(() =>
    answered(chunk({ content: JSON.stringify(ANSWER) }), { error })
  );
  const attempts = await server.failed();
  assert.deepEqual(attempts.map(({ outcome }) => outcome), ["server_error", "server_error"]);
  assert.equal(attempts[0]?.error, error.message);
});

Deno.test("openai link: a stream that ends without a finish is broken off", async () => {
  await using server = asking(() => answered(chunk({ content: JSON.stringify(ANSWER) })));
  assert.equal((await server.failed())[0]?.outcome, "disconnected");
});

Deno.test("openai link: comments, blank events and a finish without [DONE] are taken", async () => {
  const text = [
    ": PROCESSING\r\n\r\n",
    "event: message\r\n",
    event(chunk({ content: JSON.stringify(ANSWER) })),
  ];
  await using server = asking(() => eventStream(() => [...text, event(chunk({}, "stop"))]));
  assert.equal((await server.route()).content.action, "restart");
});

for (const field of ["reasoning_content", "reasoning"]) {
  Deno.test(`openai link: ${field} is thinking, never the answer`, async () => {
    await using server = asking(() =>
      answered(chunk({ [field]: JSON.stringify(ANSWER) }), chunk({}, "stop"), "[DONE]")
    );
    assert.equal((await server.failed())[0]?.error, "no content, only thinking");
  });
}

for (
  const [finish, error] of [
    ["length", "the answer was cut at the token limit"],
    ["content_filter", "the server's content filter ended the answer"],
  ]
) {
  Deno.test(`openai link: finish_reason ${finish} is no answer`, async () => {
    await using server = asking(() =>
      answered(chunk({ content: JSON.stringify(ANSWER) }), chunk({}, finish), "[DONE]")
    );
    const [attempt] = await server.failed();
    assert.deepEqual([attempt?.outcome, attempt?.error], ["truncated", error]);
  });
}

Deno.test("openai link: a key that the server refuses and quotes is not shown", async () => {
  await using server = asking(() =>
    Response.json({ error: { message: `Incorrect API key provided: ${KEY}` } }, { status: 401 })
  );
  const [attempt] = await server.failed();
  assert.equal(
    attempt?.error,
    "HTTP 401: Incorrect API key provided: [redacted] (a key goes into LLM_API_KEY)",
  );
  assert.equal(JSON.stringify(server.log.lines).includes(KEY), false);
});

Deno.test("openai link: a key that looks like none is not shown, however often it is quoted", async () => {
  const key = "kettle";
  const body = { error: { message: `${key} is unknown; you sent ${key}` } };
  await using server = asking(() => Response.json(body, { status: 400 }), { key });
  const errors = (await server.failed()).map(({ error }) => error);
  assert.deepEqual(errors, ["HTTP 400: [redacted] is unknown; you sent [redacted]"]);
});

Deno.test("openai link: of an error's body the first 64 KiB or so are read", async () => {
  const late = `${" ".repeat(4 * 1024 * 1024)}${JSON.stringify({ error: { message: "late" } })}`;
  await using server = asking(() => new Response(late, { status: 500 }), { attempts: 1 });
  assert.deepEqual((await server.failed()).map(({ error }) => error), ["HTTP 500"]);
});
