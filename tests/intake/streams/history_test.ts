import assert from "node:assert/strict";
import { readStreamHistory, StreamHistoryError } from "../../../lib/intake/streams/history.ts";
import { fakeClock } from "../../support/clock.ts";
import { scriptedRedis } from "../../support/scripted_redis.ts";
import type { TestRedis } from "../../support/redis.ts";
import { redisTest } from "../../support/stream_reader.ts";

type StreamHistoryOptions = Parameters<typeof readStreamHistory>[0];

const STREAM = "health_events";

async function read(
  url: string,
  options: Partial<StreamHistoryOptions> = {},
): Promise<readonly string[]> {
  const lines: string[] = [];
  const history = { url, stream: STREAM, sinceMs: 0, clock: fakeClock(), ...options };
  for await (const { bytes } of readStreamHistory(history)) {
    lines.push(new TextDecoder().decode(bytes));
  }
  return lines;
}

async function fill(redis: TestRedis, count: number): Promise<readonly string[]> {
  const sent = Array.from({ length: count }, (_, i) => String(i));
  for (const data of sent) {
    await redis.command("XADD", STREAM, `${1_000 + Number(data)}-1`, "data", data);
  }
  return sent;
}

redisTest(
  "readStreamHistory: the whole stream, page by page, and leaves it as it was",
  async (redis) => {
    const sent = await fill(redis, 25);
    for (const pageSize of [1, 5, 24, 25, 26]) {
      assert.deepEqual(await read(redis.url(), { pageSize }), sent);
    }
    assert.equal(await redis.command("XLEN", STREAM), 25);
    assert.deepEqual(await redis.command("XINFO", "GROUPS", STREAM), []);
    assert.deepEqual(await read(redis.url(), { stream: "nothing" }), []);
  },
);

redisTest("readStreamHistory: from a moment to a moment, both included", async (redis) => {
  await fill(redis, 10);
  assert.deepEqual(await read(redis.url(), { sinceMs: 1_004.9 }), ["4", "5", "6", "7", "8", "9"]);
  assert.deepEqual(await read(redis.url(), { sinceMs: 1_003, untilMs: 1_005 }), ["3", "4", "5"]);
  assert.deepEqual(await read(redis.url(), { sinceMs: -5, untilMs: 1_000 }), ["0"]);
  assert.deepEqual(await read(redis.url(), { sinceMs: 2_000 }), []);
});

redisTest("readStreamHistory: each with the moment it was added", async (redis) => {
  const moments: number[] = [];
  for (const id of ["5-1", "1700000000123-0", "1700000000123-18446744073709551615"]) {
    await redis.command("XADD", STREAM, id, "data", "x");
  }
  const history = { url: redis.url(), stream: STREAM, sinceMs: 0, clock: fakeClock() };
  for await (const { addedMs } of readStreamHistory(history)) moments.push(addedMs);
  assert.deepEqual(moments, [5, 1_700_000_000_123, 1_700_000_000_123]);
});

redisTest(
  "readStreamHistory: flat fields and hostile entries, as the intake hands them on",
  async (redis) => {
    await redis.command("XADD", STREAM, "*", "type", "down", "node", "piha", "payload", '{"n":1}');
    await redis.command("XADD", STREAM, "*", "type", new Uint8Array([0xff]));
    assert.deepEqual(await read(redis.url()), [
      '{"type":"down","node":"piha","payload":{"n":1}}',
      "fields: type=\ufffd ",
    ]);
  },
);

redisTest("readStreamHistory: ends when it is left or told to", async (redis) => {
  await fill(redis, 10);
  const stop = new AbortController();
  const clock = fakeClock();
  const options = { url: redis.url(), stream: STREAM, sinceMs: 0, clock, pageSize: 2 };
  const got: number[] = [];
  for await (const { bytes } of readStreamHistory({ ...options, signal: stop.signal })) {
    got.push(bytes.length);
    if (got.length === 3) stop.abort();
  }
  assert.equal(got.length, 3);
  for await (const _ of readStreamHistory(options)) break;
  assert.equal(clock.waiting, 0);
  assert.deepEqual(await read(redis.url(), { signal: AbortSignal.abort() }), []);
});

redisTest("readStreamHistory: a user needs XRANGE and the key", async (redis) => {
  const sent = await fill(redis, 3);
  assert.deepEqual(await read(redis.url("agent:pw")), sent);
  await assert.rejects(read(redis.url("agent:pw"), { stream: "other" }), {
    name: "StreamHistoryError",
    message: "Cannot read the stream other: This user may not use the stream other. " +
      "Grant it: ACL SETUSER ... ~other",
  });
}, { users: [`agent on >pw resetchannels ~${STREAM} +xrange`] });

Deno.test("readStreamHistory: says how far it came when the connection ends", async () => {
  const server = scriptedRedis((words, connection) => {
    if (words[0] !== "XRANGE") return "OK";
    if (words[2] !== "0") return void connection.close();
    const encoder = new TextEncoder();
    return [[encoder.encode("5-1"), [encoder.encode("data"), encoder.encode("x")]]];
  });
  const url = `redis://127.0.0.1:${server.port}`;
  await assert.rejects(read(url, { pageSize: 1 }), (error: unknown) => {
    assert.ok(error instanceof StreamHistoryError);
    assert.match(
      error.message,
      /^Cannot read the stream health_events \(behind entry 5-1\): .* closed/,
    );
    return true;
  });
  await server.close();
  await assert.rejects(
    read(url),
    /^StreamHistoryError: Cannot read the stream health_events: Nothing listens on 127/,
  );
});
