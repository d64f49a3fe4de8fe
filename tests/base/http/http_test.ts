import assert from "node:assert/strict";
import { type Dial, post } from "../../../lib/base/http/http.ts";
import { HttpError, textOf } from "../../../lib/base/http/reply.ts";
import { settle } from "../../support/clock.ts";
import { DEAD_PORT } from "../../support/dead_port.ts";

/** Answers each connection with `reply` once a whole request is there, then closes. */
function rawServer(reply: string, { split = false } = {}) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const requests: string[] = [];
  const encoder = new TextEncoder();
  async function serve(conn: Deno.Conn) {
    using _closing = conn;
    const decoder = new TextDecoder();
    let request = "";
    const buffer = new Uint8Array(1024);
    while (!/\r\n\r\n(\{.*\})$/.test(request)) {
      const count = await conn.read(buffer);
      if (count === null) return;
      request += decoder.decode(buffer.subarray(0, count));
    }
    requests.push(request);
    const pieces = split ? [...reply] : [reply];
    for (const piece of pieces) await conn.write(encoder.encode(piece));
  }
  const serving = (async () => {
    for await (const conn of listener) await serve(conn).catch(() => {});
  })();
  return {
    url: new URL(`http://127.0.0.1:${listener.addr.port}/api/chat?x=1`),
    requests,
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving;
    },
  };
}

async function fetched(url: URL, signal = new AbortController().signal) {
  return await post(url, '{"a":"ü"}', {
    signal,
    async read({ status, headers, body }) {
      const decoder = new TextDecoder();
      let text = "";
      for await (const bytes of body) text += decoder.decode(bytes, { stream: true });
      return { status, text, location: headers.get("location") };
    },
  });
}

const REPLIES: Readonly<Record<string, [reply: string, status: number, text: string]>> = {
  "a length": ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more", 200, "hello"],
  "chunks": [
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nT: x\r\n\r\n",
    200,
    "hello",
  ],
  "a header of 16 KiB": [`HTTP/1.1 200 OK\r\na: ${"x".repeat(16_380)}\r\n\r\nok`, 200, "ok"],
  "chunks in capitals": [
    "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
    200,
    "0123456789",
  ],
  "neither, until it closes": ["HTTP/1.0 200 OK\r\n\r\nhello", 200, "hello"],
  "no reason phrase": ["HTTP/1.1 503\r\ncontent-length:0\r\n\r\n", 503, ""],
  "announcements first": [
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\na: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\nyes",
    200,
    "yes",
  ],
  "line ends of Unix": ["HTTP/1.1 200 OK\ncontent-length: 2\n\nok", 200, "ok"],
  "199 headers": [
    `HTTP/1.1 200 OK\r\n${"a: b\r\n".repeat(198)}content-length: 2\r\n\r\nok`,
    200,
    "ok",
  ],
  "letters of several bytes": ["HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nü🚀", 200, "ü🚀"],
};

for (const [form, [reply, status, text]] of Object.entries(REPLIES)) {
  for (const split of [false, true]) {
    Deno.test(`post: reads a body with ${form}${split ? ", byte by byte" : ""}`, async () => {
      await using server = rawServer(reply, { split });
      assert.deepEqual(await fetched(server.url), { status, text, location: undefined });
    });
  }
}

Deno.test("post: sends one complete request", async () => {
  await using server = rawServer("HTTP/1.1 200 OK\r\n\r\n");
  await fetched(server.url);
  const [head, body] = server.requests[0]?.split("\r\n\r\n") ?? [];
  assert.equal(body, '{"a":"ü"}');
  const lines = head?.split("\r\n") ?? [];
  assert.equal(lines[0], "POST /api/chat?x=1 HTTP/1.1");
  assert.ok(lines.includes(`Host: ${server.url.host}`));
  assert.ok(lines.includes("Content-Length: 10"));
  assert.ok(lines.includes("Connection: close"));
});

Deno.test("post: does not follow a redirect", async () => {
  await using server = rawServer("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n");
  assert.deepEqual(await fetched(server.url), { status: 302, text: "", location: "/x" });
  assert.equal(server.requests.length, 1);
});

const BROKEN: Readonly<Record<string, [reply: string, kind: HttpError["kind"]]>> = {
  "nothing at all": ["", "disconnected"],
  "half a head": ["HTTP/1.1 200 OK\r\ncontent-", "disconnected"],
  "less than its length": ["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello", "disconnected"],
  "half a chunk": ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nhel", "disconnected"],
  "no last chunk": [
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n",
    "disconnected",
  ],
  "another protocol": ["SSH-2.0-OpenSSH_9.6\r\n", "bad_response"],
  "HTTP/2": ["HTTP/2 200\r\n\r\n", "bad_response"],
  "a wrong status": ["HTTP/1.1 2000 OK\r\n\r\n", "bad_response"],
  "a negative length": ["HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", "bad_response"],
  "a chunk size that is no number": [
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nhello\r\n",
    "bad_response",
  ],
  "a chunk that is too long": [
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n",
    "bad_response",
  ],
  "a coding that was not asked for": [
    "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n",
    "bad_response",
  ],
  "an unknown transfer encoding": [
    "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
    "bad_response",
  ],
  "an endless header": ["HTTP/1.1 200 OK\r\na: " + "x".repeat(40_000), "bad_response"],
  // One that ends, too, and in the piece in which it does.
  "a header of over 16 KiB": [
    `HTTP/1.1 200 OK\r\na: ${"x".repeat(16_381)}\r\n\r\nok`,
    "bad_response",
  ],
  "endless headers": ["HTTP/1.1 200 OK\r\n" + "a: b\r\n".repeat(300), "bad_response"],
  "200 headers": ["HTTP/1.1 200 OK\r\n" + "a: b\r\n".repeat(200) + "\r\nok", "bad_response"],
};

for (const [what, [reply, kind]] of Object.entries(BROKEN)) {
  Deno.test(`post: says ${kind} after ${what}, and does not ask again`, async () => {
    await using server = rawServer(reply);
    await assert.rejects(fetched(server.url), (error) => {
      assert.ok(error instanceof HttpError, String(error));
      assert.equal(error.kind, kind);
      return true;
    });
    assert.equal(server.requests.length, 1);
  });
}

Deno.test("post: hangs up and throws the signal's reason when it is aborted", async () => {
  const gone = Promise.withResolvers<void>();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const stop = new AbortController();
  const serving = listener.accept().then(async (conn) => {
    const buffer = new Uint8Array(1024);
    await conn.read(buffer);
    stop.abort(new Error("stopping"));
    while (await conn.read(buffer) !== null);
    conn.close();
    gone.resolve();
  });
  const url = new URL(`http://127.0.0.1:${listener.addr.port}/`);
  await assert.rejects(fetched(url, stop.signal), /^Error: stopping$/);
  await gone.promise;
  await serving;
  listener.close();
});

Deno.test("post: does not wait for a dial that ignores the signal, and closes its late connection", async () => {
  const dialled = Promise.withResolvers<Deno.Conn>();
  const stop = new AbortController();
  const dial: Dial = () => dialled.promise;
  const asking = post(new URL("http://127.0.0.1:1/"), "{}", {
    signal: stop.signal,
    dial,
    read: () => Promise.resolve(),
  });
  stop.abort(new Error("too late"));
  await assert.rejects(asking, /^Error: too late$/);
  let isClosed = false;
  dialled.resolve({ close: () => void (isClosed = true) } as Deno.Conn);
  await settle();
  assert.equal(isClosed, true);
});

Deno.test("post: a refused connection keeps its error", async () => {
  const url = new URL(`http://127.0.0.1:${DEAD_PORT}/`);
  await assert.rejects(fetched(url), Deno.errors.ConnectionRefused);
});

Deno.test("textOf: letters may be cut anywhere; of just as many bytes it is whole, of more refused", async () => {
  async function* oneByOne(text: string) {
    for (const byte of new TextEncoder().encode(text)) {
      yield await Promise.resolve(Uint8Array.of(byte));
    }
  }
  assert.equal(await textOf(oneByOne("zäh €"), 8), "zäh €");
  await assert.rejects(textOf(oneByOne("zäh €"), 7), {
    ...{ name: "HttpError", kind: "bad_response", message: "its reply is too long" },
  });
});
