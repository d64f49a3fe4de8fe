import assert from "node:assert/strict";
import { CHANNELS } from "../../support/channels.ts";
import { bulk, type Reply, RespError } from "../../support/resp.ts";
import { type Script, scriptedRedis } from "../../support/scripted_redis.ts";
import { streamReader } from "../../support/stream_reader.ts";

const [HEALTH, WORLD] = CHANNELS;
const NOTHING: Readonly<Record<string, Reply>> = {
  XPENDING: [],
  XAUTOCLAIM: [bulk("0-0"), [], []],
  XACK: 0,
};

/** Answers a read, the first being 0; undefined lets it wait. */
type Reads = (nth: number, ...asked: Parameters<Script>) => Reply | undefined;

function redisOf(reads: Reads, others: Script = () => undefined) {
  let nth = 0;
  return scriptedRedis((words, connection) => {
    const [name = ""] = words;
    if (name === "XREADGROUP") return reads(nth++, words, connection);
    return others(words, connection) ?? NOTHING[name] ?? "OK";
  });
}

const entry = (id: string, data: string): Reply => [bulk(id), [bulk("data"), bulk(data)]];
const readOf = (stream: string, ...entries: Reply[]): Reply => [[bulk(stream), entries]];
const after = (words: readonly string[], word: string, count = 1) =>
  words.slice(words.indexOf(word) + 1, words.indexOf(word) + 1 + count);

Deno.test("streams intake: each stream gets its turn where there is room for one entry", async () => {
  const server = redisOf((nth) => nth < 5 ? null : undefined);
  await using reader = streamReader(`redis://127.0.0.1:${server.port}`, { limit: 1 });
  await server.seen("XREADGROUP", 6);
  const asked = server.commands.filter(([name]) => name === "XREADGROUP")
    .map((words) => after(words, "STREAMS", 9));
  const [first = ""] = asked[0] ?? [];
  const other = first === HEALTH ? WORLD : HEALTH;
  assert.deepEqual(asked, [first, other, first, other, first, other].map((name) => [name, ">"]));
  await reader.stop();
  await server.close();
});

Deno.test("streams intake: reads twice as much each time, and a quarter behind a large reply", async () => {
  const ample = 1_048_576 - "data".length;
  const replies: Reply[] = [
    ...[null, null],
    readOf(HEALTH, entry("1-0", "x".repeat(ample))),
    readOf(HEALTH, entry("2-0", "x".repeat(ample + 1))),
    ...[null, null, null, null],
  ];
  const server = redisOf((nth) => replies[nth]);
  await using reader = streamReader(`redis://127.0.0.1:${server.port}`, { limit: 10_000 });
  await server.seen("XREADGROUP", 9);
  const reads = server.commands.filter(([name]) => name === "XREADGROUP");
  assert.deepEqual(
    reads.map((words) => after(words, "COUNT")[0]).map(Number),
    [16, 32, 64, 128, 32, 64, 128, 128, 128],
  );
  await reader.stop();
  await server.close();
});

Deno.test("streams intake: no read waits while what another stream brought does", async () => {
  const page = Array.from({ length: 16 }, (_, n) => entry(`1-${n}`, "old"));
  const both: Reply = [
    [bulk(HEALTH), page],
    [bulk(WORLD), [entry("2-0", "new")]],
  ];
  const server = redisOf((nth) => [both, null][nth]);
  await using reader = streamReader(`redis://127.0.0.1:${server.port}`);
  await server.seen("XREADGROUP", 3);
  const reads = server.commands.filter(([name]) => name === "XREADGROUP");
  assert.deepEqual(reads.map((words) => [words.includes("BLOCK"), ...after(words, "STREAMS", 4)]), [
    [true, HEALTH, WORLD, ">", ">"],
    [false, HEALTH, ">"],
    [true, HEALTH, WORLD, ">", ">"],
  ]);
  assert.deepEqual(reader.texts(), [...page.map(() => "old"), "new"]);
  await reader.stop();
  await server.close();
});

Deno.test("streams intake: what waited for another stream when the connection ended comes again", async () => {
  const both: Reply = [
    [bulk(HEALTH), Array.from({ length: 16 }, (_, n) => entry(`1-${n}`, "old"))],
    [bulk(WORLD), [entry("2-0", "new")]],
  ];
  let lost = false;
  const server = redisOf((nth, _words, connection) => {
    if (nth === 1) {
      lost = true;
      connection.close();
    }
    return nth === 0 ? both : undefined;
  }, ([name, stream, , , , id]) => {
    if (name === "XCLAIM") return [id === "2-0" ? entry("2-0", "new") : bulk(id ?? "")];
    if (name !== "XPENDING" || stream !== WORLD || !lost) return undefined;
    return [[bulk("2-0"), bulk("solaria"), 5, 1]];
  });
  await using reader = streamReader(`redis://127.0.0.1:${server.port}`);
  await reader.log.seen("redis_lost");
  await reader.retry();
  await server.seen("XREADGROUP", 3);
  const last = reader.entries.slice(15).map(({ id, deliveries }) => [id, deliveries]);
  assert.deepEqual(last, [["1-15", 1], ["2-0", 2]]);
  await reader.stop();
  await server.close();
});

Deno.test("streams intake: a stream that is refused before its entries came is not waited for", async () => {
  let asked = 0;
  const server = redisOf(() => undefined, ([name, stream]) => {
    if (name !== "XPENDING" || stream !== WORLD || asked++ === 0) return undefined;
    return new RespError("NOPERM No permissions to access a key");
  });
  await using reader = streamReader(`redis://127.0.0.1:${server.port}`);
  const words = await server.seen("XREADGROUP");
  assert.deepEqual(after(words, "STREAMS", 9), [HEALTH, ">"]);
  assert.deepEqual(reader.log.of("redis_stream_refused").map(({ stream }) => stream), [WORLD]);
  assert.deepEqual(reader.log.of("redis_lost"), []);
  await reader.stop();
  await server.close();
});

Deno.test("streams intake: behind a reply too large, entries come one by one until all have", async () => {
  const ids = [[], ["1-0", "2-0"], ["3-0", "4-0"]];
  let connections = 0;
  const server = redisOf(
    (nth, _words, connection) => {
      if (nth === 2) return undefined;
      connections++;
      if (nth === 0) connection.sendRaw(new TextEncoder().encode("$99999999\r\n"));
      else connection.close();
      return undefined;
    },
    (words) => {
      const [name = "", stream, , , , id = ""] = words;
      if (name === "XCLAIM") return words.includes("JUSTID") ? [bulk(id)] : [entry(id, id)];
      if (name !== "XPENDING" || stream !== HEALTH) return undefined;
      return (ids[connections] ?? []).map((own): Reply => [bulk(own), bulk("solaria"), 5, 1]);
    },
  );
  await using reader = streamReader(`redis://127.0.0.1:${server.port}`);
  assert.equal((await reader.log.seen("redis_lost", 1)).reason, "too_large");
  await reader.retry();
  assert.equal((await reader.log.seen("redis_lost", 2)).reason, "closed");
  await reader.retry();
  await server.seen("XREADGROUP", 3);
  const claims = server.commands.filter(([name]) => name === "XCLAIM")
    .map((words) => words.includes("JUSTID") ? `${words[5]} counts` : words[5]);
  assert.deepEqual(claims, [
    ...["1-0", "1-0 counts", "2-0", "2-0 counts"],
    ...["3-0", "4-0", "3-0 counts", "4-0 counts"],
  ]);
  assert.deepEqual(reader.texts(), ["1-0", "2-0", "3-0", "4-0"]);
  await reader.stop();
  await server.close();
});
