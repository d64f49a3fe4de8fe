/** What becomes of entries that were handed over before, with a Redis that is made up. */
import assert from "node:assert/strict";
import { pendingEntries } from "../../../lib/intake/streams/pending.ts";
import {
  createStreamsMemory,
  type StreamsReading,
  type StreamsSettings,
} from "../../../lib/intake/streams/reading.ts";
import type { PendingEntry } from "../../../lib/intake/streams/reply.ts";
import { fakeClock } from "../../support/clock.ts";
import { recordingLog } from "../../support/log.ts";

const STREAM = "health_events";
const CLAIM_IDLE_MS = 600_000;

type OwnRange = Parameters<StreamsReading["reading"]["own"]>[1];

/** Entries with these ids; `change` says what Redis answers otherwise. */
function lab(ids: readonly string[], change: Partial<StreamsReading["reading"]> = {}, limit = 256) {
  const log = recordingLog();
  const clock = fakeClock();
  const settings = { log, clock, claimIdleMs: CLAIM_IDLE_MS } as unknown as StreamsSettings;
  const memory = createStreamsMemory({ limit, clock, log });
  const asked: string[] = [];
  const handed: [string, number][] = [];
  let atOnce = 0;
  let mostAtOnce = 0;
  const entry = (id: string): PendingEntry => ({
    stream: STREAM,
    id,
    idleMs: CLAIM_IDLE_MS,
    deliveries: 1,
  });
  const reading = {
    own: (_stream: string, { from = "-", to = "+", count }: OwnRange) => {
      asked.push(`own ${from} ${to} ${count}`);
      const behind = from.startsWith("(")
        ? ids.indexOf(from.slice(1)) + 1
        : Math.max(0, ids.indexOf(from));
      return Promise.resolve(ids.slice(behind).slice(0, count).map(entry));
    },
    deliver: async ({ stream, id }: PendingEntry) => {
      mostAtOnce = Math.max(mostAtOnce, ++atOnce);
      await new Promise((resolve) => setTimeout(resolve));
      atOnce--;
      return { stream, id, fields: [] };
    },
    count: () => Promise.resolve(),
    has: () => Promise.resolve(false),
    refresh: ({ id }: PendingEntry) => Promise.resolve(void asked.push(`refresh ${id}`)),
    takeOver: (_stream: string, idleMs: number, from: string, count: number) => {
      asked.push(`takeOver ${idleMs} ${from} ${count}`);
      const at = Number(from.split("-")[0]);
      const page = ids.slice(at, at + count);
      const cursor = at + count < ids.length ? `${at + count}-0` : "0-0";
      return Promise.resolve({ cursor, ids: page, gone: 0 });
    },
    ...change,
  } as unknown as StreamsReading["reading"];
  const parts = { settings, memory, reading } as StreamsReading;
  const pending = pendingEntries(parts, ({ stream, id }, deliveries) => {
    memory.hand.take({ stream, id });
    handed.push([id, deliveries]);
  });
  return { pending, memory, log, asked, handed, mostAtOnce: () => mostAtOnce };
}

const idsOf = (count: number) => Array.from({ length: count }, (_, nth) => `${nth + 1}-0`);

Deno.test("pendingEntries: what another took over meanwhile is left to it, what was trimmed is acknowledged", async () => {
  const deliver = () => Promise.resolve(undefined);
  for (const [isThere, settled] of [[true, 0], [false, 1]] as const) {
    const { pending, memory, log, handed } = lab(["1-0"], {
      deliver,
      has: () => Promise.resolve(isThere),
    });
    await pending.recover(new Map([[STREAM, "-"]]));
    assert.deepEqual([handed, memory.hand.unacknowledged], [[], settled]);
    assert.deepEqual(
      log.of("stream_entry_gone").map(({ stream, entries }) => [stream, entries]),
      isThere ? [] : [[STREAM, 1]],
    );
  }
});

Deno.test("pendingEntries: own entries come in pages of 100, sixteen bodies at once, each once more", async () => {
  const { pending, asked, handed, mostAtOnce } = lab(idsOf(130));
  const next = await pending.recover(new Map([[STREAM, "-"]]));
  assert.deepEqual([...next], [[STREAM, "(100-0"]]);
  assert.deepEqual([...await pending.recover(next)], []);
  assert.deepEqual(asked, ["own - + 100", "own (100-0 + 100"]);
  assert.deepEqual(handed.length, 130);
  assert.deepEqual(handed[0], ["1-0", 2]);
  assert.equal(mostAtOnce(), 16);
});

Deno.test("pendingEntries: what others left is taken over page by page, ten of them at most, as there is room", async () => {
  const many = lab(idsOf(1_200), {}, 5_000);
  await many.pending.takeOver(STREAM);
  assert.equal(many.handed.length, 1_000);
  assert.equal(many.asked.filter((what) => what.startsWith("takeOver")).length, 10);
  assert.equal(many.log.of("stream_entries_taken_over")[0]?.entries, 1_000);
  assert.equal(many.mostAtOnce(), 16);

  const little = lab(idsOf(300), {}, 150);
  await little.pending.takeOver(STREAM);
  assert.deepEqual(little.asked.filter((what) => what.startsWith("takeOver")), [
    "takeOver 600000 0-0 100",
    "takeOver 600000 100-0 50",
  ]);
  const none = lab([]);
  await none.pending.takeOver(STREAM);
  assert.deepEqual([none.log.lines, none.asked.length], [[], 1]);
});

Deno.test("pendingEntries: what was trimmed among it is told with its number", async () => {
  const { pending, log } = lab([], {
    takeOver: () => Promise.resolve({ cursor: "0-0", ids: [], gone: 3 }),
  });
  await pending.takeOver(STREAM);
  assert.deepEqual(log.of("stream_entry_gone").map(({ entries }) => entries), [3]);
});

Deno.test("pendingEntries: what is in hand is refreshed at half of the time, and nothing else", async () => {
  const asked: unknown[] = [];
  const { pending, memory, asked: said } = lab([], {
    own: (_stream, how) => {
      asked.push(how);
      return Promise.resolve(["1-0", "2-0"].map((id) => ({
        ...{ stream: STREAM, id, idleMs: 300_000, deliveries: 1 },
      })));
    },
  });
  memory.hand.take({ stream: STREAM, id: "2-0" });
  await pending.refresh(STREAM);
  assert.deepEqual(asked, [{ idleMs: 300_000, count: 202 }]);
  assert.deepEqual(said, ["refresh 2-0"]);
});
