import { redisConnection } from "../../base/redis/connection.ts";
import { RedisReplyTooLargeError } from "../../base/redis/errors.ts";
import { RedisUnusableError } from "../../base/redis/failure.ts";
import { streamsAdmission } from "./joining.ts";
import { ENTRIES_BOUNDS, entryMessage } from "./entry.ts";
import { isOfStream, streamFailure } from "./failure.ts";
import { streamGroup } from "./group.ts";
import type { Fate } from "./hand.ts";
import { inOrder } from "./order.ts";
import { pendingEntries } from "./pending.ts";
import type { StreamsReading } from "./reading.ts";
import type { StreamEntry } from "./reply.ts";

interface ReadEntry extends StreamEntry {
  readonly deliveries: number;
  readonly settle: (fate: Fate) => void;
}

const FIRST_BATCH = 16;
const LARGEST_BATCH = 128;
const AMPLE_BYTES = 1_048_576; // a reply of more bytes than this makes the next one smaller
const SWEEP_EVERY_MS = 60_000;

/**
 * One connection for reading streams, of two sockets, as no acknowledgement passes a read that
 * waits. Reads until it ends or `signal` aborts; then it stops reading, acknowledges for another
 * `lingerMs` what is still being settled, and closes. Never rejects; on return both sockets are
 * closed and no timer of the clock is left. Resolves with the first thing that went wrong, null when
 * `signal` ended it.
 */
export async function streamsSession(
  { settings, memory, server, signal }: Omit<StreamsReading, "reading"> & {
    readonly signal: AbortSignal;
  },
): Promise<RedisUnusableError | null> {
  const { streams, clock, log, answerTimeoutMs } = settings;
  const { hand, lastRead } = memory;
  if (signal.aborted) return null;

  let isOver = false;
  let failure: unknown = null;
  const reader = redisConnection({ ...server, onLost: end, bounds: ENTRIES_BOUNDS });
  const writer = redisConnection({ ...server, onLost: end });
  const reading = streamGroup({
    ...settings,
    call: (command, { blockMs = 0, bounds } = {}) =>
      (command[0] === "XACK" ? writer : reader).call(command, answerTimeoutMs + blockMs, bounds),
  });
  const parts = { settings, memory, server, reading };
  const admission = streamsAdmission(parts);
  const pending = pendingEntries(parts, (entry, deliveries) => {
    const taken = take(entry, deliveries);
    if (taken) handOver(taken);
  });
  /** Streams whose own pending entries are not all delivered yet, and where they go on. */
  let recovering = new Map<string, string>();
  const ordered = inOrder<ReadEntry>();
  const sweepEveryMs = Math.min(SWEEP_EVERY_MS, settings.claimIdleMs / 4);
  let sweepAt = 0;
  let batch = FIRST_BATCH;
  let turns = 0;
  let stumbled = false; // a stream was refused since the last read that went well
  let acknowledging: Promise<void> | null = null;

  const abort = () => {
    reader.close();
    hand.check();
  };
  signal.addEventListener("abort", abort);

  /** The first call decides; later ones are echoes of the closing sockets. */
  function end(error: unknown): void {
    if (isOver) return;
    isOver = true;
    failure = error;
    if (error instanceof RedisReplyTooLargeError) memory.tooLarge.searching = true;
    reader.close();
    writer.close();
    hand.check();
  }

  /** Takes an entry in hand; undefined for one that only lacks its XACK. */
  function take(entry: StreamEntry, deliveries: number): ReadEntry | undefined {
    if (hand.settleKnown(entry)) return undefined;
    return { ...entry, deliveries, settle: hand.take(entry) };
  }

  function handOver({ stream, id, fields, settle, deliveries }: ReadEntry): void {
    // A fault in what is called back must not cost the connection, nor the entry.
    try {
      settings.onEntry(entryMessage(fields), stream, settle, { id, deliveries });
    } catch (error) {
      log.error("intake_callback_failed", { what: "entry", stream, error: String(error) });
      settle("left");
    }
  }

  async function admit(wanted: readonly string[]): Promise<void> {
    await admission.admit(wanted);
    for (const stream of wanted) recovering.set(stream, "-");
    for (const stream of admission.refused()) recovering.delete(stream);
  }

  async function readNew(): Promise<void> {
    const readable = admission.admitted();
    const able = ordered.wanted(readable);
    // Each gets its turn where there is not room for one entry of each.
    const first = turns % able.length;
    const asked = [...able.slice(first), ...able.slice(0, first)].slice(0, hand.room());
    const count = Math.min(batch, Math.max(1, Math.floor(hand.room() / asked.length)));
    let bytes = 0;
    // No longer than to the next look after what is in hand, or others would take it over.
    const mostMs = Math.max(1, Math.min(settings.blockMs, Math.ceil(sweepAt - clock.monotonic())));
    const found = await reading.read(asked, count, ordered.isWaiting ? 0 : mostMs);
    stumbled = false;
    for (const stream of asked) {
      const entries = found.filter((entry) => entry.stream === stream);
      const words = entries.flatMap(({ fields }) => fields ?? []);
      bytes += words.reduce((sum, word) => sum + word.length, 0);
      const last = entries.at(-1);
      if (last) lastRead.set(stream, last.id);
      const fresh = entries.flatMap((entry) => take(entry, 1) ?? []);
      ordered.add(stream, fresh, entries.length < count);
    }
    // Which of them are handed over depends on the other streams.
    for (const entry of ordered.ready(readable)) handOver(entry);
    batch = bytes > AMPLE_BYTES ? Math.max(1, batch >> 2) : Math.min(LARGEST_BATCH, batch * 2);
  }

  async function turn(): Promise<void> {
    const now = clock.monotonic();
    if (admission.isDue()) await admit(admission.refused());
    if (now >= sweepAt) {
      sweepAt = now + sweepEveryMs;
      for (const stream of admission.admitted()) {
        await pending.refresh(stream);
        if (recovering.size === 0) await pending.takeOver(stream);
      }
    }
    if (hand.room() === 0) {
      // What waits for another stream takes the room that reading that one needs.
      for (const entry of ordered.clear()) handOver(entry);
      const goesOn = () => isOver || signal.aborted || hand.room() > 0;
      return await hand.until(goesOn, Math.max(1, sweepAt - clock.monotonic()));
    }
    if (recovering.size === 0) return await readNew();
    recovering = new Map(await pending.recover(recovering));
    // What others left comes right behind.
    if (recovering.size === 0) sweepAt = clock.monotonic();
  }

  async function read(): Promise<void> {
    await Promise.all([reader.open(), writer.open()]);
    await admit(streams);
    acknowledging = acknowledge().catch(end);
    while (!isOver && !signal.aborted) {
      turns++;
      try {
        await turn();
      } catch (error) {
        // A stream was deleted, or what may be done with it has changed. What else goes well tells
        // nothing about the read: the session ends, and the next one waits longer.
        if (!isOfStream(error) || stumbled) throw error;
        stumbled = true;
        await admit(streams);
      }
    }
  }

  async function acknowledge(): Promise<void> {
    while (!isOver) {
      await hand.until(() => isOver || hand.unacknowledged > 0);
      await Promise.all(
        [...hand.settled()].map(async ([stream, done]) => {
          try {
            await reading.acknowledge(stream, done.map(({ id }) => id));
          } catch (error) {
            // Once the stream can be used again, they come again and are known.
            if (!isOfStream(error)) throw error;
          }
          hand.acknowledged(done);
        }),
      );
    }
  }

  async function finish(): Promise<void> {
    const { lingerMs } = settings;
    if (lingerMs > 0) await hand.until(() => isOver || hand.open === 0, lingerMs);
    const isDone = () => isOver || hand.unacknowledged === 0;
    await hand.until(isDone, answerTimeoutMs);
  }

  try {
    await read();
  } catch (error) {
    // Null: the reader was closed by `abort`.
    if (error !== null) end(error);
  }
  for (const { settle } of ordered.clear()) settle("left");
  if (acknowledging) await finish();
  end(null);
  await acknowledging;
  signal.removeEventListener("abort", abort);
  return failure === null ? null : new RedisUnusableError(streamFailure(failure, server));
}
