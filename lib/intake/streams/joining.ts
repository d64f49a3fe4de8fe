import { createAdmission } from "../admission.ts";
import { isOfStream, streamFailure } from "./failure.ts";
import type { StreamsReading } from "./reading.ts";

const NO_ENTRY = "0-0"; // an ID that no entry has
const ADOPTED = 100; // most entries that come between looking at a stream and making its group
const NEWEST = "$"; // what a group begins with whose first entry is still to come

/** Which of the streams can be read; a group is made where there is none. */
export function streamsAdmission({ settings, memory, server, reading }: StreamsReading) {
  const { streams, group, consumer, clock, log, lookbackMs } = settings;

  async function create(stream: string, after: string): Promise<void> {
    await reading.create(stream, after);
    log.info("stream_group_created", { stream, group, after });
  }

  async function createAgain(stream: string, last: string): Promise<void> {
    // Was the group alone removed, or the stream with it, and another is in its place?
    const isReplaced = !await reading.has({ stream, id: last });
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
    for (const id of await reading.behind(stream, since, ADOPTED)) {
      await reading.adopt({ stream, id });
    }
  }

  async function join(stream: string): Promise<void> {
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

  return createAdmission({
    names: streams,
    clock,
    ask: join,
    isRefusal: isOfStream,
    failureOf: (error, stream) => streamFailure(error, { ...server, stream }),
    onRefused: (stream, refused) =>
      server.complain("redis_stream_refused", { stream }, { ...refused }),
    onAdmitted: (readable) =>
      server.hearing(readable, (after_seconds) => {
        const { display: host } = server.endpoint;
        log.info("streams_reading", { host, streams: readable, group, consumer, after_seconds });
      }),
  });
}
