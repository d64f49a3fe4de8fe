import assert from "node:assert/strict";
import fc from "fast-check";
import { makeRuntime } from "../support/agent.ts";
import { CHANNELS } from "../support/channels.ts";
import { healthy, scriptedRedis } from "../support/scripted_redis.ts";
import { sandbox } from "../support/sandbox.ts";
import { streamReader } from "../support/stream_reader.ts";
import { someAltered } from "./hostile.ts";
import { replyOf } from "./redis.ts";
import { depths, inTime, runs } from "./runs.ts";
import { isClean, shownBy } from "./terminal.ts";

const EVENT = JSON.stringify({ type: "service_unhealthy", node: "piha", service: "mosquitto" });
const [HEALTH, WORLD] = CHANNELS;
const ENTRIES = [
  ["1767323045000-0", ["data", EVENT]],
  ["1767323045000-1", ["type", "disk_full", "node", "vps", "payload", '{"used":99}']],
  ["1767323046000-0", null],
];

/** What a Redis says to each command on its streams. */
const SOUND = {
  XREADGROUP: [[HEALTH, ENTRIES], [WORLD, ENTRIES.slice(0, 1)]],
  XPENDING: [["1767323045000-0", "solaria", 700_000, 2], ["1767323045000-1", "vps", 5, 9]],
  XAUTOCLAIM: ["0-0", ["1767323045000-0"], ["1767323045000-9"]],
  XCLAIM: ENTRIES.slice(0, 1),
  XRANGE: ENTRIES,
  XACK: 1,
  XADD: "1767323045000-0",
};
type Said = Readonly<Record<keyof typeof SOUND, unknown>>;

const said = someAltered(SOUND);

/** A server that says so much, and then hangs up. */
function redis(mostCommands = 20) {
  let current: Said = SOUND;
  let left = mostCommands;
  const server = scriptedRedis((words, connection) => {
    if (left-- <= 0) return void connection.close();
    const name = words[0] ?? "";
    return name in current ? replyOf(current[name as keyof Said]) : healthy(words);
  });
  return {
    url: `redis://127.0.0.1:${server.port}`,
    close: server.close,
    say(next: Said) {
      current = next;
      left = mostCommands;
    },
  };
}

Deno.test("fuzz: whatever a Redis says of its streams, entries are handed over or the connection ends", async () => {
  const server = redis();
  const depth = depths();
  await fc.assert(
    fc.asyncProperty(said, async (all) => {
      server.say(all);
      let told = "";
      const ids: string[] = [];
      await inTime(async () => {
        const { promise: ended, resolve: end } = Promise.withResolvers<void>();
        const reader = streamReader(server.url, {
          onState: (state) => {
            if (state.kind !== "waiting") return;
            told = state.failure.detail;
            end();
          },
          onEntry: (bytes, stream, settle, { id }) => {
            ids.push(`${bytes instanceof Uint8Array} ${stream.length < 10_000} ${id}`);
            settle(ids.length % 2 === 0 ? "settled" : "left");
          },
        });
        await ended;
        await reader.stop();
      });
      // What throws while an entry is handed over only leaves it.
      for (const each of ids) assert.match(each, /^true true \d+-\d+$/);
      isClean(told, all);
      depth.note("entries", ids.length > 0);
    }),
    runs(120),
  );
  await server.close();
  depth.atLeast({ entries: 0.4 });
});

Deno.test("fuzz: whatever a stream holds, it is replayed or told of, and shown clean", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  const server = redis();
  const depth = depths();
  const env = (name: string) =>
    name === "LLM_CHAIN" ? "rules" : name === "REDIS_URL" ? server.url : undefined;
  await fc.assert(
    fc.asyncProperty(said, async (all) => {
      server.say(all);
      const shown = await shownBy(["replay", "--from-stream", HEALTH], { root: folder.path, env });
      depth.note("stream", / received: (?!nothing)/.test(shown));
    }),
    runs(40),
  );
  await server.close();
  depth.atLeast({ stream: 0.4 });
});
