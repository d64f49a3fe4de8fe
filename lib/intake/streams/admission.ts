import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log/log.ts";
import { isOfStream } from "./failure.ts";
import type { StreamGroup } from "./group.ts";

/** Times are milliseconds. */
export interface AdmissionOptions {
  readonly streams: readonly string[];
  readonly group: string;
  readonly reading: StreamGroup;
  readonly clock: Clock;
  readonly log: Log;
  /** The newest entry read of each stream. */
  readonly lastRead: ReadonlyMap<string, string>;
  /** How old entries may be that a new group begins with. */
  readonly lookbackMs: number;
  readonly refusedRetryMs: number;
  /** The streams that can be read, at first and after each change. */
  readonly onReading: (streams: readonly string[]) => void;
  /** A stream is refused while another is read; called at every try. */
  readonly onRefused: (stream: string, error: unknown) => void;
  /** The stream is not the one that was read before. */
  readonly onReplaced: (stream: string) => void;
}

const NO_ENTRY = "0-0"; // an ID that no entry has
const ADOPTED = 100; // most entries that come between looking at a stream and making its group
const NEWEST = "$"; // what a group begins with whose first entry is still to come

/**
 * Which of the streams can be read: a group is made where there is none, and what Redis refuses is
 * asked for again.
 */
export function streamsAdmission(options: AdmissionOptions) {
  const { streams, group, reading, clock, log, lastRead } = options;
  const refused = new Map<string, unknown>();
  let told: string | undefined;
  let askAgainAt = 0;
  let refusedLast: string | undefined;

  const readable = () => streams.filter((stream) => !refused.has(stream));

  async function create(stream: string, after: string): Promise<void> {
    await reading.create(stream, after);
    log.info("stream_group_created", { stream, group, after });
  }

  async function createAgain(stream: string, last: string): Promise<void> {
    // Was the group alone removed, or the stream with it, and another is in its place?
    const isReplaced = !await reading.has(stream, last);
    await create(stream, isReplaced ? NO_ENTRY : last);
    if (isReplaced) options.onReplaced(stream);
  }

  async function createFirst(stream: string): Promise<void> {
    const since = `${Math.max(0, Math.floor(clock.now() - options.lookbackMs))}-0`;
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
      const last = lastRead.get(stream);
      await (last === undefined ? createFirst(stream) : createAgain(stream, last));
    }
  }

  return {
    readable,

    /** Whether a refused stream is to be asked for again. */
    isDue: () => refused.size > 0 && clock.monotonic() >= askAgainAt,

    refused: (): readonly string[] => [...refused.keys()],

    /** The stream whose refusal left none. */
    refusedLast: () => refusedLast,

    /** Looks at these streams; returns those that can be read. @throws when none of all is left. */
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
        if (refused.size === streams.length) {
          refusedLast = stream;
          throw error;
        }
        options.onRefused(stream, error);
      }
      askAgainAt = clock.monotonic() + options.refusedRetryMs;
      const able = readable();
      if (told !== able.join()) options.onReading(able);
      told = able.join();
      return wanted.filter((stream) => !refused.has(stream));
    },
  };
}
