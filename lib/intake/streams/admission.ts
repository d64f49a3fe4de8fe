import { RedisUnusableError } from "../../base/redis/failure.ts";
import { REFUSED_RETRY_MS } from "../listener.ts";
import { isOfStream, streamFailure } from "./failure.ts";
import type { StreamsReading } from "./reading.ts";

const NO_ENTRY = "0-0"; // an ID that no entry has
const ADOPTED = 100; // most entries that come between looking at a stream and making its group
const NEWEST = "$"; // what a group begins with whose first entry is still to come

/**
 * Which of the streams can be read: a group is made where there is none, and what Redis refuses is
 * asked for again.
 */
export function streamsAdmission({ settings, memory, server, reading }: StreamsReading) {
  const { streams, group, consumer, clock, log, lookbackMs } = settings;
  const refused = new Map<string, unknown>();
  let told: string | undefined;
  let askAgainAt = 0;

  const readable = () => streams.filter((stream) => !refused.has(stream));

  async function create(stream: string, after: string): Promise<void> {
    await reading.create(stream, after);
    log.info("stream_group_created", { stream, group, after });
  }

  async function createAgain(stream: string, last: string): Promise<void> {
    // Was the group alone removed, or the stream with it, and another is in its place?
    const isReplaced = !await reading.has(stream, last);
    await create(stream, isReplaced ? NO_ENTRY : last);
    if (isReplaced) memory.hand.forget(stream);
  }

  async function createFirst(stream: string): Promise<void> {
    const since = `${Math.max(0, Math.floor(clock.now() - lookbackMs))}-0`;
    // By a clock that is ahead it can be in the future, and what comes until then would be lost.
    const isQuiet = since !== NO_ENTRY && (await reading.behind(stream, since, 1)).length === 0;
    await create(stream, isQuiet ? NEWEST : since);
    if (!isQuiet) return;
    // Entries added between looking at the stream and making its group.
    for (const id of await reading.behind(stream, since, ADOPTED)) await reading.adopt(stream, id);
  }

  async function probe(stream: string): Promise<void> {
    try {
      await reading.own(stream, { count: 1 });
      // Who may only look at the stream would go through it over and over.
      await reading.acknowledge(stream, [NO_ENTRY]);
    } catch (error) {
      if (!isOfStream(error) || !error.message.startsWith("NOGROUP")) throw error;
      const last = memory.lastRead.get(stream);
      await (last === undefined ? createFirst(stream) : createAgain(stream, last));
    }
  }

  function tellReading(readable: readonly string[]): void {
    const { display: host } = server.endpoint;
    server.hearing(readable, (after_seconds) => {
      log.info("streams_reading", { host, streams: readable, group, consumer, after_seconds });
    });
  }

  return {
    readable,

    /** Whether a refused stream is to be asked for again. */
    isDue: () => refused.size > 0 && clock.monotonic() >= askAgainAt,

    refused: (): readonly string[] => [...refused.keys()],

    /**
     * Looks at these streams; returns those that can be read.
     *
     * @throws {RedisUnusableError} when none of all is left.
     */
    async admit(wanted: readonly string[]): Promise<readonly string[]> {
      for (const stream of wanted) {
        try {
          await probe(stream);
          refused.delete(stream);
        } catch (error) {
          if (!isOfStream(error)) throw error;
          refused.set(stream, error);
        }
      }
      for (const [stream, error] of refused) {
        const failure = streamFailure(error, { ...server, stream });
        if (refused.size === streams.length) throw new RedisUnusableError(failure);
        const retry_in_seconds = REFUSED_RETRY_MS / 1000;
        server.complain("redis_stream_refused", { stream }, { ...failure, retry_in_seconds });
      }
      askAgainAt = clock.monotonic() + REFUSED_RETRY_MS;
      const able = readable();
      if (told !== able.join()) tellReading(able);
      told = able.join();
      return wanted.filter((stream) => !refused.has(stream));
    },
  };
}
