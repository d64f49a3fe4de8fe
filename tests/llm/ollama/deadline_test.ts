import assert from "node:assert/strict";
import { asking, DEADLINES, failure } from "../../support/chat.ts";
import { startOllama, token } from "../../support/ollama.ts";

Deno.test("chat: connecting has its own deadline", async () => {
  const { clock, reply } = asking("http://piha:11434", { dial: () => new Promise(() => {}) });
  await clock.advance(4_999);
  assert.equal(clock.waiting, 2);
  await clock.advance(1);
  const error = await failure(reply);
  assert.equal(error.kind, "connect_timeout");
  assert.equal(error.message, "no connection within 5 s");
  assert.equal(clock.waiting, 0);
});

Deno.test("chat: a connection that does not come about names the addresses that were tried", async () => {
  const { clock, reply } = asking("http://piha:11434", {
    dial: (_url, _signal, onTry = () => {}) => {
      for (const address of ["fd00::7", "192.0.2.7"]) onTry(address);
      return new Promise(() => {});
    },
  });
  await clock.advance(5_000);
  assert.equal((await failure(reply)).message, "no connection within 5 s (fd00::7 and 192.0.2.7)");
});

Deno.test("chat: a model that takes 70 s to load is asked once and answers", async () => {
  const loaded = Promise.withResolvers<void>();
  await using server = startOllama({ answer: () => ({ after: loaded.promise, answer: "yes" }) });
  const { clock, reply } = asking(server.url);
  await server.asked(1);
  await clock.advance(70_000);
  loaded.resolve();
  assert.equal((await reply).content, "yes");
  assert.equal(server.requests.length, 1);
  assert.equal(server.hangUps, 0);
  assert.equal(clock.waiting, 0);
});

Deno.test("chat: no headers within the first token's deadline", async () => {
  await using server = startOllama({ answer: () => "hang" });
  const { clock, reply } = asking(server.url);
  await server.asked(1);
  await clock.advance(299_999);
  assert.equal(clock.waiting, 2);
  await clock.advance(1);
  const error = await failure(reply);
  assert.equal(error.kind, "first_token_timeout");
  assert.equal(error.message, "no token within 300 s (LLM_FIRST_TOKEN_SECONDS)");
  assert.equal(server.active, 1, "a CPU goes on with the prompt");
});

Deno.test("chat: a stream that stops between tokens", async () => {
  const never = new Promise(() => {});
  await using server = startOllama({ answer: () => ({ stream: [token("{"), never] }) });
  const { clock, reply, tokens } = asking(server.url);
  await tokens(1);
  await clock.advance(59_999);
  assert.equal(clock.waiting, 2);
  await clock.advance(1);
  const error = await failure(reply);
  assert.equal(error.kind, "idle_timeout");
  assert.equal(error.message, "no further token within 60 s (LLM_IDLE_SECONDS)");
});

Deno.test("chat: each token of thinking puts the idle deadline off, not the total one", async () => {
  const ticks = Array.from({ length: 10 }, () => Promise.withResolvers<void>());
  const stream = ticks.flatMap(({ promise }) => [token("", { thinking: "hm" }), promise]);
  await using server = startOllama({ answer: () => ({ stream }) });
  const { clock, reply, tokens } = asking(server.url, {
    deadlines: { ...DEADLINES, totalMs: 500_000 },
  });
  for (const [index, tick] of ticks.entries()) {
    await tokens(index + 1);
    await clock.advance(55_000);
    tick.resolve();
    if (clock.waiting === 0) break;
  }
  const error = await failure(reply);
  assert.equal(error.kind, "total_timeout");
  assert.equal(error.message, "no complete answer within 500 s (LLM_TIMEOUT_SECONDS)");
});

/** A server whose error page does not end; `page` is what comes of it. */
function endlessPage(page: string) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const answered = Promise.withResolvers<void>();
  const head = "HTTP/1.1 502 Bad\r\ncontent-length: 99999999\r\n\r\n";
  const serving = listener.accept().then(async (conn) => {
    const buffer = new Uint8Array(4096);
    await conn.read(buffer);
    const bytes = new TextEncoder().encode(head + page);
    for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
    answered.resolve();
    // A client that had enough may reset the connection.
    while (await conn.read(buffer).catch(() => null) !== null);
    conn.close();
  });
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    answered: answered.promise,
    async [Symbol.asyncDispose]() {
      await serving;
      listener.close();
    },
  };
}

Deno.test("chat: an error page that never ends meets a deadline", async () => {
  await using server = endlessPage("<p");
  const { clock, reply } = asking(server.url);
  await server.answered;
  await clock.advance(300_000);
  assert.equal((await failure(reply)).kind, "first_token_timeout");
});

Deno.test("chat: of an error page no more than 64 KiB is waited for", async () => {
  await using server = endlessPage("x".repeat(64 * 1024 + 1));
  const { clock, reply } = asking(server.url);
  const error = await failure(reply);
  assert.deepEqual([error.kind, error.message.slice(0, 12)], ["http_status", "HTTP 502: xx"]);
  assert.equal(clock.waiting, 0);
});

Deno.test("chat: stopping the agent hangs up at once", async () => {
  await using server = startOllama({ answer: () => "hang" });
  const { clock, reply, stop } = asking(server.url);
  await server.asked(1);
  stop.abort();
  assert.equal((await failure(reply)).kind, "aborted");
  assert.equal(clock.waiting, 0);
});

Deno.test("chat: leaves nothing on a signal that outlives it", async () => {
  await using server = startOllama({ answer: () => "yes" });
  const stop = new AbortController();
  const { signal } = stop;
  let listeners = 0;
  const [add, remove] = [signal.addEventListener, signal.removeEventListener];
  signal.addEventListener = (...given: Parameters<typeof add>) => {
    listeners++;
    add.apply(signal, given);
  };
  signal.removeEventListener = (...given: Parameters<typeof remove>) => {
    listeners--;
    remove.apply(signal, given);
  };
  await asking(server.url, {}, stop).reply;
  assert.equal(listeners, 0);
});

Deno.test("chat: a signal that is aborted already asks nobody", async () => {
  await using server = startOllama();
  const stopped = new AbortController();
  stopped.abort();
  const { reply } = asking(server.url, {}, stopped);
  assert.equal((await failure(reply)).kind, "aborted");
  assert.equal(server.requests.length, 0);
});
