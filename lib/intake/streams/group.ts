import { isReplyError } from "../../base/redis/errors.ts";
import type { Word } from "../../base/redis/connection.ts";
import { IDS_ONLY, type ReplyBounds } from "../../base/redis/reply_check.ts";
import {
  autoclaimOf,
  entriesOf,
  type EntryName,
  type PendingEntry,
  pendingOf,
  readOf,
  type StreamEntry,
} from "./reply.ts";

const DEAD_LETTERS = 10_000; // dead letters that a stream keeps, about

interface StreamGroupOptions {
  readonly group: string;
  readonly consumer: string;
  /** `blockMs`: how long Redis itself may wait. */
  readonly call: (
    command: readonly [string, ...Word[]],
    how?: { readonly blockMs?: number; readonly bounds?: ReplyBounds },
  ) => Promise<unknown>;
}

export type StreamGroup = ReturnType<typeof streamGroup>;

/** Where the entries go that could not be handled. */
export function deadLetterStream(stream: string): string {
  return `${stream}:dead`;
}

/** The commands of a consumer group on Redis Streams, as functions. */
export function streamGroup({ group, consumer, call }: StreamGroupOptions) {
  const xclaim = (stream: string, idleMs: number, ...words: readonly string[]) =>
    call(["XCLAIM", stream, group, consumer, `${idleMs}`, ...words]);
  const idsFrom = async (stream: string, from: string, ...words: readonly string[]) => {
    const reply = await call(["XRANGE", stream, from, ...words], { bounds: IDS_ONLY });
    return entriesOf(reply, "XRANGE", stream).map(({ id }) => id);
  };

  return {
    /** Makes the group, and the stream where there is none; entries behind `after` are its first. */
    async create(stream: string, after: string): Promise<void> {
      try {
        await call(["XGROUP", "CREATE", stream, group, after, "MKSTREAM"]);
      } catch (error) {
        // Another planner was faster.
        if (!isReplyError(error) || !error.message.startsWith("BUSYGROUP")) throw error;
      }
    },

    /** New entries, at most `count` a stream; waits for the first for `blockMs`, if any. */
    async read(streams: readonly string[], count: number, blockMs: number) {
      // BLOCK 0 would wait without end.
      const wait = blockMs > 0 ? ["BLOCK", `${blockMs}`] : [];
      const head = ["XREADGROUP", "GROUP", group, consumer, "COUNT", `${count}`, ...wait] as const;
      const command = [...head, "STREAMS", ...streams, ...streams.map(() => ">")] as const;
      return readOf(await call(command, { blockMs }));
    },

    /** What this consumer was handed and has not acknowledged, from `from` (`-`: the first) on. */
    async own(
      stream: string,
      { from = "-", to = "+", idleMs = 0, count }: {
        readonly from?: string;
        readonly to?: string;
        readonly idleMs?: number;
        readonly count: number;
      },
    ): Promise<readonly PendingEntry[]> {
      const idle = idleMs > 0 ? ["IDLE", `${Math.ceil(idleMs)}`] : [];
      const range = [...idle, from, to, `${count}`];
      return pendingOf(await call(["XPENDING", stream, group, ...range, consumer]), stream);
    },

    /** Makes this consumer the owner of what was idle for `idleMs`; counts as no delivery. */
    async takeOver(stream: string, idleMs: number, from: string, count: number) {
      const words = [`${Math.ceil(idleMs)}`, from, "COUNT", `${count}`, "JUSTID"];
      return autoclaimOf(await call(["XAUTOCLAIM", stream, group, consumer, ...words]));
    },

    /**
     * Delivers an own pending entry once more: undefined when it is gone. An entry that was taken
     * over by another since it was looked at is idle for less than it was then, and stays there.
     */
    async deliver({ stream, id, idleMs }: PendingEntry): Promise<StreamEntry | undefined> {
      return entriesOf(await xclaim(stream, idleMs, id), "XCLAIM", stream)[0];
    },

    /** An own pending entry is being worked on; counts as no delivery. */
    async refresh({ stream, id, idleMs }: PendingEntry): Promise<void> {
      await xclaim(stream, idleMs, id, "JUSTID");
    },

    /** An own pending entry counts as delivered `deliveries` times. */
    async count({ stream, id, deliveries }: PendingEntry): Promise<void> {
      await xclaim(stream, 0, id, "RETRYCOUNT", `${deliveries}`, "JUSTID");
    },

    /** Of no effect on what is acknowledged already. */
    async acknowledge(stream: string, ids: readonly string[]): Promise<void> {
      await call(["XACK", stream, group, ...ids]);
    },

    /** Whether the stream still has this entry. */
    has: async ({ stream, id }: EntryName) => (await idsFrom(stream, id, id)).length > 0,

    /** Ids of the first `count` entries behind `after`. */
    behind: (stream: string, after: string, count: number) =>
      idsFrom(stream, `(${after}`, "+", "COUNT", `${count}`),

    /** Makes this consumer the owner of an entry that the group was not handed. */
    async adopt({ stream, id }: EntryName): Promise<void> {
      await xclaim(stream, 0, id, "FORCE", "JUSTID");
    },

    /** Puts a copy among the dead letters, with what is known about it. */
    async bury(
      { stream, id, fields }: StreamEntry,
      { reason, deliveries }: { readonly reason: string; readonly deliveries: number },
    ): Promise<void> {
      const about = { reason, stream, id, deliveries: `${deliveries}`, consumer };
      const told = Object.entries(about).flatMap(([name, value]) => [`dead_${name}`, value]);
      const to = deadLetterStream(stream);
      const trim = ["MAXLEN", "~", `${DEAD_LETTERS}`] as const;
      await call(["XADD", to, ...trim, "*", ...(fields ?? []), ...told]);
    },
  };
}
