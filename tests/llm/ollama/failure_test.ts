import assert from "node:assert/strict";

import type { FailureKind, LinkError } from "../../../lib/llm/failure.ts";
import { asking, failure } from "../../support/chat.ts";
import { CUT, done, type OllamaAnswer, startOllama, token } from "../../support/ollama.ts";

async function failureAfter(answer: OllamaAnswer): Promise<LinkError> {
  await using server = startOllama({ answer: () => answer });
  const error = await failure(asking(server.url).reply);
  assert.equal(server.requests.length, 1);
  return error;
}

const FAILURES: Readonly<Record<string, [answer: OllamaAnswer, kind: FailureKind, text: string]>> =
  {
    "an error status": [
      { status: 500, body: { error: "model runner has unexpectedly stopped" } },
      "http_status",
      "HTTP 500: model runner has unexpectedly stopped",
    ],
    "a full queue": [
      { status: 503, body: { error: "server busy, please try again." } },
      "http_status",
      "HTTP 503: server busy, please try again.",
    ],
    "an error as an object": [
      { status: 401, body: { error: { message: "no key", type: "auth" } } },
      "http_status",
      "HTTP 401: no key",
    ],
    "an error without text": [{ status: 500, body: "" }, "http_status", "HTTP 500"],
    "a missing model": [
      { status: 404, body: { error: "model 'qwen2.5:7b' not found" } },
      "model_missing",
      "model not found, try: ollama pull qwen2.5:7b (HTTP 404: model 'qwen2.5:7b' not found)",
    ],
    "another server's 404": [
      { status: 404, body: "404 page not found" },
      "http_status",
      "HTTP 404: 404 page not found (is this Ollama's address?)",
    ],
    "a redirect": [
      { status: 307, body: "", headers: { location: "https://elsewhere/" } },
      "http_status",
      "HTTP 307 (redirects to https://elsewhere/; not followed)",
    ],
    "a proxy's page": [
      {
        status: 502,
        body: "<html><head><style>p{}</style></head><body><h1>502 Bad Gateway</h1></html>",
      },
      "http_status",
      "HTTP 502: 502 Bad Gateway",
    ],
    "an error as the whole reply": [
      { status: 200, body: { error: "llama runner process has terminated: signal: killed" } },
      "server_error",
      "llama runner process has terminated: signal: killed",
    ],
    "an error in the stream": [
      { stream: [token("{"), { error: "an error was encountered" }, done()] },
      "server_error",
      "an error was encountered",
    ],
    "no content": [{ stream: [done()] }, "empty", "no content"],
    "blanks": [" \n ", "empty", "no content"],
    "thinking only": [
      { stream: [token("", { thinking: "hm" }), done()] },
      "empty",
      "no content, only thinking",
    ],
    "tool calls": [
      { stream: [token("", { tool_calls: [{ function: { name: "x" } }] }), done()] },
      "empty",
      "no content: it called a tool instead, and none was offered",
    ],
    "a cut answer": [
      { stream: [token('{"a'), done({ done_reason: "length" })] },
      "truncated",
      "the answer was cut at the token limit",
    ],
    "a stream without an end": [
      { stream: [token("{}")] },
      "disconnected",
      "the reply ended after 1 tokens, without done: true",
    ],
    "an empty reply": [
      { status: 200, body: "" },
      "disconnected",
      "the reply ended before the first token, without done: true",
    ],
    "a page": [
      { status: 200, body: "<!doctype html><title>Router login</title>\n<p>hello" },
      "bad_response",
      "not a reply of Ollama (not JSON):",
    ],
    "a list": [{ status: 200, body: [1] }, "bad_response", "not a reply of Ollama (not JSON): [1]"],
    "another API": [
      { status: 200, body: { choices: [] } },
      "bad_response",
      'not a reply of Ollama (no message in it): {"choices":[]}',
    ],
    "content that is no text": [
      { status: 200, body: { message: { content: { action: "restart" } }, done: true } },
      "bad_response",
      'not a reply of Ollama (content is not text): {"action":"restart"}',
    ],
    "half JSON in the stream": [
      { stream: [token("a"), '{"message":\n', done()] },
      "bad_response",
      'not a reply of Ollama (a line of its stream is not a JSON object): {"message":',
    ],
    "an endless answer": [
      { stream: [token("x".repeat(40_000)), token("x".repeat(40_000)), done()] },
      "bad_response",
      "an answer of more than 65536 characters",
    ],
    "an endless object": [
      { stream: Array(5).fill(`${"x".repeat(60_000)}\n`) },
      "bad_response",
      "not a reply of Ollama (a reply too long for one object)",
    ],
    "an endless line": [
      { stream: ["x".repeat(300_000)] },
      "bad_response",
      "not a reply of Ollama (a line without end)",
    ],
  };

for (const [what, [answer, kind, text]] of Object.entries(FAILURES)) {
  Deno.test(`chat: ${kind} after ${what}`, async () => {
    const error = await failureAfter(answer);
    assert.equal(error.kind, kind);
    assert.equal(error.message.replace(/\s+/g, " ").trim().slice(0, text.length), text);
    assert.ok(!/[<>]/.test(error.message));
  });
}

Deno.test("chat: a connection that breaks in the stream is disconnected", async () => {
  const error = await failureAfter({ stream: [token("{"), CUT] });
  assert.equal(error.kind, "disconnected");
});

Deno.test("chat: what an error's body said before it broke is told", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serve = async () => {
    using connection = await listener.accept();
    await connection.read(new Uint8Array(65_536));
    const head = "HTTP/1.1 503 X\r\nContent-Length: 100\r\n\r\n";
    await connection.write(new TextEncoder().encode(`${head}the queue is fu`));
  };
  const [error] = await Promise.all([
    failure(asking(`http://127.0.0.1:${listener.addr.port}`).reply),
    serve(),
  ]);
  assert.deepEqual([error.kind, error.message], ["http_status", "HTTP 503: the queue is fu"]);
});

Deno.test("chat: what the model wrote before the cut goes with the failure", async () => {
  const { detail } = await failureAfter({
    stream: [token('{"a', { thinking: "hm" }), done({ done_reason: "length" })],
  });
  assert.deepEqual([detail.content, detail.thought], ['{"a', true]);
});

Deno.test("chat: only a 400 about thinking is about thinking", async () => {
  const answers = [
    { status: 400, body: { error: '"qwen2.5:7b" does not support thinking' } },
    { status: 400, body: { error: "invalid think value" } },
    { status: 400, body: { error: "prompt too long" } },
    { status: 500, body: { error: "thinking is hard" } },
  ];
  const about = [];
  for (const answer of answers) about.push((await failureAfter(answer)).detail.aboutThinking);
  assert.deepEqual(about, [true, true, false, false]);
});

Deno.test("chat: nothing listens there", async () => {
  const server = startOllama();
  await server.close();
  const error = await failure(asking(server.url).reply);
  assert.equal(error.kind, "refused");
  assert.equal(error.message, `nothing listens on ${server.url}; is Ollama running there?`);
});

Deno.test("chat: any other failure to connect is unreachable", async () => {
  const dial = () => Promise.reject(new Error("failed to lookup address information"));
  const error = await failure(asking("http://piha:11434", { dial }).reply);
  assert.equal(error.kind, "unreachable");
  assert.equal(
    error.message,
    "cannot reach http://piha:11434: failed to lookup address information",
  );
});

Deno.test("chat: a certificate that nobody vouches for is unreachable, and says what to do", async () => {
  const folder = new URL("../../support/tls/", import.meta.url);
  const [cert, key] = await Promise.all(
    ["server.crt", "server.key"].map((name) => Deno.readTextFile(new URL(name, folder))),
  );
  assert.ok(cert && key);
  const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
  const serving = listener.accept().then(async (conn) => {
    await assert.rejects(conn.handshake());
    conn.close();
  });
  const error = await failure(asking(`https://127.0.0.1:${listener.addr.port}`).reply);
  assert.equal(error.kind, "unreachable");
  assert.match(error.message, /certificate.*DENO_CERT/s);
  await serving;
  listener.close();
});
